//! The store itself: opening and closing it, and the two ways in (`write`, `read`). The ports are beside this file.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use crossbeam_channel::{Sender, TrySendError};
use grelot_core::{Change, Clock};
use grelot_store::{Committed, StoreError};
use grelot_store_common::{Context, Counters, SlotGuard, Slots};
use parking_lot::Mutex;
use rusqlite::Connection;
use tokio::sync::{oneshot, watch};

use crate::committer::{Command, Committer, Fatal};
use crate::error::{Failure, OpenError};
use crate::lock::ServerLock;
use crate::options::SqliteOptions;
use crate::readers::Readers;
use crate::snapshot::Snapshot;
use crate::tx::Tx;
use crate::unit::{Job, Unit};
use crate::{connection, migrations};

/// A database in one file: one thread writes, several read.
pub struct SqliteStore {
    pub(crate) context: Arc<Context>,
    pub(crate) slots: Arc<Slots>,
    pub(crate) max_rows: usize,
    readers: Readers,
    queue: Sender<Command>,
    counters: Arc<Counters>,
    fatal: Arc<Fatal>,
    closed: AtomicBool,
    committer: Mutex<Option<JoinHandle<()>>>,
    lock: Mutex<Option<ServerLock>>,
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("closed", &self.closed).finish_non_exhaustive()
    }
}

impl SqliteStore {
    /// Opens the database to serve it: brings its schema up to date, and keeps other servers off it. Blocks.
    ///
    /// # Errors
    /// When another process serves it, or it cannot be opened, migrated or locked.
    pub fn open(
        options: SqliteOptions,
        clock: Arc<dyn Clock>,
        listener: Arc<dyn Committed>,
    ) -> Result<Arc<Self>, OpenError> {
        let lock = ServerLock::take(&options.path)?;
        Self::start(options, clock, listener, Some(lock))
    }

    /// Opens the database for a command, whether a server runs beside it or not. Blocks. Such a command may change API
    /// keys; a server would not hear of other changes.
    ///
    /// # Errors
    /// When it cannot be opened or migrated.
    pub fn open_beside(
        options: SqliteOptions,
        clock: Arc<dyn Clock>,
    ) -> Result<Arc<Self>, OpenError> {
        let options = SqliteOptions { readers: 1, ..options };
        Self::start(options, clock, Arc::new(Nobody), None)
    }

    fn start(
        options: SqliteOptions,
        clock: Arc<dyn Clock>,
        listener: Arc<dyn Committed>,
        lock: Option<ServerLock>,
    ) -> Result<Arc<Self>, OpenError> {
        let SqliteOptions { path, readers, queue, read_queue, max_batch, max_rows, max_pages } =
            options;
        let refused = |error: rusqlite::Error| OpenError::Database(path.clone(), error.to_string());
        let mut connection = connection::writer(&path, max_pages).map_err(refused)?;
        migrations::apply(&mut connection)?;
        let context = Arc::new(Context::new(read_secret(&connection).map_err(refused)?, clock));
        let (queue, commands) = crossbeam_channel::bounded(queue.max(1));
        let counters = Arc::new(Counters::default());
        let fatal = Arc::new(watch::Sender::new(None));
        let committer = Committer::new(
            connection,
            Arc::clone(&context),
            listener,
            commands,
            max_batch,
            Arc::clone(&counters),
            Arc::clone(&fatal),
        )
        .map_err(refused)?;
        let readers = Readers::start(&path, &context, readers, read_queue)?;
        let thread = thread::Builder::new()
            .name("grelot-write".to_owned())
            .spawn(move || committer.run())
            .map_err(OpenError::Thread)?;
        Ok(Arc::new(Self {
            context,
            slots: Arc::default(),
            max_rows: max_rows.max(1),
            readers,
            queue,
            counters,
            fatal,
            closed: AtomicBool::new(false),
            committer: Mutex::new(Some(thread)),
            lock: Mutex::new(lock),
        }))
    }

    /// Resolves when the store is lost, with the reason: a sync to disk failed, and nobody can know what is on it. From
    /// then on everything is refused; the process has to end and start again, which recovers what is there.
    pub async fn fatal(&self) -> Arc<str> {
        let mut fatal = self.fatal.subscribe();
        loop {
            if let Some(reason) = &*fatal.borrow_and_update() {
                return Arc::clone(reason);
            }
            if fatal.changed().await.is_err() {
                // Not reached: this store holds the sender.
                std::future::pending::<()>().await;
            }
        }
    }

    /// Commits what is queued, ends the threads, and lets other servers in. Blocks until that is done; refuses
    /// everything from its beginning. Dropping the store does the same.
    pub fn close(&self) {
        self.closed.store(true, Ordering::Release);
        // The writer last: who closes the database last tidies up its log, which a reader cannot.
        self.readers.close();
        if let Some(thread) = self.committer.lock().take() {
            let _ended = self.queue.send(Command::Close);
            let _panicked = thread.join();
        }
        *self.lock.lock() = None;
    }

    /// Queues `work` for the next commit and waits for it; goes on when the caller goes away. `weight` is about the
    /// number of rows that it writes; `slot` is held until it is done.
    pub(crate) async fn write<T, F>(
        &self,
        weight: usize,
        slot: Option<SlotGuard>,
        work: F,
    ) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&mut Tx<'_>) -> Result<T, Failure> + Send + 'static,
    {
        self.check_open()?;
        let (reply, answer) = oneshot::channel();
        let unit: Box<dyn Unit> = Box::new(Job { work, weight, done: None, reply, slot });
        match self.queue.try_send(Command::Run(unit)) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => {
                self.counters.refuse();
                return Err(StoreError::Busy);
            }
            Err(TrySendError::Disconnected(_)) => return Err(gone()),
        }
        answer.await.unwrap_or_else(|_dropped| Err(gone()))
    }

    /// Asks `question` of one state of the database.
    pub(crate) async fn read<T, F>(&self, question: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(Snapshot<'_>) -> Result<T, Failure> + Send + 'static,
    {
        self.check_open()?;
        self.readers.ask(question).await
    }

    pub(crate) fn queue_stats(&self) -> grelot_store::StoreStats {
        self.counters.stats(self.queue.len())
    }

    fn check_open(&self) -> Result<(), StoreError> {
        if self.closed.load(Ordering::Acquire) {
            return Err(StoreError::Busy);
        }
        match &*self.fatal.borrow() {
            Some(reason) => Err(StoreError::Unavailable(reason.to_string())),
            None => Ok(()),
        }
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        self.close();
    }
}

fn gone() -> StoreError {
    StoreError::Unavailable("the store is closed".to_owned())
}

fn read_secret(connection: &Connection) -> rusqlite::Result<[u8; 32]> {
    connection.query_row("SELECT value FROM secrets WHERE name = 'root'", [], |row| row.get(0))
}

/// Hears the commits of a command, which has nobody to tell.
#[derive(Debug)]
struct Nobody;

impl Committed for Nobody {
    fn committed(&self, _: Vec<Change>) {}
}

#[cfg(test)]
mod tests {
    use grelot_core::UserId;
    use grelot_store::Inboxes as _;
    use grelot_store::conformance::HandClock;
    use rusqlite::ffi;
    use tempfile::TempDir;

    use super::*;

    #[tokio::test]
    async fn a_failed_sync_ends_the_store_without_a_second_try() {
        let directory = TempDir::new().unwrap();
        let options = SqliteOptions::new(directory.path().join("grelot.db"));
        let store =
            SqliteStore::open(options, Arc::new(HandClock::new()), Arc::new(Nobody)).unwrap();
        let tries = Arc::new(std::sync::atomic::AtomicU32::new(0));
        let counted = Arc::clone(&tries);
        let failed = store.write(1, None, move |_| -> Result<(), Failure> {
            counted.fetch_add(1, Ordering::Relaxed);
            let error = ffi::Error::new(ffi::SQLITE_IOERR_FSYNC);
            Err(rusqlite::Error::SqliteFailure(error, None).into())
        });
        assert!(matches!(failed.await, Err(StoreError::Unavailable(_))));
        assert_eq!(tries.load(Ordering::Relaxed), 1);
        assert!(store.fatal().await.contains("sync"));
        let later = store.write(1, None, |_| Ok(())).await;
        assert!(matches!(later, Err(StoreError::Unavailable(_))), "{later:?}");
        let read = store.inbox(&UserId::parse("ann").unwrap()).await;
        assert!(matches!(read, Err(StoreError::Unavailable(_))), "{read:?}");
        store.close();
    }
}
