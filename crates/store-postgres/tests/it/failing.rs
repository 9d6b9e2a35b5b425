//! A database that is away, slow or full: what callers are told, and that it heals by itself.

use std::sync::Arc;

use grelot_core::ListFilter;
use grelot_store::conformance::{HandClock, Heard, user};
use grelot_store::{Inboxes as _, Maintenance as _, NotifyError, StoreError};
use grelot_store_postgres::{OpenError, PostgresOptions, PostgresStore};
use tokio::task::JoinSet;

use crate::support::{Holder, TempBackend, adopt, send};

const KILL: &str = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()";

#[tokio::test]
async fn a_server_that_cannot_be_reached_is_named_so() {
    let (clock, heard) = (Arc::new(HandClock::new()), Arc::new(Heard::new()));
    let options = PostgresOptions::new("postgres://u:secret@127.0.0.1:1/none");
    let refused = PostgresStore::open(options, clock, heard).await;
    let Err(OpenError::Database(why)) = refused else { panic!("{refused:?}") };
    assert!(!why.contains("secret"), "{why}");
}

#[tokio::test]
async fn connections_that_were_cut_are_made_again() {
    let backend = TempBackend::new();
    let store = backend.open_store().await;
    let ann = user("ann");
    send(&*store, &ann, "one").await.unwrap();
    for _ in 0..3 {
        backend.database.run(KILL);
        // The first use may meet a connection that does not know yet; it says so, and the next one has a new one.
        let mut tries = 0;
        while let Err(failed) = send(&*store, &ann, "again").await {
            let NotifyError::Store(StoreError::Unavailable(_)) = failed else { panic!("{failed}") };
            tries += 1;
            assert!(tries < 20, "it does not heal");
        }
        while let Err(failed) = store.health().await {
            assert!(matches!(failed, StoreError::Unavailable(_)), "{failed}");
            tries += 1;
            assert!(tries < 20, "it does not heal");
        }
    }
    let inbox = store.inbox(&ann).await.unwrap();
    let stored = backend.database.run("SELECT count(*), max(seq) FROM notifications");
    assert_eq!(stored, format!("{0}|{0}", inbox.seq.get()));
}

#[tokio::test]
async fn a_column_that_a_migration_of_the_host_changes_costs_one_answer_and_no_restart() {
    let backend = TempBackend::new();
    let store = backend.open_store().await;
    let ann = user("ann");
    let all = ListFilter::default();
    let id = send(&*store, &ann, "one").await.unwrap();
    let insert = |id: &str| {
        let row = format!("('{id}', 'ann', 'one')");
        let sql = format!(r#"INSERT INTO notifications (id, "userId", title) VALUES {row}"#);
        backend.database.run(&sql)
    };
    // Several sessions remember what the rows look like, those that write among them.
    let list = async || store.list(&ann, &all, None, 9).await;
    let _pages = tokio::join!(list(), list(), list(), list(), list(), list());
    insert("before");
    adopt(&store).await;
    let mut refused = 0;
    for kind in ["varchar(255)", "text"] {
        backend.database.run(&format!("ALTER TABLE notifications ALTER title TYPE {kind}"));
        while let Err(failed) = list().await {
            assert!(matches!(failed, StoreError::Unavailable(_)), "{failed}");
            refused += 1;
            assert!(refused < 10, "the lists do not heal");
        }
        let _pages = tokio::try_join!(list(), list(), list(), list(), list(), list()).unwrap();
        insert(&format!("after {kind}").replace([' ', '(', ')'], "-"));
        // Here it is tried again by whoever runs it.
        for _ in 0..4 {
            let _adopted = store.adopt(grelot_store::MailPolicy::ON).await;
        }
        assert_eq!(backend.database.run("SELECT count(*) FROM grelot.outside"), "0");
        send(&*store, &ann, "more").await.unwrap();
        assert!(store.set_read(&ann, id, true).await.unwrap().is_some());
    }
    assert_eq!(list().await.unwrap().notifications.len(), 6);
}

#[tokio::test]
async fn an_inbox_that_another_program_holds_is_busy_and_the_others_are_not() {
    let backend = TempBackend::new();
    let store = backend.open_store().await;
    let (ann, bob) = (user("ann"), user("bob"));
    let id = send(&*store, &ann, "one").await.unwrap();
    let lock = r#"SELECT 1 FROM grelot.inboxes WHERE "userId" = 'ann' FOR UPDATE"#;
    let holder = Holder::new(&backend.database, lock);
    let refused = store.set_read(&ann, id, true).await;
    assert!(matches!(refused, Err(StoreError::Busy)), "{refused:?}");
    send(&*store, &bob, "one").await.unwrap();
    drop(holder);
    assert!(store.set_read(&ann, id, true).await.unwrap().is_some());
}

/// What the row of a notification was kept out by has to be certain before the commit, or others are written twice.
#[tokio::test]
async fn a_row_that_a_trigger_of_another_program_keeps_out_fails_alone_and_doubles_nothing() {
    let backend = TempBackend::new();
    let store = backend.open_store().await;
    backend.database.run(
        r#"CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
        CREATE TRIGGER refuse BEFORE INSERT ON notifications FOR EACH ROW
            WHEN (NEW."userId" = 'ann') EXECUTE FUNCTION refuse()"#,
    );
    let mut sending = JoinSet::new();
    for number in 0..60 {
        let store = Arc::clone(&store);
        let whom = user(if number % 20 == 7 { "ann" } else { "bob" });
        sending.spawn(async move {
            let sent = send(&*store, &whom, &number.to_string()).await;
            (whom, sent)
        });
    }
    while let Some(sent) = sending.join_next().await {
        let (whom, sent) = sent.unwrap();
        assert_eq!(sent.is_ok(), whom == user("bob"), "{whom:?}: {sent:?}");
    }
    let stored =
        backend.database.run("SELECT count(*), count(DISTINCT title), max(seq) FROM notifications");
    assert_eq!(stored, "57|57|57");
    assert_eq!(store.inbox(&user("ann")).await.unwrap().unread, 0);
}

#[tokio::test]
async fn whoever_clicks_on_rows_that_another_program_holds_keeps_no_other_user_waiting() {
    let backend = TempBackend::new();
    let store = backend.open_store().await;
    let (ann, bob) = (user("ann"), user("bob"));
    let mut ids = Vec::new();
    for number in 0..40 {
        ids.push(send(&*store, &ann, &number.to_string()).await.unwrap());
    }
    let held = r#"UPDATE notifications SET title = 'changed' WHERE "userId" = 'ann'"#;
    let holder = Holder::new(&backend.database, held);
    let mut clicks = JoinSet::new();
    for id in ids {
        let (store, ann) = (Arc::clone(&store), ann.clone());
        clicks.spawn(async move { store.delete(&ann, id).await });
    }
    let id = send(&*store, &bob, "one").await.unwrap();
    store.set_read(&bob, id, true).await.unwrap();
    let mut over = 0;
    while let Some(click) = clicks.try_join_next() {
        assert!(matches!(click.unwrap(), Err(StoreError::Busy)));
        over += 1;
    }
    assert!(over < 40, "bob came last");
    drop(holder);
    clicks.join_all().await;
}

#[tokio::test]
async fn a_table_that_another_program_locks_holds_up_what_is_queued_once_and_not_each_of_it() {
    let backend = TempBackend::new();
    let store = backend.open_store().await;
    let holder = Holder::new(&backend.database, "LOCK TABLE notifications IN SHARE MODE");
    let mut sending = JoinSet::new();
    for number in 0..200 {
        let store = Arc::clone(&store);
        sending.spawn(async move { send(&*store, &user(&format!("u{number}")), "one").await });
    }
    // Two seconds each they would take minutes, beyond every caller's patience and that of this test.
    for sent in sending.join_all().await {
        assert!(matches!(sent, Err(NotifyError::Store(StoreError::Busy))), "{sent:?}");
    }
    drop(holder);
    send(&*store, &user("u1"), "again").await.unwrap();
    assert_eq!(backend.database.run("SELECT title FROM notifications"), "again");
}
