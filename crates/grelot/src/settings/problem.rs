//! What is wrong with a configuration: all of it together, each named by its variable, never with a secret.

use std::fmt;

use super::definition::Setting;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// The variable, the key or the file that it is about.
    pub(crate) subject: String,
    /// What is wrong and what to do.
    pub(crate) detail: String,
}

impl Problem {
    /// A problem of an option.
    pub(crate) fn of(setting: Setting, detail: impl Into<String>) -> Self {
        Self { subject: setting.variable().to_owned(), detail: detail.into() }
    }

    /// A problem of something that is no option.
    pub(crate) fn about(subject: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { subject: subject.into(), detail: detail.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.subject, self.detail)
    }
}

/// Everything that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problems {
    /// What is wrong.
    pub(crate) problems: Vec<Problem>,
    /// What may be the reason: a variable whose name is misspelt, for one.
    pub(crate) warnings: Vec<String>,
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self { problems: vec![problem], warnings: Vec::new() }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.problems.len();
        let (verb, noun) = if count == 1 { ("is", "problem") } else { ("are", "problems") };
        write!(f, "there {verb} {count} {noun} in the configuration")?;
        for problem in &self.problems {
            write!(f, "\n  {problem}")?;
        }
        for warning in &self.warnings {
            write!(f, "\nwarning: {warning}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}
