//! Takes the requests to notify that are queued, and commits them together: several of it take turns, so that one
//! gathers while another waits for the disk. Not here: what a batch writes (`batch`), and who queues (`notify`).

use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::Pool;
use grelot_store::{Refusal, StoreError};
use tokio::sync::{Mutex, mpsc};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use crate::batch::{self, Written};
use crate::connection::{Connection, PATIENCE};
use crate::error::Failure;
use crate::flight::Flight;
use crate::refusal;
use crate::snapshot::Snapshot;
use crate::unit::{Outcome, Unit};
use crate::writers::Writers;

/// A batch takes no more units when their rows reach this: a bound on how long one commit holds up the next.
const MAX_WEIGHT: usize = 4096;
/// How long the units of a batch that failed may take one by one; who has not had a turn by then is told to come again.
const ONE_BY_ONE: Duration = Duration::from_secs(2);
/// How long a batch gathers at most while another one is under way.
const GATHERING: Duration = Duration::from_millis(1);
/// How often a request is tried again that another node overtook: each time that node has committed.
const ATTEMPTS: usize = 3;

/// One of the committers of a store.
#[derive(Clone, Debug)]
pub(crate) struct Committer {
    /// Whoever gathers holds it.
    queue: Arc<Mutex<mpsc::Receiver<Unit>>>,
    flight: Arc<Flight>,
    pool: Pool,
    writers: Writers,
    max_batch: usize,
    closing: CancellationToken,
}

impl Committer {
    pub(crate) fn new(
        queue: mpsc::Receiver<Unit>,
        pool: Pool,
        writers: Writers,
        max_batch: usize,
        closing: CancellationToken,
    ) -> Self {
        let (queue, flight) = (Arc::new(Mutex::new(queue)), Arc::default());
        Self { queue, flight, pool, writers, max_batch: max_batch.max(1), closing }
    }

    /// Works until it is closed and has committed what was queued before.
    pub(crate) async fn run(self) {
        while let Some(batch) = self.gather().await {
            let _under_way = self.flight.begin(batch.len());
            self.commit(batch).await;
        }
    }

    /// Waits for a unit, and takes with it what else is queued, up to the bounds of a batch. While another batch is under way
    /// it goes on until it has as much as that one: half of what a commit costs, it costs whatever is in it.
    async fn gather(&self) -> Option<Vec<Unit>> {
        let mut queue = self.queue.lock().await;
        let first = tokio::select! {
            biased;
            unit = queue.recv() => unit?,
            () = self.closing.cancelled() => {
                queue.close();
                queue.recv().await?
            }
        };
        let until = Instant::now() + GATHERING;
        let mut weight = first.weight();
        let mut batch = vec![first];
        while batch.len() < self.max_batch && weight < MAX_WEIGHT {
            let next = match queue.try_recv() {
                Ok(unit) => unit,
                Err(_) if self.flight.units() <= batch.len() => break,
                Err(_) => tokio::select! {
                    biased;
                    unit = queue.recv() => match unit {
                        Some(unit) => unit,
                        None => break,
                    },
                    () = self.flight.ended() => continue,
                    () = sleep_until(until) => break,
                },
            };
            weight += next.weight();
            batch.push(next);
        }
        Some(batch)
    }

    /// Commits the batch, or, where that fails, its units one by one: a failure of one is never one of its neighbours.
    async fn commit(&self, batch: Vec<Unit>) {
        let failure = match self.attempt(&batch, false).await {
            Ok(outcomes) => return answer(batch, outcomes),
            Err(failure) => failure,
        };
        if !failure.is_certain() || matches!(failure, Failure::Connection(_)) {
            // What may have come through must not be done again; what cannot be done now cannot be done one by one.
            for unit in batch {
                unit.answer(Err(failure.to_store_error()));
            }
            return;
        }
        let until = Instant::now() + ONE_BY_ONE;
        for unit in batch {
            if Instant::now() < until {
                self.commit_alone(unit).await;
            } else {
                unit.answer(Err(StoreError::Busy));
            }
        }
    }

    /// It has waited once already: what another transaction holds is waited for only briefly.
    async fn commit_alone(&self, unit: Unit) {
        let alone = std::slice::from_ref(&unit);
        let mut attempt = self.attempt(alone, true).await;
        for _ in 1..ATTEMPTS {
            if !matches!(attempt, Err(Failure::Overtaken)) {
                break;
            }
            attempt = self.attempt(alone, true).await;
        }
        match attempt {
            Ok(outcomes) => answer(vec![unit], outcomes),
            Err(failure) => {
                let failure = self.name_column(failure, &unit).await;
                unit.answer(Err(failure.to_store_error()));
            }
        }
    }

    /// Where a text is too long, says for which column, if that can be found out.
    async fn name_column(&self, failure: Failure, unit: &Unit) -> Failure {
        match failure {
            Failure::Refused(refusal, said) if refusal::is_of_some_column(&refusal) => {
                let named = timeout(PATIENCE, self.find_column(unit)).await;
                let named = named.ok().and_then(Result::ok).flatten();
                Failure::Refused(named.unwrap_or(refusal), said)
            }
            other => other,
        }
    }

    async fn find_column(&self, unit: &Unit) -> Result<Option<Refusal>, Failure> {
        let connection = Connection::take(&self.pool).await?;
        let named = refusal::name_column(&connection, &unit.request).await;
        if named.is_ok() {
            connection.settle();
        }
        named
    }

    /// One transaction over the whole batch, told to the listener. On an error nothing of it is left, unless nobody can
    /// know.
    async fn attempt(&self, batch: &[Unit], hurried: bool) -> Result<Vec<Outcome>, Failure> {
        let counters = &self.writers.counters;
        let done = self.transact(batch, hurried).await;
        match &done {
            Ok(_) => counters.succeed(batch.len()),
            Err(failure) => counters.fail(failure),
        }
        done
    }

    async fn transact(&self, batch: &[Unit], hurried: bool) -> Result<Vec<Outcome>, Failure> {
        let connection = Connection::take(&self.pool).await?;
        connection.send("BEGIN");
        if hurried {
            connection.hurry();
        }
        let context = Arc::clone(&self.writers.context);
        let snapshot = Snapshot { connection, context };
        let written = timeout(PATIENCE, batch::write(&snapshot, batch, &self.writers.turnstile));
        let written = written.await.unwrap_or(Err(Failure::Late)).map_err(Failure::or_refused);
        let written = written.inspect_err(|failure| snapshot.connection.roll_back(failure));
        let Written { outcomes, told } = written?;
        snapshot.connection.settle();
        drop(snapshot);
        if let Some((ticket, changes)) = told {
            ticket.tell(changes).await;
        }
        Ok(outcomes)
    }
}

fn answer(batch: Vec<Unit>, outcomes: Vec<Outcome>) {
    for (unit, outcome) in batch.into_iter().zip(outcomes) {
        unit.answer(Ok(outcome));
    }
}
