//! One write of a user at a time, the committers' apart: who has many under way for one inbox, which lets them in one by one
//! anyway, holds one connection and not all of them. Not here: the connections (`writers`).

use std::hash::{BuildHasher as _, RandomState};

use grelot_core::UserId;
use tokio::sync::{Mutex, MutexGuard};

/// Users share lanes by chance; few of so many lanes are in use at any time.
const LANES: usize = 1024;

/// The lanes of a store.
#[derive(Debug)]
pub(crate) struct Lanes {
    lanes: Box<[Mutex<()>]>,
    hasher: RandomState,
}

impl Default for Lanes {
    fn default() -> Self {
        Self { lanes: (0..LANES).map(|_| Mutex::new(())).collect(), hasher: RandomState::new() }
    }
}

impl Lanes {
    /// The user's lane, when whoever came before has left it; first come, first served.
    pub(crate) async fn enter(&self, user: &UserId) -> Option<MutexGuard<'_, ()>> {
        let lane = self.hasher.hash_one(user) % LANES as u64;
        // The remainder names one of them.
        let lane = usize::try_from(lane).ok().and_then(|lane| self.lanes.get(lane))?;
        Some(lane.lock().await)
    }
}
