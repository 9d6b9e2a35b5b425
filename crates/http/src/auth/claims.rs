//! The claims of a token: parsed strictly, then judged against the clock and the pins. Not here: the signature.

use std::fmt;

use grelot_core::{SessionStart, Timestamp, UserId};
use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde_json::Value;

/// How far clocks may be apart for `nbf` and `iat`; `exp` has no leeway.
const LEEWAY_MILLIS: i64 = 30_000;

/// The last instant of the year 9999: what expires later expires then, so that every expiry can be written down.
const END_OF_TIME: Timestamp = Timestamp::from_millis(253_402_300_799_999);

/// A `NumericDate` (RFC 7519, 2): a JSON number of seconds, fractions allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NumericDate {
    /// Whole seconds, rounded down.
    seconds: i64,
    /// Milliseconds, rounded up: `now < date` and `date <= now` hold for whole milliseconds as for exact numbers.
    millis: i64,
}

impl NumericDate {
    fn whole(seconds: i64) -> Self {
        Self { seconds, millis: seconds.saturating_mul(1_000) }
    }
}

impl<'de> Deserialize<'de> for NumericDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Number;

        impl Visitor<'_> for Number {
            type Value = NumericDate;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number of seconds")
            }

            fn visit_i64<E: de::Error>(self, seconds: i64) -> Result<NumericDate, E> {
                Ok(NumericDate::whole(seconds))
            }

            fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<NumericDate, E> {
                Ok(NumericDate::whole(i64::try_from(seconds).unwrap_or(i64::MAX)))
            }

            #[expect(
                clippy::cast_possible_truncation,
                reason = "a float saturates at the ends of i64, far outside of any calendar"
            )]
            fn visit_f64<E: de::Error>(self, seconds: f64) -> Result<NumericDate, E> {
                let millis = (seconds * 1_000.0).ceil() as i64;
                Ok(NumericDate { seconds: seconds.floor() as i64, millis })
            }
        }

        deserializer.deserialize_any(Number)
    }
}

/// A member that may be absent, but not null.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// The claims that count, as they were signed.
#[derive(Debug, serde::Deserialize)]
struct Signed {
    sub: String,
    exp: NumericDate,
    #[serde(default, deserialize_with = "present")]
    nbf: Option<NumericDate>,
    #[serde(default, deserialize_with = "present")]
    iat: Option<NumericDate>,
    iss: Option<Value>,
    aud: Option<Value>,
}

/// Claims that our configuration pins.
#[derive(Clone, Debug, Default)]
pub(super) struct Pins {
    pub(super) issuer: Option<String>,
    pub(super) audience: Option<String>,
}

/// What a good token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Claims {
    pub(super) user: UserId,
    pub(super) expires_at: Timestamp,
    /// The second in which it was issued, if it says.
    pub(super) issued_second: Option<i64>,
}

/// What is wrong with the claims of a signed token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BadClaims {
    /// A claim is missing or has the wrong type, or the payload is no JSON object.
    Malformed,
    /// It was good once.
    Expired,
    /// It is not good yet.
    TooEarly,
    /// Its issuer or audience is not ours.
    Foreign,
}

impl Claims {
    /// When the session of this token began.
    pub(super) fn session(&self) -> SessionStart {
        SessionStart::at_second(self.issued_second)
    }

    /// Parses the payload of a token whose signature is good, and judges it at `now`.
    pub(super) fn judge(payload: &[u8], now: Timestamp, pins: &Pins) -> Result<Self, BadClaims> {
        let signed: Signed = object(payload).ok_or(BadClaims::Malformed)?;
        let user = UserId::parse(&signed.sub).map_err(|_violation| BadClaims::Malformed)?;
        if now.millis() >= signed.exp.millis {
            return Err(BadClaims::Expired);
        }
        let latest = now.millis().saturating_add(LEEWAY_MILLIS);
        if [signed.nbf, signed.iat].into_iter().flatten().any(|date| date.millis > latest) {
            return Err(BadClaims::TooEarly);
        }
        let issuer = pins.issuer.as_deref().is_none_or(|ours| is(signed.iss.as_ref(), ours));
        let audience = pins.audience.as_deref().is_none_or(|ours| names(signed.aud.as_ref(), ours));
        if !issuer || !audience {
            return Err(BadClaims::Foreign);
        }
        let expires_at = Timestamp::from_millis(signed.exp.millis).min(END_OF_TIME);
        Ok(Self { user, expires_at, issued_second: signed.iat.map(|date| date.seconds) })
    }
}

/// Parses a JSON object. A derived `Deserialize` would take an array for its members in order.
pub(super) fn object<T: de::DeserializeOwned>(json: &[u8]) -> Option<T> {
    let is_object = json.trim_ascii_start().starts_with(b"{");
    is_object.then(|| serde_json::from_slice(json).ok()).flatten()
}

fn is(claim: Option<&Value>, ours: &str) -> bool {
    claim.and_then(Value::as_str) == Some(ours)
}

/// Whether an `aud` claim, one string or an array of strings, names us.
fn names(claim: Option<&Value>, ours: &str) -> bool {
    match claim {
        Some(Value::Array(all)) => {
            all.iter().all(Value::is_string) && all.iter().any(|one| is(Some(one), ours))
        }
        one => is(one, ours),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_500);

    fn judge(payload: &str) -> Result<Claims, BadClaims> {
        Claims::judge(payload.as_bytes(), NOW, &Pins::default())
    }

    #[test]
    fn good_claims_name_the_user_and_the_end() {
        let claims =
            judge(r#"{"sub":"u_1","exp":1800000900,"iat":1800000000,"role":[{}]}"#).unwrap();
        assert_eq!(claims.user.as_str(), "u_1");
        assert_eq!(claims.expires_at, Timestamp::from_seconds(1_800_000_900));
        assert_eq!(claims.issued_second, Some(1_800_000_000));
    }

    #[rstest::rstest]
    // exp: no leeway; the second of now has begun, so a token of this second is dead.
    #[case("1800000001", true)]
    #[case("1800000000", false)]
    #[case("1800000000.5", false)]
    #[case("1800000000.501", true)]
    #[case("1.800000001e9", true)]
    #[case("18446744073709551615", true)]
    #[case("1e308", true)]
    #[case("0", false)]
    #[case("-1", false)]
    #[case("-1e308", false)]
    fn exp_is_any_json_number(#[case] exp: &str, #[case] alive: bool) {
        let judged = judge(&format!(r#"{{"sub":"u","exp":{exp}}}"#));
        assert_eq!(judged.err(), (!alive).then_some(BadClaims::Expired));
    }

    #[rstest::rstest]
    #[case(r#""1800000900""#)]
    #[case("null")]
    #[case("true")]
    #[case("[1800000900]")]
    #[case("{}")]
    #[case("1e400")]
    #[case("NaN")]
    fn a_date_that_is_no_number_is_malformed(#[case] date: &str) {
        for claim in ["exp", "nbf", "iat"] {
            let rest = if claim == "exp" { "" } else { r#","exp":1800000900"# };
            let judged = judge(&format!(r#"{{"sub":"u","{claim}":{date}{rest}}}"#));
            assert_eq!(judged, Err(BadClaims::Malformed), "{claim}");
        }
    }

    #[rstest::rstest]
    #[case("1800000030", true)]
    #[case("1800000030.5", true)]
    #[case("1800000030.501", false)]
    #[case("1800000031", false)]
    #[case("-5", true)]
    #[case("99999999999999999999", false)]
    fn nbf_and_iat_have_thirty_seconds(#[case] date: &str, #[case] good: bool) {
        for claim in ["nbf", "iat"] {
            let judged = judge(&format!(r#"{{"sub":"u","exp":1800000900,"{claim}":{date}}}"#));
            assert_eq!(judged.err(), (!good).then_some(BadClaims::TooEarly), "{claim}");
        }
    }

    #[rstest::rstest]
    #[case(r#"{"exp":1800000900}"#)]
    #[case(r#"{"sub":"u"}"#)]
    #[case(r#"{"sub":"","exp":1800000900}"#)]
    #[case(r#"{"sub":null,"exp":1800000900}"#)]
    #[case(r#"{"sub":42,"exp":1800000900}"#)]
    #[case(r#"{"sub":["u"],"exp":1800000900}"#)]
    #[case(r#"{"sub":"a\u0000b","exp":1800000900}"#)]
    #[case(r#"{"sub":"\ud800","exp":1800000900}"#)]
    #[case(r#"{"sub":"a","sub":"b","exp":1800000900}"#)]
    #[case(r#"{"sub":"u","exp":1,"exp":1800000900}"#)]
    #[case(r#"["u",1800000900]"#)]
    #[case(r#""u""#)]
    #[case("")]
    #[case(r#"{"sub":"u","exp":1800000900}}"#)]
    fn missing_and_mistyped_claims_are_malformed(#[case] payload: &str) {
        assert_eq!(judge(payload), Err(BadClaims::Malformed));
    }

    #[test]
    fn a_sub_longer_than_a_user_id_is_malformed() {
        let long = "x".repeat(129);
        assert_eq!(
            judge(&format!(r#"{{"sub":"{long}","exp":1800000900}}"#)),
            Err(BadClaims::Malformed)
        );
    }

    #[rstest::rstest]
    #[case(r#""iss":"https://id","aud":"app""#, true)]
    #[case(r#""iss":"https://id","aud":["x","app"]"#, true)]
    #[case(r#""iss":"https://id","aud":["x"]"#, false)]
    #[case(r#""iss":"https://id","aud":["app",1]"#, false)]
    #[case(r#""iss":"https://id","aud":[]"#, false)]
    #[case(r#""iss":"https://id","aud":null"#, false)]
    #[case(r#""iss":"https://id""#, false)]
    #[case(r#""iss":"https://id/","aud":"app""#, false)]
    #[case(r#""iss":["https://id"],"aud":"app""#, false)]
    #[case(r#""aud":"app""#, false)]
    fn pinned_claims_must_be_ours(#[case] claims: &str, #[case] good: bool) {
        let pins = Pins { issuer: Some("https://id".to_owned()), audience: Some("app".to_owned()) };
        let payload = format!(r#"{{"sub":"u","exp":1800000900,{claims}}}"#);
        let judged = Claims::judge(payload.as_bytes(), NOW, &pins);
        assert_eq!(judged.err(), (!good).then_some(BadClaims::Foreign));
    }

    #[test]
    fn an_expiry_beyond_the_calendar_is_the_end_of_it() {
        assert_eq!(judge(r#"{"sub":"u","exp":1e300}"#).unwrap().expires_at, END_OF_TIME);
    }
}
