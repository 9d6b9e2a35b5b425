//! Pages of what a backend found: of an inbox, and of its changes. Not here: finding it, and what a walk shows
//! (`grelot_core::listing`).

use std::cmp::Reverse;

use grelot_core::{Cursor, Inbox, Notification, Recorded, Section, Seq};
use grelot_store::{Page, Poll};

/// The page of at most `limit` from `found`, which holds one more if there is another page. From the index `first_of_read` on
/// it has what the read section shows; the walk began at `began`.
pub fn page(
    mut found: Vec<Notification>,
    first_of_read: usize,
    limit: usize,
    began: Seq,
    inbox: Inbox,
) -> Page {
    let more = found.len() > limit;
    found.truncate(limit);
    // The walk stays in the section of the last one shown: what changes its state below it is not passed over.
    let section = if found.len() > first_of_read { Section::Read } else { Section::Unread };
    let last = found.last().filter(|_| more);
    let next = last.map(|last| Cursor { began, section, below: last.seq });
    Page { notifications: found, next, inbox }
}

/// Two lists, each newest first, as one.
pub fn merge(mut one: Vec<Notification>, mut other: Vec<Notification>) -> Vec<Notification> {
    if one.is_empty() || other.is_empty() {
        one.append(&mut other);
        return one;
    }
    one.append(&mut other);
    // Sorted runs: the stable sort merges them.
    one.sort_by_key(|notification| Reverse(notification.seq));
    one
}

/// The first `wanted` of changes that come from several places, in their order.
pub fn in_order(mut changes: Vec<Recorded>, wanted: usize) -> Vec<Recorded> {
    changes.sort_unstable_by_key(|recorded| recorded.change.seq);
    changes.truncate(wanted);
    changes
}

/// The answer of at most `limit` changes from `found`, which holds one more if there are more.
pub fn poll(found: Vec<Recorded>, limit: usize, inbox: Inbox) -> Poll {
    let more = found.len() > limit;
    let shown = found.into_iter().take(limit);
    let changes: Vec<_> = shown.map(|recorded| recorded.change).collect();
    let seq = match changes.last() {
        Some(last) if more => last.seq,
        _ => inbox.seq,
    };
    Poll::Changes { changes, seq, more }
}
