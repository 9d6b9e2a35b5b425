//! The lock that keeps a second server off a database. It is on a file of its own: closing any descriptor of the
//! database file would drop the locks that SQLite itself holds there.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use crate::error::OpenError;
use crate::options::beside;

/// Held as long as this process serves the database; the system drops it with the process.
#[derive(Debug)]
pub(crate) struct ServerLock {
    _file: File,
}

impl ServerLock {
    /// Takes the lock of the database at `path`.
    pub(crate) fn take(path: &Path) -> Result<Self, OpenError> {
        let lock = beside(path, ".lock");
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&lock)
            .map_err(|error| OpenError::Lock(lock.clone(), error))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(OpenError::Served(lock)),
            Err(TryLockError::Error(error)) => Err(OpenError::Lock(lock, error)),
        }
    }
}
