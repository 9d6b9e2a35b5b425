//! What a store counts of its own work, and says when writing begins to fail and when it succeeds again. Not here: metrics.

use std::fmt::Display;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use grelot_store::StoreStats;
use tracing::{info, warn};

/// Figures for `Maintenance::stats`.
#[derive(Debug, Default)]
pub struct Counters {
    commits: AtomicU64,
    committed: AtomicU64,
    failed: AtomicU64,
    refused: AtomicU64,
    /// Whether the last commit failed.
    failing: AtomicBool,
}

impl Counters {
    /// The figures now, with `queued` units waiting.
    pub fn stats(&self, queued: usize) -> StoreStats {
        StoreStats {
            queued: queued as u64,
            commits: self.commits.load(Ordering::Relaxed),
            committed: self.committed.load(Ordering::Relaxed),
            refused: self.refused.load(Ordering::Relaxed),
            failed: self.failed.load(Ordering::Relaxed),
        }
    }

    /// A commit of so many units.
    pub fn succeed(&self, units: usize) {
        if self.failing.swap(false, Ordering::Relaxed) {
            info!("commits succeed again");
        }
        self.commits.fetch_add(1, Ordering::Relaxed);
        self.committed.fetch_add(units as u64, Ordering::Relaxed);
    }

    /// A commit that failed. Told once, not with every write to a full disk or to a server that is away.
    pub fn fail(&self, failure: &impl Display) {
        self.failed.fetch_add(1, Ordering::Relaxed);
        if !self.failing.swap(true, Ordering::Relaxed) {
            warn!(%failure, "a commit failed");
        }
    }

    /// A unit for which there was no room.
    pub fn refuse(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_is_counted_as_what_it_is() {
        let counters = Counters::default();
        counters.succeed(3);
        counters.fail(&"the disk is full");
        counters.fail(&"the disk is full");
        counters.succeed(1);
        counters.refuse();
        let StoreStats { queued, commits, committed, refused, failed } = counters.stats(7);
        assert_eq!((queued, commits, committed, refused, failed), (7, 2, 4, 1, 2));
    }
}
