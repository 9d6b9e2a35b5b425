//! What a reader missed.

use async_trait::async_trait;
use grelot_core::{Change, Inbox, Seq, UserId};

use crate::StoreError;

/// What a stream missed, from one snapshot.
#[derive(Clone, Debug)]
pub enum Replayed {
    /// Every change after the cursor, in order, at most [`Inbox::REPLAY_LIMIT`]. A creation shows the notification as
    /// it is in the snapshot; of one deleted meanwhile the creation is missing. Each carries the
    /// snapshot's count, unless it was asked for by [`Replay::catch_up`].
    Changes {
        /// The changes.
        changes: Vec<Change>,
        /// The inbox of the snapshot.
        inbox: Inbox,
    },
    /// The changes after the cursor cannot be given.
    Reset {
        /// The inbox of the snapshot.
        inbox: Inbox,
    },
}

/// A page of what a poll missed, from one snapshot.
#[derive(Clone, Debug)]
pub enum Poll {
    /// Changes after the cursor, in order.
    Changes {
        /// The changes, as in [`Replayed::Changes`].
        changes: Vec<Change>,
        /// The cursor of the next call.
        seq: Seq,
        /// Whether more changes wait behind that cursor.
        more: bool,
    },
    /// The changes after the cursor cannot be given.
    Reset {
        /// The inbox of the snapshot.
        inbox: Inbox,
    },
}

/// Reads the history of an inbox.
#[async_trait]
pub trait Replay: Send + Sync + 'static {
    /// What a stream whose cursor is `since` missed; decided by [`Inbox::resume`].
    async fn replay(&self, user: &UserId, since: Seq) -> Result<Replayed, StoreError>;

    /// The same for a reader who is in the middle of a stream: each change carries the count that the inbox had right after
    /// it, as it did live.
    async fn catch_up(&self, user: &UserId, since: Seq) -> Result<Replayed, StoreError>;

    /// At most `limit` changes after `since`; decided by [`Inbox::resume_unlimited`].
    async fn poll(&self, user: &UserId, since: Seq, limit: usize) -> Result<Poll, StoreError>;

    /// The inbox alone, for a stream that starts now.
    async fn version(&self, user: &UserId) -> Result<Inbox, StoreError>;
}
