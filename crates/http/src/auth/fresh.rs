//! A bounded cache whose answers are at most a second old, with one load at a time a key. Not here: what is loaded.

use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use grelot_core::{Clock, Timestamp};
use grelot_store::StoreError;
use moka::future::Cache;

/// How old an answer may be: half of the two seconds within which a revocation has to reach every process.
const MAX_AGE: Duration = Duration::from_secs(1);
/// When an entry that nobody asks for is dropped.
const IDLE: Duration = Duration::from_mins(1);

/// A bounded cache.
pub(super) struct Fresh<K, V> {
    cache: Cache<K, Loaded<V>>,
    /// Moves on with every `forget`: an answer of which the load began before is not used, though it ended after.
    generation: AtomicU64,
    clock: Arc<dyn Clock>,
}

#[derive(Clone)]
struct Loaded<V> {
    /// When the load began, since what it read may be as old as that.
    at: Timestamp,
    generation: u64,
    value: Result<V, Arc<StoreError>>,
}

impl<V> Loaded<V> {
    /// Whether it must be loaded again. A failure always is, but those who waited for the same load share it; so is an
    /// answer from the future, which a clock that was put back makes.
    fn is_stale(&self, generation: u64, now: Timestamp) -> bool {
        self.value.is_err()
            || self.generation != generation
            || now < self.at
            || self.at.after(MAX_AGE) <= now
    }
}

impl<K, V> Fresh<K, V>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// A cache of at most `capacity` answers; over it the least used are dropped.
    pub(super) fn new(capacity: u64, clock: Arc<dyn Clock>) -> Self {
        let cache = Cache::builder().max_capacity(capacity).time_to_idle(IDLE).build();
        Self { cache, generation: AtomicU64::new(0), clock }
    }

    /// The answer for `key`, loaded by `load` unless there is a fresh one.
    pub(super) async fn get<F>(&self, key: &K, load: F) -> Result<V, Arc<StoreError>>
    where
        F: Future<Output = Result<V, StoreError>>,
    {
        let now = self.clock.now();
        let generation = self.generation.load(Ordering::Acquire);
        if let Some(loaded) = self.cache.get(key).await
            && !loaded.is_stale(generation, now)
        {
            return loaded.value;
        }
        let load = async { Loaded { at: now, generation, value: load.await.map_err(Arc::new) } };
        let is_stale = |loaded: &Loaded<V>| loaded.is_stale(generation, now);
        let entry = self.cache.entry_by_ref(key).or_insert_with_if(load, is_stale);
        entry.await.into_value().value
    }

    /// Drops the answer for `key`, and makes every other answer be loaded again: revocations are rare, and a load that
    /// is under way cannot be told from one that began later.
    pub(super) async fn forget(&self, key: &K) {
        self.generation.fetch_add(1, Ordering::AcqRel);
        self.cache.invalidate(key).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::fixture;
    use std::cell::Cell;

    #[tokio::test]
    async fn an_answer_is_used_for_a_second_and_no_longer() {
        let clock = fixture::clock();
        let fresh = Fresh::new(10, Arc::<fixture::HandClock>::clone(&clock));
        let loads = Cell::new(0);
        let load = async || {
            loads.set(loads.get() + 1);
            Ok(loads.get())
        };
        assert_eq!(fresh.get(&"k", load()).await.unwrap(), 1);
        clock.advance(999);
        assert_eq!(fresh.get(&"k", load()).await.unwrap(), 1);
        assert_eq!(fresh.get(&"other", load()).await.unwrap(), 2);
        clock.advance(1);
        assert_eq!(fresh.get(&"k", load()).await.unwrap(), 3);
        clock.advance(-5_000);
        assert_eq!(fresh.get(&"k", load()).await.unwrap(), 4, "a clock put back");
        fresh.forget(&"k").await;
        assert_eq!(fresh.get(&"k", load()).await.unwrap(), 5);
    }

    #[tokio::test]
    async fn an_answer_whose_load_began_before_a_forget_is_not_used() {
        let fresh = Fresh::new(10, fixture::clock());
        let old = async {
            fresh.forget(&"k").await;
            Ok(1)
        };
        assert_eq!(fresh.get(&"k", old).await.unwrap(), 1);
        assert_eq!(fresh.get(&"k", async { Ok(2) }).await.unwrap(), 2);
    }

    #[tokio::test]
    async fn concurrent_askers_share_one_load() {
        let fresh = Fresh::new(10, fixture::clock());
        let loads = Cell::new(0);
        let load = async || {
            loads.set(loads.get() + 1);
            tokio::task::yield_now().await;
            Ok(7)
        };
        let askers = (0..10).map(|_| fresh.get(&"k", load()));
        let answers = futures_util::future::join_all(askers).await;
        assert!(answers.into_iter().all(|answer| answer.unwrap() == 7));
        assert_eq!(loads.get(), 1);
    }

    #[tokio::test]
    async fn a_failure_is_not_kept() {
        let fresh = Fresh::new(10, fixture::clock());
        let failed = fresh.get(&"k", async { Err::<u8, _>(StoreError::Busy) }).await;
        assert!(matches!(*failed.unwrap_err(), StoreError::Busy));
        assert_eq!(fresh.get(&"k", async { Ok(7) }).await.unwrap(), 7);
    }
}
