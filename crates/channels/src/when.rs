//! Instants as a reader sees them: in their time zone, in their language.

use grelot_core::Timestamp;
use jiff::ZonedDateTime;
use jiff::civil::Weekday;
use jiff::tz::TimeZone;

use crate::language::Language;

const DAYS: [[&str; 7]; 2] = [
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
    ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"],
];
const MONTHS: [[&str; 12]; 2] = [
    [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    [
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ],
];

/// A day and a time with the zone it is in: "Tuesday, 24 November 2026 at 10:00 (CET)". An unknown zone is UTC.
pub(crate) fn written(at: Timestamp, timezone: Option<&str>, language: Language) -> String {
    let local = local(at, timezone);
    let comma = if language == Language::English { ", " } else { " " };
    let name = DAYS[row(language)].get(day_of(local.weekday())).copied().unwrap_or_default();
    let (day, year) = (day(&local, language), local.year());
    format!("{name}{comma}{day} {year}{}{}", glue(language), local.strftime("%H:%M (%Z)"))
}

/// A day and a time in few words: "24 November at 10:00". The zone is told where it may not be the reader's.
pub(crate) fn short(at: Timestamp, timezone: Option<&str>, language: Language) -> String {
    let local = local(at, timezone);
    let time = if timezone.is_some() { "%H:%M" } else { "%H:%M (%Z)" };
    format!("{}{}{}", day(&local, language), glue(language), local.strftime(time))
}

/// "24 November".
fn day(local: &ZonedDateTime, language: Language) -> String {
    let month = usize::try_from(local.month() - 1).unwrap_or_default();
    let month = MONTHS[row(language)].get(month).copied().unwrap_or_default();
    // French counts the first of a month, and no other day.
    let ordinal = if local.day() == 1 && language == Language::French { "er" } else { "" };
    format!("{}{ordinal} {month}", local.day())
}

const fn row(language: Language) -> usize {
    match language {
        Language::English => 0,
        Language::French => 1,
    }
}

const fn glue(language: Language) -> &'static str {
    match language {
        Language::English => " at ",
        Language::French => " à ",
    }
}

/// RFC 3339 in UTC, as the API writes it.
pub(crate) fn rfc3339(at: Timestamp) -> String {
    local(at, None).strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

fn local(at: Timestamp, timezone: Option<&str>) -> ZonedDateTime {
    let zone = timezone.and_then(|name| TimeZone::get(name).ok()).unwrap_or(TimeZone::UTC);
    // What lies outside of the calendar is moved to its edge.
    let instant = jiff::Timestamp::from_millisecond(at.millis()).unwrap_or(if at.millis() < 0 {
        jiff::Timestamp::MIN
    } else {
        jiff::Timestamp::MAX
    });
    instant.to_zoned_datetime(zone)
}

fn day_of(day: Weekday) -> usize {
    usize::try_from(day.to_monday_zero_offset()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Timestamp = Timestamp::from_millis(1_795_510_800_000);

    #[test]
    fn a_date_is_in_the_zone_and_the_language_of_its_reader() {
        let en = |zone| written(AT, zone, Language::English);
        assert_eq!(en(Some("Europe/Paris")), "Tuesday, 24 November 2026 at 10:00 (CET)");
        assert_eq!(en(Some("America/Los_Angeles")), "Tuesday, 24 November 2026 at 01:00 (PST)");
        assert_eq!(en(None), "Tuesday, 24 November 2026 at 09:00 (UTC)");
        assert_eq!(
            written(AT, Some("Europe/Paris"), Language::French),
            "mardi 24 novembre 2026 à 10:00 (CET)"
        );
    }

    #[test]
    fn a_short_date_tells_the_zone_only_where_it_is_not_the_readers() {
        assert_eq!(short(AT, Some("Europe/Paris"), Language::English), "24 November at 10:00");
        assert_eq!(short(AT, None, Language::French), "24 novembre à 09:00 (UTC)");
    }

    #[test]
    fn the_first_of_a_month_is_an_ordinal_in_french() {
        let first = Timestamp::from_millis(1_785_542_400_000);
        assert_eq!(written(first, None, Language::French), "samedi 1er août 2026 à 00:00 (UTC)");
    }

    #[test]
    fn an_unknown_zone_is_utc_and_no_instant_fails() {
        assert!(written(AT, Some("Mars/Olympus"), Language::English).ends_with("09:00 (UTC)"));
        for millis in [i64::MIN, i64::MAX, 0] {
            assert!(
                !written(Timestamp::from_millis(millis), Some("Asia/Tokyo"), Language::French)
                    .is_empty()
            );
        }
    }

    #[test]
    fn the_instant_of_the_api_is_rfc_3339() {
        assert_eq!(rfc3339(AT), "2026-11-24T09:00:00.000Z");
    }
}
