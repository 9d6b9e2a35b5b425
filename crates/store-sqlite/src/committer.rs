//! The one thread that writes: it takes what is queued, commits it at once, tells the listener, then answers.
//! Not here: what the units do, and who queues them (`store`).

use std::mem;
use std::sync::Arc;

use crossbeam_channel::{Receiver, RecvTimeoutError};
use grelot_core::Change;
use grelot_core::category::Categories;
use grelot_store::{Committed, StoreError};
use grelot_store_common::{Context, Counters};
use rusqlite::Connection;
use tokio::sync::watch;
use tracing::error;

use crate::error::Failure;
use crate::log::{self, Log};
use crate::snapshot::Snapshot;
use crate::tx::Tx;
use crate::unit::Unit;

/// A batch takes no more units when its weights reach this: a bound on how long one commit holds up the next.
const MAX_WEIGHT: usize = 4096;

/// What the committer's queue holds.
pub(crate) enum Command {
    /// Work to commit.
    Run(Box<dyn Unit>),
    /// Commit what was queued before, then end.
    Close,
}

/// What says that the process has to end, and why.
pub(crate) type Fatal = watch::Sender<Option<Arc<str>>>;

/// The writer's side of the store.
pub(crate) struct Committer {
    pub(crate) connection: Connection,
    pub(crate) context: Arc<Context>,
    pub(crate) listener: Arc<dyn Committed>,
    pub(crate) queue: Receiver<Command>,
    pub(crate) max_batch: usize,
    pub(crate) counters: Arc<Counters>,
    pub(crate) fatal: Arc<Fatal>,
    categories: Option<Arc<Categories>>,
    log: Log,
    closing: bool,
}

impl Committer {
    pub(crate) fn new(
        mut connection: Connection,
        context: Arc<Context>,
        listener: Arc<dyn Committed>,
        queue: Receiver<Command>,
        max_batch: usize,
        counters: Arc<Counters>,
        fatal: Arc<Fatal>,
    ) -> Result<Self, rusqlite::Error> {
        let log = Log::watch(&mut connection)?;
        Ok(Self {
            connection,
            context,
            listener,
            queue,
            max_batch: max_batch.max(1),
            counters,
            fatal,
            categories: None,
            log,
            closing: false,
        })
    }

    /// Works until it is closed or every sender is gone.
    pub(crate) fn run(mut self) {
        let _alarm = Alarm(Arc::clone(&self.fatal));
        let mut batch = Vec::with_capacity(self.max_batch);
        while !self.closing {
            match self.wait() {
                Ok(first) => {
                    self.take(first, &mut batch);
                    self.fill(&mut batch);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if !batch.is_empty() {
                self.commit(mem::take(&mut batch));
            }
            self.checkpoint();
        }
        for late in self.queue.try_iter() {
            if let Command::Run(unit) = late {
                unit.answer(Err(StoreError::Busy));
            }
        }
    }

    /// The next command; sooner or later nothing, when the log still has to be emptied.
    fn wait(&self) -> Result<Command, RecvTimeoutError> {
        if self.log.is_soiled() {
            return self.queue.recv_timeout(log::EVERY);
        }
        self.queue.recv().map_err(|_disconnected| RecvTimeoutError::Disconnected)
    }

    /// Takes what else is queued, up to the bounds of a batch.
    fn fill(&mut self, batch: &mut Vec<Box<dyn Unit>>) {
        let mut weight: usize = batch.iter().map(|unit| unit.weight()).sum();
        while !self.closing && batch.len() < self.max_batch && weight < MAX_WEIGHT {
            let Ok(command) = self.queue.try_recv() else {
                return;
            };
            self.take(command, batch);
            weight += batch.last().map_or(0, |unit| unit.weight());
        }
    }

    fn take(&mut self, command: Command, batch: &mut Vec<Box<dyn Unit>>) {
        match command {
            Command::Run(unit) => batch.push(unit),
            Command::Close => self.closing = true,
        }
    }

    /// Commits the batch, or, where that fails, its units one by one: a failure of one is never one of its neighbours.
    fn commit(&mut self, mut batch: Vec<Box<dyn Unit>>) {
        if let Some(reason) = &*self.fatal.borrow() {
            for unit in batch {
                unit.answer(Err(StoreError::Unavailable(reason.to_string())));
            }
            return;
        }
        match self.attempt(&mut batch) {
            Ok(changes) => self.succeed(batch, changes),
            Err(failure) if batch.len() == 1 || self.fatal.borrow().is_some() => {
                for unit in batch {
                    unit.answer(Err(failure.to_store_error()));
                }
            }
            Err(_) => {
                for unit in batch {
                    self.commit(vec![unit]);
                }
            }
        }
    }

    /// One transaction over the whole batch. On an error nothing of it is left.
    fn attempt(&mut self, batch: &mut [Box<dyn Unit>]) -> Result<Vec<Change>, Failure> {
        let outcome = Self::transact(
            Snapshot { connection: &self.connection, context: &self.context },
            &mut self.categories,
            batch,
        );
        match outcome {
            Ok((changes, erased)) => {
                if erased {
                    self.log.soil();
                }
                Ok(changes)
            }
            Err(failure) => {
                self.roll_back(&failure);
                Err(failure)
            }
        }
    }

    fn transact(
        snapshot: Snapshot<'_>,
        categories: &mut Option<Arc<Categories>>,
        batch: &mut [Box<dyn Unit>],
    ) -> Result<(Vec<Change>, bool), Failure> {
        let mut tx = Tx::begin(snapshot, categories)?;
        for unit in batch {
            tx.now = snapshot.context.now();
            unit.run(&mut tx)?;
        }
        tx.commit()
    }

    fn roll_back(&mut self, failure: &Failure) {
        self.counters.fail(failure);
        self.categories = None;
        if failure.is_fatal() {
            self.give_up("a sync to disk failed");
        }
        if self.connection.is_autocommit() {
            return;
        }
        if let Err(reason) = self.connection.execute_batch("ROLLBACK") {
            error!(%reason, "a transaction could not be rolled back");
            self.give_up("a transaction could not be rolled back");
        }
    }

    fn succeed(&mut self, batch: Vec<Box<dyn Unit>>, changes: Vec<Change>) {
        self.counters.succeed(batch.len());
        if !changes.is_empty() {
            self.listener.committed(changes);
        }
        if self.log.is_soiled() {
            // Before the answer, so that who asked for the erase finds it done.
            let emptied = self.log.truncate(&self.connection);
            self.check(emptied);
        }
        for unit in batch {
            unit.answer(Ok(()));
        }
    }

    /// Keeps the log short, when nobody waits.
    fn checkpoint(&mut self) {
        if self.fatal.borrow().is_none() {
            let copied = self.log.checkpoint(&self.connection);
            self.check(copied);
        }
    }

    fn check(&self, outcome: Result<(), Failure>) {
        if outcome.is_err_and(|failure| failure.is_fatal()) {
            self.give_up("a sync to disk failed");
        }
    }

    fn give_up(&self, reason: &str) {
        error!(reason, "the store gives up");
        Log::abandon(&self.connection);
        self.fatal.send_replace(Some(Arc::from(reason)));
    }
}

/// Says that the store is lost when its thread ends by a panic, which nobody else would notice.
struct Alarm(Arc<Fatal>);

impl Drop for Alarm {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.send_replace(Some(Arc::from("the committer ended by a panic")));
        }
    }
}
