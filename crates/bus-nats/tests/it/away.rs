//! While a server is away nothing waits for it, and hints flow again once it is back.

use grelot_bus_nats::{NatsBus, NatsError, NatsOptions};
use grelot_store::Bus as _;
use grelot_testkit::nats::Server;

use crate::support::{Node, moved};

#[tokio::test]
async fn a_server_that_is_down_at_the_start_only_delays() {
    let mut server = Server::start().unwrap();
    server.kill().unwrap();
    let (ann, mut bob) = (Node::start(&server.url()), Node::start(&server.url()));
    ann.tell(&[moved("u_1", 1)]);
    assert!(!ann.bus.stats().connected);
    server.restart().unwrap();
    ann.is_connected(true).await;
    bob.is_connected(true).await;
    ann.reaches(&mut bob, 2).await;
}

#[tokio::test]
async fn hints_flow_again_after_the_server_was_killed() {
    let mut server = Server::start().unwrap();
    let mut ann = Node::connected(&server.url()).await;
    let mut bob = Node::connected(&server.url()).await;
    for round in 0..3 {
        ann.reaches(&mut bob, round).await;
        server.kill().unwrap();
        ann.is_connected(false).await;
        bob.is_connected(false).await;
        ann.tell(&[moved("u_1", round)]);
        server.restart().unwrap();
        ann.is_connected(true).await;
        bob.is_connected(true).await;
        bob.reaches(&mut ann, round).await;
    }
}

#[tokio::test]
async fn hints_flow_again_after_the_server_was_frozen() {
    let server = Server::start().unwrap();
    let mut ann = Node::connected(&server.url()).await;
    let mut bob = Node::connected(&server.url()).await;
    server.freeze().unwrap();
    // More than any buffer between here and there holds.
    for round in 0..100 {
        let hints: Vec<_> = (0..1_000).map(|n| moved(&format!("u_{n}"), round)).collect();
        ann.tell(&hints);
        tokio::task::yield_now().await;
    }
    ann.is_connected(false).await;
    bob.is_connected(false).await;
    server.thaw().unwrap();
    ann.is_connected(true).await;
    bob.is_connected(true).await;
    ann.reaches(&mut bob, 1).await;
    bob.reaches(&mut ann, 2).await;
}

#[tokio::test]
async fn what_no_server_takes_is_dropped_over_a_bound() {
    let bus = NatsBus::new(NatsOptions::parse("nats://127.0.0.1:1").unwrap());
    for seq in 0..100 {
        bus.tell((0..1_000).map(|n| moved(&format!("u_{n}"), seq)).collect());
    }
    assert_eq!(bus.stats().dropped, 100_000 - 65_536);
}

#[tokio::test]
async fn of_several_servers_any_will_do() {
    let [first, mut second] = [Server::start().unwrap(), Server::start().unwrap()];
    second.kill().unwrap();
    let url = format!("{},{}", second.url(), first.url());
    let (ann, mut bob) = (Node::connected(&url).await, Node::connected(&url).await);
    ann.reaches(&mut bob, 1).await;
}

#[tokio::test]
async fn a_bus_ends_when_asked_connected_or_not() {
    let mut server = Server::start().unwrap();
    let ann = Node::connected(&server.url()).await;
    let bus = std::sync::Arc::clone(&ann.bus);
    ann.stop().await;
    assert!(!bus.stats().connected);
    server.kill().unwrap();
    Node::start(&server.url()).stop().await;
}

#[tokio::test]
async fn a_check_says_whether_there_is_a_server() {
    let mut server = Server::start().unwrap();
    let options = NatsOptions::parse(&server.url()).unwrap();
    NatsBus::check(options.clone()).await.unwrap();
    server.kill().unwrap();
    let error = NatsBus::check(options).await.unwrap_err();
    assert!(matches!(error, NatsError::Unreachable(_)), "{error}");
}
