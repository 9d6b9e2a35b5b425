//! What streams see of what another node did.

use std::time::Duration;

use grelot_core::{Seq, SessionStart};
use grelot_hub::StreamCursor;
use grelot_store::conformance::user;
use grelot_store::{Heard as _, Hint, Users as _};
use tokio_util::sync::CancellationToken;

use crate::pair::Pair;

#[tokio::test]
async fn what_the_other_node_did_is_read_once_and_delivered() {
    let pair = Pair::new().await;
    let mut reader = pair.nodes[1].live().await;
    pair.notify(0, &user("u_1")).await;
    pair.pass_on(0);
    assert_eq!(reader.line().await, "created 1");
    assert_eq!(pair.nodes[1].hub.stats().catch_ups, 1);
}

#[tokio::test]
async fn a_hole_is_read_once_whatever_hints_it_is_told_by() {
    let pair = Pair::new().await;
    let mut reader = pair.nodes[1].live().await;
    for _ in 0..5 {
        pair.notify(0, &user("u_1")).await;
    }
    let hints = pair.wires[0].take();
    // The last one first, and only then those before it, each twice.
    let again = hints.iter().rev().chain(&hints).cloned().collect();
    pair.nodes[1].hub.heard(again);
    let expected: Vec<String> = (1..=5).map(|seq| format!("created {seq}")).collect();
    assert_eq!(reader.lines(5).await, expected);
    assert_eq!(pair.nodes[1].hub.stats().catch_ups, 1);
}

#[tokio::test]
async fn an_old_hint_does_nothing() {
    let pair = Pair::new().await;
    let owner = user("u_1");
    let mut reader = pair.nodes[1].live().await;
    pair.notify(1, &owner).await;
    pair.notify(1, &owner).await;
    assert_eq!(reader.lines(2).await, ["created 1", "created 2"]);
    for seq in [1, 2] {
        pair.nodes[1].hub.heard(vec![Hint::Moved(owner.clone(), Seq::new(seq))]);
    }
    pair.notify(1, &owner).await;
    assert_eq!(reader.line().await, "created 3");
    assert_eq!(pair.nodes[1].hub.stats().catch_ups, 0);
}

#[tokio::test]
async fn a_hint_of_what_never_was_is_looked_for_once() {
    let pair = Pair::new().await;
    let owner = user("u_1");
    let mut reader = pair.nodes[1].live().await;
    pair.nodes[1].hub.heard(vec![Hint::Moved(owner.clone(), Seq::new(1_000))]);
    while pair.nodes[1].hub.stats().catch_ups == 0 {
        tokio::task::yield_now().await;
    }
    pair.notify(1, &owner).await;
    assert_eq!(reader.line().await, "created 1");
    assert_eq!(pair.nodes[1].hub.stats().catch_ups, 1);
}

#[tokio::test]
async fn changes_of_both_nodes_are_one_history() {
    let pair = Pair::new().await;
    let owner = user("u_1");
    let mut readers = [pair.nodes[0].live().await, pair.nodes[1].live().await];
    for turn in 0..20 {
        pair.notify(turn % 2, &owner).await;
        if turn % 3 == 0 {
            pair.pass_on(0);
            pair.pass_on(1);
        }
    }
    pair.pass_on(0);
    pair.pass_on(1);
    let expected: Vec<String> = (1..=20).map(|seq| format!("created {seq}")).collect();
    for reader in &mut readers {
        assert_eq!(reader.lines(20).await, expected);
    }
}

#[tokio::test]
async fn commits_of_a_node_have_the_holes_that_the_other_fills() {
    let pair = Pair::new().await;
    let owner = user("u_1");
    let mut reader = pair.nodes[0].live().await;
    for node in [0, 1, 0] {
        pair.commit(node, &owner).await;
    }
    pair.hear(0);
    assert_eq!(reader.lines(3).await, ["created 1", "created 2", "created 3"]);
}

#[tokio::test]
async fn a_hint_that_was_lost_is_made_up_for_by_the_sweep() {
    let pair = Pair::new().await;
    let mut reader = pair.nodes[1].live().await;
    let mut sweep = pair.sweep(1);
    pair.notify(0, &user("u_1")).await;
    pair.notify(0, &user("u_2")).await;
    sweep.once().await;
    assert_eq!(reader.line().await, "created 1");
    sweep.once().await;
    assert_eq!(pair.nodes[1].hub.stats().catch_ups, 1);
}

#[tokio::test]
async fn the_sweep_goes_on_by_itself_until_it_is_told_to_end() {
    let pair = Pair::new().await;
    let mut reader = pair.nodes[1].live().await;
    let shutdown = CancellationToken::new();
    let reading = async {
        for seq in 1..=3 {
            pair.notify(0, &user("u_1")).await;
            assert_eq!(reader.line().await, format!("created {seq}"));
        }
        shutdown.cancel();
    };
    tokio::join!(pair.sweep(1).run(shutdown.clone()), reading);
}

#[tokio::test]
async fn a_poll_wakes_with_what_the_other_node_did() {
    let pair = Pair::new().await;
    let owner = user("u_1");
    let hour = Duration::from_hours(1);
    let hinted = async {
        pair.notify(0, &owner).await;
        pair.pass_on(0);
    };
    tokio::join!(pair.nodes[1].hub.wait_for_change(&owner, Seq::ZERO, hour), hinted);
    let mut sweep = pair.sweep(1);
    let swept = async {
        pair.notify(0, &owner).await;
        sweep.once().await;
    };
    tokio::join!(pair.nodes[1].hub.wait_for_change(&owner, Seq::new(1), hour), swept);
}

#[tokio::test]
async fn a_poll_does_not_wake_with_what_it_has() {
    let pair = Pair::new().await;
    let owner = user("u_1");
    pair.notify(1, &owner).await;
    let old = Hint::Moved(owner.clone(), Seq::new(1));
    let hub = &pair.nodes[1].hub;
    let mut waiting = Box::pin(hub.wait_for_change(&owner, Seq::new(1), Duration::from_hours(1)));
    while hub.stats().users == 0 {
        assert!(futures_util::poll!(&mut waiting).is_pending());
        tokio::task::yield_now().await;
    }
    hub.heard(vec![old]);
    assert!(futures_util::poll!(&mut waiting).is_pending());
    pair.notify(1, &owner).await;
    waiting.await;
}

#[tokio::test]
async fn sessions_that_end_on_one_node_end_on_the_other() {
    let pair = Pair::new().await;
    let owner = user("u_1");
    let mut reader = pair.nodes[1].live().await;
    let mut other = pair.nodes[1].stream_of(&user("u_2"), StreamCursor::Now).await;
    pair.base.store.revoke_sessions(&owner).await.unwrap();
    pair.nodes[0].hub.close_user(&owner);
    pair.pass_on(0);
    assert_eq!(reader.line().await, "end");
    pair.notify(1, &user("u_2")).await;
    assert_eq!(other.lines(2).await, ["ready 0 false", "created 1"]);
}

#[tokio::test]
async fn an_erased_user_is_gone_on_both_nodes() {
    let pair = Pair::new().await;
    let mut readers = [pair.nodes[0].live().await, pair.nodes[1].live().await];
    pair.base.store.erase(&user("u_1")).await.unwrap();
    pair.hear(0);
    pair.pass_on(0);
    for reader in &mut readers {
        assert_eq!(reader.line().await, "end");
    }
}

#[tokio::test]
async fn sessions_whose_end_no_hint_told_are_found_by_the_sweep() {
    let mut pair = Pair::new().await;
    let owner = user("u_1");
    let mut sweep = pair.sweep(1);
    let mut ended = pair.nodes[1].live().await;
    sweep.once().await;
    pair.base.store.revoke_sessions(&owner).await.unwrap();
    pair.base.clock.advance(Duration::from_secs(1));
    let now = grelot_core::Clock::now(&*pair.base.clock);
    pair.nodes[1].session = SessionStart::at_second(Some(now.seconds()));
    let mut later = pair.nodes[1].live().await;
    sweep.once().await;
    assert_eq!(ended.line().await, "end");
    pair.notify(1, &owner).await;
    assert_eq!(later.line().await, "created 1");
}

#[tokio::test]
async fn many_users_are_caught_up_at_once() {
    let pair = Pair::new().await;
    let mut readers = Vec::new();
    for number in 0..100 {
        let owner = user(&format!("u_{number}"));
        let mut reader = pair.nodes[1].stream_of(&owner, StreamCursor::Now).await;
        assert_eq!(reader.line().await, "ready 0 false");
        pair.notify(0, &owner).await;
        pair.notify(0, &owner).await;
        readers.push(reader);
    }
    pair.pass_on(0);
    for reader in &mut readers {
        assert_eq!(reader.lines(2).await, ["created 1", "created 2"]);
    }
    assert_eq!(pair.nodes[1].hub.stats().catch_ups, 100);
}
