//! How commits reach the dispatchers: one bounded queue a shard, filled without ever waiting.
//!
//! Over a full queue a user is marked *behind*: the change is dropped, and the dispatcher reads the database instead.
//! Not here: what a dispatcher does with a change.

use std::collections::{HashSet, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use grelot_core::{Change, UserId};
use grelot_store::Committed;
use parking_lot::Mutex;
use tokio::sync::Notify;

/// Dispatchers: users are spread over them. More than there are cores gains nothing.
pub(crate) const SHARDS: usize = 2;

/// What waits for one dispatcher.
#[derive(Debug, Default)]
pub(crate) struct Post {
    /// Changes in commit order.
    pub(crate) changes: VecDeque<Change>,
    /// Users of whom at least one change was dropped.
    pub(crate) behind: HashSet<UserId>,
}

#[derive(Debug, Default)]
struct Slot {
    post: Mutex<Post>,
    arrived: Notify,
}

#[derive(Debug)]
struct Slots {
    list: Vec<Slot>,
    hasher: RandomState,
    capacity: usize,
}

impl Slots {
    fn slot_of(&self, user: &UserId) -> usize {
        let slots = u64::try_from(self.list.len()).unwrap_or(1);
        usize::try_from(self.hasher.hash_one(user) % slots).unwrap_or(0)
    }
}

/// Makes a mailbox that holds `capacity` changes a dispatcher, and the publisher that fills it.
pub fn mailbox(capacity: usize) -> (Publisher, Mailbox) {
    let slots = Arc::new(Slots {
        list: (0..SHARDS).map(|_| Slot::default()).collect(),
        hasher: RandomState::new(),
        capacity,
    });
    (Publisher { slots: Arc::clone(&slots) }, Mailbox { slots })
}

/// The end that the store fills.
#[derive(Clone, Debug)]
pub struct Publisher {
    slots: Arc<Slots>,
}

impl Committed for Publisher {
    fn committed(&self, changes: Vec<Change>) {
        for change in changes {
            let slot = &self.slots.list[self.slots.slot_of(&change.user)];
            let mut post = slot.post.lock();
            if post.behind.contains(&change.user) || post.changes.len() >= self.slots.capacity {
                post.behind.insert(change.user);
            } else {
                post.changes.push_back(change);
            }
            drop(post);
            slot.arrived.notify_one();
        }
    }
}

/// The end that the hub empties.
#[derive(Debug)]
pub struct Mailbox {
    slots: Arc<Slots>,
}

impl Mailbox {
    /// Takes what waits for a dispatcher; `None` when nothing does.
    pub(crate) fn take(&self, shard: usize) -> Option<Post> {
        let mut post = self.slots.list[shard].post.lock();
        let empty = post.changes.is_empty() && post.behind.is_empty();
        (!empty).then(|| std::mem::take(&mut *post))
    }

    /// Waits until something may have arrived for a dispatcher.
    pub(crate) async fn arrived(&self, shard: usize) {
        self.slots.list[shard].arrived.notified().await;
    }
}
