//! A store with something of everything in it, and all that can be asked of it, so that two stores can be compared.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use grelot_core::mail::{Template, Templates};
use grelot_core::{
    ApiKey, Category, CategoryKey, CategoryMail, ChannelSet, Choice, Clock as _, Contact, Content,
    Data, DigestRhythm, Fingerprint, ListFilter, Localized, MailMode, NotificationId,
    PreferencesUpdate, QuietHours, Scopes, Seq, TimeOfDay, UserId,
};
use grelot_store::conformance::{HandClock, content, request, user};
use grelot_store::{
    DeliveryFilter, Idempotency, MailPolicy, NotifyRequest, ReadAllScope, Settlement, Store,
};

const USERS: [&str; 5] = ["ann", "Bob", "Émile", "gone", "nobody"];

/// Fills a store through its own methods.
pub(crate) async fn fill(store: &dyn Store, clock: &Arc<HandClock>) {
    for (name, mode) in [("zz", MailMode::Now), ("a-long-one", MailMode::Digest)] {
        store.put_category(category(name, mode)).await.unwrap();
    }
    for name in &USERS[..4] {
        let email = Some(format!("{}@example.com", name.len()));
        let timezone = Some("Europe/Paris".to_owned());
        let contact = Contact { email, timezone, ..Contact::default() };
        store.put_contact(&user(name), contact).await.unwrap();
    }
    prefer(store).await;
    for number in 0..40_u32 {
        clock.advance(Duration::from_secs(1));
        for name in &USERS[..4] {
            let id = send(store, &user(name), number).await;
            match number % 5 {
                0 => _ = store.set_read(&user(name), id, true).await.unwrap(),
                1 => _ = store.delete(&user(name), id).await.unwrap(),
                2 => {
                    store.set_read(&user(name), id, true).await.unwrap();
                    store.set_read(&user(name), id, false).await.unwrap();
                }
                _ => {}
            }
        }
    }
    let scope = ReadAllScope { up_to: Some(Seq::new(30)), category: None };
    store.read_all(&user("Bob"), &scope).await.unwrap();
    post(store, clock).await;
    store.erase(&user("gone")).await.unwrap();
    store.revoke_sessions(&user("ann")).await.unwrap();
    store.notify(repeated()).await.unwrap();
    for id in ["one", "two"] {
        store.create_api_key(api_key(id, clock)).await.unwrap();
    }
    store.revoke_api_key("two").await.unwrap();
}

/// A request that was sent, and kept for its idempotency key.
pub(crate) fn repeated() -> NotifyRequest {
    let (slot, wanted) = (Fingerprint([1; 32]), Fingerprint([2; 32]));
    let idempotency = Some(Idempotency { slot, request: wanted });
    NotifyRequest { idempotency, ..request(&user("ann"), content("once")) }
}

/// Everything that a store answers, as text.
pub(crate) async fn answers(store: &dyn Store) -> Vec<String> {
    let mut answers = vec![
        format!("{:?}", store.secret()),
        format!("{:?}", store.categories().await.unwrap()),
        format!("{:?}", store.api_keys().await.unwrap()),
        format!("{:?}", store.outbox_stats().await.unwrap()),
    ];
    let deliveries = store.deliveries(DeliveryFilter::default(), 1_000).await.unwrap();
    for delivery in &deliveries {
        answers.push(format!("{:?}", store.delivery(delivery.id).await.unwrap()));
        if let Some(id) = delivery.notification {
            answers.push(format!("{:?}", store.story(id).await.unwrap()));
        }
    }
    for name in USERS {
        let user = user(name);
        let inbox = store.inbox(&user).await.unwrap();
        answers.push(format!("{inbox:?} {:?}", store.preferences(&user).await.unwrap()));
        answers.push(format!("{:?}", store.export(&user).await.unwrap()));
        answers.push(format!("{:?}", store.sessions_revoked_at(&user).await.unwrap()));
        let mut cursor = None;
        loop {
            let page = store.list(&user, &ListFilter::default(), cursor, 7).await.unwrap();
            answers.push(format!("{page:?}"));
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        for since in 0..=inbox.seq.get() + 1 {
            let since = Seq::new(since);
            answers.push(format!("{:?}", store.replay(&user, since).await.unwrap()));
            answers.push(format!("{:?}", store.catch_up(&user, since).await.unwrap()));
        }
    }
    answers
}

async fn prefer(store: &dyn Store) {
    let choice = |in_app, email| Choice { in_app, email };
    let choices = BTreeMap::from([
        (key("a-long-one"), choice(None, Some(false))),
        (key("zz"), choice(Some(true), Some(true))),
    ]);
    let at = |text| TimeOfDay::parse(text).unwrap();
    let quiet = Some(Some(QuietHours::new(at("22:00"), at("07:00")).unwrap()));
    let digest = Some(DigestRhythm::Daily);
    let update =
        PreferencesUpdate { choices: Some(choices), digest, ..PreferencesUpdate::default() };
    store.update_preferences(&user("Bob"), &update).await.unwrap();
    let update = PreferencesUpdate { quiet, ..PreferencesUpdate::default() };
    store.update_preferences(&user("Émile"), &update).await.unwrap();
}

async fn send(store: &dyn Store, user: &UserId, number: u32) -> NotificationId {
    let data = format!("{{\"z\":1.50,\"a\":[{number},\"\\u00e9é\"]}}");
    let content = Content {
        category: ["zz", "a-long-one"].get(number as usize % 3).map(|name| key(name)),
        data: Some(Data::from_compact_json(&data).unwrap()),
        ..content(&format!("№ {number}"))
    };
    let request = NotifyRequest { mail: MailPolicy::ON, ..request(user, content) };
    store.notify(request).await.unwrap().entries[0].id.unwrap()
}

/// One attempt at each mail that is due: sent, failed, refused in turn, and the last one under way.
async fn post(store: &dyn Store, clock: &Arc<HandClock>) {
    clock.advance(Duration::from_mins(10));
    let mut number = 0;
    for _ in 0..8 {
        for lease in store.lease(10).await.unwrap().leases {
            number += 1;
            let answer = format!("answer {number}");
            let settlement = match number % 4 {
                0 => continue,
                1 => Settlement::Sent { answer, collected: Vec::new() },
                2 => Settlement::Failed { answer, jitter: 0.5 },
                _ => Settlement::Refused { answer },
            };
            store.errand(&lease).await.unwrap();
            store.settle(&lease, settlement).await.unwrap();
        }
    }
    assert!(number >= 4, "only {number} mails were due");
}

fn key(text: &str) -> CategoryKey {
    CategoryKey::parse(text).unwrap()
}

fn category(name: &str, mode: MailMode) -> Category {
    let template = Template {
        subject: "{{ title }}".to_owned(),
        html: Some("<p>{{ title }}</p>".to_owned()),
        text: None,
    };
    Category {
        key: key(name),
        label: Localized::new(vec![("fr".to_owned(), "é".to_owned())]).unwrap(),
        description: Localized::default(),
        defaults: ChannelSet::ALL,
        mandatory: ChannelSet::NONE,
        mail: CategoryMail {
            mode,
            templates: Templates::new(vec![("fr".to_owned(), template)]).unwrap(),
            ..CategoryMail::default()
        },
    }
}

fn api_key(id: &str, clock: &HandClock) -> ApiKey {
    ApiKey {
        id: id.to_owned(),
        name: format!("name of {id}"),
        digest: Fingerprint([u8::try_from(id.len()).unwrap(); 32]),
        scopes: Scopes::ALL,
        created_at: clock.now(),
        revoked_at: None,
    }
}
