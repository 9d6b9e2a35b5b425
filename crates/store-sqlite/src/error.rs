//! What SQLite reports, sorted by what follows from it. Not here: domain refusals, which each port names itself.

use std::io;
use std::path::PathBuf;

use grelot_store::StoreError;
use rusqlite::ffi;
use thiserror::Error;

use crate::migrations::MigrateError;

/// Why a database could not be opened.
#[derive(Debug, Error)]
pub enum OpenError {
    /// Another process serves it.
    #[error("another grelot serves this database ({} is locked)", .0.display())]
    Served(PathBuf),
    /// The lock file beside it could not be made.
    #[error("the lock file {} cannot be used: {}", .0.display(), .1)]
    Lock(PathBuf, #[source] io::Error),
    /// SQLite could not open, read or write it.
    #[error("the database {} cannot be opened: {}", .0.display(), .1)]
    Database(PathBuf, String),
    /// Its schema could not be brought up to date.
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    /// The system gave no thread.
    #[error("no thread could be started: {0}")]
    Thread(#[source] io::Error),
}

/// Why a unit of work did not come through. It was rolled back, unless nobody can know.
#[derive(Debug, Error)]
pub(crate) enum Failure {
    /// SQLite said so.
    #[error(transparent)]
    Sql(#[from] rusqlite::Error),
    /// A row that this program did not write so; names the column and never its value.
    #[error("{0}")]
    Corrupt(&'static str),
}

impl Failure {
    /// Whether a sync to disk failed. What was written since the last good one may be lost although later syncs
    /// succeed, so the process has to end: only a recovery from the log on disk knows what is there.
    pub(crate) fn is_fatal(&self) -> bool {
        let Self::Sql(rusqlite::Error::SqliteFailure(error, _)) = self else {
            return false;
        };
        matches!(error.extended_code, ffi::SQLITE_IOERR_FSYNC | ffi::SQLITE_IOERR_DIR_FSYNC)
    }

    /// What a caller is told: never SQL, a path or a value.
    pub(crate) fn to_store_error(&self) -> StoreError {
        match self {
            Self::Corrupt(column) => StoreError::Corrupt((*column).to_owned()),
            Self::Sql(rusqlite::Error::SqliteFailure(error, _)) => match error.code {
                rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked => {
                    StoreError::Busy
                }
                rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase => {
                    StoreError::Corrupt("the database file is damaged".to_owned())
                }
                _ => {
                    StoreError::Unavailable(ffi::code_to_str(error.extended_code).trim().to_owned())
                }
            },
            Self::Sql(
                rusqlite::Error::InvalidColumnType(..)
                | rusqlite::Error::FromSqlConversionFailure(..)
                | rusqlite::Error::IntegralValueOutOfRange(..)
                | rusqlite::Error::Utf8Error(..),
            ) => StoreError::Corrupt("a column has a value of another type".to_owned()),
            Self::Sql(_) => StoreError::Unavailable("SQLite refused a statement".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(code: i32) -> Failure {
        Failure::Sql(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None))
    }

    #[test]
    fn only_a_failed_sync_is_fatal() {
        assert!(failed(ffi::SQLITE_IOERR_FSYNC).is_fatal());
        assert!(failed(ffi::SQLITE_IOERR_DIR_FSYNC).is_fatal());
        for code in [ffi::SQLITE_FULL, ffi::SQLITE_IOERR_WRITE, ffi::SQLITE_IOERR, ffi::SQLITE_BUSY]
        {
            assert!(!failed(code).is_fatal(), "{code}");
        }
    }

    #[test]
    fn a_full_disk_is_unavailable_and_a_held_lock_is_busy() {
        assert!(matches!(failed(ffi::SQLITE_FULL).to_store_error(), StoreError::Unavailable(_)));
        assert!(matches!(
            failed(ffi::SQLITE_IOERR_WRITE).to_store_error(),
            StoreError::Unavailable(_)
        ));
        assert!(matches!(failed(ffi::SQLITE_BUSY).to_store_error(), StoreError::Busy));
        assert!(matches!(failed(ffi::SQLITE_CORRUPT).to_store_error(), StoreError::Corrupt(_)));
    }
}
