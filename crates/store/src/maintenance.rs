//! Housekeeping: pruning in small batches, health, figures.

use async_trait::async_trait;
use grelot_core::Timestamp;

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
}
