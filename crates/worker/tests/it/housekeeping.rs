//! Housekeeping over a real store: which notifications it leaves. Not here: the loop (`jobs::housekeeping`).

use std::sync::Arc;
use std::time::Duration;

use grelot_core::{Clock, UserId};
use grelot_store::Inboxes as _;
use grelot_store_sqlite::SqliteStore;
use grelot_worker::jobs::housekeeping::{Chore, Progress};
use grelot_worker::{Housekeeping, HousekeepingSettings, Retention};

use crate::support::World;

const DAY: Duration = Duration::from_hours(24);

fn housekeeping(world: &World, retention: Retention) -> Housekeeping {
    let store = Arc::<SqliteStore>::clone(&world.store);
    let clock: Arc<dyn Clock> = Arc::<grelot_store::conformance::HandClock>::clone(&world.clock);
    let settings = HousekeepingSettings { batch: 2, retention, ..HousekeepingSettings::default() };
    Housekeeping::new(store, clock, settings)
}

/// Does a chore to its end; how many it removed.
async fn finish(housekeeping: &Housekeeping, chore: Chore) -> usize {
    let mut removed = 0;
    loop {
        match housekeeping.step(chore).await.unwrap() {
            Progress::More(more) => removed += more,
            Progress::Done(last) => return removed + last,
            Progress::Held => panic!("nobody else writes"),
        }
    }
}

#[tokio::test]
async fn what_was_read_is_kept_as_long_as_the_host_says() {
    let world = World::new(&[]).await;
    let ann = UserId::parse("ann").unwrap();
    for title in ["1", "2", "3"] {
        let id = world.mail("ann", title).await;
        world.store.set_read(&ann, id, true).await.unwrap();
    }
    let unread = world.mail("ann", "unread").await;
    world.clock.advance(30 * DAY);
    let month = Retention { read: Some(30 * DAY), ..Retention::default() };
    assert_eq!(finish(&housekeeping(&world, month), Chore::Read).await, 0);
    world.clock.advance(Duration::from_millis(1));
    assert_eq!(finish(&housekeeping(&world, Retention::default()), Chore::Read).await, 0);
    assert_eq!(finish(&housekeeping(&world, month), Chore::Read).await, 3);
    assert!(world.store.notification(&ann, unread).await.unwrap().is_some());
}

#[tokio::test]
async fn every_inbox_is_brought_down_to_what_it_may_hold() {
    let world = World::new(&[]).await;
    for user in ["ann", "bob", "carl"] {
        for title in ["1", "2", "3", "4", "5", "6"] {
            world.mail(user, title).await;
        }
    }
    let unlimited = Retention { inbox_max: None, ..Retention::default() };
    assert_eq!(finish(&housekeeping(&world, unlimited), Chore::Inboxes).await, 0);
    let few = Retention { inbox_max: Some(1), ..Retention::default() };
    let housekeeping = housekeeping(&world, few);
    assert_eq!(finish(&housekeeping, Chore::Inboxes).await, 15);
    for user in ["ann", "bob", "carl"] {
        let inbox = world.store.inbox(&UserId::parse(user).unwrap()).await.unwrap();
        assert_eq!((inbox.unread, inbox.seq.get()), (1, 11));
    }
    // The next round begins anew.
    world.mail("ann", "7").await;
    assert_eq!(finish(&housekeeping, Chore::Inboxes).await, 1);
}
