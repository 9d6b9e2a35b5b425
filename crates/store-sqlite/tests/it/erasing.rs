//! An erase leaves no byte of the user in the files; the order of its parts.

use std::sync::Arc;
use std::time::Duration;

use grelot_core::{Body, Contact, Content, PreferencesUpdate};
use grelot_store::conformance::{HandClock, Heard, content, request, user};
use grelot_store::{Inboxes as _, PreferenceBook as _, Users as _};
use grelot_store_sqlite::{SqliteOptions, SqliteStore};
use rusqlite::Connection;

use crate::support::{TempBackend, notify, read_live, send};

/// What is looked for: part of the user's id, and of everything about them.
const CANARY: &str = "canary-in-the-mine";

fn find(bytes: &[u8]) -> Option<usize> {
    bytes.windows(CANARY.len()).position(|window| window == CANARY.as_bytes())
}

fn content_with(number: usize) -> Content {
    // From small ones to some that have pages of their own.
    let text = format!("{CANARY} {}", "x".repeat(number * 97 % 3_000));
    Content { body: Some(Body::parse(&text).unwrap()), ..content(CANARY) }
}

#[tokio::test]
async fn nothing_of_an_erased_user_is_in_the_files() {
    let backend = TempBackend::new();
    let store = backend.open_store();
    let (ann, bob) = (user(CANARY), user("bob"));
    let near = [user("canary-a"), user("canary-in-z"), user("canary-z")];
    for number in 0..150 {
        // Between others, so that pages fill, split and move.
        let id = notify(&*store, request(&ann, content_with(number))).await.unwrap();
        send(&*store, &near[number % 3], "neighbour").await.unwrap();
        match number % 5 {
            0 => drop(store.set_read(&ann, id, true).await.unwrap()),
            1 => assert!(store.delete(&ann, id).await.unwrap()),
            _ => {}
        }
    }
    let contact = Contact { email: Some(format!("{CANARY}@example.com")), ..Contact::default() };
    store.put_contact(&ann, contact).await.unwrap();
    let update = PreferencesUpdate { email: Some(false), ..PreferencesUpdate::default() };
    store.update_preferences(&ann, &update).await.unwrap();
    let files = ["grelot.db", "grelot.db-wal"].map(|name| backend.file(name));
    assert!(files.iter().any(|file| find(&read_live(file)).is_some()), "the search finds nothing");
    store.erase(&ann).await.unwrap();
    for file in &files {
        assert_eq!(find(&read_live(file)), None, "{} while open", file.display());
    }
    send(&*store, &bob, "after").await.unwrap();
    store.close();
    for entry in std::fs::read_dir(backend.directory()).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(find(&std::fs::read(&path).unwrap()), None, "{}", path.display());
    }
}

#[tokio::test]
async fn what_a_backup_keeps_in_the_log_goes_when_it_ends() {
    let backend = TempBackend::new();
    let store = backend.open_store();
    let ann = user(CANARY);
    send(&*store, &ann, "one").await.unwrap();
    let backup = Connection::open(backend.path()).unwrap();
    backup.execute_batch("BEGIN; SELECT count(*) FROM notifications;").unwrap();
    store.erase(&ann).await.unwrap();
    let log = backend.file("grelot.db-wal");
    assert!(find(&read_live(&log)).is_some(), "nothing was in the way");
    // Work goes on meanwhile.
    send(&*store, &user("bob"), "one").await.unwrap();
    backup.execute_batch("COMMIT").unwrap();
    // Without any other write: the committer tries again by itself.
    let emptied = async {
        while std::fs::metadata(&log).unwrap().len() > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), emptied).await.unwrap();
    assert_eq!(find(&read_live(&backend.path())), None);
}

#[tokio::test]
async fn the_parts_of_an_erase_begin_with_what_was_read() {
    let backend = TempBackend::new();
    let (clock, heard) = (Arc::new(HandClock::new()), Arc::new(Heard::new()));
    let options = SqliteOptions { max_rows: 10, ..backend.options() };
    let store = SqliteStore::open(options, clock, Arc::<Heard>::clone(&heard)).unwrap();
    let ann = user("ann");
    for number in 0..35 {
        let id = send(&*store, &ann, "one").await.unwrap();
        if number >= 31 {
            store.set_read(&ann, id, true).await.unwrap();
        }
    }
    heard.take();
    store.erase(&ann).await.unwrap();
    let counts: Vec<_> = heard.take().iter().map(|change| change.unread).collect();
    assert_eq!(counts, [25, 15, 5, 0]);
}
