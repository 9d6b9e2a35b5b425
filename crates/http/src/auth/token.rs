//! Verifying a JWT (RFC 7519, 8725): one allowlisted algorithm a key, the key chosen by our configuration. Not here: the
//! claims (`claims`), revocation (`session`).

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use grelot_core::{Clock, Timestamp};
use jsonwebtoken::Algorithm;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use super::claims::{BadClaims, Claims, Pins, object};
use super::jwks::Jwks;
use super::keys::{VerifyingKey, algorithm};
use super::settings::{AuthSettings, AuthSettingsError};

/// Longer tokens are refused unread.
const MAX_TOKEN: usize = 8 * 1024;
/// Longer key ids are nobody's.
const MAX_KID: usize = 256;
/// The shortest secret that HS256 may have (RFC 7518, 3.2).
pub(super) const MIN_SECRET: usize = 32;

/// Verifies tokens.
#[derive(Debug)]
pub(super) struct Verifier {
    fixed: Vec<VerifyingKey>,
    key_set: Option<Jwks>,
    pins: Pins,
}

/// Why a token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// It is no token of ours: its form, its key or its signature.
    Invalid,
    /// Its signature is good and its claims are not.
    Claims(BadClaims),
}

impl Refused {
    /// What the caller may know.
    pub(super) const fn detail(self) -> &'static str {
        match self {
            Self::Invalid => "The token is not valid.",
            Self::Claims(BadClaims::Malformed) => "The token's claims are not valid.",
            Self::Claims(BadClaims::Expired) => "The token has expired.",
            Self::Claims(BadClaims::TooEarly) => "The token is not valid yet.",
            Self::Claims(BadClaims::Foreign) => "The token is meant for somebody else.",
        }
    }
}

/// The members of a token's header that count. What names a key of its own (`jwk`, `jku`, `x5u`) is ignored.
#[derive(Deserialize)]
struct Header {
    alg: String,
    typ: Option<String>,
    kid: Option<String>,
    #[serde(default, rename = "crit")]
    _critical: Absent,
    #[serde(default, rename = "b64")]
    _unencoded: Absent,
    #[serde(default, rename = "zip")]
    _compressed: Absent,
    #[serde(default, rename = "enc")]
    _encrypted: Absent,
}

/// A member that asks for processing that we do not do (RFC 7515, 4.1.11): it must not be there, not even as `null`.
#[derive(Default)]
struct Absent;

impl<'de> Deserialize<'de> for Absent {
    fn deserialize<D: Deserializer<'de>>(_deserializer: D) -> Result<Self, D::Error> {
        Err(D::Error::custom("is not supported"))
    }
}

impl Header {
    /// Whether the token is one for access: other kinds may be signed by the same key (RFC 8725, 3.11).
    fn is_for_access(&self) -> bool {
        let kind = self.typ.as_deref().unwrap_or("JWT").to_ascii_lowercase();
        matches!(kind.trim_start_matches("application/"), "jwt" | "at+jwt")
    }
}

impl Verifier {
    pub(super) fn new(
        settings: &AuthSettings,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, AuthSettingsError> {
        // With both of its back ends compiled in, by somebody else's choice, this library panics at the first token unless
        // one is named. When one is named already, that one does.
        let _named = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
        let mut fixed = Vec::new();
        if let Some(secret) = &settings.hs256_secret {
            if secret.len() < MIN_SECRET {
                return Err(AuthSettingsError::SecretTooShort);
            }
            fixed.push(VerifyingKey::secret(secret));
        }
        if let Some(pem) = &settings.public_key_pem {
            fixed.push(VerifyingKey::pem(pem).map_err(AuthSettingsError::PublicKey)?);
        }
        let key_set = settings.jwks_url.as_deref().map(|url| Jwks::new(url, clock)).transpose()?;
        if fixed.is_empty() && key_set.is_none() {
            return Err(AuthSettingsError::NoKeys);
        }
        let pins = Pins { issuer: settings.issuer.clone(), audience: settings.audience.clone() };
        Ok(Self { fixed, key_set, pins })
    }

    /// What the token says, if it is good at `now`.
    pub(super) async fn verify(&self, token: &str, now: Timestamp) -> Result<Claims, Refused> {
        let (parts, header) = read(token).ok_or(Refused::Invalid)?;
        let algorithm = algorithm(&header.alg).ok_or(Refused::Invalid)?;
        let mut fixed = self.fixed.iter().filter(|key| key.algorithm() == algorithm);
        let good = fixed.any(|key| parts.signed_by(key))
            || self.signed_by_key_set(&parts, &header, algorithm).await;
        if !good {
            return Err(Refused::Invalid);
        }
        let payload = URL_SAFE_NO_PAD.decode(parts.payload).map_err(|_error| Refused::Invalid)?;
        Claims::judge(&payload, now, &self.pins).map_err(Refused::Claims)
    }

    async fn signed_by_key_set(
        &self,
        parts: &Parts<'_>,
        header: &Header,
        algorithm: Algorithm,
    ) -> bool {
        // A public set holds no secrets: a token that claims one is not worth a look.
        let Some(key_set) = self.key_set.as_ref().filter(|_| algorithm != Algorithm::HS256) else {
            return false;
        };
        let key = key_set.key(header.kid.as_deref(), algorithm).await;
        key.is_some_and(|key| parts.signed_by(&key))
    }
}

/// The parts of a token, still encoded.
struct Parts<'a> {
    signed: &'a str,
    payload: &'a str,
    signature: &'a str,
}

impl Parts<'_> {
    fn signed_by(&self, key: &VerifyingKey) -> bool {
        key.verifies(self.signed.as_bytes(), self.signature)
    }
}

/// Splits a token and reads its header; `None` unless it is a signed JWT in its compact form.
fn read(token: &str) -> Option<(Parts<'_>, Header)> {
    if token.len() > MAX_TOKEN {
        return None;
    }
    let (signed, signature) = token.rsplit_once('.')?;
    let (header, payload) = signed.split_once('.')?;
    if payload.contains('.') || signature.is_empty() {
        return None;
    }
    let header: Header = object(&URL_SAFE_NO_PAD.decode(header).ok()?)?;
    let short = header.kid.as_ref().is_none_or(|kid| kid.len() <= MAX_KID);
    (short && header.is_for_access()).then_some((Parts { signed, payload, signature }, header))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::fixture::{self, NOW, SECRET};
    use jsonwebtoken::EncodingKey;

    fn verifier(settings: &AuthSettings) -> Verifier {
        Verifier::new(settings, fixture::clock()).unwrap()
    }

    /// A token with these parts, signed by HS256 whatever its header says.
    fn token(header: &str, payload: &str) -> String {
        fixture::sign(header, payload, &EncodingKey::from_secret(SECRET), Algorithm::HS256)
    }

    const GOOD: &str = r#"{"sub":"u_1","exp":1800000900}"#;

    #[tokio::test]
    async fn a_good_token_names_its_user() {
        let claims = verifier(&fixture::hs256())
            .verify(&token(r#"{"alg":"HS256","typ":"JWT"}"#, GOOD), NOW)
            .await
            .unwrap();
        assert_eq!(claims.user.as_str(), "u_1");
    }

    #[rstest::rstest]
    #[case(r#"{"alg":"none"}"#)]
    #[case(r#"{"alg":"None"}"#)]
    #[case(r#"{"alg":"hs256"}"#)]
    #[case(r#"{"alg":"HS384"}"#)]
    #[case(r#"{"alg":"RS256"}"#)]
    #[case(r#"{"alg":""}"#)]
    #[case(r#"{"alg":null}"#)]
    #[case(r#"{"alg":["HS256"]}"#)]
    #[case(r#"{"typ":"JWT"}"#)]
    #[case(r#"{"alg":"HS256","alg":"HS256"}"#)]
    #[case(r#"{"alg":"HS256","crit":["exp"]}"#)]
    #[case(r#"{"alg":"HS256","crit":[]}"#)]
    #[case(r#"{"alg":"HS256","crit":null}"#)]
    #[case(r#"{"alg":"HS256","b64":false}"#)]
    #[case(r#"{"alg":"HS256","zip":"DEF"}"#)]
    #[case(r#"{"alg":"HS256","enc":"A128GCM"}"#)]
    #[case(r#"{"alg":"HS256","typ":"logout+jwt"}"#)]
    #[case(r#"{"alg":"HS256","typ":1}"#)]
    #[case(r#"{"alg":"HS256","kid":1}"#)]
    #[case(r#"["HS256"]"#)]
    #[case("")]
    #[case("{")]
    #[case("\u{feff}{\"alg\":\"HS256\"}")]
    #[tokio::test]
    async fn a_header_that_is_not_plainly_ours_is_refused(#[case] header: &str) {
        let judged = verifier(&fixture::hs256()).verify(&token(header, GOOD), NOW).await;
        assert_eq!(judged, Err(Refused::Invalid));
    }

    #[rstest::rstest]
    #[case(r#"{"alg":"HS256"}"#)]
    #[case(r#"{"alg":"HS256","typ":"at+jwt"}"#)]
    #[case(r#"{"alg":"HS256","typ":"jwt","kid":"any","cty":"x","jku":"https://evil.test"}"#)]
    #[tokio::test]
    async fn other_members_of_the_header_do_not_matter(#[case] header: &str) {
        let judged = verifier(&fixture::hs256()).verify(&token(header, GOOD), NOW).await;
        assert!(judged.is_ok(), "{judged:?}");
    }

    #[tokio::test]
    async fn what_is_no_compact_jwt_is_refused() {
        let good = token(r#"{"alg":"HS256"}"#, GOOD);
        let parts: Vec<&str> = good.split('.').collect();
        let [header, payload, signature] = parts[..] else { panic!("three parts") };
        let hostile = [
            String::new(),
            ".".repeat(2),
            format!("{header}.{payload}"),
            format!("{header}.{payload}."),
            format!("{header}..{signature}"),
            format!("{good}.x"),
            format!("{good}.x.y"),
            format!("{good}="),
            format!(" {good}"),
            format!("{header}.{payload}.{}", &signature[1..]),
            format!("{header}.{payload}.{signature}A"),
            format!("{header}=.{payload}.{signature}"),
            format!("{}.{payload}.{signature}", header.to_lowercase()),
            "a".repeat(9_000),
            format!(r#"{{"payload":"{payload}","signatures":[]}}"#),
        ];
        let verifier = verifier(&fixture::hs256());
        for text in hostile {
            assert_eq!(verifier.verify(&text, NOW).await, Err(Refused::Invalid), "{text}");
        }
    }

    #[tokio::test]
    async fn no_other_character_anywhere_verifies() {
        let good = token(r#"{"alg":"HS256"}"#, GOOD);
        let verifier = verifier(&fixture::hs256());
        for at in 0..good.len() {
            for other in ["A", "b", "9", "-", "_", ".", "="] {
                let mut mutated = good.clone();
                mutated.replace_range(at..=at, other);
                let judged = verifier.verify(&mutated, NOW).await;
                assert_eq!(judged.is_ok(), mutated == good, "{at} {other}");
            }
        }
    }

    #[tokio::test]
    async fn a_token_longer_than_eight_kilobytes_is_refused() {
        let padded = |fill: usize| {
            let fill = "x".repeat(fill);
            token(r#"{"alg":"HS256"}"#, &format!(r#"{{"sub":"u","exp":1800000900,"x":"{fill}"}}"#))
        };
        let verifier = verifier(&fixture::hs256());
        assert!(verifier.verify(&padded(5_900), NOW).await.is_ok());
        assert_eq!(verifier.verify(&padded(6_200), NOW).await, Err(Refused::Invalid));
    }

    #[rstest::rstest]
    #[case(fixture::RSA_PUBLIC, Algorithm::RS256, "RS256", EncodingKey::from_rsa_pem(fixture::RSA).unwrap())]
    #[case(fixture::EC_PUBLIC, Algorithm::ES256, "ES256", EncodingKey::from_ec_pem(fixture::EC).unwrap())]
    #[case(fixture::ED_PUBLIC, Algorithm::EdDSA, "EdDSA", EncodingKey::from_ed_pem(fixture::ED).unwrap())]
    #[tokio::test]
    async fn a_public_key_verifies_its_algorithm_and_no_other(
        #[case] public: &[u8],
        #[case] algorithm: Algorithm,
        #[case] name: &str,
        #[case] private: EncodingKey,
    ) {
        let verifier = verifier(&AuthSettings {
            hs256_secret: None,
            public_key_pem: Some(public.to_vec()),
            ..fixture::hs256()
        });
        let header = format!(r#"{{"alg":"{name}","kid":"any"}}"#);
        let good = fixture::sign(&header, GOOD, &private, algorithm);
        assert!(verifier.verify(&good, NOW).await.is_ok());
        // The public key as an HMAC secret: the oldest trick there is.
        let confused = EncodingKey::from_secret(public);
        for header in [header.as_str(), r#"{"alg":"HS256"}"#] {
            let forged = fixture::sign(header, GOOD, &confused, Algorithm::HS256);
            assert_eq!(verifier.verify(&forged, NOW).await, Err(Refused::Invalid));
        }
    }

    #[tokio::test]
    async fn expiry_has_no_leeway() {
        let verifier = verifier(&fixture::hs256());
        let token = token(r#"{"alg":"HS256"}"#, GOOD);
        let end = Timestamp::from_seconds(1_800_000_900);
        assert!(verifier.verify(&token, Timestamp::from_millis(end.millis() - 1)).await.is_ok());
        let judged = verifier.verify(&token, end).await;
        assert_eq!(judged, Err(Refused::Claims(BadClaims::Expired)));
    }

    #[test]
    fn without_a_usable_key_there_is_no_verifier() {
        let none = AuthSettings { hs256_secret: None, ..fixture::hs256() };
        let short = AuthSettings { hs256_secret: Some(vec![7; 31]), ..fixture::hs256() };
        let bad = AuthSettings { public_key_pem: Some(b"x".to_vec()), ..fixture::hs256() };
        let errors = [none, short, bad]
            .map(|settings| Verifier::new(&settings, fixture::clock()).unwrap_err());
        assert!(matches!(
            errors,
            [
                AuthSettingsError::NoKeys,
                AuthSettingsError::SecretTooShort,
                AuthSettingsError::PublicKey(_)
            ]
        ));
    }
}
