//! The bus over `NOTIFY`: what one node tells, the others hear, whatever becomes of their connections.

use std::collections::HashSet;
use std::sync::Arc;

use grelot_core::Seq;
use grelot_store::conformance::user;
use grelot_store::{Bus as _, Heard, Hint};
use grelot_store_postgres::NotifyBus;
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::support::TempBackend;

/// A node that only listens.
#[derive(Debug)]
struct Ear {
    hints: Mutex<HashSet<Hint>>,
    count: watch::Sender<usize>,
}

impl Heard for Ear {
    fn heard(&self, hints: Vec<Hint>) {
        let mut all = self.hints.lock();
        all.extend(hints);
        self.count.send_replace(all.len());
    }
}

impl Ear {
    fn new() -> Arc<Self> {
        Arc::new(Self { hints: Mutex::default(), count: watch::Sender::new(0) })
    }

    async fn hears(&self, hint: &Hint) {
        let mut count = self.count.subscribe();
        count.wait_for(|_| self.hints.lock().contains(hint)).await.unwrap();
    }
}

/// Two nodes on one database, until this is dropped.
struct Pair {
    buses: [Arc<NotifyBus>; 2],
    ears: [Arc<Ear>; 2],
    backend: TempBackend,
    _stop: tokio_util::sync::DropGuard,
    _tasks: TaskTracker,
}

impl Pair {
    async fn start() -> Self {
        let backend = TempBackend::new();
        let stop = CancellationToken::new();
        let tasks = TaskTracker::new();
        let node = || {
            let (bus, ear) = (NotifyBus::new(&backend.options()).unwrap(), Ear::new());
            let heard: Arc<dyn Heard> = Arc::<Ear>::clone(&ear);
            tasks.spawn(Arc::clone(&bus).run(heard, stop.clone()));
            (bus, ear)
        };
        let ((first, left), (second, right)) = (node(), node());
        let pair = Self {
            buses: [first, second],
            ears: [left, right],
            backend,
            _stop: stop.drop_guard(),
            _tasks: tasks,
        };
        pair.connected().await;
        pair
    }

    /// Each tells until the other has heard it: from then on nothing is lost.
    async fn connected(&self) {
        let number = rand::random_range(1_000..u32::MAX.into());
        for (bus, ear) in self.buses.iter().zip(self.ears.iter().rev()) {
            let hint = Hint::Moved(user("first"), Seq::new(number));
            let mut ticks = tokio::time::interval(std::time::Duration::from_millis(20));
            tokio::select! {
                () = ear.hears(&hint) => {}
                () = async { loop { ticks.tick().await; bus.tell(vec![hint.clone()]); } } => {}
            }
        }
    }
}

#[tokio::test]
async fn what_one_node_tells_the_other_hears() {
    let pair = Pair::start().await;
    let hints = [
        Hint::Moved(user("Zoé Müller"), Seq::new(42)),
        Hint::Ended(user("用户")),
        Hint::Moved(user("- 7"), Seq::new(1)),
    ];
    pair.buses[0].tell(hints.to_vec());
    for hint in &hints {
        pair.ears[1].hears(hint).await;
    }
}

#[tokio::test]
async fn many_hints_travel_in_few_payloads_and_none_is_too_long_for_one() {
    let pair = Pair::start().await;
    let users: Vec<_> = (0..5_000).map(|n| user(&format!("{n} {}", "é".repeat(100)))).collect();
    let hints: Vec<Hint> = users.into_iter().map(|user| Hint::Moved(user, Seq::new(1))).collect();
    pair.buses[1].tell(hints.clone());
    for hint in &hints {
        pair.ears[0].hears(hint).await;
    }
}

#[tokio::test]
async fn only_the_newest_position_of_a_user_is_told() {
    let backend = TempBackend::new();
    let bus = NotifyBus::new(&backend.options()).unwrap();
    // It does not run yet: all of these wait.
    for seq in [1, 3, 2] {
        bus.tell(vec![Hint::Moved(user("ann"), Seq::new(seq))]);
    }
    let (ear, stop) = (Ear::new(), CancellationToken::new());
    let heard: Arc<dyn Heard> = Arc::<Ear>::clone(&ear);
    let running = Arc::clone(&bus).run(heard, stop.clone());
    let newest = Hint::Moved(user("ann"), Seq::new(3));
    tokio::select! {
        () = running => {}
        () = ear.hears(&newest) => {}
    }
    assert_eq!(ear.hints.lock().len(), 1);
}

#[tokio::test]
async fn a_connection_that_was_cut_is_made_again() {
    let pair = Pair::start().await;
    pair.backend.database.run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid()",
    );
    pair.connected().await;
    assert!(pair.buses.iter().all(|bus| bus.stats().connected));
}
