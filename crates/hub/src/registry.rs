//! Who is connected, sharded by user. Locks are held to clone a handle, never over a write.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use grelot_core::{Seq, UserId};
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
    polls: Vec<Poll>,
}

/// A poll that waits for something after `since`.
#[derive(Debug)]
struct Poll {
    since: Seq,
    wake: oneshot::Sender<()>,
}

impl User {
    /// Wakes the polls that wait for something up to `seq`.
    fn wake(&mut self, seq: Seq) {
        for poll in self.polls.extract_if(.., |poll| poll.since < seq) {
            // A poll whose caller left meanwhile needs no waking.
            let _left = poll.wake.send(());
        }
    }

    fn is_over(&self) -> bool {
        self.streams.is_empty() && self.polls.is_empty()
    }
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
        if user.is_over() {
            shard.remove(&stream.user);
        }
    }

    /// The streams of a user whose inbox has moved to `seq`; wakes the polls that wait for that.
    pub(crate) fn moved(&self, user: &UserId, seq: Seq) -> Option<Streams> {
        let mut shard = self.shard(user).lock();
        let entry = shard.get_mut(user)?;
        entry.wake(seq);
        let streams = Arc::clone(&entry.streams);
        if entry.is_over() {
            shard.remove(user);
        }
        (!streams.is_empty()).then_some(streams)
    }

    /// The streams of a user whose sessions ended; wakes the polls.
    pub(crate) fn ended(&self, user: &UserId) -> Option<Streams> {
        let mut shard = self.shard(user).lock();
        let entry = shard.get_mut(user)?;
        entry.polls.clear();
        let streams = Arc::clone(&entry.streams);
        if entry.is_over() {
            shard.remove(user);
        }
        (!streams.is_empty()).then_some(streams)
    }

    /// Waits for the user's next change after `since`; `None` when too many polls wait already.
    pub(crate) fn poll(
        &self,
        user: &UserId,
        since: Seq,
        cap: usize,
    ) -> Option<oneshot::Receiver<()>> {
        let mut shard = self.shard(user).lock();
        let entry = shard.entry(user.clone()).or_default();
        entry.polls.retain(|poll| !poll.wake.is_closed());
        if entry.polls.len() >= cap {
            return None;
        }
        let (wake, receiver) = oneshot::channel();
        entry.polls.push(Poll { since, wake });
        Some(receiver)
    }

    /// Forgets a user of whom nothing but abandoned polls is left.
    pub(crate) fn tidy(&self, user: &UserId) {
        let mut shard = self.shard(user).lock();
        let Some(entry) = shard.get_mut(user) else {
            return;
        };
        entry.polls.retain(|poll| !poll.wake.is_closed());
        if entry.is_over() {
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

    /// Who is connected, each with their streams and the position of their first poll.
    pub(crate) fn connected(&self) -> Vec<(UserId, Streams, Option<Seq>)> {
        let mut connected = Vec::new();
        for shard in &self.shards {
            connected.extend(shard.lock().iter().map(|(user, entry)| {
                let polled = entry.polls.iter().map(|poll| poll.since).min();
                (user.clone(), Arc::clone(&entry.streams), polled)
            }));
        }
        connected
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
