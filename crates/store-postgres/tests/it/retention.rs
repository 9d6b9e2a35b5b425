//! What is kept no longer, beside other programs that hold rows of it, and rows that nobody can read. Not here: what every backend
//! removes (the conformance suite).

use grelot_core::{ListFilter, Timestamp, UserId};
use grelot_store::conformance::user;
use grelot_store::{Inboxes as _, Maintenance as _, Pruned};
use grelot_store_postgres::PostgresStore;

use crate::support::{Holder, TempBackend, send};

/// Notifications of ann, unread, the oldest first.
async fn filled(store: &PostgresStore, titles: &[&str]) -> UserId {
    let ann = user("ann");
    for title in titles {
        send(store, &ann, title).await.unwrap();
    }
    ann
}

async fn titles(store: &PostgresStore, user: &UserId) -> Vec<String> {
    let page = store.list(user, &ListFilter::default(), None, 100).await.unwrap();
    page.notifications.iter().map(|found| found.content.title.as_str().to_owned()).collect()
}

/// Walks through every inbox; how many were removed.
async fn trim(store: &PostgresStore, max: u64) -> usize {
    let (mut after, mut removed) = (None, 0);
    for _ in 0..100 {
        let step = store.trim_inboxes(after.as_ref(), max, 10).await.unwrap();
        removed += step.removed;
        after = step.after;
        if step.done {
            return removed;
        }
    }
    panic!("the walk has no end");
}

const FAR: Timestamp = Timestamp::from_millis(4_000_000_000_000);

#[tokio::test]
async fn what_another_program_holds_is_pruned_later_and_nothing_waits_for_it() {
    let backend = TempBackend::new();
    let store = backend.open_store().await;
    let ann = filled(&store, &["1", "2", "3"]).await;
    backend.database.run(
        r#"SET grelot.self = 'on'; UPDATE notifications SET "readAt" = '2020-01-01'::timestamp + seq * interval '1 s';
        UPDATE grelot.inboxes SET unread = 0"#,
    );
    let held = "UPDATE notifications SET title = 'changed' WHERE seq = 1";
    let holder = Holder::new(&backend.database, held);
    assert_eq!(store.prune_read(FAR, 10).await.unwrap().removed, 2);
    assert_eq!(store.prune_read(FAR, 10).await.unwrap().removed, 0);
    assert_eq!(titles(&store, &ann).await, ["1"]);
    drop(holder);
    assert_eq!(store.prune_read(FAR, 10).await.unwrap().removed, 1);
    assert!(titles(&store, &ann).await.is_empty());
}

#[tokio::test]
async fn of_an_inbox_that_somebody_changes_nothing_is_pruned_and_the_others_go_on() {
    let backend = TempBackend::new();
    let store = backend.open_store().await;
    let ann = filled(&store, &["1", "2"]).await;
    let id = send(&*store, &user("bob"), "one").await.unwrap();
    store.set_read(&user("bob"), id, true).await.unwrap();
    for found in store.list(&ann, &ListFilter::default(), None, 9).await.unwrap().notifications {
        store.set_read(&ann, found.id, true).await.unwrap();
    }
    let lock = r#"SELECT 1 FROM grelot.inboxes WHERE "userId" = 'ann' FOR UPDATE"#;
    let holder = Holder::new(&backend.database, lock);
    assert_eq!(store.prune_read(FAR, 10).await.unwrap(), Pruned { removed: 1, held: 2 });
    assert_eq!(store.prune_read(FAR, 10).await.unwrap(), Pruned { removed: 0, held: 2 });
    assert_eq!(
        (titles(&store, &user("bob")).await.len(), titles(&store, &ann).await.len()),
        (0, 2)
    );
    drop(holder);
    assert_eq!(store.prune_read(FAR, 10).await.unwrap().removed, 2);
}

#[tokio::test]
async fn what_another_program_holds_stays_and_newer_ones_are_trimmed_instead() {
    let backend = TempBackend::new();
    let store = backend.open_store().await;
    let ann = filled(&store, &["1", "2", "3", "4"]).await;
    let holder =
        Holder::new(&backend.database, "UPDATE notifications SET title = 'changed' WHERE seq = 1");
    assert_eq!(trim(&store, 2).await, 2);
    assert_eq!(titles(&store, &ann).await, ["4", "1"]);
    let inbox = store.inbox(&ann).await.unwrap();
    assert_eq!((inbox.seq.get(), inbox.unread), (6, 2));
    drop(holder);
    assert_eq!(trim(&store, 1).await, 1);
    assert_eq!(titles(&store, &ann).await, ["4"]);
}

#[tokio::test]
async fn rows_that_cannot_be_read_keep_nothing_of_others() {
    let backend = TempBackend::new();
    let store = backend.open_store().await;
    let ann = filled(&store, &["1", "2", "3"]).await;
    backend.database.run(
        r#"INSERT INTO grelot.inboxes ("userId", seq) VALUES ('', 9), (E'aa\n', 9), ('abe', -9), ('zoe', -1);
        INSERT INTO grelot.changes ("userId", seq, kind, "createdAt", "unreadBefore")
            VALUES ('', 1, 'read', 1, 0), (E'aa\n', -1, 'read', 1, 0)"#,
    );
    assert_eq!(trim(&store, 2).await, 1);
    assert_eq!(titles(&store, &ann).await, ["3", "2"]);
    assert_eq!(store.prune_changes(FAR, 2).await.unwrap(), 2);
    assert_eq!(store.prune_changes(FAR, 2).await.unwrap(), 1);
}
