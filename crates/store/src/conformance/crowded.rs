//! A user with more rows than one unit of work changes: read-all and erase go part by part, and are right in between.

use grelot_core::{
    Change, ChangeKind, ChannelSet, Content, Inbox, ListFilter, ReadStatus, Seq, UserId,
};

use super::mailing::{mail, reachable};
use super::world::{World, content, content_of, key, only, user};
use crate::{DeliveryFilter, ReadAllScope, Replayed};

/// The most rows of one user that a unit of work changes in a world of these cases.
pub const MAX_ROWS: usize = 10;

async fn send(world: &World, user: &UserId, count: usize, content: &Content) {
    for _ in 0..count {
        mail(&*world.store, user, content.clone()).await;
    }
}

/// Counts what is unread by walking the list, which must agree with the counter.
async fn unread(world: &World, user: &UserId) -> u64 {
    let walked = world.walk(user, &only(ReadStatus::Unread), 100).await.len() as u64;
    let all = world.walk(user, &ListFilter::default(), 100).await;
    let shown = all.iter().filter(|shown| shown.read_at.is_none()).count() as u64;
    assert_eq!(world.store.inbox(user).await.unwrap().unread, walked);
    assert_eq!(shown, walked);
    walked
}

/// Up to where a part read, if it is one, and what it left unread.
fn up_to(change: &Change) -> (Seq, u64) {
    match change.kind {
        ChangeKind::AllRead { up_to, .. } => (up_to, change.unread),
        _ => (Seq::ZERO, change.unread),
    }
}

pub async fn a_read_all_of_very_many_is_a_change_a_part_the_oldest_first(world: &World) {
    let (store, heard) = (&world.store, &world.heard);
    let ann = user("ann");
    send(world, &ann, 35, &content("hello")).await;
    heard.take();
    let scope = ReadAllScope { up_to: Some(Seq::new(32)), category: None };
    let read = store.read_all(&ann, &scope).await.unwrap();
    assert_eq!(read.updated, 32);
    let parts: Vec<_> = heard.take().iter().map(up_to).collect();
    let expected = [(10, 25), (20, 15), (30, 5), (32, 3)];
    assert_eq!(parts, expected.map(|(seq, unread)| (Seq::new(seq), unread)));
    assert_eq!(read.inbox, Inbox { seq: Seq::new(39), unread: 3, pruned: Seq::ZERO });
    assert_eq!(store.inbox(&ann).await.unwrap(), read.inbox);
    assert_eq!(unread(world, &ann).await, 3);
    let again = store.read_all(&ann, &scope).await.unwrap();
    assert_eq!((again.updated, again.inbox), (0, read.inbox));
    // Who was away hears each part.
    let replayed = store.replay(&ann, Seq::new(35)).await.unwrap();
    let Replayed::Changes { changes, .. } = replayed else { panic!("{replayed:?}") };
    assert_eq!(changes.len(), 4);
    let rest = store.read_all(&ann, &ReadAllScope::default()).await.unwrap();
    assert_eq!((rest.updated, rest.inbox.unread), (3, 0));
    assert_eq!(heard.take().len(), 1);
}

pub async fn a_read_all_of_a_category_passes_what_is_of_another(world: &World) {
    let (store, heard) = (&world.store, &world.heard);
    let ann = user("ann");
    world.put_category("billing", ChannelSet::NONE).await;
    let of_it = content_of("hers", "billing");
    send(world, &ann, 25, &content("other")).await;
    send(world, &ann, 12, &of_it).await;
    send(world, &ann, 3, &content("other")).await;
    heard.take();
    let scope = ReadAllScope { up_to: None, category: Some(key("billing")) };
    let read = store.read_all(&ann, &scope).await.unwrap();
    assert_eq!((read.updated, read.inbox.unread), (12, 28));
    // Of what a part passed nothing is told.
    let parts: Vec<_> = heard.take().iter().map(up_to).collect();
    let expected = [(30, 35), (40, 28)];
    assert_eq!(parts, expected.map(|(seq, unread)| (Seq::new(seq), unread)));
    assert_eq!(unread(world, &ann).await, 28);
}

pub async fn an_erase_of_very_much_ends_sessions_at_once_and_leaves_nothing(world: &World) {
    let (store, heard) = (&world.store, &world.heard);
    let (ann, bob) = (reachable(&**store, "ann").await, reachable(&**store, "bob").await);
    for user in [&ann, &bob] {
        send(world, user, 35, &content("hello")).await;
    }
    let ids = store.export(&ann).await.unwrap().notifications;
    for read in &ids[..4] {
        store.set_read(&ann, read.id, true).await.unwrap();
    }
    let before = store.inbox(&ann).await.unwrap();
    heard.take();
    store.erase(&ann).await.unwrap();
    let told = heard.take();
    assert!(told.iter().all(|change| matches!(change.kind, ChangeKind::Erased)));
    let (seqs, counts): (Vec<_>, Vec<_>) =
        told.iter().map(|change| (change.seq.get(), change.unread)).unzip();
    let seq = before.seq.get();
    assert_eq!(seqs, [seq + 1, seq + 2, seq + 3, seq + 4]);
    assert!(counts.is_sorted_by(|one, next| one > next) && counts[3] == 0, "{counts:?}");
    let erased = Inbox { seq: Seq::new(seq + 4), unread: 0, pruned: Seq::new(seq + 4) };
    assert_eq!(store.inbox(&ann).await.unwrap(), erased);
    let export = store.export(&ann).await.unwrap();
    assert!(export.notifications.is_empty() && export.deliveries.is_empty());
    assert_eq!((export.contact, export.sessions_revoked_at.is_some()), (None, true));
    assert_eq!(unread(world, &bob).await, 35);
    let left = store.deliveries(DeliveryFilter::default(), 100).await.unwrap();
    assert!(left.len() == 35 && left.iter().all(|delivery| delivery.user == bob));
    send(world, &ann, 1, &content("new")).await;
    assert_eq!(store.inbox(&ann).await.unwrap().seq.get(), seq + 5);
}
