//! Instants as RFC 3339, in UTC, with milliseconds: `2026-11-24T10:00:00.000Z`.

use std::fmt::Write;

use grelot_core::Timestamp;
use serde::{Serialize, Serializer};
use utoipa::PartialSchema;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{RefOr, Schema};

/// An instant on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Instant(pub(crate) Timestamp);

impl Instant {
    /// 0000-01-01 and 9999-12-31, which RFC 3339 can write; what lies outside is moved there.
    const RANGE: (i64, i64) = (-62_167_219_200_000, 253_402_300_799_999);

    pub(crate) fn text(self) -> String {
        const DAY: i64 = 86_400_000;
        let millis = self.0.millis().clamp(Self::RANGE.0, Self::RANGE.1);
        let (days, of_day) = (millis.div_euclid(DAY), millis.rem_euclid(DAY));
        let (year, month, day) = civil(days);
        let (hour, minute) = (of_day / 3_600_000, of_day / 60_000 % 60);
        let (second, milli) = (of_day / 1_000 % 60, of_day % 1_000);
        let mut text = String::with_capacity(24);
        // Writing to a string does not fail.
        let _ = write!(
            text,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z"
        );
        text
    }
}

/// Year, month and day of a number of days since 1970 (Howard Hinnant, "chrono-compatible low-level date algorithms").
const fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + (month <= 2) as i64, month, day)
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text())
    }
}

impl PartialSchema for Instant {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .pattern(Some(r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$"))
            .examples(["2026-11-24T10:00:00.000Z"])
            .into()
    }
}

impl utoipa::ToSchema for Instant {}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case(0, "1970-01-01T00:00:00.000Z")]
    #[case(-1, "1969-12-31T23:59:59.999Z")]
    #[case(951_782_400_000, "2000-02-29T00:00:00.000Z")]
    #[case(1_795_514_400_007, "2026-11-24T10:00:00.007Z")]
    #[case(4_107_542_399_999, "2100-02-28T23:59:59.999Z")]
    #[case(4_107_542_400_000, "2100-03-01T00:00:00.000Z")]
    #[case(i64::MIN, "0000-01-01T00:00:00.000Z")]
    #[case(i64::MAX, "9999-12-31T23:59:59.999Z")]
    fn an_instant_has_milliseconds_and_is_in_utc(#[case] millis: i64, #[case] text: &str) {
        assert_eq!(Instant(Timestamp::from_millis(millis)).text(), text);
    }

    proptest::proptest! {
        #[test]
        fn jiff_reads_the_same_instant(millis in Instant::RANGE.0..=253_402_207_200_000) {
            let read: jiff::Timestamp = Instant(Timestamp::from_millis(millis)).text().parse().unwrap();
            proptest::prop_assert_eq!(read.as_millisecond(), millis);
        }
    }
}
