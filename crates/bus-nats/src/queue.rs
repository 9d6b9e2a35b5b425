//! Hints that wait to be sent. Bounded: what is over is dropped and counted, and found by the sweep of those whom it
//! concerns.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

use grelot_core::{Seq, UserId};
use grelot_store::Hint;
use parking_lot::Mutex;
use tokio::sync::Notify;

/// How many hints may wait.
const WAITING: usize = 65_536;

#[derive(Debug, Default)]
pub(crate) struct Queue {
    waiting: Mutex<Vec<Hint>>,
    filled: Notify,
    dropped: AtomicU64,
}

impl Queue {
    /// Called on the path of every commit, and so does as little as it can.
    pub(crate) fn push(&self, mut hints: Vec<Hint>) {
        let mut waiting = self.waiting.lock();
        let room = WAITING - waiting.len();
        let over = hints.len().saturating_sub(room);
        hints.truncate(room);
        waiting.append(&mut hints);
        drop(waiting);
        self.dropped.fetch_add(over as u64, Ordering::Relaxed);
        self.filled.notify_one();
    }

    /// Everything that waits, once anything does; of each user only the last word.
    pub(crate) async fn take(&self) -> Vec<Hint> {
        loop {
            let taken = std::mem::take(&mut *self.waiting.lock());
            if !taken.is_empty() {
                return coalesced(taken);
            }
            self.filled.notified().await;
        }
    }

    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

/// One hint of each kind for each user. Their order means nothing.
fn coalesced(hints: Vec<Hint>) -> Vec<Hint> {
    if hints.len() < 2 {
        return hints;
    }
    let mut last: HashMap<(UserId, bool), Option<Seq>> = HashMap::with_capacity(hints.len());
    for hint in hints {
        let (key, seq) = match hint {
            Hint::Moved(user, seq) => ((user, true), Some(seq)),
            Hint::Ended(user) => ((user, false), None),
        };
        let highest = last.entry(key).or_default();
        *highest = seq.max(*highest);
    }
    let hint = |((user, _), seq): ((UserId, bool), Option<Seq>)| match seq {
        Some(seq) => Hint::Moved(user, seq),
        None => Hint::Ended(user),
    };
    last.into_iter().map(hint).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moved(user: &str, seq: u64) -> Hint {
        Hint::Moved(UserId::parse(user).unwrap(), Seq::new(seq))
    }

    #[tokio::test]
    async fn of_each_user_the_highest_position_is_sent_and_that_sessions_ended() {
        let queue = Queue::default();
        let ended = Hint::Ended(UserId::parse("ann").unwrap());
        queue.push(vec![moved("ann", 2), moved("bob", 1), ended.clone()]);
        queue.push(vec![moved("ann", 3), moved("ann", 1), ended.clone()]);
        let mut taken = queue.take().await;
        taken.sort_by_key(|hint| format!("{hint:?}"));
        assert_eq!(taken, [ended, moved("ann", 3), moved("bob", 1)]);
    }

    #[tokio::test]
    async fn what_is_over_the_bound_is_dropped_and_counted() {
        let queue = Queue::default();
        let hints = |n| (0..n).map(|n| moved(&format!("u_{n}"), 1)).collect();
        queue.push(hints(WAITING as u64 - 1));
        queue.push(hints(3));
        queue.push(hints(1));
        assert_eq!(queue.dropped(), 3);
        assert_eq!(queue.take().await.len(), WAITING - 1);
        queue.push(hints(1));
        assert_eq!(queue.take().await, [moved("u_0", 1)]);
    }

    #[tokio::test]
    async fn who_waits_is_woken() {
        let queue = Queue::default();
        let (taken, ()) = tokio::join!(queue.take(), async { queue.push(vec![moved("ann", 1)]) });
        assert_eq!(taken, [moved("ann", 1)]);
    }
}
