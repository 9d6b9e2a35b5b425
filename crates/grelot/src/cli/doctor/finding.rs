//! What a check found, as one line.

use std::fmt;

/// How it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// As it should be.
    Ok,
    /// Not checked, or not as it should be but harmless.
    Warn,
    /// Users will notice.
    Fail,
}

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    /// How it is.
    pub(super) level: Level,
    /// What was checked.
    pub(super) what: &'static str,
    /// What was found, and what to do.
    pub(super) text: String,
}

impl Finding {
    /// As it should be.
    pub(super) fn ok(what: &'static str, text: impl Into<String>) -> Self {
        Self { level: Level::Ok, what, text: text.into() }
    }

    /// Not checked, or harmless.
    pub(super) fn warn(what: &'static str, text: impl Into<String>) -> Self {
        Self { level: Level::Warn, what, text: text.into() }
    }

    /// Users will notice.
    pub(super) fn fail(what: &'static str, text: impl Into<String>) -> Self {
        Self { level: Level::Fail, what, text: text.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = match self.level {
            Level::Ok => "ok",
            Level::Warn => "warn",
            Level::Fail => "fail",
        };
        write!(f, "{level:<5} {:<10} {}", self.what, self.text)
    }
}
