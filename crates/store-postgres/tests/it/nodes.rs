//! Several nodes on one database.

use std::collections::HashSet;
use std::sync::Arc;

use grelot_core::{Fingerprint, Recipients};
use grelot_store::conformance::{HandClock, Heard, content, request, user};
use grelot_store::{Idempotency, Inboxes as _, Notify as _, Users as _};
use grelot_store_postgres::PostgresStore;
use tokio::task::JoinSet;

use crate::support::{TempBackend, send};

async fn nodes(backend: &TempBackend) -> [(Arc<PostgresStore>, Arc<Heard>); 2] {
    let node = async || {
        let (clock, heard) = (Arc::new(HandClock::new()), Arc::new(Heard::new()));
        let listener = Arc::clone(&heard);
        let store = PostgresStore::open(backend.options(), clock, listener).await.unwrap();
        (store, heard)
    };
    [node().await, node().await]
}

#[tokio::test]
async fn positions_have_no_gap_whichever_node_writes() {
    let backend = TempBackend::new();
    let nodes = nodes(&backend).await;
    let users = ["ann", "bob", "cat"].map(user);
    let mut senders = JoinSet::new();
    for number in 0..80 {
        let (store, users) = (Arc::clone(&nodes[number % 2].0), users.clone());
        senders.spawn(async move {
            let mut request = request(&users[0], content("one"));
            // In all orders: two transactions must not wait for each other for ever.
            let several = (0..3).map(|turn| users[(number + turn * (1 + number % 2)) % 3].clone());
            request.recipients = Recipients::many(several.collect()).unwrap();
            let answer = store.notify(request).await.unwrap();
            // And the other ways to move an inbox in between.
            if let Some(id) = answer.entries[0].id.filter(|_| number % 3 == 0) {
                store.set_read(&users[number % 3], id, true).await.unwrap().unwrap();
            }
        });
    }
    senders.join_all().await;
    let mut told = HashSet::new();
    for (_, heard) in &nodes {
        let mut last = std::collections::HashMap::new();
        for change in heard.take() {
            assert!(last.insert(change.user.clone(), change.seq) < Some(change.seq));
            assert!(told.insert((change.user, change.seq)), "told twice");
        }
    }
    for user in users {
        let inbox = nodes[0].0.inbox(&user).await.unwrap();
        assert_eq!(told.iter().filter(|(of, _)| *of == user).count() as u64, inbox.seq.get());
        let unread = backend.database.run(&format!(
            r#"SELECT count(*) FROM notifications WHERE "userId" = '{}' AND "readAt" IS NULL"#,
            user.as_str(),
        ));
        assert_eq!(unread, inbox.unread.to_string());
    }
}

#[tokio::test]
async fn equal_requests_to_two_nodes_come_to_one_notification() {
    let backend = TempBackend::new();
    let nodes = nodes(&backend).await;
    let ann = user("ann");
    for round in 0..20 {
        let mut repeated = request(&ann, content("one"));
        let key = Idempotency { slot: Fingerprint([round; 32]), request: Fingerprint([1; 32]) };
        repeated.idempotency = Some(key);
        let (one, other) = (nodes[0].0.notify(repeated.clone()), nodes[1].0.notify(repeated));
        let (one, other) = tokio::join!(one, other);
        let (one, other) = (one.unwrap(), other.unwrap());
        assert_eq!(one.entries, other.entries);
        assert_ne!(one.replayed, other.replayed);
    }
    assert_eq!(nodes[0].0.inbox(&ann).await.unwrap().seq.get(), 20);
}

#[tokio::test]
async fn an_inbox_that_is_erased_while_others_write_to_it_never_goes_back() {
    let backend = TempBackend::new();
    let nodes = nodes(&backend).await;
    let ann = user("ann");
    let mut tasks = JoinSet::new();
    for number in 0..60 {
        let (store, ann) = (Arc::clone(&nodes[number % 2].0), ann.clone());
        tasks.spawn(async move {
            if number % 4 == 0 {
                store.erase(&ann).await.unwrap();
            } else {
                send(&*store, &ann, "one").await.unwrap();
            }
        });
    }
    tasks.join_all().await;
    let mut told = HashSet::new();
    for (_, heard) in &nodes {
        assert!(heard.take().into_iter().all(|change| told.insert(change.seq)), "told twice");
    }
    assert_eq!(told.len(), 60);
    assert_eq!(nodes[0].0.inbox(&ann).await.unwrap().seq.get(), 60);
}
