//! The port `Users`: contacts, sessions, export, erasure.

use std::time::Duration;

use grelot_core::{
    ChangeKind, ChannelSet, Clock as _, Contact, Inbox, NotificationId, Preferences, Seq, UserId,
};

use super::mailing;
use super::world::{World, choose, content, content_of, switch_in_app, user};
use crate::{Poll, Replayed, Settlement};

fn contact(email: &str) -> Contact {
    Contact { email: Some(email.to_owned()), ..Contact::default() }
}

/// A user with something in every place.
async fn everywhere(world: &World, ann: &UserId) -> NotificationId {
    world.put_category("billing", ChannelSet::NONE).await;
    let id = world.send_content(ann, content_of("secret", "billing")).await;
    world.store.set_read(ann, id, true).await.unwrap();
    world.store.put_contact(ann, contact("ann@example.com")).await.unwrap();
    let choice = choose(&[("billing", None, Some(false))]);
    world.store.update_preferences(ann, &choice).await.unwrap();
    id
}

pub async fn a_contact_is_replaced_as_a_whole(world: &World) {
    let ann = user("ann");
    assert_eq!(world.store.contact(&ann).await.unwrap(), None);
    let first = Contact {
        email: Some("ann@example.com".to_owned()),
        name: Some("Ann".to_owned()),
        locale: Some("fr".to_owned()),
        timezone: Some("Europe/Paris".to_owned()),
    };
    world.store.put_contact(&ann, first.clone()).await.unwrap();
    assert_eq!(world.store.contact(&ann).await.unwrap(), Some(first));
    world.store.put_contact(&ann, contact("other@example.com")).await.unwrap();
    assert_eq!(world.store.contact(&ann).await.unwrap(), Some(contact("other@example.com")));
    world.store.put_contact(&ann, Contact::default()).await.unwrap();
    assert_eq!(world.store.contact(&ann).await.unwrap(), Some(Contact::default()));
    assert_eq!(world.store.contact(&user("bob")).await.unwrap(), None);
    assert_eq!(world.store.inbox(&ann).await.unwrap(), Inbox::default());
}

pub async fn an_erased_user_has_nothing_left(world: &World) {
    let ann = user("ann");
    let id = everywhere(world, &ann).await;
    world.heard.take();
    world.store.erase(&ann).await.unwrap();
    let erased = Inbox { seq: Seq::new(4), unread: 0, pruned: Seq::new(4) };
    let heard = world.heard.take();
    assert_eq!(heard.len(), 1);
    assert_eq!((heard[0].seq, &heard[0].kind), (erased.seq, &ChangeKind::Erased));
    let export = world.store.export(&ann).await.unwrap();
    assert_eq!(export.inbox, erased);
    assert!(export.notifications.is_empty());
    assert_eq!((export.preferences, export.contact), (None, None));
    assert_eq!(export.sessions_revoked_at, Some(world.clock.now()));
    assert_eq!(world.store.inbox(&ann).await.unwrap(), erased);
    assert_eq!(world.store.find_notification(id).await.unwrap(), None);
    assert_eq!(world.store.notification(&ann, id).await.unwrap(), None);
}

pub async fn an_inbox_after_an_erase_goes_on_above_it(world: &World) {
    let ann = user("ann");
    everywhere(world, &ann).await;
    world.store.erase(&ann).await.unwrap();
    let erased = world.store.inbox(&ann).await.unwrap().seq;
    world.heard.take();
    let id = world.send(&ann, "new").await;
    assert_eq!(world.get(&ann, id).await.seq, erased.next());
    assert_eq!(world.heard.take()[0].seq, erased.next());
    let inbox = Inbox { seq: erased.next(), unread: 1, pruned: erased };
    assert_eq!(world.store.inbox(&ann).await.unwrap(), inbox);
    let before = Seq::new(erased.get() - 1);
    for since in [Seq::ZERO, before] {
        let replayed = world.store.replay(&ann, since).await.unwrap();
        assert!(matches!(replayed, Replayed::Reset { .. }), "{since:?} {replayed:?}");
        let polled = world.store.poll(&ann, since, 10).await.unwrap();
        assert!(matches!(polled, Poll::Reset { .. }), "{since:?} {polled:?}");
    }
    let replayed = world.store.replay(&ann, erased).await.unwrap();
    let Replayed::Changes { changes, .. } = replayed else { panic!("{replayed:?}") };
    assert_eq!(changes.len(), 1);
    // Every kind of first change goes on above it, and so does a second erase.
    world.store.erase(&ann).await.unwrap();
    let erased = world.store.inbox(&ann).await.unwrap().seq;
    assert_eq!(erased, inbox.seq.next());
    let view = world.store.update_preferences(&ann, &switch_in_app(false)).await.unwrap();
    assert_eq!(view.inbox.seq, erased.next());
}

pub async fn erasing_an_unknown_user_takes_a_position_too(world: &World) {
    let nobody = user("nobody");
    for number in 1..=2 {
        world.store.erase(&nobody).await.unwrap();
        let inbox = world.store.inbox(&nobody).await.unwrap();
        let seq = Seq::new(number);
        assert_eq!(inbox, Inbox { seq, unread: 0, pruned: seq });
    }
    assert_eq!(world.heard.take().len(), 2);
}

pub async fn an_erase_leaves_other_users_alone(world: &World) {
    let (ann, bob) = (user("ann"), user("bob"));
    everywhere(world, &ann).await;
    everywhere(world, &bob).await;
    let before = world.store.export(&bob).await.unwrap();
    world.store.erase(&ann).await.unwrap();
    let after = world.store.export(&bob).await.unwrap();
    assert_eq!((after.inbox, after.notifications), (before.inbox, before.notifications));
    assert_eq!((after.preferences, after.contact), (before.preferences, before.contact));
    assert_eq!(after.sessions_revoked_at, None);
}

pub async fn an_export_has_everything(world: &World) {
    let ann = user("ann");
    let id = everywhere(world, &ann).await;
    let newer = world.send(&ann, "newer").await;
    let export = world.store.export(&ann).await.unwrap();
    assert_eq!(export.inbox, world.store.inbox(&ann).await.unwrap());
    // Newest first, whatever is read.
    let expected = [world.get(&ann, newer).await, world.get(&ann, id).await];
    assert_eq!(export.notifications, expected);
    assert_eq!(export.contact, Some(contact("ann@example.com")));
    let stored = world.store.preferences(&ann).await.unwrap().preferences;
    assert_eq!(export.preferences, Some(stored));
    assert_eq!(export.sessions_revoked_at, None);
}

pub async fn an_export_lists_every_delivery_of_the_user_alone(world: &World) {
    let (ann, bob) = (user("ann"), user("bob"));
    let mut all = Vec::new();
    // One in the inbox, one that only goes out by mail, one that does not go out; and one of somebody else.
    let mail =
        async |user: &UserId, title: &str| mailing::mail(&*world.store, user, content(title)).await;
    for user in [&ann, &bob] {
        world.store.put_contact(user, contact("someone@example.com")).await.unwrap();
    }
    all.push(mail(&ann, "in the inbox").await);
    mail(&bob, "another's").await;
    world.clock.advance(Duration::from_mins(5));
    let leases = world.store.lease(10).await.unwrap().leases;
    let hers = leases.iter().find(|lease| lease.user == ann).unwrap();
    let refused = Settlement::Refused { answer: "550 no".to_owned() };
    world.store.settle(hers, refused).await.unwrap();
    world.store.update_preferences(&ann, &switch_in_app(false)).await.unwrap();
    all.push(mail(&ann, "only by mail").await);
    world.store.update_preferences(&ann, &switch_in_app(true)).await.unwrap();
    world.store.put_contact(&ann, Contact::default()).await.unwrap();
    all.push(mail(&ann, "nowhere to go").await);

    let deliveries = world.store.export(&ann).await.unwrap().deliveries;
    let about: Vec<_> = deliveries.iter().rev().map(|one| one.delivery.notification).collect();
    assert_eq!(about, all.iter().copied().map(Some).collect::<Vec<_>>());
    for (id, mailed) in all.iter().rev().zip(&deliveries) {
        let story = world.store.story(*id).await.unwrap().unwrap();
        assert_eq!(story.deliveries.as_slice(), std::slice::from_ref(&mailed.delivery));
    }
    assert_eq!(deliveries[2].delivery.attempts[0].answer, "550 no");
    let contents: Vec<_> = deliveries.iter().map(|one| one.content.as_deref()).collect();
    assert_eq!(contents, [None, Some(&content("only by mail")), None]);
    world.store.erase(&ann).await.unwrap();
    assert!(world.store.export(&ann).await.unwrap().deliveries.is_empty());
    assert_eq!(world.store.export(&bob).await.unwrap().deliveries.len(), 1);
}

pub async fn an_export_of_an_unknown_user_is_empty(world: &World) {
    let export = world.store.export(&user("nobody")).await.unwrap();
    assert_eq!(export.inbox, Inbox::default());
    assert!(export.notifications.is_empty() && export.deliveries.is_empty());
    assert_eq!((export.preferences, export.contact), (None::<Preferences>, None));
    assert_eq!(export.sessions_revoked_at, None);
}

pub async fn sessions_are_revoked_up_to_now_and_stay_revoked(world: &World) {
    let ann = user("ann");
    assert_eq!(world.store.sessions_revoked_at(&ann).await.unwrap(), None);
    let first = world.store.revoke_sessions(&ann).await.unwrap();
    assert_eq!(first, world.clock.now());
    world.clock.advance(Duration::from_secs(5));
    let second = world.store.revoke_sessions(&ann).await.unwrap();
    assert_eq!(second, world.clock.now());
    // A clock that goes back brings no session to life again.
    world.clock.set_back(Duration::from_mins(1));
    assert_eq!(world.store.revoke_sessions(&ann).await.unwrap(), second);
    world.store.erase(&ann).await.unwrap();
    assert_eq!(world.store.sessions_revoked_at(&ann).await.unwrap(), Some(second));
    assert_eq!(world.store.sessions_revoked_at(&user("bob")).await.unwrap(), None);
}

pub async fn revoking_sessions_moves_no_inbox(world: &World) {
    let ann = user("ann");
    world.store.revoke_sessions(&ann).await.unwrap();
    assert_eq!(world.store.inbox(&ann).await.unwrap(), Inbox::default());
    assert!(world.heard.take().is_empty());
    world.send(&ann, "one").await;
    assert_eq!(world.store.inbox(&ann).await.unwrap().seq, Seq::new(1));
}

pub async fn the_host_finds_a_notification_of_any_user(world: &World) {
    let ann = user("ann");
    let id = world.send(&ann, "one").await;
    let found = world.store.find_notification(id).await.unwrap();
    assert_eq!(found, Some(world.get(&ann, id).await));
    let other = NotificationId::parse("cm3xk2l9a0000qzrmn831i7rn").unwrap();
    assert_eq!(world.store.find_notification(other).await.unwrap(), None);
}
