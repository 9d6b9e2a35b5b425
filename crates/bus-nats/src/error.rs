//! What can go wrong with the bus. None of it ends a node: what can be tried again is.

/// Why NATS cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum NatsError {
    /// The URL is none.
    #[error("the URL of NATS cannot be used: {0}")]
    Url(String),
    /// The certificates to be trusted are none.
    #[error("the certificates that NATS is to be trusted by cannot be used: {0}")]
    Certificates(String),
    /// No server answers, or it refuses.
    #[error("NATS cannot be reached: {0}")]
    Unreachable(String),
    /// A server takes what is said, and does not give it back.
    #[error(
        "NATS takes what is said on the subject {subject} and does not pass it on: does anything between map it to \
         another one?"
    )]
    Deaf {
        /// The subject.
        subject: String,
    },
    /// The connection ended.
    #[error("the connection to NATS ended: {0}")]
    Ended(String),
}
