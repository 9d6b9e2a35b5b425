//! How much the committers have under way, so that one that gathers knows how long that is worth it. Not here: committing
//! (`committer`).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

/// What is between gathered and committed.
#[derive(Debug, Default)]
pub(crate) struct Flight {
    units: AtomicUsize,
    ended: Notify,
}

/// A batch that is under way until this is dropped, however its commit ends.
pub(crate) struct UnderWay {
    flight: Arc<Flight>,
    units: usize,
}

impl Flight {
    pub(crate) fn begin(self: &Arc<Self>, units: usize) -> UnderWay {
        self.units.fetch_add(units, Ordering::Relaxed);
        UnderWay { flight: Arc::clone(self), units }
    }

    /// How many units are under way.
    pub(crate) fn units(&self) -> usize {
        self.units.load(Ordering::Relaxed)
    }

    /// Resolves when a batch has ended, now or since this was asked last. Only one asks at a time.
    pub(crate) async fn ended(&self) {
        self.ended.notified().await;
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.flight.units.fetch_sub(self.units, Ordering::Relaxed);
        self.flight.ended.notify_one();
    }
}
