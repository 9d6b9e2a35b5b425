//! Who is connected, sharded by user. Locks are held to clone a handle, never over a write.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use grelot_core::UserId;
use hashbrown::HashMap;
use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::stream::Stream;

const SHARDS: usize = 16;

/// The streams of one user, oldest first, as a snapshot that costs a pointer.
pub(crate) type Streams = Arc<Vec<Arc<Stream>>>;

#[derive(Debug, Default)]
struct User {
    streams: Streams,
    polls: Vec<oneshot::Sender<()>>,
}

/// Who is connected.
#[derive(Debug)]
pub(crate) struct Registry {
    shards: Vec<Mutex<HashMap<UserId, User>>>,
    hasher: RandomState,
}

impl Registry {
    pub(crate) fn new() -> Self {
        let shards = (0..SHARDS).map(|_| Mutex::default()).collect();
        Self { shards, hasher: RandomState::new() }
    }

    /// Adds a stream; gives back the oldest ones that are over `cap`.
    pub(crate) fn join(&self, stream: &Arc<Stream>, cap: usize) -> Vec<Arc<Stream>> {
        let mut shard = self.shard(&stream.user).lock();
        let user = shard.entry(stream.user.clone()).or_default();
        let streams = Arc::make_mut(&mut user.streams);
        streams.push(Arc::clone(stream));
        let over = streams.len().saturating_sub(cap.max(1));
        streams.drain(..over).collect()
    }

    /// Removes a stream, if it is still there.
    pub(crate) fn leave(&self, stream: &Stream) {
        let mut shard = self.shard(&stream.user).lock();
        let Some(user) = shard.get_mut(&stream.user) else {
            return;
        };
        if let Some(index) = user.streams.iter().position(|other| other.id == stream.id) {
            Arc::make_mut(&mut user.streams).remove(index);
        }
        if user.streams.is_empty() && user.polls.is_empty() {
            shard.remove(&stream.user);
        }
    }

    /// The user's streams; wakes the user's polls.
    pub(crate) fn streams(&self, user: &UserId) -> Option<Streams> {
        let mut shard = self.shard(user).lock();
        let entry = shard.get_mut(user)?;
        for poll in entry.polls.drain(..) {
            // A poll whose caller left meanwhile needs no waking.
            let _left = poll.send(());
        }
        let streams = Arc::clone(&entry.streams);
        if streams.is_empty() {
            shard.remove(user);
            return None;
        }
        Some(streams)
    }

    /// Waits for the user's next change; `None` when too many polls wait already.
    pub(crate) fn poll(&self, user: &UserId, cap: usize) -> Option<oneshot::Receiver<()>> {
        let mut shard = self.shard(user).lock();
        let entry = shard.entry(user.clone()).or_default();
        entry.polls.retain(|poll| !poll.is_closed());
        if entry.polls.len() >= cap {
            return None;
        }
        let (sender, receiver) = oneshot::channel();
        entry.polls.push(sender);
        Some(receiver)
    }

    /// Forgets a user of whom nothing but abandoned polls is left.
    pub(crate) fn tidy(&self, user: &UserId) {
        let mut shard = self.shard(user).lock();
        let Some(entry) = shard.get_mut(user) else {
            return;
        };
        entry.polls.retain(|poll| !poll.is_closed());
        if entry.streams.is_empty() && entry.polls.is_empty() {
            shard.remove(user);
        }
    }

    /// Every stream; wakes every poll.
    pub(crate) fn all(&self) -> Vec<Arc<Stream>> {
        let mut all = Vec::new();
        for shard in &self.shards {
            for user in shard.lock().values_mut() {
                user.polls.clear();
                all.extend(user.streams.iter().cloned());
            }
        }
        all
    }

    /// How many users are connected.
    pub(crate) fn users(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().len()).sum()
    }

    fn shard(&self, user: &UserId) -> &Mutex<HashMap<UserId, User>> {
        let index = self.hasher.hash_one(user) % (SHARDS as u64);
        &self.shards[usize::try_from(index).unwrap_or(0)]
    }
}
