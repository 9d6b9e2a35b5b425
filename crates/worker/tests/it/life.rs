//! Workers that go away or end, leases, and a store in trouble: nothing is lost, and nothing is sent twice without need. Not
//! here: what the way out says (`outbox`).

use std::sync::Arc;
use std::time::Duration;

use grelot_core::delivery::LEASE;
use grelot_core::{AttemptOutcome, DeliveryState, Recipients, UserId};
use grelot_store::Maintenance as _;
use grelot_store::conformance::Gate;
use grelot_worker::OutboxSettings;

use crate::support::{Act, World, eager};

#[tokio::test]
async fn a_worker_that_goes_away_is_replaced_when_its_lease_runs_out() {
    let world = World::new(&[Act::Hang]).await;
    world.mail("ann", "hello").await;
    lose(&world, 1).await;
    let engine = world.start(eager());
    world.clock.advance(LEASE);
    world.seen(2).await;
    assert_eq!(world.end(engine).await, [DeliveryState::Sent]);
    assert_eq!(world.outcomes("ann").await, [AttemptOutcome::Lost, AttemptOutcome::Sent]);
    assert_eq!(*world.heard.lock(), [AttemptOutcome::Lost, AttemptOutcome::Sent], "both count");
}

/// Starts a worker and drops it in mid-delivery, once `seen` mails were handed over in all.
async fn lose(world: &World, seen: usize) {
    let engine = world.start(eager());
    world.seen(seen).await;
    engine.kill().await;
}

#[tokio::test]
async fn what_three_workers_went_away_with_is_a_dead_letter() {
    let world = World::new(&[Act::Hang; 3]).await;
    world.mail("ann", "hello").await;
    for lost in 1..=3 {
        lose(&world, lost).await;
        world.clock.advance(LEASE);
    }
    world.mail("bob", "hi").await;
    let engine = world.start(eager());
    assert_eq!(world.seen(4).await[3], "hi");
    assert_eq!(world.end(engine).await, [DeliveryState::Dead, DeliveryState::Sent]);
    assert_eq!(world.outcomes("ann").await, [AttemptOutcome::Lost; 3]);
}

#[tokio::test]
async fn a_slow_delivery_is_not_taken_from_a_worker_that_lives() {
    let world = World::new(&[Act::Hold]).await;
    world.mail("ann", "slow").await;
    let heartbeat = Duration::from_millis(1);
    let slow = world.start(OutboxSettings { heartbeat, ..eager() });
    world.seen(1).await;
    for _ in 0..2 {
        world.clock.advance(LEASE.mul_f64(0.9));
        // The first of them may have begun earlier.
        let before = world.store.stats().committed;
        world.counted(|stats| stats.committed >= before + 2).await;
    }
    world.mail("bob", "hi").await;
    let other = world.start(eager());
    world.seen(2).await;
    world.script.held.add_permits(1);
    world.end(other).await;
    assert_eq!(world.end(slow).await, [DeliveryState::Sent; 2]);
    assert_eq!(world.outcomes("ann").await, [AttemptOutcome::Sent]);
}

#[tokio::test]
async fn a_worker_that_stood_still_does_not_take_its_own_delivery_for_lost() {
    let world = World::new(&[Act::Hold, Act::Hold]).await;
    world.mail("ann", "slow").await;
    world.mail("bob", "slow").await;
    // From then on it asks when one of them lands, and not before.
    let engine = world.start(OutboxSettings { poll: Duration::from_hours(1), ..eager() });
    world.seen(2).await;
    world.clock.advance(LEASE + Duration::from_secs(1));
    world.mail("carl", "hi").await;
    world.script.held.add_permits(1);
    assert_eq!(world.seen(3).await, ["slow", "slow", "hi"]);
    world.script.held.add_permits(1);
    assert_eq!(world.end(engine).await, [DeliveryState::Sent; 3]);
    assert_eq!(world.outcomes("ann").await, [AttemptOutcome::Sent]);
    assert_eq!(world.outcomes("bob").await, [AttemptOutcome::Sent]);
}

#[tokio::test]
async fn a_store_that_is_busy_for_a_while_has_nothing_sent_twice() {
    let gate = Gate::opened();
    let world = World::open(&[Act::Hold], 1, Arc::<Gate>::clone(&gate)).await;
    world.mail("ann", "hello").await;
    let engine = world.start(eager());
    world.seen(1).await;
    gate.close();
    // One write that the writer stands at, and one that fills its queue.
    let other = |name| Recipients::one(UserId::parse(name).unwrap());
    let stands = world.notify(other("bob"), "hi");
    let waits = async {
        gate.reached().await;
        world.notify(other("carl"), "hi").await
    };
    let meanwhile = async {
        gate.reached().await;
        world.counted(|stats| stats.queued >= 1).await;
        world.clock.advance(LEASE + Duration::from_secs(1));
        world.counted(|stats| stats.refused >= 1).await;
        let refused = world.store.stats().refused;
        world.script.held.add_permits(1);
        world.counted(|stats| stats.refused > refused).await;
        gate.open();
    };
    tokio::join!(stands, waits, meanwhile);
    world.settled("ann", 1).await;
    // The others have no address.
    let (sent, skipped) = (DeliveryState::Sent, DeliveryState::Skipped);
    assert_eq!(world.end(engine).await, [sent, skipped, skipped]);
    assert_eq!(world.outcomes("ann").await, [AttemptOutcome::Sent]);
    assert_eq!(world.script.seen.borrow().len(), 1);
}

#[tokio::test]
async fn the_end_waits_for_what_is_out_and_begins_nothing() {
    let world = World::new(&[Act::Hold]).await;
    world.mail("ann", "out").await;
    let engine = world.start(eager());
    world.seen(1).await;
    engine.shutdown.cancel();
    world.mail("bob", "later").await;
    world.script.held.add_permits(1);
    engine.ended().await;
    assert_eq!(world.states().await, [DeliveryState::Sent, DeliveryState::Pending]);
}

#[tokio::test]
async fn the_end_waits_no_longer_than_its_grace_and_leaves_the_rest_to_the_next_worker() {
    let world = World::new(&[Act::Hang]).await;
    world.mail("ann", "hello").await;
    let engine = world.start(OutboxSettings { grace: Duration::ZERO, ..eager() });
    world.seen(1).await;
    assert_eq!(world.end(engine).await, [DeliveryState::Sending]);
    world.clock.advance(LEASE);
    let next = world.start(eager());
    world.seen(2).await;
    assert_eq!(world.end(next).await, [DeliveryState::Sent]);
}
