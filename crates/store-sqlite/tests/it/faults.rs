//! A full disk, and rows that are not as this program writes them.

use grelot_core::ListFilter;
use grelot_store::conformance::{content, request, user};
use grelot_store::{Inboxes as _, Maintenance as _, NotifyError, StoreError, Users as _};
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
