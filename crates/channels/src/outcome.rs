//! What became of a delivery. Not here: when it is tried again, which is the worker's.

/// What became of a delivery. Each carries what was last answered: one line, at most [`Outcome::MAX_ANSWER`] characters, without credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The relay has taken it, and answers for it from here on.
    Sent {
        /// What the relay said.
        answer: String,
    },
    /// Not now: try again later.
    Later {
        /// What the relay said, or what happened.
        answer: String,
        /// Whose failure it is.
        fault: Fault,
    },
    /// It was refused for good: trying again gets the same answer.
    Never {
        /// What the relay said, or why it was not even tried.
        answer: String,
    },
}

impl Outcome {
    /// The most characters of an answer.
    pub const MAX_ANSWER: usize = 500;

    /// What was last answered.
    pub fn answer(&self) -> &str {
        match self {
            Self::Sent { answer } | Self::Later { answer, .. } | Self::Never { answer } => answer,
        }
    }
}

/// Whose failure it is that a delivery has to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The relay's, or that of its configuration: every other letter would meet the same (no connection, no TLS, no
    /// authentication, "421 closing down"). Ask again in a while, with one letter.
    Relay,
    /// This letter's or its recipient's: others may pass.
    Letter,
}
