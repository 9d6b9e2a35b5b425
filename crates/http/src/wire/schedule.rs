//! When a user wants emails, as a part of preferences: quiet hours and digests. Not here: the switches and choices
//! (`preferences`).

use grelot_core::{DigestRhythm, PreferencesUpdate, QuietHours, TimeOfDay};
use serde::Serialize;
use utoipa::ToSchema;

use crate::json::{Errors, Field, Object};

/// From when to when a user wants no email, by the clocks where they live; from a later to an earlier time it is over
/// midnight. What is mandatory goes out all the same.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = QuietHours, examples(json!({"start": "22:00", "end": "07:00"})))]
pub(crate) struct QuietHoursOut {
    /// When they begin.
    #[schema(pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$")]
    start: String,
    /// When they end; not when they begin.
    #[schema(pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$")]
    end: String,
}

impl From<QuietHours> for QuietHoursOut {
    fn from(quiet: QuietHours) -> Self {
        Self { start: quiet.start().text(), end: quiet.end().text() }
    }
}

/// How often a user wants their emails together.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = EmailDigest)]
pub(crate) enum DigestOut {
    /// Not at all: each on its own, but for categories that are digests.
    Off,
    /// At each full hour.
    Hourly,
    /// Once a day.
    Daily,
}

impl From<DigestRhythm> for DigestOut {
    fn from(rhythm: DigestRhythm) -> Self {
        match rhythm {
            DigestRhythm::Off => Self::Off,
            DigestRhythm::Hourly => Self::Hourly,
            DigestRhythm::Daily => Self::Daily,
        }
    }
}

/// The names of the members.
pub(super) const MEMBERS: [&str; 3] = ["quietHours", "emailDigest", "emailDigestHour"];

/// Reads the members into `update`; what is refused is recorded.
pub(super) fn read(object: &Object<'_>, update: &mut PreferencesUpdate, errors: &mut Errors) {
    update.quiet = object.optional("quietHours").and_then(|field| match field.non_null() {
        None => Some(None),
        Some(field) => quiet_hours(&field, errors).map(Some),
    });
    let digest = object.optional("emailDigest");
    update.digest = digest.and_then(|field| field.parse(errors, DigestRhythm::parse));
    update.digest_hour = object.optional("emailDigestHour").and_then(|field| hour(&field, errors));
}

fn quiet_hours(field: &Field<'_>, errors: &mut Errors) -> Option<QuietHours> {
    let object = Object::read(field, &["start", "end"], errors)?;
    let mut time = |name| object.required(name, errors)?.parse(errors, TimeOfDay::parse);
    let (start, end) = (time("start"), time("end"));
    match QuietHours::new(start?, end?) {
        Ok(quiet) => Some(quiet),
        Err(violation) => field.refuse(violation.detail(), errors),
    }
}

fn hour(field: &Field<'_>, errors: &mut Errors) -> Option<u8> {
    let number = field.whole_number(errors)?;
    let hour = u8::try_from(number).ok().filter(|hour| *hour < 24);
    hour.or_else(|| field.refuse("must be a whole number from 0 to 23", errors))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::parse;
    use crate::wire::preferences::PreferencesIn;

    fn read(body: &str) -> PreferencesUpdate {
        parse::<PreferencesIn>(body.as_bytes()).unwrap().0
    }

    #[test]
    fn what_is_absent_is_kept_and_null_ends_the_quiet_hours() {
        assert_eq!(read("{}"), PreferencesUpdate::default());
        let ended = PreferencesUpdate { quiet: Some(None), ..PreferencesUpdate::default() };
        assert_eq!(read(r#"{"quietHours":null}"#), ended);
        let all = read(
            r#"{"quietHours":{"start":"22:00","end":"07:30"},"emailDigest":"daily","emailDigestHour":0}"#,
        );
        let quiet = all.quiet.unwrap().unwrap();
        assert_eq!((quiet.start().text(), quiet.end().text()), ("22:00".into(), "07:30".into()));
        assert_eq!((all.digest, all.digest_hour), (Some(DigestRhythm::Daily), Some(0)));
    }

    #[rstest::rstest]
    #[case(r#"{"quietHours":true}"#, &["/quietHours"])]
    #[case(r#"{"quietHours":{}}"#, &["/quietHours/start", "/quietHours/end"])]
    #[case(r#"{"quietHours":{"start":"24:00","end":7}}"#, &["/quietHours/start", "/quietHours/end"])]
    #[case(r#"{"quietHours":{"start":"22:00","end":"22:00"}}"#, &["/quietHours"])]
    #[case(r#"{"quietHours":{"start":"22:00","end":"07:00","zone":"UTC"}}"#, &["/quietHours/zone"])]
    #[case(r#"{"emailDigest":null}"#, &["/emailDigest"])]
    #[case(r#"{"emailDigest":"weekly","emailDigestHour":24}"#, &["/emailDigest", "/emailDigestHour"])]
    #[case(r#"{"emailDigestHour":-1}"#, &["/emailDigestHour"])]
    #[case(r#"{"emailDigestHour":9.5}"#, &["/emailDigestHour"])]
    #[case(r#"{"emailDigestHour":"9"}"#, &["/emailDigestHour"])]
    fn what_is_wrong_is_named(#[case] body: &str, #[case] expected: &[&str]) {
        let problem = parse::<PreferencesIn>(body.as_bytes()).unwrap_err();
        assert_eq!(problem.pointers().collect::<Vec<_>>(), expected);
    }
}
