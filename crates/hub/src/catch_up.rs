//! Catching up: what a user's streams lack is read from the database. A few users at a time, so that one slow read does
//! not hold up a shard; one read a user, so that its order holds. The dispatcher that owns this writes what was read.

use std::collections::{HashMap, HashSet, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures_util::stream::{FuturesUnordered, StreamExt as _};
use grelot_core::{Seq, UserId};
use grelot_store::{Replayed, StoreError};

use crate::hub::Shared;
use crate::registry::Streams;
use crate::run::Run;
use crate::stream::Offered;

/// Reads that a dispatcher has under way; more wait their turn.
const READS: usize = 8;

/// What a read brought, for whom.
pub(crate) struct Read {
    user: UserId,
    streams: Streams,
    since: Seq,
    replayed: Result<Replayed, StoreError>,
}

type Reading = Pin<Box<dyn Future<Output = Read> + Send>>;

/// The users of one shard who are behind. Bounded by who is connected: a user is in it once.
#[derive(Default)]
pub(crate) struct CatchUps {
    /// Who waits for a read, in the order in which they fell behind.
    waiting: VecDeque<UserId>,
    /// How far the inboxes have moved of those who wait, or of whom that was heard during their read.
    reached: HashMap<UserId, Seq>,
    reading: HashSet<UserId>,
    reads: FuturesUnordered<Reading>,
}

impl CatchUps {
    /// The user's inbox has moved to `seq`, and not every stream has that.
    pub(crate) fn add(&mut self, user: &UserId, seq: Seq) {
        if let Some(reached) = self.reached.get_mut(user) {
            *reached = seq.max(*reached);
            return;
        }
        self.reached.insert(user.clone(), seq);
        if !self.reading.contains(user) {
            self.waiting.push_back(user.clone());
        }
    }

    /// Begins as many reads as may be under way. Who was given meanwhile what they lacked needs none.
    pub(crate) fn begin(&mut self, shared: &Arc<Shared>) {
        while self.reads.len() < READS {
            let Some(user) = self.waiting.pop_front() else {
                return;
            };
            let seq = self.reached.remove(&user).unwrap_or_default();
            let Some(streams) = shared.lacking(&user, seq) else {
                continue;
            };
            let Some(since) = streams.iter().filter_map(|stream| stream.position()).min() else {
                continue;
            };
            shared.counters.catch_ups.fetch_add(1, Ordering::Relaxed);
            self.reading.insert(user.clone());
            let source = Arc::clone(&shared.source.0);
            self.reads.push(Box::pin(async move {
                let replayed = source.catch_up(&user, since).await;
                Read { user, streams, since, replayed }
            }));
        }
    }

    /// The next read that is done; `None` when none is under way.
    pub(crate) async fn next(&mut self) -> Option<Read> {
        self.reads.next().await
    }

    /// Gives the streams what was read for them.
    pub(crate) fn settle(&mut self, shared: &Shared, read: Read) {
        let Read { user, streams, since, replayed } = read;
        let now = give(shared, &streams, since, replayed);
        self.reading.remove(&user);
        // What was heard during the read is in it, or was committed after it.
        if let Some(reached) = self.reached.remove(&user).filter(|reached| *reached > now) {
            self.add(&user, reached);
        }
    }
}

/// Gives the streams what was read after `since`; returns what all of them have then.
fn give(
    shared: &Shared,
    streams: &Streams,
    since: Seq,
    replayed: Result<Replayed, StoreError>,
) -> Seq {
    match replayed {
        Ok(Replayed::Changes { changes, inbox }) => {
            let encoded = changes.iter().map(|change| (change.seq, shared.encode.change(change)));
            let mut run = Run::replayed(encoded.collect());
            let mut all = inbox.seq;
            for stream in streams.iter() {
                // It opened during the read, further back than all others, and says itself what it lacks.
                if stream.catch_up(&mut run, since, inbox.seq) == Offered::Hole {
                    all = Seq::ZERO;
                }
            }
            all
        }
        Ok(Replayed::Reset { inbox }) => {
            let block = shared.encode.reset(&inbox);
            for stream in streams.iter() {
                if stream.position().is_some_and(|seq| seq < inbox.seq) {
                    stream.send_reset(inbox.seq, &block);
                }
            }
            inbox.seq
        }
        // The readers come back, and resume.
        Err(_) => {
            streams.iter().for_each(|stream| stream.close());
            Seq::ZERO
        }
    }
}
