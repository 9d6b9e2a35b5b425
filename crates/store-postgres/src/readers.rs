//! The connections that read. Not here: the questions, which are beside the ports that ask them.

use std::sync::Arc;

use deadpool_postgres::Pool;
use grelot_store::StoreError;
use grelot_store_common::Context;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::connection::{Connection, PATIENCE};
use crate::error::Failure;
use crate::snapshot::Snapshot;

/// How a question sees the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum View {
    /// One statement: its own snapshot does.
    Statement,
    /// All statements see one state.
    OneState,
}

/// The pool of readers.
#[derive(Clone, Debug)]
pub(crate) struct Readers {
    pool: Pool,
    /// One for each question that runs or waits.
    room: Arc<Semaphore>,
    context: Arc<Context>,
}

impl Readers {
    /// Readers on the connections of `pool`, for which `queue` questions may wait.
    pub(crate) fn new(pool: Pool, queue: usize, context: Arc<Context>) -> Self {
        let room = pool.status().max_size.saturating_add(queue.max(1));
        Self { pool, room: Arc::new(Semaphore::new(room.min(Semaphore::MAX_PERMITS))), context }
    }

    /// Asks `question`. Ends by itself in any case; to be run on a task of its own, since a question that is dropped
    /// half way costs its connection, which is closed then.
    pub(crate) async fn ask<T, F, Fut>(self, view: View, question: F) -> Result<T, StoreError>
    where
        F: FnOnce(Arc<Snapshot>) -> Fut,
        Fut: Future<Output = Result<T, Failure>>,
    {
        let _room = self.room.try_acquire().map_err(|_full_or_closed| StoreError::Busy)?;
        let failed = |failure: Failure| failure.to_store_error();
        let connection = Connection::take(&self.pool).await.map_err(failed)?;
        let snapshot = Arc::new(Snapshot { connection, context: self.context });
        if view == View::OneState {
            snapshot.connection.send("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY");
        }
        let answer = timeout(PATIENCE, question(Arc::clone(&snapshot))).await;
        let Ok(answer) = answer else {
            return Err(Failure::Late.to_store_error());
        };
        if view == View::OneState {
            // After a failed statement too: then it rolls back, and there was nothing to lose.
            snapshot.connection.send("COMMIT");
        }
        match answer {
            Ok(answer) => {
                snapshot.connection.settle();
                Ok(answer)
            }
            Err(failure) => {
                snapshot.connection.settle_after(&failure);
                Err(failed(failure))
            }
        }
    }

    /// Lets nobody in any more.
    pub(crate) fn close(&self) {
        self.room.close();
    }

    /// Ends the connections, when nobody is in any more.
    pub(crate) fn end(&self) {
        self.pool.close();
    }
}
