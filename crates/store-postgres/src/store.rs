//! The store itself: opening and closing it, and the ways in (`notify`'s queue, `write`, `look`, `read`). The ports are
//! beside this file.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use grelot_core::{Change, Clock, UserId};
use grelot_store::{Committed, StoreError, StoreStats};
use grelot_store_common::{Context, Slots};
use tokio::runtime::Handle;
use tokio::sync::mpsc::{self, error::TrySendError};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::committer::Committer;
use crate::connection::Target;
use crate::error::{Failure, OpenError};
use crate::joining;
use crate::migrations;
use crate::options::PostgresOptions;
use crate::readers::{Readers, View};
use crate::rows;
use crate::snapshot::Snapshot;
use crate::sql;
use crate::turnstile::Turnstile;
use crate::tx::Tx;
use crate::unit::Unit;
use crate::writers::Writers;

/// A database on a server, which other nodes may write to as well.
///
/// Everything runs on the runtime in which the store was opened, whichever runtime it is called from.
pub struct PostgresStore {
    pub(crate) context: Arc<Context>,
    pub(crate) slots: Arc<Slots>,
    pub(crate) target: Target,
    readers: Readers,
    writers: Writers,
    queue: mpsc::Sender<Unit>,
    pub(crate) max_rows: usize,
    closed: AtomicBool,
    closing: CancellationToken,
    /// A committer panicked.
    lost: CancellationToken,
    tasks: TaskTracker,
    runtime: Handle,
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore").field("closed", &self.closed).finish_non_exhaustive()
    }
}

impl PostgresStore {
    /// Opens the database to serve it, beside other nodes that do: brings its schema up to date first.
    ///
    /// # Errors
    /// When it cannot be reached or migrated.
    pub async fn open(
        options: PostgresOptions,
        clock: Arc<dyn Clock>,
        listener: Arc<dyn Committed>,
    ) -> Result<Arc<Self>, OpenError> {
        let target = Target::parse(&options.url)?;
        let secret = migrations::prepare(&target).await?;
        let context = Arc::new(Context::new(secret, clock));
        let readers = target.pool(options.readers)?;
        let readers = Readers::new(readers, options.read_queue, Arc::clone(&context));
        let writers = target.pool(options.writers)?;
        let turnstile = Turnstile::new(listener);
        let writers = Writers::new(writers, options.queue, Arc::clone(&context), turnstile);
        let (queue, units) = mpsc::channel(options.queue.max(1));
        let (closing, tasks) = (CancellationToken::new(), TaskTracker::new());
        let committers = options.committers.max(1);
        let commits = target.pool(committers)?;
        let committer =
            Committer::new(units, commits, writers.clone(), options.max_batch, closing.clone());
        let lost = CancellationToken::new();
        for _ in 0..committers {
            let (committer, alarm) = (committer.clone(), Alarm(lost.clone()));
            tasks.spawn(async move {
                committer.run().await;
                drop(alarm);
            });
        }
        let store = Arc::new(Self {
            context,
            slots: Arc::default(),
            target,
            readers,
            writers,
            queue,
            max_rows: options.max_rows.max(1),
            closed: AtomicBool::new(false),
            closing,
            lost,
            tasks,
            runtime: Handle::current(),
        });
        let unlisted = |error: StoreError| OpenError::Database(error.to_string());
        store.list_older().await.map_err(unlisted)?;
        Ok(store)
    }

    /// Opens the database for a command beside the nodes that serve it.
    ///
    /// # Errors
    /// When it cannot be reached or migrated.
    pub async fn open_beside(
        options: PostgresOptions,
        clock: Arc<dyn Clock>,
    ) -> Result<Arc<Self>, OpenError> {
        let options = PostgresOptions { readers: 1, writers: 1, committers: 1, ..options };
        Self::open(options, clock, Arc::new(Nobody)).await
    }

    /// What a migration of the host took away of the columns, triggers and indexes on its tables, each in words: until the
    /// next start what other programs write is not seen.
    ///
    /// # Errors
    /// As every read.
    pub async fn missing(&self) -> Result<Vec<String>, StoreError> {
        self.look(|snapshot| async move { joining::missing(&snapshot.connection).await }).await
    }

    /// Whether an application had notifications here, or a Prisma that manages them, before Grelot came.
    ///
    /// # Errors
    /// As every read.
    pub async fn is_joined(&self) -> Result<bool, StoreError> {
        let joined = self.look(|snapshot| async move {
            rows::optional(&snapshot.connection, sql::JOINED, &[], |_row| Ok(())).await
        });
        Ok(joined.await?.is_some())
    }

    /// Resolves when the store cannot do its work any more, with the reason: a process that goes on would look healthy. A
    /// server that is away is none, since it may come back.
    pub async fn fatal(&self) -> Arc<str> {
        self.lost.cancelled().await;
        "a committer of the database ended by a panic".into()
    }

    /// Commits what is queued, and ends the connections. Refuses everything from its beginning.
    pub async fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.closing.cancel();
        self.writers.close();
        self.readers.close();
        self.tasks.close();
        self.tasks.wait().await;
        self.writers.end();
        self.readers.end();
    }

    /// Queues a request to notify for the next commit.
    pub(crate) fn enqueue(&self, unit: Unit) -> Result<(), StoreError> {
        self.check_open()?;
        self.queue.try_send(unit).map_err(|error| match error {
            TrySendError::Full(_) => {
                self.writers.counters.refuse();
                StoreError::Busy
            }
            TrySendError::Closed(_) => StoreError::Busy,
        })
    }

    /// Does `work` in a transaction and waits for it; goes on when the caller goes away.
    pub(crate) async fn write<T, F, Fut>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(Arc<Tx>) -> Fut + Send + 'static,
        Fut: Future<Output = Result<T, Failure>> + Send + 'static,
    {
        self.run(self.writers.clone().write(None, work)).await
    }

    /// The same of work about one user, which takes its turn with the others about them.
    pub(crate) async fn write_for<T, F, Fut>(&self, user: &UserId, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(Arc<Tx>, UserId) -> Fut + Send + 'static,
        Fut: Future<Output = Result<T, Failure>> + Send + 'static,
    {
        let (lane, user) = (Some(user.clone()), user.clone());
        self.run(self.writers.clone().write(lane, move |tx| work(tx, user))).await
    }

    /// Asks `question`, which is one statement.
    pub(crate) async fn look<T, F, Fut>(&self, question: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(Arc<Snapshot>) -> Fut + Send + 'static,
        Fut: Future<Output = Result<T, Failure>> + Send + 'static,
    {
        self.run(self.readers.clone().ask(View::Statement, question)).await
    }

    /// Asks `question` of one state of the database.
    pub(crate) async fn read<T, F, Fut>(&self, question: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(Arc<Snapshot>) -> Fut + Send + 'static,
        Fut: Future<Output = Result<T, Failure>> + Send + 'static,
    {
        self.run(self.readers.clone().ask(View::OneState, question)).await
    }

    pub(crate) fn queue_stats(&self) -> StoreStats {
        let queued = self.queue.max_capacity() - self.queue.capacity();
        self.writers.counters.stats(queued + self.writers.queued())
    }

    async fn run<T: Send + 'static>(
        &self,
        task: impl Future<Output = Result<T, StoreError>> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.check_open()?;
        let task = self.tasks.spawn_on(task, &self.runtime);
        task.await.unwrap_or_else(|_panicked_or_ended| {
            Err(StoreError::Unavailable("the work was not done".to_owned()))
        })
    }

    fn check_open(&self) -> Result<(), StoreError> {
        if self.closed.load(Ordering::Acquire) { Err(StoreError::Busy) } else { Ok(()) }
    }
}

impl Drop for PostgresStore {
    /// Without waiting: the committers commit what is queued, and end.
    fn drop(&mut self) {
        self.closing.cancel();
    }
}

/// Says so when it is dropped by a panic.
struct Alarm(CancellationToken);

impl Drop for Alarm {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.cancel();
        }
    }
}

/// Hears the commits of a command, which has nobody to tell.
#[derive(Debug)]
struct Nobody;

impl Committed for Nobody {
    fn committed(&self, _: Vec<Change>) {}
}
