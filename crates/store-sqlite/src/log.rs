//! The write-ahead log: when it is copied into the database, and when it has to be emptied. Not here: commits.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use rusqlite::config::DbConfig;
use rusqlite::hooks::Wal;
use tracing::{error, warn};

use crate::connection::BUSY_TIMEOUT;
use crate::error::Failure;

/// The log is copied into the database when it has this many pages: whoever writes meanwhile waits for the copy.
const CHECKPOINT_PAGES: u32 = 2000;
/// How long readers are waited for when it has to be emptied: ours are quick, a backup is not.
const PATIENCE: Duration = Duration::from_millis(100);
/// How often emptying it is tried.
pub(crate) const EVERY: Duration = Duration::from_secs(1);

/// The log of one writing connection.
#[derive(Debug)]
pub(crate) struct Log {
    /// Its pages, as SQLite last said.
    pages: Arc<AtomicU32>,
    /// Whether it may hold something that was erased.
    soiled: bool,
    /// When emptying it was last prevented, if it was.
    blocked: Option<Instant>,
}

impl Log {
    /// Watches the log of `connection`.
    pub(crate) fn watch(connection: &mut Connection) -> rusqlite::Result<Self> {
        let pages = Arc::new(AtomicU32::new(0));
        let seen = Arc::clone(&pages);
        connection.wal_hook(Some(move |_: &mut Wal, pages: i32| {
            seen.store(pages.unsigned_abs(), Ordering::Relaxed);
            Ok(())
        }))?;
        Ok(Self { pages, soiled: false, blocked: None })
    }

    /// What was just committed erases something that the log holds from before.
    pub(crate) fn soil(&mut self) {
        self.soiled = true;
    }

    /// Whether it has to be emptied, as soon as that is possible.
    pub(crate) fn is_soiled(&self) -> bool {
        self.soiled
    }

    /// Keeps the log short; an error that is fatal has to end everything.
    pub(crate) fn checkpoint(&mut self, connection: &Connection) -> Result<(), Failure> {
        if self.soiled {
            return self.truncate(connection);
        }
        if self.pages.load(Ordering::Relaxed) >= CHECKPOINT_PAGES {
            self.copy(connection, "PRAGMA wal_checkpoint(PASSIVE)")?;
        }
        Ok(())
    }

    /// Empties the log file. A reader of an old state, such as a backup, prevents it; then it is tried again.
    pub(crate) fn truncate(&mut self, connection: &Connection) -> Result<(), Failure> {
        if self.blocked.is_some_and(|tried| tried.elapsed() < EVERY) {
            return Ok(());
        }
        connection.busy_timeout(PATIENCE)?;
        let emptied = self.copy(connection, "PRAGMA wal_checkpoint(TRUNCATE)");
        connection.busy_timeout(BUSY_TIMEOUT)?;
        let emptied = emptied?;
        self.soiled &= !emptied;
        self.blocked = (!emptied).then(Instant::now);
        Ok(())
    }

    /// Copies the log into the database; whether nothing was in the way.
    fn copy(&self, connection: &Connection, pragma: &str) -> Result<bool, Failure> {
        // Told anew with the next commit; until then there is nothing more to copy.
        self.pages.store(0, Ordering::Relaxed);
        match connection.query_row(pragma, [], |row| row.get::<_, bool>(0)) {
            Ok(blocked) => Ok(!blocked),
            Err(error) => {
                let failure = Failure::from(error);
                warn!(%failure, "the log could not be copied into the database");
                if failure.is_fatal() { Err(failure) } else { Ok(false) }
            }
        }
    }

    /// Keeps closing from copying the log: the next start recovers from what is on disk.
    pub(crate) fn abandon(connection: &Connection) {
        let keep = connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
        if let Err(error) = keep {
            error!(%error, "closing could not be kept from writing");
        }
    }
}
