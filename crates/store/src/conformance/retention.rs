//! The port `Maintenance`, as far as it removes notifications: those read long ago, and those of an inbox that is too full.

use std::time::Duration;

use grelot_core::{ChangeKind, Clock as _, ListFilter, NotificationId, Seq, UserId};

use super::world::{World, user};
use crate::{Replayed, Trimmed};

const DAY: Duration = Duration::from_hours(24);

async fn titles(world: &World, user: &UserId) -> Vec<String> {
    world.titles(user, &ListFilter::default(), 100).await
}

async fn send(world: &World, user: &UserId, titles: &[&str]) -> Vec<NotificationId> {
    let mut ids = Vec::new();
    for title in titles {
        ids.push(world.send(user, title).await);
    }
    ids
}

async fn read(world: &World, user: &UserId, id: NotificationId) {
    world.store.set_read(user, id, true).await.unwrap();
}

/// Walks through every inbox; how many were removed in each step that removed some.
async fn trim(world: &World, max: u64, batch: usize) -> Vec<usize> {
    let (mut after, mut removed) = (None, Vec::new());
    for _ in 0..1_000 {
        let step = world.store.trim_inboxes(after.as_ref(), max, batch).await.unwrap();
        removed.extend(Some(step.removed).filter(|removed| *removed > 0));
        after = step.after;
        if step.done {
            return removed;
        }
    }
    panic!("the walk has no end");
}

pub async fn what_was_read_long_ago_goes_and_nobody_is_told(world: &World) {
    let (ann, bob) = (user("ann"), user("bob"));
    let ids = send(world, &ann, &["early", "late", "unread", "unread again"]).await;
    read(world, &ann, ids[0]).await;
    read(world, &ann, ids[3]).await;
    world.store.set_read(&ann, ids[3], false).await.unwrap();
    let other = world.send(&bob, "early").await;
    read(world, &bob, other).await;
    world.clock.advance(DAY);
    read(world, &ann, ids[1]).await;
    let now = world.clock.now();
    let before = world.store.inbox(&ann).await.unwrap();
    world.heard.take();
    // By when they were read, not by when they were created; one at a time.
    assert_eq!(world.store.prune_read(now, 1).await.unwrap().removed, 1);
    assert_eq!(world.store.prune_read(now, 10).await.unwrap().removed, 1);
    assert_eq!(world.store.prune_read(now, 10).await.unwrap().removed, 0);
    assert_eq!(titles(world, &ann).await, ["unread again", "unread", "late"]);
    assert!(titles(world, &bob).await.is_empty());
    assert_eq!(world.store.inbox(&ann).await.unwrap(), before);
    assert!(world.heard.take().is_empty());
    assert_eq!(world.store.notification(&ann, ids[0]).await.unwrap(), None);
    // A reader who comes back has every change that is still about something, and no reset.
    let replayed = world.store.replay(&ann, Seq::ZERO).await.unwrap();
    let Replayed::Changes { changes, inbox } = replayed else { panic!("{replayed:?}") };
    assert_eq!(inbox, before);
    let created = |change: &&grelot_core::Change| matches!(change.kind, ChangeKind::Created(_));
    assert_eq!(changes.iter().filter(created).count(), 3);
    assert_eq!(world.store.prune_read(now.after(DAY), 10).await.unwrap().removed, 1);
}

pub async fn an_inbox_that_is_too_full_loses_what_was_read_and_then_the_oldest(world: &World) {
    let ann = user("ann");
    let ids = send(world, &ann, &["1", "2", "3", "4", "5", "6"]).await;
    for id in [ids[3], ids[1]] {
        read(world, &ann, id).await;
    }
    let before = world.store.inbox(&ann).await.unwrap();
    world.heard.take();
    assert!(trim(world, 6, 10).await.is_empty(), "it is not too full");
    assert_eq!(trim(world, 5, 10).await, [1]);
    assert_eq!(titles(world, &ann).await, ["6", "5", "3", "1", "4"]);
    assert_eq!(world.store.inbox(&ann).await.unwrap(), before, "the oldest that was read");
    assert!(world.heard.take().is_empty());

    assert_eq!(trim(world, 2, 10).await, [3]);
    assert_eq!(titles(world, &ann).await, ["6", "5"]);
    let after = before.deleted(true).deleted(true);
    assert_eq!(world.store.inbox(&ann).await.unwrap(), after);
    assert_eq!(after.unread, 2);
    let heard = world.heard.take();
    let told: Vec<_> = heard.iter().map(|change| (change.seq, change.unread)).collect();
    assert_eq!(told, [(before.seq.next(), 3), (after.seq, 2)]);
    for (change, id) in heard.iter().zip([ids[0], ids[2]]) {
        assert!(
            matches!(change.kind, ChangeKind::Deleted { id: gone } if gone == id),
            "{change:?}"
        );
    }
    let replayed = world.store.replay(&ann, before.seq).await.unwrap();
    let Replayed::Changes { changes, .. } = replayed else { panic!("{replayed:?}") };
    let seqs: Vec<_> = changes.iter().map(|change| change.seq).collect();
    assert_eq!(seqs, [before.seq.next(), after.seq]);
    assert!(trim(world, 2, 10).await.is_empty());
    // What comes goes on above it.
    let next = world.send(&ann, "7").await;
    assert_eq!(world.get(&ann, next).await.seq, after.seq.next());
}

pub async fn inboxes_are_trimmed_one_by_one_in_batches(world: &World) {
    let users: Vec<_> = (0..7).map(|n| user(&format!("u{n}"))).collect();
    for (number, user) in users.iter().enumerate() {
        for _ in 0..number {
            world.send(user, "hello").await;
        }
    }
    // Who has changes enough may still have few notifications.
    let ann = user("ann");
    let id = world.send(&ann, "one").await;
    for read in [true, false, true, false] {
        world.store.set_read(&ann, id, read).await.unwrap();
    }
    assert_eq!(trim(world, 2, 2).await, [1, 2, 2, 1, 2, 2]);
    for (number, user) in users.iter().enumerate() {
        let held = titles(world, user).await.len();
        assert_eq!(held, number.min(2));
        assert_eq!(world.store.inbox(user).await.unwrap().unread, held as u64);
    }
    assert_eq!(titles(world, &ann).await, ["one"]);
    let nothing = world.store.trim_inboxes(Some(&user("zoe")), 2, 2).await.unwrap();
    assert_eq!(nothing, Trimmed { removed: 0, after: None, done: true });
}
