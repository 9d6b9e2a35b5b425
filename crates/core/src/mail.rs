//! What a category says about its emails: when they go out, and how they are written. Not here: rendering (`channels`),
//! and when a mail goes out to one user (`delivery`).

use std::time::Duration;

use crate::language::{is_tag, nearest};
use crate::text::Violation;

/// When an email about a notification goes out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MailMode {
    /// At once.
    Now,
    /// Only if it is still unread after a while.
    #[default]
    Unread,
    /// Together with others, in a digest.
    Digest,
}

impl MailMode {
    /// Every mode.
    pub const ALL: [Self; 3] = [Self::Now, Self::Unread, Self::Digest];

    /// The name as the API and the database write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Now => "now",
            Self::Unread => "unread",
            Self::Digest => "digest",
        }
    }

    /// Parses the name.
    ///
    /// # Errors
    /// A [`Violation`] that lists the names.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        Self::ALL
            .into_iter()
            .find(|mode| mode.name() == text)
            .ok_or(Violation::new("must be one of now, unread, digest"))
    }
}

/// How long a mail waits for its notification to be read: 0 to 10,080 minutes, which is a week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DelayMinutes(u16);

impl DelayMinutes {
    /// The longest delay, in minutes.
    pub const MAX: u16 = 7 * 24 * 60;

    /// Takes a number of minutes.
    ///
    /// # Errors
    /// A [`Violation`] when it is more than a week.
    pub fn new(minutes: u64) -> Result<Self, Violation> {
        u16::try_from(minutes)
            .ok()
            .filter(|minutes| *minutes <= Self::MAX)
            .map(Self)
            .ok_or(Violation::new("must be a whole number of minutes from 0 to 10080"))
    }

    /// The minutes.
    pub const fn get(self) -> u16 {
        self.0
    }

    /// The delay, where a minute lasts `minute`: a demonstration has shorter ones.
    pub fn lasting(self, minute: Duration) -> Duration {
        minute.saturating_mul(u32::from(self.0))
    }
}

impl Default for DelayMinutes {
    fn default() -> Self {
        Self(5)
    }
}

/// A part of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TemplatePart {
    /// The subject line.
    Subject,
    /// The HTML part.
    Html,
    /// The text part.
    Text,
}

impl TemplatePart {
    /// The name as the API writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Subject => "subject",
            Self::Html => "html",
            Self::Text => "text",
        }
    }
}

/// The source of a mail in one language. Raw: `channels` checks that it renders, and that there is an HTML part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// The subject line.
    pub subject: String,
    /// The HTML part, as MJML or HTML; absent: the built-in mail.
    pub html: Option<String>,
    /// The text part; absent: the built-in one.
    pub text: Option<String>,
}

/// The mails of a category, by BCP 47 tag, in the order in which they were given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Templates(Vec<(String, Template)>);

impl Templates {
    /// The most languages.
    pub const MAX_LANGUAGES: usize = 32;
    /// The most bytes of a subject.
    pub const MAX_SUBJECT: usize = 1024;
    /// The most bytes of an HTML part, and of a text part.
    pub const MAX_PART: usize = 64 * 1024;

    /// Takes templates by language.
    ///
    /// # Errors
    /// A [`Violation`] when there are too many, one is too long, a subject is empty, or a tag is no language tag.
    pub fn new(templates: Vec<(String, Template)>) -> Result<Self, Violation> {
        if templates.len() > Self::MAX_LANGUAGES {
            return Err(Violation::new("must have at most 32 languages"));
        }
        for (tag, Template { subject, html, text }) in &templates {
            if !is_tag(tag) {
                return Err(Violation::new("must be keyed by language tags such as en or pt-BR"));
            }
            if subject.trim().is_empty() || subject.len() > Self::MAX_SUBJECT {
                return Err(Violation::new("must have subjects of 1 to 1024 bytes"));
            }
            let mut parts = [html, text].into_iter().flatten();
            if parts.any(|part| part.len() > Self::MAX_PART) {
                return Err(Violation::new("must have parts of at most 64 KiB"));
            }
            let all = [Some(subject), html.as_ref(), text.as_ref()];
            if all.into_iter().flatten().any(|part| part.contains('\0')) {
                return Err(Violation::new("must not contain U+0000"));
            }
        }
        Ok(Self(templates))
    }

    /// Every template with its tag.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Template)> + Clone {
        self.0.iter().map(|(tag, template)| (tag.as_str(), template))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The template that is [`nearest`] to a reader of `locale`, with its tag.
    pub fn pick(&self, locale: Option<&str>) -> Option<(&str, &Template)> {
        nearest(&self.iter(), locale)
    }
}

/// What a category says about its emails.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CategoryMail {
    /// When they go out.
    pub mode: MailMode,
    /// How long [`MailMode::Unread`] waits.
    pub delay: DelayMinutes,
    /// How they are written; empty: the built-in way.
    pub templates: Templates,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(subject: &str) -> Template {
        Template { subject: subject.to_owned(), html: None, text: None }
    }

    fn all(tags: impl IntoIterator<Item = String>) -> Result<Templates, Violation> {
        Templates::new(tags.into_iter().map(|tag| (tag, template("x"))).collect())
    }

    #[test]
    fn a_template_is_that_of_the_nearest_language() {
        let templates = all(["de", "en"].map(str::to_owned)).unwrap();
        assert_eq!(templates.pick(Some("DE-at")), Some(("de", &template("x"))));
        assert_eq!(templates.pick(None), Some(("en", &template("x"))));
    }

    #[test]
    fn languages_are_32_at_most() {
        let tags = |n: usize| all((0..n).map(|n| format!("en-a{n}")));
        assert!(tags(32).is_ok() && tags(33).is_err());
    }

    #[test]
    fn a_template_may_be_as_long_as_its_limits() {
        let part = Some("x".repeat(64 * 1024));
        let longest = Template { html: part.clone(), text: part, ..template(&"x".repeat(1024)) };
        assert!(Templates::new(vec![("en".to_owned(), longest)]).is_ok());
    }

    #[rstest::rstest]
    #[case("no tag", template("x"))]
    #[case("en", template(" "))]
    #[case("en", template(&"x".repeat(1025)))]
    #[case("en", Template { html: Some("x".repeat(64 * 1024 + 1)), ..template("x") })]
    #[case("en", Template { text: Some("x".repeat(64 * 1024 + 1)), ..template("x") })]
    #[case("en", Template { text: Some("\0".to_owned()), ..template("x") })]
    fn a_template_that_cannot_be_is_refused(#[case] tag: &str, #[case] template: Template) {
        assert!(Templates::new(vec![(tag.to_owned(), template)]).is_err());
    }

    #[test]
    fn a_delay_is_at_most_a_week() {
        assert!(DelayMinutes::new(10_080).is_ok());
        assert!(DelayMinutes::new(10_081).is_err());
        assert_eq!(DelayMinutes::default().lasting(Duration::from_secs(1)).as_secs(), 5);
    }
}
