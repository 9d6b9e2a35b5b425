//! Opening, closing, and what is there after a crash.

use std::process::Command;
use std::sync::Arc;

use grelot_core::{ApiKey, Clock as _, Fingerprint, ListFilter, ReadStatus, Scopes};
use grelot_store::conformance::{HandClock, Heard, user};
use grelot_store::{Inboxes as _, Keys as _, Maintenance as _, Notify as _, StoreError};
use grelot_store_sqlite::{OpenError, SqliteOptions, SqliteStore, migrate};

use crate::support::{TempBackend, open, send, walk_unread};

fn try_open(options: SqliteOptions) -> Result<Arc<SqliteStore>, OpenError> {
    SqliteStore::open(options, Arc::new(HandClock::new()), Arc::new(Heard::new()))
}

#[tokio::test]
async fn a_second_server_is_refused_until_the_first_is_closed() {
    let backend = TempBackend::new();
    let first = backend.open_store();
    let refused = try_open(backend.options());
    assert!(matches!(refused, Err(OpenError::Served(_))), "{refused:?}");
    let message = refused.unwrap_err().to_string();
    assert!(message.starts_with("another grelot serves this database"), "{message}");
    // The refusal left the first one alone.
    send(&*first, &user("ann"), "one").await.unwrap();
    first.close();
    let second = try_open(backend.options()).unwrap();
    assert_eq!(walk_unread(&*second, &user("ann")).await, 1);
}

#[tokio::test]
async fn a_command_changes_keys_beside_a_server() {
    let backend = TempBackend::new();
    let clock = Arc::new(HandClock::new());
    let key = ApiKey {
        id: "k".to_owned(),
        name: "name".to_owned(),
        digest: Fingerprint([1; 32]),
        scopes: Scopes::ALL,
        created_at: clock.now(),
        revoked_at: None,
    };
    let server = backend.open_store();
    let command = SqliteStore::open_beside(backend.options(), clock).unwrap();
    assert_eq!(command.secret(), server.secret());
    command.create_api_key(key.clone()).await.unwrap();
    assert_eq!(server.api_key("k").await.unwrap(), Some(key));
    command.close();
    send(&*server, &user("ann"), "one").await.unwrap();
    assert!(server.health().await.is_ok());
}

#[tokio::test]
async fn a_closed_store_refuses_and_keeps_what_was_acknowledged() {
    let backend = TempBackend::new();
    let store = backend.open_store();
    send(&*store, &user("ann"), "one").await.unwrap();
    store.close();
    store.close();
    let refused = store.notify(grelot_store::conformance::request(
        &user("ann"),
        grelot_store::conformance::content("two"),
    ));
    assert!(refused.await.is_err());
    assert!(matches!(store.inbox(&user("ann")).await, Err(StoreError::Busy)));
    assert_eq!(walk_unread(&*backend.open_store(), &user("ann")).await, 1);
}

#[tokio::test]
async fn closing_leaves_one_file_and_its_lock() {
    let backend = TempBackend::new();
    let store = backend.open_store();
    send(&*store, &user("ann"), "one").await.unwrap();
    store.close();
    let entries = std::fs::read_dir(backend.directory()).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["grelot.db", "grelot.db.lock"]);
}

#[tokio::test]
async fn a_killed_server_loses_nothing_that_it_acknowledged() {
    let backend = TempBackend::new();
    let store = backend.open_store();
    let ann = user("ann");
    let mut ids = Vec::new();
    for title in ["one", "two", "three"] {
        ids.push(send(&*store, &ann, title).await.unwrap());
    }
    store.set_read(&ann, ids[0], true).await.unwrap();
    let before = store.inbox(&ann).await.unwrap();
    // What a kill leaves is what the files hold now: the log has not been copied into the database.
    for name in ["grelot.db", "grelot.db-wal"] {
        let (from, to) = (backend.file(name), backend.file(&format!("killed-{name}")));
        assert!(Command::new("cp").args([from, to]).status().unwrap().success());
    }
    let secret = store.secret();
    let after = open(SqliteOptions::new(backend.file("killed-grelot.db")));
    assert_eq!(after.inbox(&ann).await.unwrap(), before);
    assert_eq!(walk_unread(&*after, &ann).await, 2);
    assert_eq!(after.secret(), secret);
    let read = ListFilter { status: ReadStatus::Read, ..ListFilter::default() };
    let page = after.list(&ann, &read, None, 10).await.unwrap();
    assert_eq!(page.notifications[0].id, ids[0]);
}

#[test]
fn a_dry_run_of_the_migrations_changes_nothing() {
    let backend = TempBackend::new();
    let report = migrate(&backend.path(), true).unwrap();
    assert!(report.present.is_empty() && !report.pending.is_empty());
    assert!(report.pending[0].sql.contains("CREATE TABLE notifications"));
    assert!(!backend.path().exists());
    std::fs::write(backend.path(), "").unwrap();
    assert_eq!(migrate(&backend.path(), true).unwrap(), report);
    assert_eq!(std::fs::metadata(backend.path()).unwrap().len(), 0);
}

#[test]
fn migrations_are_applied_once_beside_a_server_too() {
    let backend = TempBackend::new();
    let first = migrate(&backend.path(), false).unwrap();
    assert!(first.present.is_empty());
    let _server = backend.open_store();
    for dry_run in [true, false] {
        let again = migrate(&backend.path(), dry_run).unwrap();
        assert_eq!(again.present, first.pending);
        assert!(again.pending.is_empty());
    }
}

#[test]
fn a_database_that_is_none_is_refused() {
    let backend = TempBackend::new();
    std::fs::write(backend.path(), "not a database, but long enough to be read as one".repeat(99))
        .unwrap();
    assert!(matches!(try_open(backend.options()), Err(OpenError::Database(..))));
    let nowhere = SqliteOptions::new(backend.file("missing/grelot.db"));
    assert!(matches!(try_open(nowhere), Err(OpenError::Lock(..))));
}
