//! The owner of every long-running task: starts them in order, notices the first that fails, ends all in the opposite
//! order. Not here: signals, which the composition root turns into the `stop` future.

use std::error::Error;
use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use thiserror::Error;
use tokio::task::{AbortHandle, Id, JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::service::{Outcome, Service};

/// Why the program ended although nobody asked it to.
#[derive(Debug, Error)]
pub enum Failure {
    /// The service ended before it was told to.
    #[error("the service {0} ended by itself")]
    Ended(&'static str),
    /// The service reported an error.
    #[error("the service {0} failed: {1}")]
    Failed(&'static str, #[source] Box<dyn Error + Send + Sync>),
    /// The service panicked.
    #[error("the service {0} panicked")]
    Panicked(&'static str),
    /// The service did not end in time and was aborted.
    #[error("the service {0} did not end within {1:?} and was aborted")]
    Aborted(&'static str, Duration),
}

/// Owns services. Dropping it aborts what still runs.
#[derive(Debug, Default)]
pub struct Supervisor {
    services: Vec<Service>,
}

/// A service that was started.
struct Started {
    name: &'static str,
    grace: Duration,
    shutdown: CancellationToken,
    task: AbortHandle,
    ended: bool,
}

impl Supervisor {
    /// A supervisor without services.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a service. Services start in the order in which they are added and end in the opposite one, each only when
    /// the one added after it has ended: what others depend on comes first.
    #[must_use]
    pub fn with(mut self, service: Service) -> Self {
        self.services.push(service);
        self
    }

    /// Runs every service until `stop` completes, or until one of them ends by itself; then ends all.
    ///
    /// # Errors
    /// The first [`Failure`], after everything has ended.
    pub async fn run(self, stop: impl Future<Output = ()>) -> Result<(), Failure> {
        let mut tasks = JoinSet::new();
        let mut started: Vec<Started> = self
            .services
            .into_iter()
            .map(|service| {
                let shutdown = CancellationToken::new();
                let task = tasks.spawn((service.start)(shutdown.clone()));
                tracing::debug!(service = service.name, "started");
                let Service { name, grace, .. } = service;
                Started { name, grace, shutdown, task, ended: false }
            })
            .collect();

        let mut stop = pin!(stop);
        let mut failure = tokio::select! {
            () = &mut stop => None,
            Some(ended) = tasks.join_next_with_id() => {
                settle(&mut started, ended).map(|(name, outcome)| premature(name, outcome))
            }
        };
        for index in (0..started.len()).rev() {
            if let Err(late) = end(&mut tasks, &mut started, index).await {
                failure.get_or_insert(late);
            }
        }
        failure.map_or(Ok(()), Err)
    }
}

/// What a finished task reports: its outcome, or that it panicked or was aborted.
type Joined = Result<(Id, Outcome), JoinError>;

/// Marks the service of a finished task as ended; its name, and how it ended.
fn settle(started: &mut [Started], joined: Joined) -> Option<(&'static str, Option<Outcome>)> {
    let (id, outcome) = match joined {
        Ok((id, outcome)) => (id, Some(outcome)),
        Err(error) => (error.id(), None),
    };
    let service = started.iter_mut().find(|service| service.task.id() == id)?;
    service.ended = true;
    Some((service.name, outcome))
}

/// An end that nobody asked for.
fn premature(name: &'static str, outcome: Option<Outcome>) -> Failure {
    let failure = match outcome {
        Some(Ok(())) => Failure::Ended(name),
        Some(Err(error)) => Failure::Failed(name, error),
        None => Failure::Panicked(name),
    };
    tracing::error!(service = name, error = %failure, "a service ended; stopping all");
    failure
}

/// Tells one service to end and waits for it, at most its grace; meanwhile others may end as well.
async fn end(
    tasks: &mut JoinSet<Outcome>,
    started: &mut [Started],
    index: usize,
) -> Result<(), Failure> {
    let (name, grace) = (started[index].name, started[index].grace);
    started[index].shutdown.cancel();
    let mut result = Ok(());
    let waiting = async {
        while !started[index].ended {
            let Some(joined) = tasks.join_next_with_id().await else { return };
            let failed = match settle(started, joined) {
                Some((name, Some(Err(error)))) => Failure::Failed(name, error),
                Some((name, None)) => Failure::Panicked(name),
                Some((_, Some(Ok(())))) | None => continue,
            };
            if result.is_ok() {
                result = Err(failed);
            }
        }
    };
    if tokio::time::timeout(grace, waiting).await.is_err() {
        tracing::error!(service = name, ?grace, "did not end in time; aborted");
        started[index].task.abort();
        return Err(Failure::Aborted(name, grace));
    }
    tracing::debug!(service = name, "ended");
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    const GRACE: Duration = Duration::from_secs(5);

    type Journal = Arc<Mutex<Vec<&'static str>>>;

    /// A service that ends when it is told to, and writes so down.
    fn obedient(name: &'static str, journal: &Journal) -> Service {
        let journal = Arc::clone(journal);
        Service::new(name, GRACE, async move |shutdown: CancellationToken| {
            shutdown.cancelled().await;
            journal.lock().unwrap().push(name);
            Ok(())
        })
    }

    #[tokio::test(start_paused = true)]
    async fn services_end_in_the_opposite_order() {
        let journal = Journal::default();
        let supervisor = Supervisor::new()
            .with(obedient("hub", &journal))
            .with(obedient("http", &journal))
            .with(obedient("jobs", &journal));
        supervisor.run(async {}).await.unwrap();
        assert_eq!(*journal.lock().unwrap(), ["jobs", "http", "hub"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_panic_ends_the_others_and_is_named() {
        let journal = Journal::default();
        let supervisor = Supervisor::new().with(obedient("hub", &journal)).with(Service::new(
            "broken",
            GRACE,
            async |_| panic!("a defect"),
        ));
        let failure = supervisor.run(std::future::pending()).await.unwrap_err();
        assert!(matches!(failure, Failure::Panicked("broken")), "{failure}");
        assert_eq!(*journal.lock().unwrap(), ["hub"]);
    }

    #[tokio::test(start_paused = true)]
    async fn an_unexpected_end_is_a_failure() {
        let supervisor = Supervisor::new().with(Service::new("short", GRACE, async |_| Ok(())));
        let failure = supervisor.run(std::future::pending()).await.unwrap_err();
        assert!(matches!(failure, Failure::Ended("short")), "{failure}");
    }

    #[tokio::test(start_paused = true)]
    async fn an_error_of_a_service_is_the_failure() {
        let supervisor = Supervisor::new()
            .with(Service::new("writer", GRACE, async |_| Err("the disk is gone".into())));
        let failure = supervisor.run(std::future::pending()).await.unwrap_err();
        assert_eq!(failure.to_string(), "the service writer failed: the disk is gone");
    }

    #[tokio::test(start_paused = true)]
    async fn an_error_while_ending_is_the_failure() {
        let supervisor = Supervisor::new().with(Service::new("writer", GRACE, async |shutdown| {
            shutdown.cancelled().await;
            Err("could not flush".into())
        }));
        let failure = supervisor.run(async {}).await.unwrap_err();
        assert!(matches!(failure, Failure::Failed("writer", _)), "{failure}");
    }

    #[tokio::test(start_paused = true)]
    async fn who_does_not_end_in_time_is_aborted_and_the_rest_still_ends() {
        let journal = Journal::default();
        let supervisor = Supervisor::new().with(obedient("hub", &journal)).with(Service::new(
            "stuck",
            GRACE,
            async |_| std::future::pending().await,
        ));
        let before = tokio::time::Instant::now();
        let failure = supervisor.run(async {}).await.unwrap_err();
        assert!(matches!(failure, Failure::Aborted("stuck", GRACE)), "{failure}");
        assert_eq!(before.elapsed(), GRACE);
        assert_eq!(*journal.lock().unwrap(), ["hub"]);
    }
}
