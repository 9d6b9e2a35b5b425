//! `backup`: a copy of one state of a database, while a server goes on writing to it.

use std::ffi::c_int;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, ErrorCode, ffi};
use thiserror::Error;

use crate::connection;
use crate::options::beside;

/// How many pages are copied between two reports of progress.
const PAGES_PER_STEP: c_int = 512;

/// Why there is no copy. An unfinished one is removed.
#[derive(Debug, Error)]
pub enum BackupError {
    /// There is a file where the copy should go; it is left alone.
    #[error("{} exists already", .0.display())]
    Exists(PathBuf),
    /// Another backup writes to the same target.
    #[error("another backup to {} is running", .0.display())]
    Running(PathBuf),
    /// A file could not be made, written or renamed.
    #[error("{}: {}", .0.display(), .1)]
    File(PathBuf, #[source] io::Error),
    /// SQLite could not read the database or write the copy.
    #[error("the database cannot be copied: {0}")]
    Database(#[from] rusqlite::Error),
    /// The copy is damaged, and so is the database.
    #[error("the copy is damaged: {0}")]
    Damaged(String),
}

/// Copies the database at `path` to `target`, which must not exist, and checks the copy. `progress` is told how many
/// pages are done and how many there are. The target appears when it is complete and on disk.
///
/// A read transaction holds the state that is copied: otherwise each commit of the server would start the copy again.
pub fn backup(
    path: &Path,
    target: &Path,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<(), BackupError> {
    if target.exists() {
        return Err(BackupError::Exists(target.to_owned()));
    }
    let source = connection::visitor(path)?;
    let partial = beside(target, ".partial");
    let file = claim(&partial)?;
    let written = write_copy(&source, &partial, progress)
        .and_then(|()| publish(&file, path, &partial, target));
    if written.is_err() {
        // Best effort: the reason for the failure says more than what became of its remains.
        let _remains = fs::remove_file(&partial);
    }
    written
}

/// Makes an empty file for the copy, or empties what an interrupted backup left, and keeps others from writing to it.
fn claim(partial: &Path) -> Result<File, BackupError> {
    let failed = |error| BackupError::File(partial.to_owned(), error);
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(partial)
        .map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(BackupError::Running(partial.to_owned())),
        Err(TryLockError::Error(error)) => return Err(failed(error)),
    }
    file.set_len(0).map_err(failed)?;
    Ok(file)
}

fn write_copy(
    source: &Connection,
    partial: &Path,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<(), BackupError> {
    source.execute_batch("BEGIN; SELECT count(*) FROM sqlite_schema;")?;
    let mut copy = Connection::open(partial)?;
    let steps = Backup::new(source, &mut copy)?;
    loop {
        let step = steps.step(PAGES_PER_STEP)?;
        let at = steps.progress();
        let total = u64::from(at.pagecount.unsigned_abs());
        progress(total.saturating_sub(u64::from(at.remaining.unsigned_abs())), total);
        match step {
            StepResult::Done => break,
            StepResult::More => {}
            // Nobody else has the copy, and the source has its state already: this is no moment to wait for.
            _ => return Err(busy().into()),
        }
    }
    drop(steps);
    source.execute_batch("ROLLBACK")?;
    // One file: a log beside it would belong to it. A server that opens it makes one again.
    copy.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(()))?;
    let verdict: String = copy.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if verdict != "ok" {
        return Err(BackupError::Damaged(verdict));
    }
    Ok(())
}

fn busy() -> rusqlite::Error {
    let error = ffi::Error { code: ErrorCode::DatabaseBusy, extended_code: ffi::SQLITE_BUSY };
    rusqlite::Error::SqliteFailure(error, None)
}

/// Gives the copy its name, with the permissions of the original, and writes both to disk.
fn publish(file: &File, path: &Path, partial: &Path, target: &Path) -> Result<(), BackupError> {
    let failed = |error| BackupError::File(target.to_owned(), error);
    let permissions = fs::metadata(path).map_err(failed)?.permissions();
    file.set_permissions(permissions).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    if target.exists() {
        return Err(BackupError::Exists(target.to_owned()));
    }
    fs::rename(partial, target).map_err(failed)?;
    let directory = target.parent().filter(|parent| !parent.as_os_str().is_empty());
    let directory = File::open(directory.unwrap_or(Path::new("."))).map_err(failed)?;
    directory.sync_all().map_err(failed)
}
