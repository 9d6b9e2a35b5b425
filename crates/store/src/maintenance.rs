//! Housekeeping: pruning in small batches, health, figures.

use async_trait::async_trait;
use grelot_core::{Timestamp, UserId};

use crate::StoreError;

/// Figures of a store since it was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreStats {
    /// Units of work that wait for the committer.
    pub queued: u64,
    /// Commits.
    pub commits: u64,
    /// Units of work that were committed.
    pub committed: u64,
    /// Units of work that were refused because the queue was full.
    pub refused: u64,
    /// Commits that failed.
    pub failed: u64,
}

/// What a step of pruning came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// How many notifications were removed.
    pub removed: usize,
    /// How many more it found, in inboxes that were being changed: the next step finds them again.
    pub held: usize,
}

/// How far a walk through the inboxes has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trimmed {
    /// How many notifications were removed.
    pub removed: usize,
    /// Behind which inbox to go on; `None`: from the first.
    pub after: Option<UserId>,
    /// Whether that was all.
    pub done: bool,
}

/// Housekeeping.
#[async_trait]
pub trait Maintenance: Send + Sync + 'static {
    /// Whether the database can be read.
    async fn health(&self) -> Result<(), StoreError>;

    /// Figures since the store was opened.
    fn stats(&self) -> StoreStats;

    /// Removes at most `batch` changes made before `before`, and moves the pruned position of their inboxes. Returns
    /// how many were removed: less than `batch` means none is left.
    async fn prune_changes(&self, before: Timestamp, batch: usize) -> Result<usize, StoreError>;

    /// Removes at most `batch` kept answers made before `before`; returns how many.
    async fn prune_idempotency(&self, before: Timestamp, batch: usize)
    -> Result<usize, StoreError>;

    /// Removes at most `batch` notifications that were read before `before`, of whomever, the first read first.
    /// It is no change: the positions of their inboxes stay, and nobody is told. Removed and held together are less than `batch` when
    /// no other is left.
    async fn prune_read(&self, before: Timestamp, batch: usize) -> Result<Pruned, StoreError>;

    /// A step of a walk through the inboxes, from the one behind `after` on, or from the first: at most `batch` inboxes are looked at,
    /// and from the first one that holds more than `max` notifications at most `batch` are removed. The oldest that were read
    /// go first, and nobody is told, as with [`prune_read`](Self::prune_read); then the oldest, each of which is a change, deleted.
    async fn trim_inboxes(
        &self,
        after: Option<&UserId>,
        max: u64,
        batch: usize,
    ) -> Result<Trimmed, StoreError>;
}
