//! How a database is reached, and the bounds of what serves it. Not here: what is made of the URL (`connection`).

use std::fmt;

use crate::connection::Target;
use crate::error::OpenError;

/// Where the database is, and how much may wait for it.
#[derive(Clone)]
pub struct PostgresOptions {
    /// `postgres://user:password@host:5432/database?sslmode=verify-full`. Hides in `Debug`: it may hold a password.
    pub url: String,
    /// How many connections read.
    pub readers: usize,
    /// How many connections write, beside those of the committers.
    pub writers: usize,
    /// How many committers take requests to notify, each on a connection of its own: no other write keeps them waiting for one.
    pub committers: usize,
    /// How many writes may wait, of requests to notify and of others each; one more is refused as busy.
    pub queue: usize,
    /// How many reads may wait; one more is refused as busy.
    pub read_queue: usize,
    /// How many requests to notify one commit takes at most.
    pub max_batch: usize,
    /// How many rows of one user a read-all or an erase changes at once: others write in between.
    pub max_rows: usize,
}

impl PostgresOptions {
    /// The defaults, for the database at `url`.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            readers: 8,
            writers: 8,
            committers: 2,
            queue: 4096,
            read_queue: 1024,
            max_batch: 512,
            max_rows: 1_000,
        }
    }

    /// Whether the URL is one that can be used, and what it names is there. Nothing is connected to.
    ///
    /// # Errors
    /// What is wrong with it; never repeats the URL.
    pub fn check(&self) -> Result<(), OpenError> {
        Target::parse(&self.url).map(drop)
    }
}

impl fmt::Debug for PostgresOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresOptions").finish_non_exhaustive()
    }
}
