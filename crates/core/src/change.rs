//! What an inbox went through: what the store commits, the hub fans out and a replay reads again.

use std::sync::Arc;

use crate::id::{CategoryKey, NotificationId, UserId};
use crate::inbox::{Inbox, Seq};
use crate::notification::Notification;
use crate::time::Timestamp;

/// One committed change of one inbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Whose inbox.
    pub user: UserId,
    /// Its position: the inbox's `seq` after it.
    pub seq: Seq,
    /// The unread count: after this change when it is live or [caught up](count_each), of the snapshot when it is replayed.
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

/// What a snapshot holds of one change, for [`count_each`].
#[derive(Clone, Debug)]
pub struct Recorded {
    /// The change, with any count.
    pub change: Change,
    /// The unread count before it; `None` for a creation, and where it was not kept.
    pub before: Option<u64>,
}

/// Gives each change the count that the inbox had right after it, from the snapshot back to the first.
///
/// `recorded` is in order and ends at or before `inbox`. Every position that it lacks is a creation of something deleted
/// meanwhile, as only those are in no history.
pub fn count_each(inbox: Inbox, mut recorded: Vec<Recorded>) -> Vec<Change> {
    let (mut seq, mut unread) = (inbox.seq, inbox.unread);
    for Recorded { change, before } in recorded.iter_mut().rev() {
        // All positions in between are creations.
        unread = unread.saturating_sub(seq.distance_from(change.seq));
        change.unread = unread;
        let by_kind = || match change.kind {
            ChangeKind::Read { .. } => unread + 1,
            ChangeKind::Created(_) | ChangeKind::Unread { .. } => unread.saturating_sub(1),
            _ => unread,
        };
        unread = before.unwrap_or_else(by_kind);
        seq = Seq::new(change.seq.get().saturating_sub(1));
    }
    recorded.into_iter().map(|Recorded { change, .. }| change).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::NotificationId;

    fn recorded(seq: u64, kind: ChangeKind, before: Option<u64>) -> Recorded {
        let user = UserId::parse("ann").unwrap();
        Recorded { change: Change { user, seq: Seq::new(seq), unread: 99, kind }, before }
    }

    /// 1, 2, 3 created, 4 read, 5 created and deleted later, 6 deleted (a read one), 7 all read, 8 created, 9 deleted.
    #[test]
    fn each_change_has_the_count_of_its_moment() {
        let id = NotificationId::parse("cm3xk2l9a0000qzrmn831i7rn").unwrap();
        let at = Timestamp::from_millis(0);
        let history = vec![
            recorded(4, ChangeKind::Read { id, read_at: at }, Some(3)),
            recorded(6, ChangeKind::Deleted { id }, Some(3)),
            recorded(
                7,
                ChangeKind::AllRead { read_at: at, up_to: Seq::new(6), category: None },
                Some(3),
            ),
            recorded(9, ChangeKind::Deleted { id }, Some(1)),
        ];
        let inbox = Inbox { seq: Seq::new(9), unread: 0, pruned: Seq::ZERO };
        let counts: Vec<u64> = count_each(inbox, history).iter().map(|one| one.unread).collect();
        assert_eq!(counts, [2, 3, 0, 0]);
    }

    #[test]
    fn where_no_count_was_kept_the_kind_tells() {
        let id = NotificationId::parse("cm3xk2l9a0000qzrmn831i7rn").unwrap();
        let read = ChangeKind::Read { id, read_at: Timestamp::from_millis(0) };
        let history = vec![
            recorded(4, read, None),
            recorded(5, ChangeKind::Unread { id }, None),
            recorded(6, ChangeKind::PreferencesUpdated, None),
        ];
        let inbox = Inbox { seq: Seq::new(7), unread: 4, pruned: Seq::ZERO };
        let counts: Vec<u64> = count_each(inbox, history).iter().map(|one| one.unread).collect();
        assert_eq!(counts, [2, 3, 3]);
    }
}
