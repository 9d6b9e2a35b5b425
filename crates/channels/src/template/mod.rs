//! Templates of mails: those that a host gives for a category, and ours. Not here: the mail around what they make (`compose`).
//!
//! A template has no variables of its own, no macros and no includes, and may not multiply: so what it makes is in proportion to its length and
//! to what it is given, and a limit on what is written bounds the rest. `docs/mail.md` tells authors what they may use.

mod allowed;
mod check;
mod context;
mod engine;
mod mjml;
mod sample;

pub(crate) use check::check;
pub(crate) use context::{Frame, digest, one};
pub(crate) use engine::Engine;
pub(crate) use sample::{Anything, sample};

use std::fmt;

pub use grelot_core::TemplatePart as Part;
use grelot_core::language::nearest;

/// The templates of a category, by language.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EmailTemplates(Vec<(String, EmailTemplate)>);

impl EmailTemplates {
    /// The most languages.
    pub const MAX_LOCALES: usize = 32;

    /// Takes templates by BCP 47 tag, in the order in which they were given. [`check`](crate::Mailroom::check) says
    /// whether they can be used.
    pub const fn new(templates: Vec<(String, EmailTemplate)>) -> Self {
        Self(templates)
    }

    /// Every template with its tag.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &EmailTemplate)> + Clone {
        self.0.iter().map(|(tag, template)| (tag.as_str(), template))
    }

    /// The template that is [`nearest`] to a reader of `locale`, with its tag.
    pub fn pick(&self, locale: Option<&str>) -> Option<(&str, &EmailTemplate)> {
        nearest(&self.iter(), locale)
    }
}

/// One mail, as its author wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailTemplate {
    /// The subject.
    pub subject: String,
    /// The HTML part: MJML when it begins with `<mjml`, else HTML as it is.
    pub html: String,
    /// The text part; ours when there is none.
    pub text: Option<String>,
}

impl EmailTemplate {
    /// The most characters of a subject.
    pub const MAX_SUBJECT_CHARS: usize = 200;
    /// The most bytes of an HTML part.
    pub const MAX_HTML_BYTES: usize = 128 * 1024;
    /// The most bytes of a text part.
    pub const MAX_TEXT_BYTES: usize = 64 * 1024;
}

/// What is wrong with a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateProblem {
    /// The tag of the language.
    pub locale: String,
    /// The part; `None` when it is about all of them.
    pub part: Option<Part>,
    /// The line, from 1, where it is known.
    pub line: Option<usize>,
    /// What is wrong, as a sentence without a subject.
    pub detail: String,
}

impl fmt::Display for TemplateProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.locale)?;
        if let Some(part) = self.part {
            write!(f, ".{}", part.name())?;
        }
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        write!(f, ": {}", self.detail)
    }
}

/// Why a template made no text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub(crate) struct TemplateError {
    pub(crate) line: Option<usize>,
    pub(crate) detail: String,
    /// Whether it may be for the sample's sake, and not the template's: a value of the wrong type.
    pub(crate) of_a_value: bool,
}

impl TemplateError {
    pub(crate) fn new(line: Option<usize>, detail: impl Into<String>) -> Self {
        Self { line, detail: detail.into(), of_a_value: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn templates(tags: &[&str]) -> EmailTemplates {
        let template = |tag: &&str| {
            (
                (*tag).to_owned(),
                EmailTemplate { subject: String::new(), html: String::new(), text: None },
            )
        };
        EmailTemplates::new(tags.iter().map(template).collect())
    }

    #[rstest::rstest]
    #[case(&["en", "fr", "fr-CA"], Some("fr-ca"), Some("fr-CA"))]
    #[case(&["en", "fr"], Some("fr-CA"), Some("fr"))]
    #[case(&["fr", "en"], Some("de"), Some("en"))]
    #[case(&["fr", "de"], Some("it"), Some("fr"))]
    #[case(&["fr", "en"], None, Some("en"))]
    #[case(&[], Some("fr"), None)]
    fn a_reader_gets_the_nearest_language(
        #[case] tags: &[&str],
        #[case] locale: Option<&str>,
        #[case] picked: Option<&str>,
    ) {
        assert_eq!(templates(tags).pick(locale).map(|(tag, _)| tag), picked);
    }
}
