//! A database that is away, slow or full: what callers are told, and that it heals by itself.

use std::sync::Arc;

use grelot_store::conformance::{HandClock, Heard, user};
use grelot_store::{Inboxes as _, Maintenance as _, NotifyError, StoreError};
use grelot_store_postgres::{OpenError, PostgresOptions, PostgresStore};

use crate::support::{Holder, TempBackend, send};

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
