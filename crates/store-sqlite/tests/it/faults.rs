//! A full disk, and rows that are not as this program writes them.

use grelot_core::{DeliveryState, ListFilter};
use grelot_store::conformance::{
    a_spoilt_category_is_in_nobodys_way, content, mail, reachable, request, user,
};
use grelot_store::{
    Deliveries as _, DeliveryFilter, Inboxes as _, Maintenance as _, NotifyError, StoreError,
    Users as _,
};
use grelot_store_sqlite::SqliteOptions;
use rusqlite::Connection;

use crate::support::{TempBackend, large, notify, open, send, walk_unread};

#[tokio::test]
async fn a_full_disk_is_unavailable_and_heals_without_a_restart() {
    let backend = TempBackend::new();
    let store = open(SqliteOptions { max_pages: Some(100), ..backend.options() });
    let (ann, bob) = (user("ann"), user("bob"));
    let mut sent = 0;
    let refused = loop {
        let request = request(&ann, large("one", 8_000));
        match notify(&*store, request).await {
            Ok(_) => sent += 1,
            Err(refused) => break refused,
        }
    };
    assert!(sent > 0);
    let full = matches!(refused, NotifyError::Store(StoreError::Unavailable(_)));
    assert!(full, "{refused:?}");
    // Reads go on, and show what was acknowledged and nothing else.
    assert_eq!(walk_unread(&*store, &ann).await, sent);
    assert_eq!(store.inbox(&ann).await.unwrap().seq.get(), sent);
    store.health().await.unwrap();
    store.erase(&ann).await.unwrap();
    notify(&*store, request(&bob, large("one", 8_000))).await.unwrap();
    assert_eq!(walk_unread(&*store, &bob).await, 1);
    assert!(store.stats().failed > 0);
}

#[tokio::test]
async fn a_row_that_does_not_parse_fails_its_readers_alone() {
    let backend = TempBackend::new();
    let store = backend.open_store();
    let (ann, bob) = (user("ann"), user("bob"));
    let id = send(&*store, &ann, "one").await.unwrap();
    send(&*store, &bob, "one").await.unwrap();
    let stranger = Connection::open(backend.path()).unwrap();
    stranger.execute("UPDATE notifications SET type = 'LOUD' WHERE userId = 'ann'", []).unwrap();
    let listed = store.list(&ann, &ListFilter::default(), None, 10).await;
    assert!(matches!(listed, Err(StoreError::Corrupt(_))), "{listed:?}");
    assert!(matches!(store.set_read(&ann, id, true).await, Err(StoreError::Corrupt(_))));
    assert_eq!(walk_unread(&*store, &bob).await, 1);
    send(&*store, &bob, "two").await.unwrap();
    let message = listed.unwrap_err().to_string();
    assert!(message.contains("notifications.type") && !message.contains("LOUD"), "{message}");
}

#[tokio::test]
async fn preferences_that_do_not_parse_fail_nobody_else() {
    let backend = TempBackend::new();
    let store = backend.open_store();
    let stranger = Connection::open(backend.path()).unwrap();
    stranger
        .execute(
            "INSERT INTO notification_preferences (id, userId, categories) VALUES ('x', 'ann', '[]')",
            [],
        )
        .unwrap();
    let refused = send(&*store, &user("ann"), "one").await;
    let corrupt = matches!(refused, Err(NotifyError::Store(StoreError::Corrupt(_))));
    assert!(corrupt, "{refused:?}");
    notify(&*store, request(&user("bob"), content("one"))).await.unwrap();
}

#[tokio::test]
async fn a_delivery_that_cannot_be_read_is_given_up_and_in_nobody_s_way() {
    let backend = TempBackend::new();
    let store = backend.open_store();
    for name in ["ann", "bob", "carl", "dora", "eve", "finn"] {
        let user = reachable(&*store, name).await;
        mail(&*store, &user, content("one")).await;
    }
    let stranger = Connection::open(backend.path()).unwrap();
    for damage in [
        // What is due, and what was due and in the way of a whole one of the same user.
        "UPDATE deliveries SET dueAt = 1, readyAt = 1",
        "UPDATE deliveries SET userId = '' WHERE userId = 'ann'",
        "INSERT INTO deliveries (id, userId, notificationId, inAppRule, rule, state, readyAt, dueAt, createdAt)
            VALUES ('?', 'bob', 'x', 'default', 'default', 'pending', 0, 0, 0)",
        "INSERT INTO deliveries (id, userId, notificationId, inAppRule, rule, state, readyAt, dueAt, startedAt,
            leasedUntil, createdAt) VALUES ('!', 'carl', 'x', 'default', 'default', 'sending', 0, 0, 0, 1, 0)",
        "UPDATE deliveries SET token = -1 WHERE userId = 'dora'",
        "UPDATE deliveries SET state = 'sending', leasedUntil = 1 WHERE userId = 'eve'",
        "UPDATE deliveries SET state = 'sending', leasedUntil = 1, startedAt = 1, lost = -1 WHERE userId = 'finn'",
    ] {
        stranger.execute(damage, []).unwrap();
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
    let why: Vec<String> = stranger
        .prepare("SELECT reason FROM deliveries WHERE state = 'dead' ORDER BY reason")
        .and_then(|mut query| query.query_map([], |row| row.get(0))?.collect())
        .unwrap();
    let what = ["id", "id", "lost", "startedAt", "token", "userId"];
    assert_eq!(why, what.map(|what| format!("deliveries.{what} cannot be read")));
    let later = grelot_core::Timestamp::from_millis(i64::MAX);
    assert_eq!(store.prune_deliveries(later, 10).await.unwrap(), 6);
}

#[tokio::test]
async fn rows_that_cannot_be_read_keep_nothing_of_others() {
    let backend = TempBackend::new();
    let store = backend.open_store();
    for title in ["1", "2", "3"] {
        send(&*store, &user("ann"), title).await.unwrap();
    }
    let stranger = Connection::open(backend.path()).unwrap();
    stranger
        .execute_batch(
            "INSERT INTO inboxes (userId, seq, unread, prunedSeq, changedAt)
                VALUES ('', 9, 0, 0, 0), ('aa' || char(10), 9, 0, 0, 0), ('abe', -9, 0, 0, 0), ('zoe', -1, 0, 0, 0);
            INSERT INTO changes (userId, seq, kind, createdAt, unreadBefore)
                VALUES ('', 1, 'read', 1, 0), ('aa' || char(10), -1, 'read', 1, 0);",
        )
        .unwrap();
    let (mut after, mut removed) = (None, 0);
    for _ in 0..100 {
        let step = store.trim_inboxes(after.as_ref(), 2, 10).await.unwrap();
        removed += step.removed;
        after = step.after;
        if step.done {
            break;
        }
    }
    assert_eq!(removed, 1);
    let far = grelot_core::Timestamp::from_millis(4_000_000_000_000);
    assert_eq!(store.prune_changes(far, 2).await.unwrap(), 2);
    assert_eq!(store.prune_changes(far, 2).await.unwrap(), 1);
}

#[tokio::test]
async fn a_delivery_that_is_out_for_ever_comes_back() {
    let backend = TempBackend::new();
    let store = backend.open_store();
    let ann = reachable(&*store, "ann").await;
    mail(&*store, &ann, content("one")).await;
    let stranger = Connection::open(backend.path()).unwrap();
    stranger.execute("UPDATE deliveries SET dueAt = 1, readyAt = 1", []).unwrap();
    let first = store.lease(1).await.unwrap().leases.remove(0);
    stranger.execute("UPDATE deliveries SET leasedUntil = NULL", []).unwrap();
    let again = store.lease(1).await.unwrap();
    assert_eq!(again.lost, 1);
    let again = &again.leases[0];
    assert_eq!((&again.id, again.token), (&first.id, first.token + 1));
}

#[tokio::test]
async fn a_category_that_cannot_be_read_counts_as_missing_and_is_in_nobody_s_way() {
    let backend = TempBackend::new();
    let store = backend.open_store();
    let stranger = Connection::open(backend.path()).unwrap();
    let damages = [
        "UPDATE categories SET label = 'Label' WHERE key = 'bad'",
        "UPDATE categories SET mailMode = 'loud' WHERE key = 'bad'",
        "UPDATE categories SET mailDelay = -1 WHERE key = 'bad'",
        "INSERT INTO categories SELECT 'No key', label, description, defaultInApp, defaultEmail, mandatoryInApp,
            mandatoryEmail, mailMode, mailDelay, mailTemplates FROM categories WHERE key = 'good'",
    ];
    let spoil = |damage: &str| assert_eq!(stranger.execute(damage, []).unwrap(), 1);
    a_spoilt_category_is_in_nobodys_way(&*store, &damages, spoil).await;
}
