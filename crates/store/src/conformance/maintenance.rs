//! The port `Maintenance`.

use std::time::Duration;

use grelot_core::{Clock as _, Inbox, Seq};

use super::world::{World, content, idempotency, request, user};
use crate::{Poll, Replayed};

const MINUTE: Duration = Duration::from_mins(1);

pub async fn an_open_store_is_healthy_and_counts(world: &World) {
    world.store.health().await.unwrap();
    let before = world.store.stats();
    world.send(&user("ann"), "one").await;
    let after = world.store.stats();
    assert_eq!(after.committed, before.committed + 1);
    assert_eq!(after.commits, before.commits + 1);
    assert_eq!((after.queued, after.refused, after.failed), (0, 0, 0));
}

pub async fn old_changes_are_pruned_and_their_cursors_reset(world: &World) {
    let (ann, bob) = (user("ann"), user("bob"));
    let id = world.send(&ann, "one").await;
    world.store.set_read(&ann, id, true).await.unwrap();
    world.store.set_read(&ann, id, false).await.unwrap();
    world.clock.advance(MINUTE);
    world.store.set_read(&ann, id, true).await.unwrap();
    world.send(&bob, "other").await;
    let before = world.store.inbox(&ann).await.unwrap();
    world.heard.take();
    let now = world.clock.now();
    assert_eq!(world.store.prune_changes(now, 100).await.unwrap(), 2);
    assert_eq!(world.store.prune_changes(now, 100).await.unwrap(), 0);
    let pruned = Inbox { pruned: Seq::new(3), ..before };
    assert_eq!(world.store.inbox(&ann).await.unwrap(), pruned);
    assert!(world.heard.take().is_empty());
    let polled = world.store.poll(&ann, Seq::new(2), 10).await.unwrap();
    assert!(matches!(polled, Poll::Reset { .. }), "{polled:?}");
    let replayed = world.store.replay(&ann, Seq::new(3)).await.unwrap();
    assert!(matches!(replayed, Replayed::Changes { changes, .. } if changes.len() == 1));
    assert_eq!(world.store.inbox(&bob).await.unwrap().pruned, Seq::ZERO);
}

pub async fn pruning_goes_in_batches_from_the_beginning(world: &World) {
    let ann = user("ann");
    let id = world.send(&ann, "one").await;
    for read in [true, false, true, false, true] {
        world.store.set_read(&ann, id, read).await.unwrap();
    }
    world.clock.advance(MINUTE);
    let now = world.clock.now();
    let mut pruned = Vec::new();
    for _ in 0..3 {
        let count = world.store.prune_changes(now, 2).await.unwrap();
        pruned.push((count, world.store.inbox(&ann).await.unwrap().pruned.get()));
    }
    assert_eq!(pruned, [(2, 3), (2, 5), (1, 6)]);
}

pub async fn history_is_cut_at_its_beginning_whatever_the_clock_did(world: &World) {
    let ann = user("ann");
    let id = world.send(&ann, "one").await;
    world.clock.advance(10 * MINUTE);
    world.store.set_read(&ann, id, true).await.unwrap();
    world.clock.set_back(10 * MINUTE);
    world.store.set_read(&ann, id, false).await.unwrap();
    world.clock.advance(MINUTE);
    // The second change seems older than the first: dropping it alone would be a gap.
    world.store.prune_changes(world.clock.now(), 100).await.unwrap();
    let pruned = world.store.inbox(&ann).await.unwrap().pruned;
    let replayed = world.store.replay(&ann, pruned).await.unwrap();
    let Replayed::Changes { changes, inbox } = replayed else { panic!("{replayed:?}") };
    let first_kept = changes.first().map_or(inbox.seq.next(), |change| change.seq);
    assert!(pruned == Seq::ZERO || first_kept == pruned.next(), "{pruned:?} {first_kept:?}");
    assert_eq!(changes.last().map(|change| change.seq), Some(inbox.seq));
    world.clock.advance(20 * MINUTE);
    world.store.prune_changes(world.clock.now(), 100).await.unwrap();
    assert_eq!(world.store.inbox(&ann).await.unwrap().pruned, inbox.seq);
}

pub async fn old_answers_are_pruned_in_batches(world: &World) {
    let ann = user("ann");
    let mut request = request(&ann, content("hello"));
    for slot in 1..=3 {
        request.idempotency = Some(idempotency(slot, 1));
        world.store.notify(request.clone()).await.unwrap();
    }
    world.clock.advance(MINUTE);
    request.idempotency = Some(idempotency(4, 1));
    world.store.notify(request.clone()).await.unwrap();
    let now = world.clock.now();
    assert_eq!(world.store.prune_idempotency(now, 2).await.unwrap(), 2);
    assert_eq!(world.store.prune_idempotency(now, 2).await.unwrap(), 1);
    assert_eq!(world.store.prune_idempotency(now, 2).await.unwrap(), 0);
    assert!(world.store.notify(request.clone()).await.unwrap().replayed);
    request.idempotency = Some(idempotency(1, 1));
    assert!(!world.store.notify(request).await.unwrap().replayed);
}
