//! The outbox, worked on by several nodes of one database.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use grelot_core::{DeliveryState, DigestRhythm, PreferencesUpdate, UserId};
use grelot_store::conformance::{HandClock, Heard, content, mail, reachable, user};
use grelot_store::{
    Deliveries as _, DeliveryFilter, Errand, Lease, MailMatter, PreferenceBook as _, Settlement,
    Users as _,
};
use grelot_store_postgres::PostgresStore;
use tokio::task::{JoinSet, yield_now};

use crate::cluster::Database;
use crate::support::{Holder, TempBackend};

/// A node with its own clock.
async fn node(backend: &TempBackend) -> (Arc<PostgresStore>, Arc<HandClock>) {
    let clock = Arc::new(HandClock::new());
    let shared = Arc::clone(&clock);
    let store = PostgresStore::open(backend.options(), shared, Arc::new(Heard::new())).await;
    (store.unwrap(), clock)
}

/// Hands over what was leased: the titles.
async fn send(store: &PostgresStore, lease: &Lease) -> Vec<String> {
    let errand = store.errand(lease).await.unwrap().unwrap();
    let Errand::Send(mail) = errand else { panic!("{errand:?}") };
    let items = match &mail.matter {
        MailMatter::One(item) => std::slice::from_ref(item),
        MailMatter::Digest { items, more } => {
            assert_eq!(*more, 0);
            items
        }
    };
    let titles = items.iter().map(|item| item.content.title.as_str().to_owned()).collect();
    let collected = mail.collected.clone();
    let sent = Settlement::Sent { answer: "250 ok".to_owned(), collected };
    assert!(store.settle(lease, sent).await.unwrap());
    titles
}

const USERS: usize = 12;
const EACH: usize = 4;

#[tokio::test]
async fn nodes_lease_side_by_side_and_no_user_has_two_out() {
    let backend = TempBackend::new();
    let nodes = [node(&backend).await, node(&backend).await];
    for number in 0..EACH {
        for name in 0..USERS {
            let user = reachable(&*nodes[0].0, &format!("u{name}")).await;
            mail(&*nodes[0].0, &user, content(&number.to_string())).await;
        }
        for (_, clock) in &nodes {
            clock.advance(Duration::from_millis(1));
        }
    }
    for (_, clock) in &nodes {
        clock.advance(Duration::from_mins(5));
    }
    let out: Arc<Mutex<HashSet<UserId>>> = Arc::default();
    let sent: Arc<Mutex<HashMap<UserId, Vec<String>>>> = Arc::default();
    let mut workers = JoinSet::new();
    for worker in 0..4 {
        let store = Arc::clone(&nodes[worker % 2].0);
        let (out, sent) = (Arc::clone(&out), Arc::clone(&sent));
        workers.spawn(async move {
            for _ in 0..10_000 {
                if sent.lock().unwrap().values().map(Vec::len).sum::<usize>() == USERS * EACH {
                    return;
                }
                let leases = store.lease(1 + worker).await.unwrap().leases;
                for lease in &leases {
                    assert!(out.lock().unwrap().insert(lease.user.clone()), "two are out");
                }
                for lease in leases {
                    // Free before it is settled: another worker may be quicker than this one.
                    out.lock().unwrap().remove(&lease.user);
                    let titles = send(&store, &lease).await;
                    sent.lock().unwrap().entry(lease.user).or_default().extend(titles);
                }
                yield_now().await;
            }
            panic!("the outbox is never empty");
        });
    }
    workers.join_all().await;
    let states = "SELECT state, count(*) FROM grelot.deliveries GROUP BY state";
    assert_eq!(backend.database.run(states), format!("sent|{}", USERS * EACH));
    let attempts = "SELECT count(*), max(number) FROM grelot.attempts";
    assert_eq!(backend.database.run(attempts), format!("{}|1", USERS * EACH));
    // In the order in which they became due.
    let order: Vec<String> = (0..EACH).map(|number| number.to_string()).collect();
    let sent = sent.lock().unwrap();
    assert!(sent.values().all(|titles| *titles == order), "{sent:?}");
}

async fn wants_digests(store: &PostgresStore, name: &str) -> UserId {
    let user = reachable(store, name).await;
    let hourly =
        PreferencesUpdate { digest: Some(DigestRhythm::Hourly), ..PreferencesUpdate::default() };
    store.update_preferences(&user, &hourly).await.unwrap();
    user
}

/// Returns when so many transactions wait for a lock.
fn wait_for_waiting(database: &Database, count: u32) {
    let waiting = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let reached = |_: &i32| database.run(waiting) == count.to_string();
    assert!((0..1_000).find(reached).is_some(), "nobody waits");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_want_a_digest_at_once_open_one() {
    let backend = TempBackend::new();
    let nodes = [node(&backend).await.0, node(&backend).await.0];
    let ann = wants_digests(&nodes[0], "ann").await;
    // Without an inbox that would have to be locked.
    let muted = PreferencesUpdate { in_app: Some(false), ..PreferencesUpdate::default() };
    nodes[0].update_preferences(&ann, &muted).await.unwrap();
    let holder = Holder::new(&backend.database, "LOCK TABLE grelot.deliveries IN SHARE MODE");
    let mut senders = JoinSet::new();
    for store in nodes {
        let ann = ann.clone();
        senders.spawn(async move { mail(&*store, &ann, content("one")).await });
    }
    wait_for_waiting(&backend.database, 2);
    drop(holder);
    senders.join_all().await;
    let states = "SELECT state, count(*) FROM grelot.deliveries GROUP BY state ORDER BY state";
    assert_eq!(backend.database.run(states), "collected|2\npending|1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_digest_waits_for_what_is_being_added_to_it() {
    let backend = TempBackend::new();
    let (sender, worker) = (node(&backend).await.0, node(&backend).await);
    // For it everything is due at once.
    worker.1.advance(Duration::from_hours(2));
    let ann = wants_digests(&sender, "ann").await;
    mail(&*sender, &ann, content("one")).await;
    let holder = Holder::new(&backend.database, "LOCK TABLE notifications IN SHARE MODE");
    let mut senders = JoinSet::new();
    senders.spawn(async move { mail(&*sender, &ann, content("two")).await });
    wait_for_waiting(&backend.database, 1);
    assert_eq!(worker.0.lease(10).await.unwrap().leases, []);
    drop(holder);
    senders.join_all().await;
    let leases = worker.0.lease(10).await.unwrap().leases;
    assert_eq!(leases.len(), 1);
    assert_eq!(send(&worker.0, &leases[0]).await, ["two", "one"]);
}

#[tokio::test]
async fn nothing_is_added_to_a_digest_that_is_gone() {
    let backend = TempBackend::new();
    let (nodes, worker) = ([node(&backend).await, node(&backend).await], node(&backend).await);
    // For it everything is due at once.
    worker.1.advance(Duration::from_hours(2));
    let mut users = Vec::new();
    for name in ["ann", "bob", "cat"] {
        users.push(wants_digests(&worker.0, name).await);
    }
    let mut senders = JoinSet::new();
    for number in 0..60 {
        let (store, user) = (Arc::clone(&nodes[number % 2].0), users[number % 3].clone());
        senders.spawn(async move { mail(&*store, &user, content(&number.to_string())).await });
    }
    let mut sent = HashSet::new();
    for _ in 0..10_000 {
        while senders.try_join_next().is_some() {}
        for lease in worker.0.lease(10).await.unwrap().leases {
            for title in send(&worker.0, &lease).await {
                assert!(sent.insert(title), "sent twice");
            }
        }
        if sent.len() == 60 {
            break;
        }
        yield_now().await;
    }
    assert_eq!(sent.len(), 60);
    let states = "SELECT DISTINCT state FROM grelot.deliveries";
    assert_eq!(backend.database.run(states), "sent");
}

#[tokio::test]
async fn a_delivery_that_cannot_be_read_is_given_up_and_in_nobody_s_way() {
    let backend = TempBackend::new();
    let store = backend.open_store().await;
    for name in ["ann", "bob", "carl", "dora", "eve", "finn"] {
        let user = reachable(&*store, name).await;
        mail(&*store, &user, content("one")).await;
    }
    for damage in [
        // What is due, and what was due and in the way of a whole one of the same user.
        r#"UPDATE grelot.deliveries SET "dueAt" = 1, "readyAt" = 1"#,
        r#"UPDATE grelot.deliveries SET "userId" = '' WHERE "userId" = 'ann'"#,
        r#"INSERT INTO grelot.deliveries (id, "userId", "notificationId", "inAppRule", rule, state, "readyAt", "dueAt",
            "createdAt") VALUES (E'\n', 'bob', 'x', 'default', 'default', 'pending', 0, 0, 0)"#,
        r#"INSERT INTO grelot.deliveries (id, "userId", "notificationId", "inAppRule", rule, state, "readyAt", "dueAt",
            "startedAt", "leasedUntil", "createdAt")
            VALUES ('', 'carl', 'x', 'default', 'default', 'sending', 0, 0, 0, 1, 0)"#,
        r#"UPDATE grelot.deliveries SET token = -1 WHERE "userId" = 'dora'"#,
        r#"UPDATE grelot.deliveries SET state = 'sending', "leasedUntil" = 1 WHERE "userId" = 'eve'"#,
        r#"UPDATE grelot.deliveries SET state = 'sending', "leasedUntil" = 1, "startedAt" = 1, lost = -1
            WHERE "userId" = 'finn'"#,
    ] {
        backend.database.run(damage);
    }
    let mut leased = Vec::new();
    for _ in 0..3 {
        leased.extend(store.lease(10).await.unwrap().leases);
    }
    let mut users: Vec<_> = leased.iter().map(|lease| lease.user.as_str()).collect();
    users.sort_unstable();
    assert_eq!(users, ["bob", "carl"]);
    let stats = store.outbox_stats().await.unwrap();
    assert_eq!((stats.pending, stats.sending, stats.dead), (0, 2, 6));
    // What cannot be named is counted, and hides nothing from a list.
    let dead = DeliveryFilter { state: Some(DeliveryState::Dead), before: None };
    assert_eq!(store.deliveries(dead, 10).await.unwrap().len(), 3);
    assert_eq!(store.deliveries(DeliveryFilter::default(), 10).await.unwrap().len(), 5);
    let why =
        "SELECT reason FROM grelot.deliveries WHERE state = 'dead' ORDER BY reason COLLATE \"C\"";
    let what = ["id", "id", "lost", "startedAt", "token", "userId"];
    let expected = what.map(|what| format!("deliveries.{what} cannot be read"));
    assert_eq!(backend.database.run(why), expected.join("\n"));
    // Whoever owns one that cannot be named can be erased, and what has ended goes.
    store.erase(&user("bob")).await.unwrap();
    let later = grelot_core::Timestamp::from_millis(i64::MAX);
    assert_eq!(store.prune_deliveries(later, 10).await.unwrap(), 5);
}

#[tokio::test]
async fn a_delivery_that_is_out_for_ever_comes_back() {
    let backend = TempBackend::new();
    let (store, clock) = node(&backend).await;
    let ann = reachable(&*store, "ann").await;
    mail(&*store, &ann, content("one")).await;
    clock.advance(Duration::from_mins(5));
    let first = store.lease(1).await.unwrap().leases.remove(0);
    backend.database.run(r#"UPDATE grelot.deliveries SET "leasedUntil" = NULL"#);
    let again = store.lease(1).await.unwrap();
    assert_eq!(again.lost, 1);
    let again = &again.leases[0];
    assert_eq!((&again.id, again.token), (&first.id, first.token + 1));
}
