//! Where a stream begins, and how it catches up.

use std::time::Duration;

use futures_util::StreamExt as _;
use grelot_core::Seq;
use grelot_hub::StreamCursor;
use grelot_store::Committed as _;
use grelot_store::conformance::user;

use crate::support::{World, quiet};

#[tokio::test]
async fn a_known_cursor_is_given_what_came_after_it_then_ready() {
    let world = World::new().await;
    for _ in 0..3 {
        world.notify(&user("u_1")).await;
    }
    let mut reader = world.stream(StreamCursor::After(Seq::new(1))).await;
    assert_eq!(reader.lines(3).await, ["created 2", "created 3", "ready 3 true"]);
}

#[tokio::test]
async fn a_cursor_in_the_future_is_reset() {
    let world = World::new().await;
    world.notify(&user("u_1")).await;
    let mut reader = world.stream(StreamCursor::After(Seq::new(9))).await;
    assert_eq!(reader.line().await, "reset 1");
    world.notify(&user("u_1")).await;
    assert_eq!(reader.line().await, "created 2");
}

#[tokio::test]
async fn what_is_no_cursor_is_reset() {
    let world = World::new().await;
    let mut reader = world.stream(StreamCursor::Unknown).await;
    assert_eq!(reader.line().await, "reset 0");
}

#[tokio::test]
async fn what_a_full_mailbox_dropped_is_read_from_the_database() {
    let world = World::open(quiet(), 0).await;
    let mut reader = world.live().await;
    for seq in 1..=5 {
        world.notify(&user("u_1")).await;
        assert_eq!(reader.line().await, format!("created {seq}"));
    }
    assert!(world.hub.stats().catch_ups >= 1);
}

#[tokio::test]
async fn a_hole_is_read_from_the_database() {
    let world = World::new().await;
    let mut reader = world.live().await;
    // Another user's inbox stands in for a hint that came without the ones before it.
    world.notify(&user("u_1")).await;
    assert_eq!(reader.line().await, "created 1");
    let hint = grelot_core::Change {
        user: user("u_1"),
        seq: Seq::new(3),
        unread: 0,
        kind: grelot_core::ChangeKind::PreferencesUpdated,
    };
    world.publisher.committed(vec![hint]);
    world.notify(&user("u_1")).await;
    world.notify(&user("u_1")).await;
    assert_eq!(reader.lines(2).await, ["created 2", "created 3"]);
}

#[tokio::test]
async fn a_body_is_the_same_stream() {
    let world = World::new().await;
    world.notify(&user("u_1")).await;
    let admission = world.admission(StreamCursor::After(Seq::ZERO), Duration::from_hours(2));
    let mut body = world.hub.body(admission);
    let mut text = String::new();
    while !text.contains("ready 1 true\n") {
        text.push_str(std::str::from_utf8(&body.next().await.unwrap().unwrap()).unwrap());
    }
    assert!(text.starts_with("retry "));
    assert!(text.ends_with("created 1\nready 1 true\n"));
    world.notify(&user("u_1")).await;
    assert_eq!(body.next().await.unwrap().unwrap(), "created 2\n");
    drop(body);
    assert_eq!(world.hub.stats().streams, 0);
}
