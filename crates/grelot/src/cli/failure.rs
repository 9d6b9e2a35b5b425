//! How a command fails, and with which status the process then ends.

use std::fmt;
use std::io;

use crate::settings::Problems;

/// Why a command did not do what it was asked to.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The configuration is wrong.
    Configuration(Problems),
    /// The command was called wrongly, in a way that its arguments alone do not show.
    Usage(String),
    /// It was tried, and did not work.
    Runtime(anyhow::Error),
    /// It did its work and found something wrong, which it has already reported.
    Reported,
    /// Whoever read its output has had enough.
    ClosedPipe,
}

impl Failure {
    /// The status: 2 when what was asked is wrong, 1 when it did not work.
    pub(crate) const fn status(&self) -> u8 {
        match self {
            Self::Configuration(_) | Self::Usage(_) => 2,
            Self::Runtime(_) | Self::Reported => 1,
            Self::ClosedPipe => 0,
        }
    }

    /// A failure of writing to standard output.
    pub(crate) fn output(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::ClosedPipe,
            _ => Self::Runtime(
                anyhow::Error::new(error).context("standard output cannot be written"),
            ),
        }
    }

    /// Something that did not work, in one sentence.
    pub(crate) fn runtime(message: impl fmt::Display + fmt::Debug + Send + Sync + 'static) -> Self {
        Self::Runtime(anyhow::Error::msg(message))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Configuration(problems) => problems.fmt(f),
            Self::Usage(message) => f.write_str(message),
            // With its causes.
            Self::Runtime(error) => write!(f, "{error:#}"),
            Self::Reported | Self::ClosedPipe => Ok(()),
        }
    }
}

impl From<Problems> for Failure {
    fn from(problems: Problems) -> Self {
        Self::Configuration(problems)
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Runtime(error)
    }
}
