//! Two hubs over one store, as two nodes have them: each commit is made by one of them, and the other hears of it by
//! hints that a test passes on, or does not.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use grelot_core::{Change, Clock as _, Seq, Timestamp, UserId};
use grelot_hub::{Hub, Publisher, Sweep, mailbox};
use grelot_store::conformance::nodes::SharedBackend;
use grelot_store::conformance::{content, request};
use grelot_store::{
    Bus, BusStats, Committed, Endings, Heard as _, Hint, Nodes, Notify as _, Replay as _, Store,
    StoreError, Users as _,
};
use grelot_store_sqlite::{SqliteOptions, SqliteStore};
use parking_lot::Mutex;

use crate::support::{Base, World, quiet};

/// What a node told the other, until a test passes it on.
#[derive(Debug, Default)]
pub(crate) struct Wire(Mutex<Vec<Hint>>);

impl Wire {
    pub(crate) fn take(&self) -> Vec<Hint> {
        std::mem::take(&mut *self.0.lock())
    }
}

impl Bus for Wire {
    fn tell(&self, hints: Vec<Hint>) {
        self.0.lock().extend(hints);
    }

    fn stats(&self) -> BusStats {
        BusStats { connected: true, ..BusStats::default() }
    }
}

/// Which node makes the next commits, and what each has committed and not heard of yet.
#[derive(Debug, Default)]
struct Turns {
    whose: AtomicUsize,
    made: [Mutex<Vec<Change>>; 2],
}

impl Committed for Turns {
    fn committed(&self, changes: Vec<Change>) {
        self.made[self.whose.load(Ordering::SeqCst)].lock().extend(changes);
    }
}

/// Two nodes.
pub(crate) struct Pair {
    /// The nodes' hubs.
    pub(crate) nodes: [World; 2],
    /// What each told the other.
    pub(crate) wires: [Arc<Wire>; 2],
    pub(crate) base: Arc<Base>,
    publishers: [Publisher; 2],
    turns: Arc<Turns>,
}

impl Pair {
    pub(crate) async fn new() -> Self {
        let wires = [Arc::<Wire>::default(), Arc::<Wire>::default()];
        let [first, second] = wires.clone();
        let (first, first_mailbox) = mailbox(1_024, Some(first));
        let (second, second_mailbox) = mailbox(1_024, Some(second));
        let publishers = [first.clone(), second.clone()];
        let turns = Arc::<Turns>::default();
        let base = Base::open(Arc::<Turns>::clone(&turns));
        let nodes = [
            World::over(&base, quiet(), first, first_mailbox).await,
            World::over(&base, quiet(), second, second_mailbox).await,
        ];
        Self { nodes, wires, base, publishers, turns }
    }

    /// Sends a notification through one of the nodes.
    pub(crate) async fn notify(&self, node: usize, user: &UserId) {
        self.commit(node, user).await;
        self.hear(node);
    }

    /// Commits a notification through one of the nodes, whose hub has not heard of it yet.
    pub(crate) async fn commit(&self, node: usize, user: &UserId) {
        self.turns.whose.store(node, Ordering::SeqCst);
        self.base.store.notify(request(user, content("hello"))).await.unwrap();
    }

    /// The node's hub hears what the node has committed.
    pub(crate) fn hear(&self, node: usize) {
        let made = std::mem::take(&mut *self.turns.made[node].lock());
        self.publishers[node].committed(made);
    }

    /// Passes on what a node has told the other.
    pub(crate) fn pass_on(&self, from: usize) {
        self.nodes[1 - from].hub.heard(self.wires[from].take());
    }

    /// A sweep of one of the nodes.
    pub(crate) fn sweep(&self, node: usize) -> Sweep {
        sweep(&self.nodes[node].hub, &self.base)
    }
}

fn sweep(hub: &Hub, base: &Arc<Base>) -> Sweep {
    let nodes = Arc::new(Asked(Arc::clone(&base.store), Arc::clone(&base.clock)));
    Sweep::new(hub.clone(), nodes, Duration::from_millis(10))
}

/// What a node asks, answered by a SQLite store, which has no need of that: one process has it to itself.
struct Asked(Arc<SqliteStore>, Arc<grelot_store::conformance::HandClock>);

#[async_trait]
impl Nodes for Asked {
    async fn moved_beyond(
        &self,
        known: &[(UserId, Seq)],
    ) -> Result<Vec<(UserId, Seq)>, StoreError> {
        let mut moved = Vec::new();
        for (user, known) in known {
            let seq = self.0.version(user).await?.seq;
            if seq > *known {
                moved.push((user.clone(), seq));
            }
        }
        Ok(moved)
    }

    async fn ended_since(&self, since: Timestamp, users: &[UserId]) -> Result<Endings, StoreError> {
        let mut endings = Endings { users: Vec::new(), now: self.1.now() };
        for user in users {
            let ended = self.0.sessions_revoked_at(user).await?;
            endings.users.extend(ended.filter(|at| *at >= since).map(|at| (user.clone(), at)));
        }
        Ok(endings)
    }
}

mod conformance {
    //! The stand-in does what backends do that several processes share.

    use super::*;

    struct TempBackend(tempfile::TempDir);

    #[async_trait]
    impl SharedBackend for TempBackend {
        async fn open(
            &self,
            _clock: Arc<dyn grelot_core::Clock>,
            listener: Arc<dyn Committed>,
        ) -> (Arc<dyn Store>, Arc<dyn Nodes>) {
            let clock = Arc::<grelot_store::conformance::HandClock>::default();
            let options = SqliteOptions::new(self.0.path().join("grelot.db"));
            let as_clock = Arc::<grelot_store::conformance::HandClock>::clone(&clock);
            let store = SqliteStore::open(options, as_clock, listener).unwrap();
            (Arc::<SqliteStore>::clone(&store), Arc::new(Asked(store, clock)))
        }
    }

    grelot_store::conformance_suite_of_nodes!(TempBackend(tempfile::TempDir::new().unwrap()));
}
