//! What is told arrives.

use std::collections::HashSet;

use grelot_store::{Bus as _, BusStats, Hint};
use grelot_testkit::nats::Server;

use crate::support::{Node, moved, user};

#[tokio::test]
async fn what_a_node_tells_the_others_hear_and_it_does_not() {
    let server = Server::start().unwrap();
    let mut ann = Node::connected(&server.url()).await;
    let mut others = [Node::connected(&server.url()).await, Node::connected(&server.url()).await];
    ann.tell(&[moved("u_1", 7)]);
    for other in &mut others {
        assert_eq!(other.hears().await, moved("u_1", 7));
    }
    ann.tell(&[Hint::Ended(user("ü|😀 2"))]);
    for other in &mut others {
        assert_eq!(other.hears().await, Hint::Ended(user("ü|😀 2")));
    }
    others[0].tell(&[moved("u_3", u64::MAX)]);
    assert_eq!(ann.hears().await, moved("u_3", u64::MAX));
    assert!(ann.has_heard().is_empty());
    let stats = BusStats { connected: true, told: 2, heard: 1, dropped: 0 };
    assert_eq!(ann.bus.stats(), stats);
}

#[tokio::test]
async fn many_hints_arrive_in_messages_that_the_server_takes() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("nats.conf");
    std::fs::write(&file, "max_payload: 1KB\n").unwrap();
    let server = Server::start_with(["-c".as_ref(), file.as_os_str()]).unwrap();
    let ann = Node::connected(&server.url()).await;
    let mut bob = Node::connected(&server.url()).await;
    let hints: HashSet<Hint> = (0..10_000).map(|n| moved(&format!("u_{n}"), n)).collect();
    ann.bus.tell(hints.iter().cloned().collect());
    let mut heard = HashSet::new();
    while heard.len() < hints.len() {
        heard.insert(bob.hears().await);
    }
    assert_eq!(heard, hints);
}

#[tokio::test]
async fn what_is_told_at_once_is_told_together_and_once_a_user() {
    let server = Server::start().unwrap();
    let ann = Node::start(&server.url());
    let mut bob = Node::connected(&server.url()).await;
    // Before the runtime gives the bus a turn.
    for seq in 1..=1_000 {
        ann.tell(&[moved("u_1", seq)]);
    }
    assert_eq!(bob.hears().await, moved("u_1", 1_000));
    assert_eq!(ann.bus.stats().told, 1);
}

#[tokio::test]
async fn deployments_with_prefixes_of_their_own_do_not_hear_each_other() {
    let server = Server::start().unwrap();
    let shop = format!("{}?prefix=shop", server.url());
    let [ann, mut bob] = [Node::connected(&shop).await, Node::connected(&shop).await];
    let mut stranger = Node::connected(&server.url()).await;
    ann.reaches(&mut bob, 1).await;
    Node::connected(&server.url()).await.reaches(&mut stranger, 2).await;
    assert!(bob.has_heard().is_empty());
    assert!(stranger.has_heard().is_empty());
}
