//! The committer: groups, bounds, neighbours, order.

use std::sync::Arc;

use grelot_core::{ApiKey, Clock as _, Fingerprint, Recipients, Scopes};
use grelot_store::conformance::{HandClock, content, request, user};
use grelot_store::{
    Idempotency, Inboxes as _, Keys as _, Maintenance as _, Notify as _, NotifyError, StoreError,
};
use grelot_store_sqlite::{SqliteOptions, SqliteStore};
use tokio::task::JoinSet;

use crate::support::{Gate, TempBackend, notify, send, walk_unread};

fn open_behind(gate: &Arc<Gate>, options: SqliteOptions) -> Arc<SqliteStore> {
    let listener = Arc::clone(gate);
    SqliteStore::open(options, Arc::new(HandClock::new()), listener).unwrap()
}

/// Sends one notification, whose commit then stands at the gate.
async fn hold_up(store: &Arc<SqliteStore>, gate: &Gate, tasks: &mut JoinSet<()>) {
    let first = Arc::clone(store);
    tasks.spawn(async move {
        send(&*first, &user("first"), "one").await.unwrap();
    });
    gate.reached().await;
}

async fn queued(store: &SqliteStore, units: u64) {
    while store.stats().queued < units {
        tokio::task::yield_now().await;
    }
}

fn api_key(id: &str) -> ApiKey {
    ApiKey {
        id: id.to_owned(),
        name: "name".to_owned(),
        digest: Fingerprint([1; 32]),
        scopes: Scopes::ALL,
        created_at: HandClock::new().now(),
        revoked_at: None,
    }
}

#[tokio::test]
async fn what_queues_up_is_committed_at_once() {
    let (backend, gate, mut tasks) = (TempBackend::new(), Gate::closed(), JoinSet::new());
    let store = open_behind(&gate, backend.options());
    hold_up(&store, &gate, &mut tasks).await;
    for number in 0..100 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            send(&*store, &user(&format!("u{number}")), "one").await.unwrap();
        });
    }
    queued(&store, 100).await;
    gate.open();
    tasks.join_all().await;
    let stats = store.stats();
    assert_eq!((stats.commits, stats.committed, stats.queued), (2, 101, 0));
}

#[tokio::test]
async fn a_batch_is_bounded_in_units_and_in_rows() {
    let (backend, gate, mut tasks) = (TempBackend::new(), Gate::closed(), JoinSet::new());
    let options = SqliteOptions { max_batch: 10, ..backend.options() };
    let store = open_behind(&gate, options);
    hold_up(&store, &gate, &mut tasks).await;
    for number in 0..20 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            send(&*store, &user(&format!("u{number}")), "one").await.unwrap();
        });
    }
    queued(&store, 20).await;
    for _ in 0..8 {
        let store = Arc::clone(&store);
        let users = (0..1_000).map(|number| user(&format!("u{number}"))).collect();
        let mut many = request(&user("u0"), content("many"));
        many.recipients = Recipients::many(users).unwrap();
        tasks.spawn(async move {
            store.notify(many).await.unwrap();
        });
    }
    queued(&store, 28).await;
    gate.open();
    tasks.join_all().await;
    // One, then ten, ten, and the eight of a thousand rows in two commits.
    assert_eq!(store.stats().commits, 5);
}

#[tokio::test]
async fn a_full_queue_is_busy_and_loses_nothing() {
    let (backend, gate, mut tasks) = (TempBackend::new(), Gate::closed(), JoinSet::new());
    let options = SqliteOptions { queue: 3, ..backend.options() };
    let store = open_behind(&gate, options);
    hold_up(&store, &gate, &mut tasks).await;
    for _ in 0..3 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            send(&*store, &user("ann"), "one").await.unwrap();
        });
    }
    queued(&store, 3).await;
    let refused = send(&*store, &user("ann"), "too much").await;
    assert!(matches!(refused, Err(NotifyError::Store(StoreError::Busy))), "{refused:?}");
    // Reads go on meanwhile.
    assert_eq!(store.inbox(&user("first")).await.unwrap().unread, 1);
    gate.open();
    tasks.join_all().await;
    assert_eq!(walk_unread(&*store, &user("ann")).await, 3);
    assert_eq!(store.stats().refused, 1);
}

#[tokio::test]
async fn a_slot_is_taken_from_the_queue_on() {
    let (backend, gate, mut tasks) = (TempBackend::new(), Gate::closed(), JoinSet::new());
    let store = open_behind(&gate, backend.options());
    hold_up(&store, &gate, &mut tasks).await;
    let (slot, digest) = (Fingerprint([1; 32]), Fingerprint([2; 32]));
    let mut repeated = request(&user("ann"), content("one"));
    repeated.idempotency = Some(Idempotency { slot, request: digest });
    let (first, again) = (Arc::clone(&store), repeated.clone());
    tasks.spawn(async move {
        notify(&*first, again).await.unwrap();
    });
    queued(&store, 1).await;
    let refused = store.notify(repeated.clone()).await;
    assert!(matches!(refused, Err(NotifyError::InFlight)), "{refused:?}");
    gate.open();
    tasks.join_all().await;
    assert!(store.notify(repeated).await.unwrap().replayed);
}

#[tokio::test]
async fn a_failed_write_does_not_fail_its_neighbours() {
    let (backend, gate, mut tasks) = (TempBackend::new(), Gate::closed(), JoinSet::new());
    let store = open_behind(&gate, backend.options());
    hold_up(&store, &gate, &mut tasks).await;
    for number in 0..4 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            send(&*store, &user("ann"), &number.to_string()).await.unwrap();
        });
    }
    queued(&store, 4).await;
    let mut keys = JoinSet::new();
    for _ in 0..2 {
        // The second violates the key of the table, in the middle of the batch.
        let store = Arc::clone(&store);
        keys.spawn(async move { store.create_api_key(api_key("k")).await });
    }
    queued(&store, 6).await;
    for number in 4..8 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            send(&*store, &user("ann"), &number.to_string()).await.unwrap();
        });
    }
    queued(&store, 10).await;
    gate.open();
    tasks.join_all().await;
    let created = keys.join_all().await;
    assert_eq!(created.iter().filter(|key| key.is_ok()).count(), 1, "{created:?}");
    // The units of the failed batch ran twice and were committed once.
    let inbox = store.inbox(&user("ann")).await.unwrap();
    assert_eq!((inbox.seq.get(), walk_unread(&*store, &user("ann")).await), (8, 8));
    assert_eq!(store.stats().failed, 2);
}

#[tokio::test]
async fn closing_commits_what_was_queued_before() {
    let (backend, gate, mut tasks) = (TempBackend::new(), Gate::closed(), JoinSet::new());
    let store = open_behind(&gate, backend.options());
    hold_up(&store, &gate, &mut tasks).await;
    for _ in 0..10 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            send(&*store, &user("ann"), "one").await.unwrap();
        });
    }
    queued(&store, 10).await;
    let closing = Arc::clone(&store);
    let closed = tokio::task::spawn_blocking(move || closing.close());
    gate.open();
    closed.await.unwrap();
    tasks.join_all().await;
    assert_eq!(walk_unread(&*backend.open_store(), &user("ann")).await, 10);
}
