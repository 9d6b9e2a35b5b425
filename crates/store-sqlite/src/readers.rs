//! The threads that read: each has a connection of its own, and answers a question from one consistent state.
//! Not here: the questions, which are beside the ports that ask them.

use std::path::Path;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use crossbeam_channel::{Receiver, Sender, TrySendError};
use grelot_store::StoreError;
use grelot_store_common::Context;
use parking_lot::Mutex;
use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::connection;
use crate::error::{Failure, OpenError};
use crate::rows;
use crate::snapshot::Snapshot;

type Question = Box<dyn FnOnce(&Connection, &Context) + Send>;

/// The pool of readers.
#[derive(Debug)]
pub(crate) struct Readers {
    /// `None` ends one thread.
    questions: Sender<Option<Question>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Readers {
    /// Starts `count` threads (at least one) over the database at `path`, before which `queue` questions may wait.
    pub(crate) fn start(
        path: &Path,
        context: &Arc<Context>,
        count: usize,
        queue: usize,
    ) -> Result<Self, OpenError> {
        let (questions, asked) = crossbeam_channel::bounded(queue.max(1));
        // Built first: when a later step fails, dropping it ends the threads that were started.
        let readers = Self { questions, threads: Mutex::new(Vec::new()) };
        for number in 0..count.max(1) {
            let connection = connection::reader(path)
                .map_err(|error| OpenError::Database(path.to_owned(), error.to_string()))?;
            let (context, asked) = (Arc::clone(context), asked.clone());
            let thread = thread::Builder::new()
                .name(format!("grelot-read-{number}"))
                .spawn(move || answer_all(&connection, &context, &asked))
                .map_err(OpenError::Thread)?;
            readers.threads.lock().push(thread);
        }
        Ok(readers)
    }

    /// Asks `question` of one state of the database.
    pub(crate) async fn ask<T, F>(&self, question: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(Snapshot<'_>) -> Result<T, Failure> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let question: Question = Box::new(move |connection, context| {
            if reply.is_closed() {
                return;
            }
            let found = in_transaction(connection, context, question);
            let _gone = reply.send(found.map_err(|failure| failure.to_store_error()));
        });
        match self.questions.try_send(Some(question)) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => return Err(StoreError::Busy),
            Err(TrySendError::Disconnected(_)) => return Err(gone()),
        }
        answer.await.unwrap_or_else(|_dropped| Err(gone()))
    }

    /// Ends the threads after what was asked before.
    pub(crate) fn close(&self) {
        let threads = std::mem::take(&mut *self.threads.lock());
        for _ in &threads {
            let _ended = self.questions.send(None);
        }
        for thread in threads {
            let _panicked = thread.join();
        }
    }
}

fn gone() -> StoreError {
    StoreError::Unavailable("the store is closed".to_owned())
}

fn answer_all(connection: &Connection, context: &Context, asked: &Receiver<Option<Question>>) {
    while let Ok(Some(question)) = asked.recv() {
        question(connection, context);
    }
}

/// Every statement of `question` sees the same state.
fn in_transaction<T>(
    connection: &Connection,
    context: &Context,
    question: impl FnOnce(Snapshot<'_>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    rows::execute(connection, "BEGIN", [])?;
    let found = question(Snapshot { connection, context });
    // A reader has nothing to lose, so it ends in the same way after a failure.
    rows::execute(connection, "COMMIT", [])?;
    found
}
