//! The port `Deliveries`.

use std::time::Duration;

use grelot_core::delivery::{LEASE, LOST_MAX, RETRIES};
use grelot_core::{
    AttemptOutcome, ChannelSet, Contact, DeliveryState, DigestRhythm, MailMode, NotificationId,
    PreferencesUpdate, QuietHours, Rule, Seq, SkipReason, TimeOfDay, UserId,
};

use super::mailing::{self, put_mail_category, reachable};
use super::world::{World, content, content_of, request, switch_in_app, user};
use crate::{
    DIGEST_ITEMS, DeliveryFilter, Errand, InAppOutcome, Lease, Mail, MailMatter, MailPolicy,
    Settlement,
};

const DELAY: Duration = Duration::from_mins(5);
const MOMENT: Duration = Duration::from_millis(1);

/// Categories whose mails go out at once, in a digest, and in spite of everything.
async fn put_categories(world: &World) {
    for (key, mode, mandatory) in [
        ("now", MailMode::Now, ChannelSet::NONE),
        ("digest", MailMode::Digest, ChannelSet::NONE),
        ("alarm", MailMode::Now, ChannelSet::ALL),
    ] {
        put_mail_category(&*world.store, key, mode, mandatory).await;
    }
}

async fn mail(world: &World, user: &UserId, title: &str, category: &str) -> NotificationId {
    let content = if category.is_empty() { content(title) } else { content_of(title, category) };
    mailing::mail(&*world.store, user, content).await
}

async fn lease(world: &World, limit: usize) -> Vec<Lease> {
    world.store.lease(limit).await.unwrap().leases
}

async fn lease_one(world: &World) -> Lease {
    let mut leases = lease(world, 10).await;
    assert_eq!(leases.len(), 1, "{leases:?}");
    leases.remove(0)
}

async fn errand(world: &World, lease: &Lease) -> Errand {
    world.store.errand(lease).await.unwrap().unwrap()
}

async fn wanted(world: &World, lease: &Lease) -> Mail {
    match errand(world, lease).await {
        Errand::Send(mail) => *mail,
        other => panic!("{other:?}"),
    }
}

async fn settle(world: &World, lease: &Lease, settlement: Settlement) -> bool {
    world.store.settle(lease, settlement).await.unwrap()
}

fn sent(mail: &Mail) -> Settlement {
    Settlement::Sent { answer: "250 ok".to_owned(), collected: mail.collected.clone() }
}

fn failed() -> Settlement {
    Settlement::Failed { answer: "451 later".to_owned(), jitter: 0.0 }
}

async fn state(world: &World, lease: &Lease) -> (DeliveryState, Option<String>) {
    let found = world.store.delivery(lease.id).await.unwrap().unwrap();
    (found.state, found.reason)
}

fn titles(mail: &Mail) -> Vec<&str> {
    let items = match &mail.matter {
        MailMatter::One(item) => std::slice::from_ref(item),
        MailMatter::Digest { items, .. } => items,
    };
    items.iter().map(|item| item.content.title.as_str()).collect()
}

pub async fn nothing_is_due_in_an_empty_outbox(world: &World) {
    assert_eq!(world.store.lease(10).await.unwrap(), crate::Leased::default());
    assert_eq!(world.store.outbox_stats().await.unwrap(), crate::OutboxStats::default());
}

pub async fn a_mail_waits_until_its_notification_was_not_read_for_a_while(world: &World) {
    let ann = reachable(&*world.store, "ann").await;
    mail(world, &ann, "hello", "").await;
    let waiting = world.store.lease(10).await.unwrap();
    assert!(waiting.leases.is_empty());
    world.clock.advance(DELAY.saturating_sub(MOMENT));
    assert!(lease(world, 10).await.is_empty());
    world.clock.advance(Duration::from_millis(1));
    let lease = lease_one(world).await;
    assert_eq!(lease.user, ann);
    let mail = wanted(world, &lease).await;
    assert_eq!((mail.address.as_str(), titles(&mail)), ("ann@example.com", vec!["hello"]));
    assert!(settle(world, &lease, sent(&mail)).await);
    assert_eq!(state(world, &lease).await, (DeliveryState::Sent, None));
    assert!(world.store.lease(10).await.unwrap().leases.is_empty());
}

pub async fn what_is_no_longer_wanted_is_skipped_for_its_reason(world: &World) {
    put_categories(world).await;
    let ann = reachable(&*world.store, "ann").await;
    let read = mail(world, &ann, "read", "now").await;
    world.store.set_read(&ann, read, true).await.unwrap();
    let held = lease_one(world).await;
    assert_eq!(errand(world, &held).await, Errand::Skip(SkipReason::Read));
    assert!(settle(world, &held, Settlement::Skipped(SkipReason::Read)).await);
    assert_eq!(state(world, &held).await, (DeliveryState::Skipped, Some("read".to_owned())));

    let deleted = mail(world, &ann, "deleted", "now").await;
    world.store.delete(&ann, deleted).await.unwrap();
    let held = lease_one(world).await;
    assert_eq!(errand(world, &held).await, Errand::Skip(SkipReason::Deleted));
    settle(world, &held, Settlement::Skipped(SkipReason::Deleted)).await;

    mail(world, &ann, "muted", "now").await;
    let off = PreferencesUpdate { email: Some(false), ..PreferencesUpdate::default() };
    world.store.update_preferences(&ann, &off).await.unwrap();
    let held = lease_one(world).await;
    assert_eq!(errand(world, &held).await, Errand::Skip(SkipReason::Muted));
    settle(world, &held, Settlement::Skipped(SkipReason::Muted)).await;

    // Mandatory is mandatory; but without an address nothing goes out.
    mail(world, &ann, "alarm", "alarm").await;
    let held = lease_one(world).await;
    assert!(wanted(world, &held).await.mandatory);
    world.store.put_contact(&ann, Contact::default()).await.unwrap();
    assert_eq!(errand(world, &held).await, Errand::Skip(SkipReason::NoAddress));
}

pub async fn who_wants_mail_alone_gets_it_whatever_the_inbox_says(world: &World) {
    put_categories(world).await;
    let ann = reachable(&*world.store, "ann").await;
    world.store.update_preferences(&ann, &switch_in_app(false)).await.unwrap();
    let before = world.store.inbox(&ann).await.unwrap();
    let mut request = request(&ann, content_of("hello", "now"));
    request.mail = MailPolicy::ON;
    let answer = world.store.notify(request).await.unwrap();
    assert_eq!(answer.entries[0].in_app, InAppOutcome::Muted);
    let id = answer.entries[0].id.unwrap();
    assert_eq!(world.store.inbox(&ann).await.unwrap(), before);
    let held = lease_one(world).await;
    let mail = wanted(world, &held).await;
    assert_eq!(titles(&mail), ["hello"]);
    let story = world.store.story(id).await.unwrap().unwrap();
    assert_eq!(story.notification.seq, Seq::ZERO);
    assert_eq!(story.notification.content.title.as_str(), "hello");
    assert_eq!(story.deliveries[0].in_app, (false, Rule::Channel));
}

pub async fn a_failure_is_tried_again_by_the_schedule_and_then_given_up(world: &World) {
    put_categories(world).await;
    let ann = reachable(&*world.store, "ann").await;
    let id = mail(world, &ann, "hello", "now").await;
    for wait in RETRIES {
        let held = lease_one(world).await;
        assert!(settle(world, &held, failed()).await);
        world.clock.advance(wait.saturating_sub(MOMENT));
        assert!(lease(world, 10).await.is_empty(), "{wait:?}");
        world.clock.advance(Duration::from_millis(1));
    }
    let held = lease_one(world).await;
    assert!(settle(world, &held, failed()).await);
    assert_eq!(state(world, &held).await, (DeliveryState::Dead, Some("451 later".to_owned())));
    assert_eq!(world.store.outbox_stats().await.unwrap().dead, 1);
    let story = world.store.story(id).await.unwrap().unwrap();
    let outcomes: Vec<_> = story.deliveries[0].attempts.iter().map(|one| one.outcome).collect();
    assert_eq!(outcomes, [AttemptOutcome::Failed; 8]);

    // An operator looks at it: it has a whole schedule before it again.
    assert!(world.store.retry_dead(held.id).await.unwrap());
    assert!(!world.store.retry_dead(held.id).await.unwrap());
    let again = lease_one(world).await;
    settle(world, &again, failed()).await;
    world.clock.advance(RETRIES[0]);
    let mail = wanted(world, &lease_one(world).await).await;
    assert_eq!(titles(&mail), ["hello"]);
}

pub async fn a_refusal_is_a_dead_letter_at_once(world: &World) {
    put_categories(world).await;
    let ann = reachable(&*world.store, "ann").await;
    mail(world, &ann, "hello", "now").await;
    let held = lease_one(world).await;
    let refused = Settlement::Refused { answer: "550 no such user".to_owned() };
    assert!(settle(world, &held, refused).await);
    assert_eq!(state(world, &held).await.0, DeliveryState::Dead);
    let dead = DeliveryFilter { state: Some(DeliveryState::Dead), before: None };
    let listed = world.store.deliveries(dead, 10).await.unwrap();
    assert_eq!(listed.iter().map(|one| one.id).collect::<Vec<_>>(), [held.id]);
}

pub async fn a_lease_that_ran_out_goes_to_the_next_who_asks(world: &World) {
    put_categories(world).await;
    let ann = reachable(&*world.store, "ann").await;
    mail(world, &ann, "hello", "now").await;
    let lost = lease_one(world).await;
    world.clock.advance(LEASE / 2);
    world.store.renew(std::slice::from_ref(&lost)).await.unwrap();
    world.clock.advance(LEASE.saturating_sub(MOMENT));
    assert!(lease(world, 10).await.is_empty());
    world.clock.advance(Duration::from_millis(1));
    let next = lease_one(world).await;
    assert!(next.token > lost.token);
    // Who lost it can do nothing any more.
    assert!(world.store.errand(&lost).await.unwrap().is_none());
    assert!(!settle(world, &lost, failed()).await);
    world.store.renew(std::slice::from_ref(&lost)).await.unwrap();
    let mail = wanted(world, &next).await;
    assert!(settle(world, &next, sent(&mail)).await);
    let found = world.store.delivery(next.id).await.unwrap().unwrap();
    let outcomes: Vec<_> = found.attempts.iter().map(|one| one.outcome).collect();
    assert_eq!(outcomes, [AttemptOutcome::Lost, AttemptOutcome::Sent]);
}

pub async fn a_delivery_that_loses_three_workers_is_a_dead_letter(world: &World) {
    put_categories(world).await;
    let ann = reachable(&*world.store, "ann").await;
    mail(world, &ann, "hello", "now").await;
    let mut last = None;
    for _ in 0..LOST_MAX {
        last = Some(lease_one(world).await);
        world.clock.advance(LEASE);
    }
    assert!(lease(world, 10).await.is_empty());
    assert_eq!(state(world, &last.unwrap()).await.0, DeliveryState::Dead);
}

pub async fn the_deliveries_of_one_user_go_one_by_one_in_their_order(world: &World) {
    put_categories(world).await;
    let (ann, bob) = (reachable(&*world.store, "ann").await, reachable(&*world.store, "bob").await);
    for title in ["one", "two", "three"] {
        mail(world, &ann, title, "now").await;
        world.clock.advance(Duration::from_millis(1));
    }
    mail(world, &bob, "bob's", "now").await;
    let mut out = lease(world, 10).await;
    out.sort_by(|a, b| a.user.cmp(&b.user));
    let users: Vec<_> = out.iter().map(|lease| &lease.user).collect();
    assert_eq!(users, [&ann, &bob]);
    assert!(lease(world, 10).await.is_empty());
    // While the first is retried the others wait for it; another user does not.
    assert!(settle(world, &out[0], failed()).await);
    assert!(lease(world, 10).await.is_empty());
    world.clock.advance(RETRIES[0]);
    let mut seen = Vec::new();
    for _ in 0..3 {
        let held = lease_one(world).await;
        let mail = wanted(world, &held).await;
        seen.extend(titles(&mail).into_iter().map(str::to_owned));
        assert!(settle(world, &held, sent(&mail)).await);
    }
    assert_eq!(seen, ["one", "two", "three"]);
}

pub async fn a_limit_is_kept_and_the_oldest_go_first(world: &World) {
    put_categories(world).await;
    let mut users = Vec::new();
    for n in 0..12 {
        let user = reachable(&*world.store, &format!("u{n}")).await;
        mail(world, &user, "hello", "now").await;
        world.clock.advance(Duration::from_millis(1));
        users.push(user);
    }
    let first = lease(world, 5).await;
    let second = lease(world, 20).await;
    let order: Vec<_> = first.iter().chain(&second).map(|lease| lease.user.clone()).collect();
    assert_eq!((first.len(), order), (5, users));
}

pub async fn email_waits_for_the_end_of_the_quiet_hours(world: &World) {
    put_categories(world).await;
    let ann = reachable(&*world.store, "ann").await;
    // The clock of a world stands at 11:06:40 UTC.
    let quiet = QuietHours::new(TimeOfDay::hour(11), TimeOfDay::hour(12)).unwrap();
    let update = PreferencesUpdate { quiet: Some(Some(quiet)), ..PreferencesUpdate::default() };
    world.store.update_preferences(&ann, &update).await.unwrap();
    mail(world, &ann, "quiet", "now").await;
    let held = lease_one(world).await;
    let Errand::Wait(until) = errand(world, &held).await else { panic!("no wait") };
    assert_eq!(until.millis() % 3_600_000, 0);
    assert!(settle(world, &held, Settlement::Postponed(until)).await);
    // What is mandatory passes, and the one that waits is not in its way.
    mail(world, &ann, "alarm", "alarm").await;
    let alarm = lease_one(world).await;
    let passed = wanted(world, &alarm).await;
    assert_eq!(titles(&passed), ["alarm"]);
    settle(world, &alarm, sent(&passed)).await;
    assert!(lease(world, 10).await.is_empty());
    world.clock.advance(Duration::from_hours(1));
    let held = lease_one(world).await;
    assert_eq!(titles(&wanted(world, &held).await), ["quiet"]);
    assert!(world.store.delivery(held.id).await.unwrap().unwrap().attempts.is_empty());
}

pub async fn a_digest_has_what_is_still_unread_when_it_goes_out(world: &World) {
    put_categories(world).await;
    let ann = reachable(&*world.store, "ann").await;
    let daily =
        PreferencesUpdate { digest: Some(DigestRhythm::Daily), ..PreferencesUpdate::default() };
    world.store.update_preferences(&ann, &daily).await.unwrap();
    let read = mail(world, &ann, "read", "now").await;
    mail(world, &ann, "kept", "").await;
    let deleted = mail(world, &ann, "deleted", "digest").await;
    // What is mandatory does not wait for it.
    mail(world, &ann, "alarm", "alarm").await;
    let alarm = lease_one(world).await;
    let passed = wanted(world, &alarm).await;
    settle(world, &alarm, sent(&passed)).await;
    world.clock.advance(Duration::from_hours(24));
    world.store.set_read(&ann, read, true).await.unwrap();
    world.store.delete(&ann, deleted).await.unwrap();
    let held = lease_one(world).await;
    let digest = wanted(world, &held).await;
    assert!(matches!(digest.matter, MailMatter::Digest { more: 0, .. }));
    assert_eq!(titles(&digest), ["kept"]);
    assert_eq!(digest.collected.len(), 3);
    // What comes while it is out goes into the next one.
    mail(world, &ann, "late", "digest").await;
    assert!(settle(world, &held, sent(&digest)).await);
    let story = world.store.story(read).await.unwrap().unwrap();
    let delivery = &story.deliveries[0];
    assert_eq!((delivery.state, delivery.digest), (DeliveryState::Skipped, Some(held.id)));
    assert_eq!(delivery.reason.as_deref(), Some("read"));
    world.clock.advance(Duration::from_hours(24));
    let next = lease_one(world).await;
    assert_ne!(next.id, held.id);
    assert_eq!(titles(&wanted(world, &next).await), ["late"]);
}

pub async fn a_digest_of_which_nothing_is_left_is_not_sent(world: &World) {
    put_categories(world).await;
    let ann = reachable(&*world.store, "ann").await;
    let read = mail(world, &ann, "read", "digest").await;
    world.store.set_read(&ann, read, true).await.unwrap();
    world.clock.advance(Duration::from_hours(24));
    let held = lease_one(world).await;
    assert_eq!(errand(world, &held).await, Errand::Skip(SkipReason::Empty));
    assert!(settle(world, &held, Settlement::Skipped(SkipReason::Empty)).await);
    let story = world.store.story(read).await.unwrap().unwrap();
    assert_eq!(story.deliveries[0].state, DeliveryState::Skipped);
    assert_eq!(story.deliveries[0].reason.as_deref(), Some("read"));
    assert!(lease(world, 10).await.is_empty());
}

pub async fn a_digest_shows_the_newest_and_counts_the_rest(world: &World) {
    put_categories(world).await;
    let ann = reachable(&*world.store, "ann").await;
    for n in 0..DIGEST_ITEMS + 3 {
        mail(world, &ann, &n.to_string(), "digest").await;
        world.clock.advance(Duration::from_millis(1));
    }
    world.clock.advance(Duration::from_hours(24));
    let held = lease_one(world).await;
    let digest = wanted(world, &held).await;
    let MailMatter::Digest { items, more } = &digest.matter else { panic!("{digest:?}") };
    assert_eq!((items.len(), *more), (DIGEST_ITEMS, 3));
    assert_eq!(items[0].content.title.as_str(), (DIGEST_ITEMS + 2).to_string());
    assert_eq!(digest.collected.len(), DIGEST_ITEMS + 3);
    // A retry has the same notifications, less what was read meanwhile.
    settle(world, &held, failed()).await;
    world.store.read_all(&ann, &crate::ReadAllScope::default()).await.unwrap();
    world.clock.advance(RETRIES[0]);
    let again = lease_one(world).await;
    assert_eq!(errand(world, &again).await, Errand::Skip(SkipReason::Empty));
}

pub async fn a_notification_tells_its_whole_story(world: &World) {
    put_categories(world).await;
    let ann = reachable(&*world.store, "ann").await;
    let id = mail(world, &ann, "hello", "now").await;
    let held = lease_one(world).await;
    settle(world, &held, failed()).await;
    world.clock.advance(RETRIES[0]);
    let held = lease_one(world).await;
    let mail = wanted(world, &held).await;
    settle(world, &held, sent(&mail)).await;
    let story = world.store.story(id).await.unwrap().unwrap();
    assert_eq!(story.notification, world.get(&ann, id).await);
    let [delivery] = story.deliveries.as_slice() else { panic!("{story:?}") };
    assert_eq!((delivery.in_app, delivery.rule), ((true, Rule::Default), Rule::Default));
    let told: Vec<_> =
        delivery.attempts.iter().map(|one| (one.outcome, one.answer.as_str())).collect();
    let expected = [(AttemptOutcome::Failed, "451 later"), (AttemptOutcome::Sent, "250 ok")];
    assert_eq!(told, expected);
    // Without mail there are no deliveries; of who is muted or has no address there is the reason.
    let plain = world.send(&ann, "plain").await;
    assert!(world.store.story(plain).await.unwrap().unwrap().deliveries.is_empty());
    let bob = user("bob");
    let id = mailing::mail(&*world.store, &bob, content("hello")).await;
    let story = world.store.story(id).await.unwrap().unwrap();
    assert_eq!(story.deliveries[0].reason.as_deref(), Some("no_address"));
    assert_eq!(story.deliveries[0].state, DeliveryState::Skipped);
}

pub async fn an_erased_user_has_no_deliveries(world: &World) {
    put_categories(world).await;
    let (ann, bob) = (reachable(&*world.store, "ann").await, reachable(&*world.store, "bob").await);
    let id = mail(world, &ann, "hello", "now").await;
    mail(world, &bob, "hello", "now").await;
    let held = lease(world, 10).await;
    world.store.erase(&ann).await.unwrap();
    let gone = held.iter().find(|lease| lease.user == ann).unwrap();
    assert!(world.store.errand(gone).await.unwrap().is_none());
    assert!(!settle(world, gone, failed()).await);
    assert!(world.store.delivery(gone.id).await.unwrap().is_none());
    assert!(world.store.story(id).await.unwrap().is_none());
    let all = world.store.deliveries(DeliveryFilter::default(), 10).await.unwrap();
    assert!(all.iter().all(|delivery| delivery.user == bob));
    assert_eq!(all.len(), 1);
}

pub async fn ended_deliveries_are_pruned_in_batches(world: &World) {
    put_categories(world).await;
    for name in ["ann", "bob", "cleo"] {
        let user = reachable(&*world.store, name).await;
        mail(world, &user, "hello", "now").await;
    }
    let held = lease(world, 10).await;
    for lease in &held[..2] {
        let mail = wanted(world, lease).await;
        settle(world, lease, sent(&mail)).await;
    }
    world.clock.advance(Duration::from_secs(1));
    let now = grelot_core::Clock::now(&*world.clock);
    assert_eq!(world.store.prune_deliveries(now, 1).await.unwrap(), 1);
    assert_eq!(world.store.prune_deliveries(now, 10).await.unwrap(), 1);
    assert_eq!(world.store.prune_deliveries(now, 10).await.unwrap(), 0);
    let left = world.store.deliveries(DeliveryFilter::default(), 10).await.unwrap();
    assert_eq!(left.iter().map(|one| one.id).collect::<Vec<_>>(), [held[2].id]);
}

pub async fn a_list_of_deliveries_goes_on_where_it_ended(world: &World) {
    let ann = reachable(&*world.store, "ann").await;
    for n in 0..5 {
        mail(world, &ann, &n.to_string(), "").await;
        world.clock.advance(Duration::from_millis(1));
    }
    let all = world.store.deliveries(DeliveryFilter::default(), 10).await.unwrap();
    assert!(all.is_sorted_by(|a, b| a.id > b.id));
    let before = Some(all[1].id);
    let rest = DeliveryFilter { state: Some(DeliveryState::Pending), before };
    assert_eq!(world.store.deliveries(rest, 2).await.unwrap(), all[2..4]);
}
