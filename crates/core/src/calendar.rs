//! Hours of the day where a user lives: quiet hours and digests. Right across changes of the clocks, by the time zone
//! database that is compiled in. Not here: what waits for them (`delivery`).

use jiff::civil::{DateTime, Time};
use jiff::tz::{AmbiguousZonedDateTime, TimeZone};
use jiff::{Timestamp as Instant, ToSpan as _};

use crate::text::Violation;
use crate::time::Timestamp;

/// A time zone.
#[derive(Clone, Debug)]
pub struct Zone(TimeZone);

impl Zone {
    /// The zone with this IANA name; UTC when there is no name, or none of that name.
    pub fn named(name: Option<&str>) -> Self {
        Self(name.and_then(|name| TimeZone::get(name).ok()).unwrap_or(TimeZone::UTC))
    }

    /// What clocks show there at `instant`.
    fn local(&self, instant: Timestamp) -> DateTime {
        let instant = Instant::from_millisecond(instant.millis()).unwrap_or(Instant::UNIX_EPOCH);
        self.0.to_datetime(instant)
    }

    /// The first instant after `after` at which clocks show `local`. A time that clocks skip is as much later as they
    /// skip (02:30 is 03:30); of one that they show twice it is the first that lies after `after`.
    fn instant(&self, local: DateTime, after: Timestamp) -> Timestamp {
        let at = |ambiguous: AmbiguousZonedDateTime, later: bool| {
            let found = if later { ambiguous.later() } else { ambiguous.compatible() };
            found.map_or(after, |found| Timestamp::from_millis(found.timestamp().as_millisecond()))
        };
        let first = at(self.0.to_ambiguous_zoned_datetime(local), false);
        if first > after { first } else { at(self.0.to_ambiguous_zoned_datetime(local), true) }
    }

    /// The first instant after `now` at which clocks show `time`.
    fn next(&self, time: TimeOfDay, now: Timestamp) -> Timestamp {
        let today = self.local(now).date();
        let candidates = [today, today.saturating_add(1.day()), today.saturating_add(2.days())];
        candidates
            .into_iter()
            .map(|date| self.instant(date.to_datetime(time.civil()), now))
            .find(|instant| *instant > now)
            .unwrap_or(now)
    }
}

/// A time of day, to the minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeOfDay(u16);

impl TimeOfDay {
    /// Parses `22:00`: two digits, a colon, two digits.
    ///
    /// # Errors
    /// A [`Violation`] that says what a time of day is.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        const MESSAGE: Violation = Violation::new("must be a time of day such as 22:00");
        let (hours, minutes) = text.split_once(':').ok_or(MESSAGE)?;
        let two_digits = |part: &str, below: u16| {
            let digits = part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
            digits.then(|| part.parse().ok()).flatten().filter(|number: &u16| *number < below)
        };
        match (two_digits(hours, 24), two_digits(minutes, 60)) {
            (Some(hours), Some(minutes)) => Ok(Self(hours * 60 + minutes)),
            _ => Err(MESSAGE),
        }
    }

    /// A full hour; hours beyond 23 are taken for 23.
    pub const fn hour(hour: u8) -> Self {
        let hour = if hour > 23 { 23 } else { hour };
        Self(hour as u16 * 60)
    }

    /// As [`parse`](Self::parse) reads it.
    pub fn text(self) -> String {
        format!("{:02}:{:02}", self.0 / 60, self.0 % 60)
    }

    fn civil(self) -> Time {
        let part = |number: u16| i8::try_from(number).unwrap_or_default();
        Time::new(part(self.0 / 60), part(self.0 % 60), 0, 0).unwrap_or(Time::midnight())
    }

    fn of(local: DateTime) -> Self {
        let part = |number: i8| u16::try_from(number).unwrap_or_default();
        Self(part(local.hour()) * 60 + part(local.minute()))
    }
}

/// From when to when a user wants no email. From a later to an earlier time it is over midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuietHours {
    start: TimeOfDay,
    end: TimeOfDay,
}

impl QuietHours {
    /// From `start` to `end`.
    ///
    /// # Errors
    /// A [`Violation`] when they are equal: that is no time at all, or all of it.
    pub fn new(start: TimeOfDay, end: TimeOfDay) -> Result<Self, Violation> {
        if start == end {
            return Err(Violation::new("must have a start that is not its end"));
        }
        Ok(Self { start, end })
    }

    /// When they begin.
    pub const fn start(self) -> TimeOfDay {
        self.start
    }

    /// When they end.
    pub const fn end(self) -> TimeOfDay {
        self.end
    }

    /// When the quiet hours end that `now` lies in; `None` when it lies in none.
    pub fn end_of(self, now: Timestamp, zone: &Zone) -> Option<Timestamp> {
        let time = TimeOfDay::of(zone.local(now));
        let quiet = if self.start < self.end {
            self.start <= time && time < self.end
        } else {
            self.start <= time || time < self.end
        };
        quiet.then(|| zone.next(self.end, now))
    }
}

/// How often a user wants their emails together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DigestRhythm {
    /// Not at all: each on its own, but for categories that are digests.
    #[default]
    Off,
    /// At each full hour.
    Hourly,
    /// Once a day.
    Daily,
}

impl DigestRhythm {
    /// Every rhythm.
    pub const ALL: [Self; 3] = [Self::Off, Self::Hourly, Self::Daily];

    /// The name as the API and the database write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Hourly => "hourly",
            Self::Daily => "daily",
        }
    }

    /// Parses the name.
    ///
    /// # Errors
    /// A [`Violation`] that lists the names.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        Self::ALL
            .into_iter()
            .find(|rhythm| rhythm.name() == text)
            .ok_or(Violation::new("must be one of off, hourly, daily"))
    }
}

/// When a user's digests go out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DigestChoice {
    /// How often.
    pub rhythm: DigestRhythm,
    /// The hour of a daily one, 0 to 23, where the user lives.
    pub hour: u8,
}

impl Default for DigestChoice {
    fn default() -> Self {
        Self { rhythm: DigestRhythm::Off, hour: 9 }
    }
}

impl DigestChoice {
    /// When the digest goes out that begins to collect at `now`: at the next full hour of the zone, or the next such hour of
    /// a day. Who wants no digest, and gets one since a category is one, gets it daily.
    pub fn next(self, now: Timestamp, zone: &Zone) -> Timestamp {
        match self.rhythm {
            DigestRhythm::Off | DigestRhythm::Daily => zone.next(TimeOfDay::hour(self.hour), now),
            DigestRhythm::Hourly => {
                let local = zone.local(now);
                let millis = i64::from(local.minute()) * 60_000
                    + i64::from(local.second()) * 1_000
                    + i64::from(local.millisecond());
                Timestamp::from_millis(now.millis().saturating_add(3_600_000 - millis))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::from_millis(text.parse::<Instant>().unwrap().as_millisecond())
    }

    fn quiet(start: &str, end: &str) -> QuietHours {
        QuietHours::new(TimeOfDay::parse(start).unwrap(), TimeOfDay::parse(end).unwrap()).unwrap()
    }

    #[rstest::rstest]
    #[case("22:00", "07:00", "2026-01-10T21:59:00+01:00", None)]
    #[case("22:00", "07:00", "2026-01-10T22:00:00+01:00", Some("2026-01-11T07:00:00+01:00"))]
    #[case("22:00", "07:00", "2026-01-11T06:59:59+01:00", Some("2026-01-11T07:00:00+01:00"))]
    #[case("22:00", "07:00", "2026-01-11T07:00:00+01:00", None)]
    #[case("12:00", "14:00", "2026-01-11T13:00:00+01:00", Some("2026-01-11T14:00:00+01:00"))]
    #[case("12:00", "14:00", "2026-01-11T14:30:00+01:00", None)]
    // The night of 29 March 2026 has no 02:00 to 03:00, the one of 25 October has it twice.
    #[case("22:00", "07:00", "2026-03-28T23:00:00+01:00", Some("2026-03-29T07:00:00+02:00"))]
    #[case("22:00", "02:30", "2026-03-29T01:30:00+01:00", Some("2026-03-29T03:30:00+02:00"))]
    #[case("22:00", "07:00", "2026-10-24T23:00:00+02:00", Some("2026-10-25T07:00:00+01:00"))]
    #[case("22:00", "02:30", "2026-10-25T02:15:00+02:00", Some("2026-10-25T02:30:00+02:00"))]
    #[case("22:00", "02:30", "2026-10-25T02:15:00+01:00", Some("2026-10-25T02:30:00+01:00"))]
    fn quiet_hours_end_by_the_clock_on_the_wall(
        #[case] start: &str,
        #[case] end: &str,
        #[case] now: &str,
        #[case] expected: Option<&str>,
    ) {
        let zone = Zone::named(Some("Europe/Paris"));
        assert_eq!(quiet(start, end).end_of(at(now), &zone), expected.map(at));
    }

    #[rstest::rstest]
    #[case(DigestRhythm::Daily, "2026-01-10T08:59:00+01:00", "2026-01-10T09:00:00+01:00")]
    #[case(DigestRhythm::Daily, "2026-01-10T09:00:00+01:00", "2026-01-11T09:00:00+01:00")]
    #[case(DigestRhythm::Off, "2026-03-28T10:00:00+01:00", "2026-03-29T09:00:00+02:00")]
    #[case(DigestRhythm::Hourly, "2026-01-10T09:12:13.014+01:00", "2026-01-10T10:00:00+01:00")]
    #[case(DigestRhythm::Hourly, "2026-10-25T02:30:00+02:00", "2026-10-25T02:00:00+01:00")]
    fn a_digest_goes_out_at_the_next_hour_of_its_rhythm(
        #[case] rhythm: DigestRhythm,
        #[case] now: &str,
        #[case] expected: &str,
    ) {
        let zone = Zone::named(Some("Europe/Paris"));
        let choice = DigestChoice { rhythm, ..DigestChoice::default() };
        assert_eq!(choice.next(at(now), &zone), at(expected));
    }

    #[test]
    fn an_hour_begins_where_the_user_lives() {
        let choice = DigestChoice { rhythm: DigestRhythm::Hourly, hour: 9 };
        let next = choice.next(at("2026-01-10T09:10:00Z"), &Zone::named(Some("Asia/Kolkata")));
        assert_eq!(next, at("2026-01-10T09:30:00Z"));
    }

    #[test]
    fn a_zone_that_nobody_knows_is_utc() {
        let zone = Zone::named(Some("Nowhere/Land"));
        let end = quiet("22:00", "07:00").end_of(at("2026-01-10T23:00:00Z"), &zone);
        assert_eq!(end, Some(at("2026-01-11T07:00:00Z")));
    }

    #[rstest::rstest]
    #[case("22:00", true)]
    #[case("00:00", true)]
    #[case("24:00", false)]
    #[case("9:00", false)]
    #[case("09:60", false)]
    #[case("+9:00", false)]
    fn a_time_of_day_has_four_digits(#[case] text: &str, #[case] valid: bool) {
        let parsed = TimeOfDay::parse(text);
        assert_eq!(parsed.is_ok(), valid);
        assert!(parsed.is_err() || parsed.is_ok_and(|time| time.text() == text));
    }

    #[test]
    fn quiet_hours_of_no_length_are_refused() {
        let noon = TimeOfDay::hour(12);
        assert!(QuietHours::new(noon, noon).is_err());
    }
}
