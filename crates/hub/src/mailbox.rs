//! How changes reach the dispatchers: one bounded queue a shard, filled without ever waiting.
//!
//! Of what is not in the queue, since the queue was full or another node made the change, the dispatcher learns only how far the
//! inbox has moved: it reads the database. What this node commits, the others are told, if there are any.
//!
//! Not here: what a dispatcher does with a change.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use grelot_core::{Change, ChangeKind, Seq, UserId};
use grelot_store::{Bus, BusStats, Committed, Hint};
use parking_lot::Mutex;
use tokio::sync::Notify;

/// Dispatchers: users are spread over them. More than there are cores gains nothing.
pub(crate) const SHARDS: usize = 2;

/// What waits for one dispatcher.
#[derive(Debug, Default)]
pub(crate) struct Post {
    /// Changes in commit order.
    pub(crate) changes: VecDeque<Change>,
    /// Users of whom at least one change is not there, and how far their inboxes have moved.
    pub(crate) behind: HashMap<UserId, Seq>,
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
    bus: Option<Arc<dyn Bus>>,
}

impl Slots {
    fn of(&self, user: &UserId) -> &Slot {
        let slots = u64::try_from(self.list.len()).unwrap_or(1);
        let index = self.hasher.hash_one(user) % slots;
        &self.list[usize::try_from(index).unwrap_or(0)]
    }

    fn tell(&self, hints: Vec<Hint>) {
        if let Some(bus) = &self.bus {
            bus.tell(hints);
        }
    }
}

/// Makes a mailbox that holds `capacity` changes a dispatcher, and the publisher that fills it. The other nodes, if
/// there are any, are told over `bus`.
pub fn mailbox(capacity: usize, bus: Option<Arc<dyn Bus>>) -> (Publisher, Mailbox) {
    let slots = Arc::new(Slots {
        list: (0..SHARDS).map(|_| Slot::default()).collect(),
        hasher: RandomState::new(),
        capacity,
        bus,
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
        let hints = self.slots.bus.as_ref().map(|_| hints(&changes));
        for change in changes {
            let slot = self.slots.of(&change.user);
            let mut post = slot.post.lock();
            // Until the queue is taken it stays full: no later change of the user overtakes a dropped one.
            if post.changes.len() >= self.slots.capacity {
                post.fall_behind(change.user, change.seq);
            } else {
                post.changes.push_back(change);
            }
            drop(post);
            slot.arrived.notify_one();
        }
        if let Some(hints) = hints {
            self.slots.tell(hints);
        }
    }
}

/// What other nodes are told of these changes: once a user.
fn hints(changes: &[Change]) -> Vec<Hint> {
    let mut moved: HashMap<&UserId, Seq> = HashMap::with_capacity(changes.len());
    let mut hints = Vec::new();
    for change in changes {
        let reached = moved.entry(&change.user).or_insert(change.seq);
        *reached = change.seq.max(*reached);
        if matches!(change.kind, ChangeKind::Erased) {
            hints.push(Hint::Ended(change.user.clone()));
        }
    }
    hints.extend(moved.into_iter().map(|(user, seq)| Hint::Moved(user.clone(), seq)));
    hints
}

impl Post {
    fn fall_behind(&mut self, user: UserId, seq: Seq) {
        let reached = self.behind.entry(user).or_insert(seq);
        *reached = seq.max(*reached);
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

    /// Figures of the bus, if there is one.
    pub(crate) fn bus_stats(&self) -> Option<BusStats> {
        self.slots.bus.as_ref().map(|bus| bus.stats())
    }

    /// Waits until something may have arrived for a dispatcher.
    pub(crate) async fn arrived(&self, shard: usize) {
        self.slots.list[shard].arrived.notified().await;
    }

    /// Has what the user's streams lack up to `seq` read from the database.
    pub(crate) fn fall_behind(&self, user: &UserId, seq: Seq) {
        let slot = self.slots.of(user);
        slot.post.lock().fall_behind(user.clone(), seq);
        slot.arrived.notify_one();
    }

    /// Tells the other nodes.
    pub(crate) fn tell(&self, hint: Hint) {
        self.slots.tell(vec![hint]);
    }
}
