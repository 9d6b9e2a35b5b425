//! The port `Inboxes`, but for the walk through its pages (`listing`).

use std::time::Duration;

use grelot_core::{
    Body, ChangeKind, Clock as _, Content, Data, Inbox, Link, NotificationId, NotificationType,
    ReadStatus, Seq, Title,
};

use super::world::{World, content, content_of, key, only, user};
use crate::ReadAllScope;

pub async fn an_unknown_user_has_an_empty_inbox(world: &World) {
    let nobody = user("nobody");
    assert_eq!(world.store.inbox(&nobody).await.unwrap(), Inbox::default());
    let page = world.store.list(&nobody, &only(ReadStatus::All), None, 10).await.unwrap();
    assert!(page.notifications.is_empty() && page.next.is_none());
    assert_eq!(page.inbox, Inbox::default());
    let read_all = world.store.read_all(&nobody, &ReadAllScope::default()).await.unwrap();
    assert_eq!((read_all.updated, read_all.inbox), (0, Inbox::default()));
    assert!(world.heard.take().is_empty());
}

pub async fn a_notification_is_counted_and_told_as_it_is_stored(world: &World) {
    let ann = user("ann");
    let id = world.send(&ann, "one").await;
    let inbox = world.store.inbox(&ann).await.unwrap();
    assert_eq!(inbox, Inbox { seq: Seq::new(1), unread: 1, pruned: Seq::ZERO });
    let stored = world.get(&ann, id).await;
    assert_eq!(
        (stored.seq, stored.read_at, stored.created_at),
        (Seq::new(1), None, world.clock.now())
    );
    let heard = world.heard.take();
    assert_eq!(heard.len(), 1);
    assert_eq!((&heard[0].user, heard[0].seq, heard[0].unread), (&ann, Seq::new(1), 1));
    let ChangeKind::Created(told) = &heard[0].kind else { panic!("{heard:?}") };
    assert_eq!(**told, stored);
}

pub async fn a_notification_comes_back_as_it_was_sent(world: &World) {
    let ann = user("Zoé \u{1f514} %_'\"");
    world.put_category("billing", grelot_core::ChannelSet::NONE).await;
    for kind in NotificationType::ALL {
        let sent = Content {
            kind,
            category: Some(key("billing")),
            title: Title::parse("line\r\nbreak \u{85} 'quote' \u{1f514}").unwrap(),
            body: Some(Body::parse("").unwrap()),
            link: Some(Link::parse("/invoices/42?a=b#c").unwrap()),
            data: Some(Data::from_compact_json(r#"{"a":[1,2.50,"\ud83d\udd14"]}"#).unwrap()),
        };
        let id = world.send_content(&ann, sent.clone()).await;
        assert_eq!(*world.get(&ann, id).await.content, sent);
    }
}

pub async fn a_notification_is_out_of_reach_of_other_users(world: &World) {
    let (ann, bob) = (user("ann"), user("bob"));
    let id = world.send(&ann, "one").await;
    world.send(&bob, "other").await;
    world.heard.take();
    assert!(world.store.notification(&bob, id).await.unwrap().is_none());
    assert!(world.store.set_read(&bob, id, true).await.unwrap().is_none());
    assert!(!world.store.delete(&bob, id).await.unwrap());
    world.store.read_all(&bob, &ReadAllScope::default()).await.unwrap();
    assert!(world.heard.take().iter().all(|change| change.user == bob));
    assert!(world.get(&ann, id).await.read_at.is_none());
    assert_eq!(world.store.inbox(&ann).await.unwrap().unread, 1);
}

pub async fn an_id_that_nobody_has_is_not_found(world: &World) {
    let ann = user("ann");
    let id = NotificationId::parse("cm3xk2l9a0000qzrmn831i7rn").unwrap();
    assert!(world.store.notification(&ann, id).await.unwrap().is_none());
    assert!(world.store.set_read(&ann, id, true).await.unwrap().is_none());
    assert!(!world.store.delete(&ann, id).await.unwrap());
    assert!(world.heard.take().is_empty());
}

pub async fn reading_twice_changes_once(world: &World) {
    let ann = user("ann");
    let id = world.send(&ann, "one").await;
    world.heard.take();
    let first = world.store.set_read(&ann, id, true).await.unwrap().unwrap();
    let read_at = world.clock.now();
    assert_eq!(first.notification.read_at, Some(read_at));
    assert_eq!(first.inbox, Inbox { seq: Seq::new(2), unread: 0, pruned: Seq::ZERO });
    world.clock.advance(Duration::from_secs(1));
    let second = world.store.set_read(&ann, id, true).await.unwrap().unwrap();
    assert_eq!((second.notification, second.inbox), (first.notification, first.inbox));
    let heard = world.heard.take();
    assert_eq!(heard.len(), 1);
    assert_eq!((heard[0].seq, heard[0].unread), (Seq::new(2), 0));
    assert_eq!(heard[0].kind, ChangeKind::Read { id, read_at });
}

pub async fn a_read_notification_can_be_made_unread_once(world: &World) {
    let ann = user("ann");
    let id = world.send(&ann, "one").await;
    let untouched = world.store.set_read(&ann, id, false).await.unwrap().unwrap();
    assert_eq!(untouched.inbox.seq, Seq::new(1));
    world.store.set_read(&ann, id, true).await.unwrap();
    world.heard.take();
    for _ in 0..2 {
        let unread = world.store.set_read(&ann, id, false).await.unwrap().unwrap();
        assert_eq!(unread.notification.read_at, None);
        assert_eq!((unread.inbox.seq, unread.inbox.unread), (Seq::new(3), 1));
        assert_eq!(unread.notification.seq, Seq::new(1));
    }
    let heard = world.heard.take();
    assert_eq!(heard.len(), 1);
    assert_eq!((heard[0].unread, &heard[0].kind), (1, &ChangeKind::Unread { id }));
}

pub async fn deleting_counts_only_the_unread(world: &World) {
    let ann = user("ann");
    let (one, two) = (world.send(&ann, "one").await, world.send(&ann, "two").await);
    world.store.set_read(&ann, one, true).await.unwrap();
    world.heard.take();
    assert!(world.store.delete(&ann, one).await.unwrap());
    assert!(!world.store.delete(&ann, one).await.unwrap());
    assert_eq!(world.store.inbox(&ann).await.unwrap().unread, 1);
    assert!(world.store.delete(&ann, two).await.unwrap());
    let inbox = world.store.inbox(&ann).await.unwrap();
    assert_eq!((inbox.seq, inbox.unread), (Seq::new(5), 0));
    assert!(world.store.notification(&ann, one).await.unwrap().is_none());
    let heard = world.heard.take();
    let told: Vec<_> = heard.iter().map(|change| (change.seq, change.unread)).collect();
    assert_eq!(told, [(Seq::new(4), 1), (Seq::new(5), 0)]);
    assert_eq!(heard[0].kind, ChangeKind::Deleted { id: one });
}

pub async fn read_all_is_one_change_at_one_instant(world: &World) {
    let ann = user("ann");
    for title in ["one", "two", "three"] {
        world.send(&ann, title).await;
        world.clock.advance(Duration::from_millis(1));
    }
    world.heard.take();
    let all = world.store.read_all(&ann, &ReadAllScope::default()).await.unwrap();
    assert_eq!((all.updated, all.inbox.seq, all.inbox.unread), (3, Seq::new(4), 0));
    let read = world.walk(&ann, &only(ReadStatus::Read), 10).await;
    assert_eq!(read.len(), 3);
    assert!(read.iter().all(|shown| shown.read_at == Some(world.clock.now())));
    let again = world.store.read_all(&ann, &ReadAllScope::default()).await.unwrap();
    assert_eq!((again.updated, again.inbox), (0, all.inbox));
    let heard = world.heard.take();
    assert_eq!(heard.len(), 1);
    let read_at = world.clock.now();
    let kind = ChangeKind::AllRead { read_at, up_to: Seq::new(3), category: None };
    assert_eq!((heard[0].seq, heard[0].unread, &heard[0].kind), (Seq::new(4), 0, &kind));
}

pub async fn read_all_stops_at_the_position_given(world: &World) {
    let ann = user("ann");
    let one = world.send(&ann, "one").await;
    world.send(&ann, "two").await;
    let up_to = |seq| ReadAllScope { up_to: Some(Seq::new(seq)), category: None };
    assert_eq!(world.store.read_all(&ann, &up_to(0)).await.unwrap().updated, 0);
    let first = world.store.read_all(&ann, &up_to(1)).await.unwrap();
    assert_eq!((first.updated, first.inbox.unread), (1, 1));
    assert!(world.get(&ann, one).await.read_at.is_some());
    world.heard.take();
    let beyond = world.store.read_all(&ann, &up_to(u64::MAX)).await.unwrap();
    assert_eq!((beyond.updated, beyond.inbox.unread), (1, 0));
    // Not the position that was given: one that readers can compare with what they have.
    let heard = world.heard.take();
    let ChangeKind::AllRead { up_to, .. } = heard[0].kind else { panic!("{heard:?}") };
    assert_eq!(up_to, Seq::new(3));
}

pub async fn read_all_of_a_category_leaves_the_others(world: &World) {
    let ann = user("ann");
    world.put_category("billing", grelot_core::ChannelSet::NONE).await;
    world.send_content(&ann, content_of("one", "billing")).await;
    world.send_content(&ann, content("two")).await;
    world.heard.take();
    let scope = ReadAllScope { up_to: None, category: Some(key("billing")) };
    let read = world.store.read_all(&ann, &scope).await.unwrap();
    assert_eq!((read.updated, read.inbox.unread), (1, 1));
    assert_eq!(world.titles(&ann, &only(ReadStatus::Unread), 10).await, ["two"]);
    let heard = world.heard.take();
    let ChangeKind::AllRead { category, .. } = &heard[0].kind else { panic!("{heard:?}") };
    assert_eq!(*category, Some(key("billing")));
}
