//! How a database is opened, and the bounds of what serves it.

use std::path::{Path, PathBuf};

/// Where the database is, and how much may wait for it.
#[derive(Clone, Debug)]
pub struct SqliteOptions {
    /// The database file; made when it is missing.
    pub path: PathBuf,
    /// How many threads read, each on a connection of its own.
    pub readers: usize,
    /// How many writes may wait; one more is refused as busy.
    pub queue: usize,
    /// How many reads may wait; one more is refused as busy.
    pub read_queue: usize,
    /// How many writes one commit takes at most.
    pub max_batch: usize,
    /// How many rows of one user a read-all or an erase changes at once: others write in between.
    pub max_rows: usize,
    /// How many pages of 4 KiB the database may have; one more is refused as a full disk would. Unlimited by default.
    pub max_pages: Option<u32>,
}

impl SqliteOptions {
    /// The defaults, for the database at `path`.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            readers: 4,
            queue: 4096,
            read_queue: 1024,
            max_batch: 512,
            max_rows: 1_000,
            max_pages: None,
        }
    }
}

/// The path of a file beside the database.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
