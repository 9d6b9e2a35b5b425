//! The port `Replay`.

use grelot_core::{Change, ChangeKind, Clock as _, Inbox, NotificationId, Seq, UserId};

use super::world::{World, switch_in_app, user};
use crate::{Poll, ReadAllScope, Replayed};

async fn changes(world: &World, ann: &UserId, since: u64) -> Vec<Change> {
    match world.store.replay(ann, Seq::new(since)).await.unwrap() {
        Replayed::Changes { changes, inbox } => {
            assert_eq!(inbox, world.store.version(ann).await.unwrap());
            assert!(changes.iter().all(|change| change.unread == inbox.unread));
            assert!(changes.iter().all(|change| change.user == *ann));
            changes
        }
        reset @ Replayed::Reset { .. } => panic!("{reset:?}"),
    }
}

async fn is_reset(world: &World, ann: &UserId, since: u64) -> bool {
    let replayed = world.store.replay(ann, Seq::new(since)).await.unwrap();
    matches!(replayed, Replayed::Reset { .. })
}

fn seqs(changes: &[Change]) -> Vec<u64> {
    changes.iter().map(|change| change.seq.get()).collect()
}

/// One change of every kind: 1, 2, 3 created, 4 read, 5 unread, 6 all read, 7 deleted, 8 preferences.
async fn every_kind(world: &World, ann: &UserId) -> [NotificationId; 3] {
    let mut ids = Vec::new();
    for title in ["one", "two", "three"] {
        ids.push(world.send(ann, title).await);
    }
    world.store.set_read(ann, ids[0], true).await.unwrap();
    world.store.set_read(ann, ids[0], false).await.unwrap();
    world.store.read_all(ann, &ReadAllScope::default()).await.unwrap();
    world.store.delete(ann, ids[1]).await.unwrap();
    world.store.update_preferences(ann, &switch_in_app(false)).await.unwrap();
    [ids[0], ids[1], ids[2]]
}

pub async fn a_replay_gives_every_change_in_order(world: &World) {
    let ann = user("ann");
    let ids = every_kind(world, &ann).await;
    world.send(&user("bob"), "other").await;
    let read_at = world.clock.now();
    let replayed = changes(world, &ann, 0).await;
    // Of the one deleted meanwhile the creation is missing, its deletion is not.
    assert_eq!(seqs(&replayed), [1, 3, 4, 5, 6, 7, 8]);
    let kinds: Vec<&ChangeKind> = replayed.iter().skip(2).map(|change| &change.kind).collect();
    assert_eq!(
        kinds,
        [
            &ChangeKind::Read { id: ids[0], read_at },
            &ChangeKind::Unread { id: ids[0] },
            &ChangeKind::AllRead { read_at, up_to: Seq::new(5), category: None },
            &ChangeKind::Deleted { id: ids[1] },
            &ChangeKind::PreferencesUpdated,
        ]
    );
}

pub async fn a_replayed_creation_shows_the_notification_as_it_is(world: &World) {
    let ann = user("ann");
    let ids = every_kind(world, &ann).await;
    let replayed = changes(world, &ann, 0).await;
    let ChangeKind::Created(shown) = &replayed[0].kind else { panic!("{replayed:?}") };
    assert_eq!(**shown, world.get(&ann, ids[0]).await);
    assert!(shown.read_at.is_some());
}

pub async fn who_is_caught_up_gets_every_count_as_it_was(world: &World) {
    let ann = user("ann");
    let ids = every_kind(world, &ann).await;
    world.store.update_preferences(&ann, &switch_in_app(true)).await.unwrap();
    let last = world.send(&ann, "four").await;
    world.store.delete(&ann, ids[0]).await.unwrap();
    world.send(&ann, "five").await;
    world.store.delete(&ann, last).await.unwrap();
    let told: Vec<(Seq, u64)> =
        world.heard.take().iter().map(|change| (change.seq, change.unread)).collect();
    for since in 0..=13 {
        let caught = world.store.catch_up(&ann, Seq::new(since)).await.unwrap();
        let Replayed::Changes { changes, inbox } = caught else { panic!("{caught:?}") };
        assert_eq!(inbox, world.store.version(&ann).await.unwrap());
        let shown = changes.iter().map(|change| (change.seq, change.unread));
        // Of what was deleted meanwhile the creation is missing.
        let gone = [1, 2, 10].map(Seq::new);
        let wanted = told.iter().filter(|(seq, _)| seq.get() > since && !gone.contains(seq));
        assert!(shown.eq(wanted.copied()), "since {since}: {changes:?}, told {told:?}");
    }
    let ahead = world.store.catch_up(&ann, Seq::new(14)).await.unwrap();
    assert!(matches!(ahead, Replayed::Reset { .. }));
}

pub async fn a_replay_begins_after_its_cursor(world: &World) {
    let ann = user("ann");
    every_kind(world, &ann).await;
    assert_eq!(seqs(&changes(world, &ann, 4).await), [5, 6, 7, 8]);
    assert!(changes(world, &ann, 8).await.is_empty());
    assert!(changes(world, &user("nobody"), 0).await.is_empty());
}

pub async fn a_cursor_in_the_future_is_reset(world: &World) {
    let ann = user("ann");
    every_kind(world, &ann).await;
    assert!(is_reset(world, &ann, 9).await);
    assert!(is_reset(world, &ann, u64::MAX).await);
    assert!(is_reset(world, &user("nobody"), 1).await);
    let polled = world.store.poll(&ann, Seq::new(9), 10).await.unwrap();
    assert!(matches!(polled, Poll::Reset { inbox } if inbox.seq == Seq::new(8)));
}

pub async fn polls_page_through_every_change(world: &World) {
    let ann = user("ann");
    every_kind(world, &ann).await;
    let mut seen = Vec::new();
    let mut since = Seq::ZERO;
    loop {
        let polled = world.store.poll(&ann, since, 2).await.unwrap();
        let Poll::Changes { changes, seq, more } = polled else { panic!("{polled:?}") };
        assert!(changes.len() <= 2);
        seen.extend(seqs(&changes));
        if !more {
            assert_eq!(seq, Seq::new(8));
            break;
        }
        assert_eq!(seq, changes.last().unwrap().seq);
        since = seq;
    }
    assert_eq!(seen, [1, 3, 4, 5, 6, 7, 8]);
}

pub async fn the_cursor_of_the_last_poll_is_past_what_was_deleted(world: &World) {
    let ann = user("ann");
    let id = world.send(&ann, "one").await;
    world.send(&ann, "two").await;
    // A full page that is the last one says so: 1 is gone, 2 and 3 are two.
    world.store.delete(&ann, id).await.unwrap();
    let polled = world.store.poll(&ann, Seq::ZERO, 2).await.unwrap();
    let Poll::Changes { changes, seq, more } = polled else { panic!("{polled:?}") };
    assert_eq!((seqs(&changes), seq, more), (vec![2, 3], Seq::new(3), false));
    let polled = world.store.poll(&ann, Seq::new(3), 2).await.unwrap();
    assert!(matches!(polled, Poll::Changes { seq, more: false, .. } if seq == Seq::new(3)));
}

pub async fn a_stream_replays_a_thousand_changes_and_a_poll_more(world: &World) {
    let ann = user("ann");
    let mut request = super::world::request(&ann, super::world::content("one"));
    for _ in 0..=Inbox::REPLAY_LIMIT {
        // A request of its own each: one per user and request.
        request.idempotency = None;
        world.store.notify(request.clone()).await.unwrap();
    }
    assert!(is_reset(world, &ann, 0).await);
    assert_eq!(changes(world, &ann, 1).await.len(), 1_000);
    let polled = world.store.poll(&ann, Seq::ZERO, 2_000).await.unwrap();
    let Poll::Changes { changes, more, .. } = polled else { panic!("{polled:?}") };
    assert_eq!((changes.len(), more), (1_001, false));
}

pub async fn history_is_kept_as_far_back_as_its_bound(world: &World) {
    let ann = user("ann");
    let id = world.send(&ann, "one").await;
    let mut read = true;
    for _ in 0..=Inbox::CHANGES_KEPT {
        world.store.set_read(&ann, id, read).await.unwrap();
        read = !read;
    }
    // 1 is a creation and never dropped; of the changes after it only 2 is that far back.
    let inbox = world.store.version(&ann).await.unwrap();
    assert_eq!((inbox.seq, inbox.pruned), (Seq::new(Inbox::CHANGES_KEPT + 2), Seq::new(2)));
    let polled = world.store.poll(&ann, Seq::new(2), 10).await.unwrap();
    assert!(matches!(polled, Poll::Changes { more: true, .. }), "{polled:?}");
    for since in [0, 1] {
        let polled = world.store.poll(&ann, Seq::new(since), 10).await.unwrap();
        assert!(matches!(polled, Poll::Reset { .. }), "{since} {polled:?}");
    }
}
