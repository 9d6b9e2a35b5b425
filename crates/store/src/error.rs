//! What can go wrong in a database, as callers need to tell it apart.

use thiserror::Error;

/// A unit of work that did not happen, or of which nobody knows whether it did.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The queue of work is full, or the store is shutting down: nothing was written.
    #[error("the store is busy")]
    Busy,
    /// The database cannot be reached or cannot write (a full disk, for one). What was asked may or may not have
    /// happened; repeat it with the same idempotency key.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// A rule that another program put on its table refuses what was asked, and will again: nothing was written.
    #[error("{0}")]
    Refused(Refusal),
    /// A row that this program did not write so.
    #[error("the store holds an invalid row: {0}")]
    Corrupt(String),
}

/// What a table of another program does not take. Names what it has of its own, and never a value.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{rule}")]
pub struct Refusal {
    /// The column that is too narrow, or may not be empty, where it is known.
    pub column: Option<String>,
    /// What refuses, and how to come past it.
    pub rule: String,
}
