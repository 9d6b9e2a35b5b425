//! What becomes of deliveries, whatever the way out does, and how fast. Not here: workers that go away, and a store in
//! trouble (`life`).

use std::time::Duration;

use grelot_core::delivery::RETRIES;
use grelot_core::{AttemptOutcome, DeliveryState, Recipients, UserId};
use grelot_store::Inboxes as _;
use grelot_worker::OutboxSettings;
use rusqlite::Connection;
use tokio::time::Instant;

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
    let acts: Vec<Act> = (0..8).flat_map(|_| [Act::Fail, Act::Send]).collect();
    let world = World::new(&acts).await;
    world.mail("ann", "hello").await;
    let engine = world.start(eager());
    for (made, wait) in RETRIES.into_iter().enumerate() {
        world.seen(2 * made + 1).await;
        world.settled("ann", made + 1).await;
        let just_before = wait.saturating_sub(Duration::from_millis(1));
        world.clock.advance(just_before);
        // Would go after hers, if hers were due.
        world.mail("bob", "hi").await;
        let seen = world.seen(2 * made + 2).await;
        assert_eq!(seen[2 * made..], ["hello", "hi"]);
        // Up to a tenth of jitter.
        world.clock.advance(wait.mul_f64(1.1).saturating_sub(just_before));
    }
    let seen = world.seen(15).await;
    assert_eq!(seen[14], "hello");
    let states = world.end(engine).await;
    assert_eq!(states[0], DeliveryState::Dead);
    assert!(states[1..].iter().all(|state| *state == DeliveryState::Sent), "{states:?}");
    assert_eq!(world.outcomes("ann").await, [AttemptOutcome::Failed; 8]);
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
    world.settled("ann", 1).await;
    world.clock.advance(RETRIES[0].mul_f64(1.1));
    world.seen(2).await;
    assert_eq!(world.end(engine).await, [DeliveryState::Sent]);
}

#[tokio::test]
async fn an_attempt_that_takes_too_long_has_failed() {
    let world = World::new(&[Act::Hang]).await;
    world.mail("ann", "hello").await;
    let engine = world.start(OutboxSettings { attempt: Duration::from_millis(1), ..eager() });
    world.settled("ann", 1).await;
    assert_eq!(world.end(engine).await, [DeliveryState::Pending]);
}

#[tokio::test]
async fn a_backlog_goes_out_oldest_first() {
    let world = World::new(&[]).await;
    let titles: Vec<String> = (0..50).map(|n| n.to_string()).collect();
    for title in &titles {
        world.mail(&format!("u{title}"), title).await;
        world.clock.advance(Duration::from_mins(1));
    }
    let engine = world.start(OutboxSettings { concurrency: 1, ..eager() });
    assert_eq!(world.seen(titles.len()).await, titles);
    world.end(engine).await;
}

#[tokio::test]
async fn an_hour_s_backlog_drains_within_its_bounds_and_each_user_in_order() {
    let (users, each, rate) = (100, 10, 500);
    let world = World::new(&[]).await;
    let all = world.crowd(users).await;
    for n in 0..each {
        let recipients = Recipients::many(all.clone()).unwrap();
        world.notify(recipients, &n.to_string()).await;
        world.clock.advance(Duration::from_mins(6));
    }
    let began = Instant::now();
    let settings = OutboxSettings { concurrency: 8, per_second: rate, ..eager() };
    let engine = world.start(settings);
    world.seen(users * each).await;
    // A second's worth at once, and the rest by the rate.
    assert!(began.elapsed() >= Duration::from_secs(1), "{:?}", began.elapsed());
    let states = world.end(engine).await;
    assert_eq!(states, vec![DeliveryState::Sent; users * each]);
    let most = world.script.out.lock().1;
    assert!((1..=8).contains(&most), "{most} at a time");
    let order: Vec<String> = (0..each).map(|n| n.to_string()).collect();
    for user in &all {
        assert_eq!(world.script.titles_of(user), order, "{user:?}");
    }
}

#[tokio::test]
async fn what_is_not_wanted_does_not_use_up_the_rate() {
    let world = World::new(&[]).await;
    let readers = world.crowd(100).await;
    world.notify(Recipients::many(readers.clone()).unwrap(), "read").await;
    world.read_all(readers).await;
    world.mail("bob", "unread").await;
    let engine = world.start(OutboxSettings { per_second: 1, ..eager() });
    let seen = tokio::time::timeout(Duration::from_secs(50), world.seen(1)).await;
    assert_eq!(seen.unwrap(), ["unread"]);
    world.end(engine).await;
}

#[tokio::test]
async fn a_delivery_that_cannot_be_read_holds_up_no_other_and_is_tried_again() {
    let world = World::new(&[]).await;
    world.mail("ann", "damaged").await;
    let stranger = Connection::open(world.path()).unwrap();
    let set = |kind| {
        let set = "UPDATE notifications SET type = ?1 WHERE userId = 'ann'";
        assert_eq!(stranger.execute(set, [kind]).unwrap(), 1);
    };
    set("LOUD");
    world.mail("bob", "whole").await;
    let engine = world.start(OutboxSettings { concurrency: 1, ..eager() });
    assert_eq!(world.seen(1).await, ["whole"]);
    world.settled("ann", 1).await;
    set("INFO");
    world.clock.advance(RETRIES[0].mul_f64(1.1));
    assert_eq!(world.seen(2).await, ["whole", "damaged"]);
    world.end(engine).await;
    let expected = [AttemptOutcome::Failed, AttemptOutcome::Sent];
    assert_eq!(world.outcomes("ann").await, expected);
}
