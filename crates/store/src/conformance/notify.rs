//! The port `Notify`.

use std::time::Duration;

use grelot_core::{ChannelSet, Contact, Decision, Inbox, Recipients, Rule, Seq, UserId};

use super::world::{World, choose, content, content_of, idempotency, request, switch_in_app, user};
use crate::{
    Delivered, EmailOutcome, InAppOutcome, MailPolicy, NotifyAnswer, NotifyError, NotifyRequest,
};

const DAY: Duration = Duration::from_hours(24);
const ALMOST_A_DAY: Duration = Duration::from_millis(24 * 60 * 60 * 1000 - 1);

async fn seq(world: &World, user: &UserId) -> Seq {
    world.store.inbox(user).await.unwrap().seq
}

async fn deliver(world: &World, request: &NotifyRequest) -> NotifyAnswer {
    world.store.notify(request.clone()).await.unwrap()
}

pub async fn every_recipient_gets_one_in_order(world: &World) {
    let users = ["c", "a", "b"].map(user).to_vec();
    let mut request = request(&users[0], content("hello"));
    request.recipients = Recipients::many(users.clone()).unwrap();
    let answer = deliver(world, &request).await;
    assert!(!answer.replayed);
    for (entry, user) in answer.entries.iter().zip(&users) {
        assert_eq!((entry.in_app, entry.email), (InAppOutcome::Created, EmailOutcome::Off));
        assert_eq!(world.get(user, entry.id.unwrap()).await.user, *user);
    }
    let heard = world.heard.take();
    assert!(heard.iter().map(|change| &change.user).eq(&users));
}

pub async fn ids_sort_by_creation(world: &World) {
    let ann = user("ann");
    let mut ids = Vec::new();
    for title in ["one", "two", "three"] {
        ids.push(world.send(&ann, title).await);
        world.clock.advance(Duration::from_millis(1));
    }
    assert!(ids.is_sorted());
}

pub async fn a_muted_notification_leaves_no_trace(world: &World) {
    let (ann, bob) = (user("ann"), user("bob"));
    world.store.update_preferences(&ann, &switch_in_app(false)).await.unwrap();
    let before = world.store.inbox(&ann).await.unwrap();
    world.heard.take();
    let mut request = request(&ann, content("hello"));
    request.recipients = Recipients::many(vec![ann.clone(), bob.clone()]).unwrap();
    let answer = deliver(world, &request).await;
    let muted = Delivered { id: None, in_app: InAppOutcome::Muted, email: EmailOutcome::Off };
    assert_eq!(answer.entries[0], muted);
    assert_eq!(answer.entries[1].in_app, InAppOutcome::Created);
    assert_eq!(world.store.inbox(&ann).await.unwrap(), before);
    assert!(world.heard.take().iter().all(|change| change.user == bob));
}

pub async fn an_unknown_category_is_refused_and_leaves_no_trace(world: &World) {
    let ann = user("ann");
    let mut refused = request(&ann, content_of("hello", "nope"));
    refused.idempotency = Some(idempotency(1, 1));
    assert!(matches!(world.store.notify(refused.clone()).await, Err(NotifyError::UnknownCategory)));
    assert!(matches!(world.store.preview(&refused).await, Err(NotifyError::UnknownCategory)));
    assert_eq!(seq(world, &ann).await, Seq::ZERO);
    assert!(world.heard.take().is_empty());
    // The refusal freed the key, for the same request and for another.
    world.put_category("nope", ChannelSet::NONE).await;
    let mut other = refused;
    other.idempotency = Some(idempotency(1, 2));
    assert!(!deliver(world, &other).await.replayed);
    world.store.delete_category(&super::world::key("nope")).await.unwrap();
    let again = request(&ann, content_of("hello", "nope"));
    assert!(matches!(world.store.notify(again).await, Err(NotifyError::UnknownCategory)));
}

pub async fn a_repetition_answers_the_same_and_does_nothing(world: &World) {
    let (ann, bob) = (user("ann"), user("bob"));
    world.store.update_preferences(&bob, &switch_in_app(false)).await.unwrap();
    let mut request = request(&ann, content("hello"));
    request.recipients = Recipients::many(vec![bob, ann.clone()]).unwrap();
    request.idempotency = Some(idempotency(1, 1));
    let first = deliver(world, &request).await;
    world.heard.take();
    world.clock.advance(ALMOST_A_DAY);
    let second = deliver(world, &request).await;
    assert!(second.replayed);
    assert_eq!(second.entries, first.entries);
    assert_eq!(seq(world, &ann).await, Seq::new(1));
    assert!(world.heard.take().is_empty());
}

pub async fn another_request_under_the_same_key_is_refused(world: &World) {
    let ann = user("ann");
    let mut request = request(&ann, content("hello"));
    request.idempotency = Some(idempotency(1, 1));
    let first = deliver(world, &request).await;
    let mut other = request.clone();
    other.idempotency = Some(idempotency(1, 2));
    let refused = world.store.notify(other.clone()).await;
    assert!(matches!(refused, Err(NotifyError::IdempotencyMismatch)), "{refused:?}");
    assert_eq!(seq(world, &ann).await, Seq::new(1));
    // The first answer stays, and another key is free.
    assert_eq!(deliver(world, &request).await.entries, first.entries);
    other.idempotency = Some(idempotency(2, 2));
    assert!(!deliver(world, &other).await.replayed);
}

pub async fn an_answer_is_kept_for_a_day(world: &World) {
    let ann = user("ann");
    let mut request = request(&ann, content("hello"));
    request.idempotency = Some(idempotency(1, 1));
    let first = deliver(world, &request).await;
    world.clock.advance(DAY);
    request.idempotency = Some(idempotency(1, 2));
    let second = deliver(world, &request).await;
    assert!(!second.replayed);
    assert_ne!(second.entries, first.entries);
    // The new answer took the place of the old one, with a day of its own.
    world.clock.advance(ALMOST_A_DAY);
    assert_eq!(deliver(world, &request).await.entries, second.entries);
}

pub async fn the_first_reason_against_an_email_is_told(world: &World) {
    let ann = user("ann");
    world.put_category("billing", ChannelSet::NONE).await;
    let mut request = request(&ann, content_of("hello", "billing"));
    let mut outcome = async |mail, expected| {
        request.mail = mail;
        assert_eq!(deliver(world, &request).await.entries[0].email, expected);
        assert_eq!(world.store.preview(&request).await.unwrap()[0].email, expected);
    };
    outcome(MailPolicy::ON, EmailOutcome::NoAddress).await;
    let contact = Contact { name: Some("Ann".to_owned()), ..Contact::default() };
    world.store.put_contact(&ann, contact).await.unwrap();
    outcome(MailPolicy::ON, EmailOutcome::NoAddress).await;
    let muted = choose(&[("billing", None, Some(false))]);
    world.store.update_preferences(&ann, &muted).await.unwrap();
    outcome(MailPolicy::ON, EmailOutcome::Muted).await;
    outcome(MailPolicy::Off, EmailOutcome::Off).await;
}

pub async fn a_preview_says_why_and_writes_nothing(world: &World) {
    let (ann, bob) = (user("ann"), user("bob"));
    world.put_category("billing", ChannelSet::NONE).await;
    let choice = choose(&[("billing", Some(false), None)]);
    world.store.update_preferences(&ann, &choice).await.unwrap();
    let before = world.store.inbox(&ann).await.unwrap();
    world.heard.take();
    let mut request = request(&ann, content_of("hello", "billing"));
    request.recipients = Recipients::many(vec![ann.clone(), bob.clone()]).unwrap();
    request.idempotency = Some(idempotency(1, 1));
    let previews = world.store.preview(&request).await.unwrap();
    assert_eq!(previews[0].in_app, InAppOutcome::Muted);
    assert_eq!(previews[0].in_app_decision, Decision { enabled: false, rule: Rule::Choice });
    assert_eq!(previews[0].email_decision, Decision { enabled: true, rule: Rule::Default });
    assert_eq!(previews[1].in_app, InAppOutcome::Created);
    assert_eq!(world.store.inbox(&ann).await.unwrap(), before);
    assert_eq!(world.store.inbox(&bob).await.unwrap(), Inbox::default());
    assert!(world.heard.take().is_empty());
    // The key was not used up.
    assert!(!deliver(world, &request).await.replayed);
}

pub async fn a_category_that_changes_counts_from_the_next_request_on(world: &World) {
    let ann = user("ann");
    let request = request(&ann, content_of("hello", "billing"));
    world.put_category("billing", ChannelSet::NONE).await;
    let choice = choose(&[("billing", Some(false), None)]);
    world.store.update_preferences(&ann, &choice).await.unwrap();
    assert_eq!(deliver(world, &request).await.entries[0].in_app, InAppOutcome::Muted);
    world.put_category("billing", ChannelSet::ALL).await;
    assert_eq!(deliver(world, &request).await.entries[0].in_app, InAppOutcome::Created);
}
