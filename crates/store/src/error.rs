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
    /// A row that this program did not write so.
    #[error("the store holds an invalid row: {0}")]
    Corrupt(String),
}
