//! What works behind the scenes of a Grelot: started once, ended once, watched by whoever serves.

use std::sync::Arc;

use grelot_worker::{Failure, Supervisor};
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

/// How the work ended.
pub(crate) type Ended = Result<(), Arc<Failure>>;

/// The supervised work. Dropping it tells the work to end.
#[derive(Debug)]
pub(crate) struct Background {
    stop: CancellationToken,
    ended: watch::Receiver<Option<Ended>>,
    _dropped: DropGuard,
    _tasks: TaskTracker,
}

impl Background {
    /// Starts what `supervisor` owns, on the present runtime.
    pub(crate) fn start(supervisor: Supervisor) -> Self {
        let stop = CancellationToken::new();
        let tasks = TaskTracker::new();
        let (report, ended) = watch::channel(None);
        let told = stop.clone();
        tasks.spawn(async move {
            let outcome = supervisor.run(told.cancelled_owned()).await.map_err(Arc::new);
            report.send_replace(Some(outcome));
        });
        Self { _dropped: stop.clone().drop_guard(), stop, ended, _tasks: tasks }
    }

    /// Whether it was told to end.
    pub(crate) fn is_stopped(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// Tells it to end, and waits until it has.
    pub(crate) async fn stop(&self) -> Ended {
        self.stop.cancel();
        self.ended().await
    }

    /// Waits until it has ended.
    pub(crate) async fn ended(&self) -> Ended {
        let mut ended = self.ended.clone();
        match ended.wait_for(Option::is_some).await {
            Ok(outcome) => (*outcome).clone().unwrap_or(Ok(())),
            // The runtime dropped the task: there is nothing left to end.
            Err(_dropped) => Ok(()),
        }
    }
}
