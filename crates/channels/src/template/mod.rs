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

/// The most characters of a subject.
pub(crate) const MAX_SUBJECT: usize = 200;

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
