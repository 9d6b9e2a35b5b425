//! Backups: of a busy database, complete, and never over something else.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use grelot_core::{ListFilter, ReadStatus, Recipients};
use grelot_store::conformance::{request, user};
use grelot_store::{Inboxes as _, Keys as _, Notify as _, ReadAllScope};
use grelot_store_sqlite::{BackupError, SqliteOptions, backup};
use tokio::task::JoinSet;

use crate::support::{TempBackend, large, open, send, walk_unread};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_under_load_restores_to_a_consistent_state() {
    let backend = TempBackend::new();
    let store = backend.open_store();
    let users: Vec<_> = (0..500).map(|number| user(&format!("u{number}"))).collect();
    let mut many = request(&users[0], large("before", 15_000));
    many.recipients = Recipients::many(users.clone()).unwrap();
    store.notify(many).await.unwrap();

    let stop = Arc::new(AtomicBool::new(false));
    let mut writers = JoinSet::new();
    for writer in 0..4 {
        let (store, stop, users) = (Arc::clone(&store), Arc::clone(&stop), users.clone());
        writers.spawn(async move {
            let mut sent = 0_usize;
            while !stop.load(Ordering::Relaxed) {
                let user = &users[(writer * 131 + sent * 17) % users.len()];
                send(&*store, user, "during").await.unwrap();
                if sent.is_multiple_of(5) {
                    store.read_all(user, &ReadAllScope::default()).await.unwrap();
                }
                sent += 1;
            }
            sent
        });
    }
    let (from, to) = (backend.path(), backend.file("copy.db"));
    let target = to.clone();
    let copied = tokio::task::spawn_blocking(move || {
        let mut seen = Vec::new();
        let made = backup(&from, &target, &mut |done, total| seen.push((done, total)));
        made.map(|()| seen)
    });
    let progress = copied.await.unwrap().unwrap();
    stop.store(true, Ordering::Relaxed);
    assert!(writers.join_all().await.into_iter().sum::<usize>() > 0);

    // The state did not move under the copy: it was never started again, and its size was known from the beginning.
    assert!(progress.len() > 2);
    assert!(progress.is_sorted() && progress.iter().all(|(_, total)| *total == progress[0].1));
    assert_eq!(progress.last().map(|(done, total)| done == total), Some(true));
    let beside = ["copy.db.partial", "copy.db-wal", "copy.db-journal"];
    assert!(beside.iter().all(|name| !backend.file(name).exists()));

    let copy = open(SqliteOptions::new(to));
    assert_eq!(copy.secret(), store.secret());
    for user in &users {
        walk_unread(&*copy, user).await;
        let page = copy.list(user, &ListFilter::default(), None, 10_000).await.unwrap();
        assert!(page.notifications.iter().any(|n| n.content.title.as_str() == "before"));
        let newest = page.notifications.iter().map(|shown| shown.seq).max();
        assert!(newest <= Some(page.inbox.seq));
    }
    send(&*copy, &users[0], "after").await.unwrap();
}

#[tokio::test]
async fn a_backup_overwrites_nothing() {
    let backend = TempBackend::new();
    let store = backend.open_store();
    send(&*store, &user("ann"), "one").await.unwrap();
    let target = backend.file("copy.db");
    std::fs::write(&target, "precious").unwrap();
    let refused = backup(&backend.path(), &target, &mut |_, _| {});
    assert!(matches!(refused, Err(BackupError::Exists(_))), "{refused:?}");
    assert_eq!(std::fs::read_to_string(&target).unwrap(), "precious");
}

#[tokio::test]
async fn what_an_interrupted_backup_left_is_replaced() {
    let backend = TempBackend::new();
    let store = backend.open_store();
    send(&*store, &user("ann"), "one").await.unwrap();
    store.close();
    let target = backend.file("copy.db");
    std::fs::write(backend.file("copy.db.partial"), "half of something").unwrap();
    backup(&backend.path(), &target, &mut |_, _| {}).unwrap();
    let copy = open(SqliteOptions::new(&target));
    let read = ListFilter { status: ReadStatus::Unread, ..ListFilter::default() };
    assert_eq!(copy.list(&user("ann"), &read, None, 10).await.unwrap().notifications.len(), 1);
}

#[test]
fn a_database_that_is_not_there_is_not_made() {
    let backend = TempBackend::new();
    let refused = backup(&backend.path(), &backend.file("copy.db"), &mut |_, _| {});
    assert!(matches!(refused, Err(BackupError::Database(_))), "{refused:?}");
    assert_eq!(std::fs::read_dir(backend.directory()).unwrap().count(), 0);
}
