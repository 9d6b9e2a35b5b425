//! The connections that write, and the way of one transaction: begin, work, ticket, commit, tell.
//! Not here: what the units do, and those that are committed together (`committer`).

use std::sync::Arc;

use deadpool_postgres::Pool;
use grelot_core::UserId;
use grelot_store::StoreError;
use grelot_store_common::{Context, Counters};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::connection::{Connection, PATIENCE};
use crate::error::Failure;
use crate::lanes::Lanes;
use crate::turnstile::Turnstile;
use crate::tx::Tx;

/// The pool of writers.
#[derive(Clone, Debug)]
pub(crate) struct Writers {
    pool: Pool,
    pub(crate) context: Arc<Context>,
    pub(crate) turnstile: Arc<Turnstile>,
    pub(crate) counters: Arc<Counters>,
    lanes: Arc<Lanes>,
    /// One for each unit that runs or waits.
    room: Arc<Semaphore>,
    size: usize,
}

impl Writers {
    /// Writers on the connections of `pool`, for which `queue` units may wait.
    pub(crate) fn new(
        pool: Pool,
        queue: usize,
        context: Arc<Context>,
        turnstile: Arc<Turnstile>,
    ) -> Self {
        let size = pool.status().max_size.saturating_add(queue.max(1)).min(Semaphore::MAX_PERMITS);
        let room = Arc::new(Semaphore::new(size));
        let (counters, lanes) = (Arc::default(), Arc::default());
        Self { pool, context, turnstile, counters, lanes, room, size }
    }

    /// How many units run or wait.
    pub(crate) fn queued(&self) -> usize {
        self.size.saturating_sub(self.room.available_permits())
    }

    /// Lets nobody in any more.
    pub(crate) fn close(&self) {
        self.room.close();
    }

    /// Ends the connections, when nobody is in any more.
    pub(crate) fn end(&self) {
        self.pool.close();
    }

    /// Does `work` in a transaction of its own, commits it, tells the listener, and returns what it came to; what is about
    /// one `user` in turn with their other writes. To be run on a task of its own, so that it goes on when its caller goes
    /// away.
    pub(crate) async fn write<T, F, Fut>(
        self,
        user: Option<UserId>,
        work: F,
    ) -> Result<T, StoreError>
    where
        F: FnOnce(Arc<Tx>) -> Fut,
        Fut: Future<Output = Result<T, Failure>>,
    {
        let Ok(_room) = self.room.try_acquire() else {
            self.counters.refuse();
            return Err(StoreError::Busy);
        };
        let _lane = match &user {
            None => None,
            Some(user) => match timeout(PATIENCE, self.lanes.enter(user)).await {
                Ok(lane) => lane,
                Err(_late) => return Err(StoreError::Busy),
            },
        };
        let done = self.transact(work).await;
        match &done {
            Ok(_) => self.counters.succeed(1),
            Err(failure) => self.counters.fail(failure),
        }
        done.map_err(|failure| failure.to_store_error())
    }

    async fn transact<T, F, Fut>(&self, work: F) -> Result<T, Failure>
    where
        F: FnOnce(Arc<Tx>) -> Fut,
        Fut: Future<Output = Result<T, Failure>>,
    {
        let connection = Connection::take(&self.pool).await?;
        connection.send("BEGIN");
        let tx = Arc::new(Tx::new(connection, Arc::clone(&self.context)));
        let worked = timeout(PATIENCE, async {
            let done = work(Arc::clone(&tx)).await?;
            // The rows are locked, and nothing is visible to others yet.
            let ticket = self.turnstile.ticket();
            if tx.is_given_up() {
                tx.connection.send("ROLLBACK");
            } else {
                tx.connection.client()?.batch_execute("COMMIT").await?;
            }
            Ok((done, ticket))
        });
        let worked = worked.await.unwrap_or(Err(Failure::Late)).map_err(Failure::or_refused);
        let (done, ticket) = worked.inspect_err(|failure| tx.connection.roll_back(failure))?;
        tx.connection.settle();
        let changes = tx.take_changes();
        drop(tx);
        ticket.tell(changes).await;
        Ok(done)
    }
}
