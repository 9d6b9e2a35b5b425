//! What an inbox went through: what the store commits, the hub fans out and a replay reads again.

use std::sync::Arc;

use crate::id::{CategoryKey, NotificationId, UserId};
use crate::inbox::Seq;
use crate::notification::Notification;
use crate::time::Timestamp;

/// One committed change of one inbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Whose inbox.
    pub user: UserId,
    /// Its position: the inbox's `seq` after it.
    pub seq: Seq,
    /// The unread count: after this change when it is live, of the snapshot when it is replayed.
    pub unread: u64,
    /// What happened.
    pub kind: ChangeKind,
}

/// What happened to an inbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// A notification came in.
    Created(Arc<Notification>),
    /// A notification was read.
    Read {
        /// Which one.
        id: NotificationId,
        /// When.
        read_at: Timestamp,
    },
    /// A notification was made unread.
    Unread {
        /// Which one.
        id: NotificationId,
    },
    /// A notification was deleted.
    Deleted {
        /// Which one.
        id: NotificationId,
    },
    /// Every unread notification created at or before a position was read.
    AllRead {
        /// When.
        read_at: Timestamp,
        /// Up to which position.
        up_to: Seq,
        /// Only those of this category, if any.
        category: Option<CategoryKey>,
    },
    /// The preferences changed; readers fetch them.
    PreferencesUpdated,
    /// Everything about the user was erased; their streams close. Never replayed.
    Erased,
}
