//! What happens at the bounds.

use std::time::Duration;

use grelot_core::Seq;
use grelot_hub::{HubSettings, StreamCursor};
use grelot_store::conformance::user;

use crate::support::{World, quiet};

#[tokio::test]
async fn over_the_cap_the_oldest_stream_is_sent_away() {
    let world = World::open(HubSettings { streams_per_user: 2, ..quiet() }, 64).await;
    let mut oldest = world.live().await;
    let mut second = world.live().await;
    let mut newest = world.live().await;
    assert_eq!(oldest.lines(2).await, ["retry 60000", "end"]);
    world.notify(&user("u_1")).await;
    assert_eq!(second.line().await, "created 1");
    assert_eq!(newest.line().await, "created 1");
}

#[tokio::test]
async fn a_reader_that_stalls_is_closed_and_resumes_without_loss() {
    let settings = HubSettings { queue_events: 4, send_buffer: 1, ..quiet() };
    let world = World::open(settings, 4_096).await;
    let mut stalled = world.live().await;
    let mut sent = 0;
    while world.hub.stats().slow_closed == 0 {
        world.notify(&user("u_1")).await;
        sent += 1;
    }
    let mut last = 0;
    loop {
        let line = stalled.line().await;
        let Some(seq) = line.strip_prefix("created ") else {
            break;
        };
        last += 1;
        assert_eq!(seq.parse(), Ok(last));
    }
    assert!(last < sent);
    let mut resumed = world.stream(StreamCursor::After(Seq::new(last))).await;
    for seq in last + 1..=sent {
        assert_eq!(resumed.line().await, format!("created {seq}"));
    }
}

#[tokio::test]
async fn a_stream_that_is_evicted_while_it_opens_still_has_its_head() {
    let world = World::open(HubSettings { streams_per_user: 1, ..quiet() }, 64).await;
    let owner = user("u_1");
    for _ in 0..20 {
        // Both open at once: whichever came first is sent away, and each reader checks its head.
        let both = (world.stream(StreamCursor::Now), world.stream(StreamCursor::Now));
        let (mut first, mut second) = tokio::join!(both.0, both.1);
        world.hub.close_user(&owner);
        first.rest().await;
        second.rest().await;
    }
}

#[tokio::test]
async fn a_poll_over_the_cap_is_answered_at_once() {
    let world = World::open(HubSettings { polls_per_user: 0, ..quiet() }, 64).await;
    world.hub.wait_for_change(&user("u_1"), Seq::ZERO, Duration::from_hours(1)).await;
}
