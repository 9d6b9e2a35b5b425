//! What becomes of deliveries, whatever the way out does.

use std::time::Duration;

use grelot_core::delivery::{LEASE, RETRIES};
use grelot_core::{AttemptOutcome, DeliveryState, UserId};
use grelot_store::{Deliveries as _, DeliveryFilter, Inboxes as _};
use grelot_worker::OutboxSettings;

use crate::support::{Act, World, eager};

#[tokio::test]
async fn what_is_due_is_sent_once() {
    let world = World::new(&[]).await;
    world.mail("ann", "hello").await;
    let engine = world.start(eager());
    assert_eq!(world.seen(1).await, ["hello"]);
    assert_eq!(world.end(engine).await, [DeliveryState::Sent]);
    assert_eq!(world.script.seen.borrow().len(), 1);
}

#[tokio::test]
async fn a_refusal_is_a_dead_letter_and_the_next_goes_on() {
    let world = World::new(&[Act::Refuse]).await;
    world.mail("ann", "refused").await;
    let engine = world.start(eager());
    world.seen(1).await;
    world.mail("ann", "sent").await;
    world.seen(2).await;
    assert_eq!(world.end(engine).await, [DeliveryState::Dead, DeliveryState::Sent]);
}

#[tokio::test]
async fn an_outage_is_tried_by_the_schedule_and_ends_in_a_dead_letter() {
    let world = World::new(&[Act::Fail; 8]).await;
    world.mail("ann", "hello").await;
    let engine = world.start(eager());
    for (made, wait) in RETRIES.into_iter().enumerate() {
        world.seen(made + 1).await;
        settled(&world, made + 1).await;
        // Up to a tenth of jitter.
        world.clock.advance(wait.mul_f64(1.1));
    }
    world.seen(8).await;
    assert_eq!(world.end(engine).await, [DeliveryState::Dead]);
}

/// Waits until so many attempts of the one delivery are written down.
async fn settled(world: &World, attempts: usize) {
    loop {
        let all = world.store.deliveries(DeliveryFilter::default(), 1).await.unwrap();
        let one = world.store.delivery(all[0].id).await.unwrap().unwrap();
        if one.attempts.len() == attempts {
            return;
        }
    }
}

#[tokio::test]
async fn what_was_read_meanwhile_is_not_sent() {
    let world = World::new(&[]).await;
    let id = world.mail("ann", "read").await;
    world.store.set_read(&UserId::parse("ann").unwrap(), id, true).await.unwrap();
    world.mail("bob", "unread").await;
    let engine = world.start(eager());
    assert_eq!(world.seen(1).await, ["unread"]);
    assert_eq!(world.end(engine).await, [DeliveryState::Skipped, DeliveryState::Sent]);
}

#[tokio::test]
async fn a_way_out_that_panics_has_failed() {
    let world = World::new(&[Act::Panic]).await;
    world.mail("ann", "hello").await;
    let engine = world.start(eager());
    world.seen(1).await;
    settled(&world, 1).await;
    world.clock.advance(RETRIES[0].mul_f64(1.1));
    world.seen(2).await;
    assert_eq!(world.end(engine).await, [DeliveryState::Sent]);
}

#[tokio::test]
async fn an_attempt_that_takes_too_long_has_failed() {
    let world = World::new(&[Act::Hang]).await;
    world.mail("ann", "hello").await;
    let engine = world.start(OutboxSettings { attempt: Duration::from_millis(1), ..eager() });
    settled(&world, 1).await;
    assert_eq!(world.end(engine).await, [DeliveryState::Pending]);
}

#[tokio::test]
async fn a_worker_that_goes_away_is_replaced_when_its_lease_runs_out() {
    let world = World::new(&[Act::Hang]).await;
    world.mail("ann", "hello").await;
    let (_, worker) = world.start(eager());
    world.seen(1).await;
    worker.abort();
    assert!(worker.await.unwrap_err().is_cancelled());
    let engine = world.start(eager());
    world.clock.advance(LEASE);
    world.seen(2).await;
    assert_eq!(world.end(engine).await, [DeliveryState::Sent]);
    let all = world.store.deliveries(DeliveryFilter::default(), 1).await.unwrap();
    let one = world.store.delivery(all[0].id).await.unwrap().unwrap();
    let outcomes: Vec<_> = one.attempts.iter().map(|attempt| attempt.outcome).collect();
    assert_eq!(outcomes, [AttemptOutcome::Lost, AttemptOutcome::Sent]);
}

#[tokio::test]
async fn a_backlog_drains_within_its_bound_and_each_user_in_order() {
    let world = World::new(&[]).await;
    let (users, each) = (20, 5);
    for n in 0..each {
        for user in 0..users {
            world.mail(&format!("u{user}"), &format!("{user} {n}")).await;
        }
    }
    let engine = world.start(OutboxSettings { concurrency: 4, ..eager() });
    let seen = world.seen(users * each).await;
    assert!(world.end(engine).await.iter().all(|state| *state == DeliveryState::Sent));
    for user in 0..users {
        let own = seen.iter().filter_map(|title| title.strip_prefix(&format!("{user} ")));
        assert!(own.eq((0..each).map(|n| n.to_string()).collect::<Vec<_>>()));
    }
    let most = world.script.out.lock().1;
    assert!((1..=4).contains(&most), "{most} at a time");
}
