//! How a stream ages and ends.

use std::time::Duration;

use grelot_core::{Clock as _, Seq, SessionStart};
use grelot_hub::{HubSettings, StreamCursor};
use grelot_store::Users as _;
use grelot_store::conformance::user;

use crate::support::{World, quiet};

#[tokio::test]
async fn a_ping_carries_the_last_change_that_the_stream_has() {
    let settings = HubSettings { ping: Duration::from_millis(100), ..quiet() };
    let world = World::open(settings, 64).await;
    let mut reader = world.live().await;
    assert_eq!(reader.line().await, "ping 0");
    world.notify(&user("u_1")).await;
    let mut line = reader.line().await;
    while line == "ping 0" {
        line = reader.line().await;
    }
    assert_eq!(line, "created 1");
    assert_eq!(reader.line().await, "ping 1");
}

#[tokio::test]
async fn a_token_with_little_left_is_said_to_expire_right_after_ready() {
    let world = World::new().await;
    let mut reader = world.stream_for(StreamCursor::Now, Duration::from_millis(400)).await;
    assert_eq!(reader.lines(3).await, ["ready 0 false", "expiring 0", "end"]);
}

#[tokio::test]
async fn a_long_life_ends_with_the_stream_whole() {
    let settings = HubSettings { max_life: Duration::from_millis(300), ..quiet() };
    let world = World::open(settings, 64).await;
    let mut reader = world.live().await;
    assert_eq!(reader.line().await, "end");
}

#[tokio::test]
async fn an_erased_users_streams_close() {
    let world = World::new().await;
    let mut reader = world.live().await;
    world.erase().await;
    assert_eq!(reader.line().await, "end");
}

#[tokio::test]
async fn a_revoked_users_streams_close() {
    let world = World::new().await;
    let mut reader = world.live().await;
    world.hub.close_user(&user("u_1"));
    assert_eq!(reader.line().await, "end");
}

#[tokio::test]
async fn a_stream_whose_session_ended_while_it_opened_is_closed() {
    let world = World::new().await;
    world.store.revoke_sessions(&user("u_1")).await.unwrap();
    // The reader was authenticated before, and registers only now.
    let mut reader = world.admitted(StreamCursor::Now).await;
    assert_eq!(reader.lines(2).await, ["head", "end"]);
}

#[tokio::test]
async fn a_stream_of_a_later_session_is_not() {
    let mut world = World::new().await;
    world.store.revoke_sessions(&user("u_1")).await.unwrap();
    world.clock.advance(Duration::from_secs(1));
    world.session = SessionStart::at_second(Some(world.clock.now().seconds()));
    world.live().await;
}

#[tokio::test]
async fn a_reader_that_leaves_is_forgotten() {
    let world = World::new().await;
    drop(world.live().await);
    while world.hub.stats().streams > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(world.hub.stats().users, 0);
}

#[tokio::test]
async fn a_drain_sends_every_stream_away_and_later_ones_too() {
    let world = World::new().await;
    let mut reader = world.live().await;
    let hub = world.hub.clone();
    let (lines, ()) = tokio::join!(reader.lines(2), hub.drain(Duration::from_secs(5)));
    assert!(lines[0].starts_with("retry "));
    assert_eq!(lines[1], "end");
    let mut late = world.stream(StreamCursor::Now).await;
    assert_eq!(late.line().await, "end");
}

#[tokio::test]
async fn a_poll_wakes_with_the_next_change() {
    let world = World::new().await;
    let owner = user("u_1");
    let wait = world.hub.wait_for_change(&owner, Seq::ZERO, Duration::from_hours(1));
    tokio::join!(wait, world.notify(&owner));
}

#[tokio::test]
async fn a_poll_that_is_behind_already_does_not_wait() {
    let world = World::new().await;
    let owner = user("u_1");
    world.notify(&owner).await;
    world.hub.wait_for_change(&owner, Seq::ZERO, Duration::from_hours(1)).await;
}
