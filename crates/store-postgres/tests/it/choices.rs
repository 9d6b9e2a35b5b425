//! Choices in a table that an application has as well: a user's save changes what it is about, and nothing else.

use grelot_core::{CategoryKey, ChannelSet, Choice, PreferencesUpdate, UserId};
use grelot_store::conformance::{category, user};
use grelot_store::{CategoryRegistry as _, PreferenceBook as _};
use grelot_store_postgres::PostgresStore;

use crate::support::{TempBackend, adopt, node};

/// What the application wrote that is no choice of a category here.
const FOREIGN: &str = r#""Weekly Report": {"email": false}, "NEWS": true, "": null, "Limit": 12345678901234567890123,
    "orders": "weekly", "shop": {"inApp": "often"}"#;

/// Writes the row as the application does.
fn insert(user: &str, choices: &str) -> String {
    format!(
        r#"INSERT INTO notification_preferences (id, "userId", categories) VALUES ('p-{user}', '{user}', '{{{choices}}}')"#
    )
}

/// Whether the table holds exactly these choices.
fn holds(backend: &TempBackend, user: &str, choices: &str) -> bool {
    let sql = format!(
        r#"SELECT categories = '{{{choices}}}' FROM notification_preferences WHERE "userId" = '{user}'"#
    );
    match backend.database.run(&sql).as_str() {
        "t" => true,
        "f" => false,
        other => panic!("{other}"),
    }
}

async fn put_category(store: &PostgresStore, key: &str) {
    let category = category(key, ChannelSet::ALL, ChannelSet::NONE);
    store.put_category(category).await.unwrap();
}

/// Saves these choices, instead of all others; returns the position after that.
async fn choose(store: &PostgresStore, user: &UserId, choices: &[(&str, Choice)]) -> u64 {
    let choices =
        choices.iter().map(|(text, choice)| (CategoryKey::parse(text).unwrap(), *choice)).collect();
    let update = PreferencesUpdate { choices: Some(choices), ..PreferencesUpdate::default() };
    store.update_preferences(user, &update).await.unwrap().inbox.seq.get()
}

#[tokio::test]
async fn what_is_no_choice_here_stays_as_the_application_wrote_it() {
    let backend = TempBackend::new();
    let (store, _heard) = node(&backend).await;
    for category in ["billing", "orders", "shop"] {
        put_category(&store, category).await;
    }
    let with = |billing: &str| format!(r#"{FOREIGN}, "billing": {billing}"#);
    let hers = with(r#"{"email": false, "sms": true}"#);
    backend.database.run(&insert("ann", &hers));
    adopt(&store).await;
    let ann = user("ann");
    // Nothing of choices.
    let switch = PreferencesUpdate { email: Some(false), ..PreferencesUpdate::default() };
    store.update_preferences(&ann, &switch).await.unwrap();
    assert!(holds(&backend, "ann", &hers));
    // Others of a category, which has a channel that is the application's own.
    let in_app = Choice { in_app: Some(false), email: None };
    choose(&store, &ann, &[("billing", in_app)]).await;
    assert!(holds(&backend, "ann", &with(r#"{"inApp": false, "sms": true}"#)));
    // None.
    let cleared = choose(&store, &ann, &[]).await;
    assert!(holds(&backend, "ann", &with(r#"{"sms": true}"#)));
    assert_eq!(choose(&store, &ann, &[]).await, cleared);
    // A choice instead of something that is none.
    let email = Choice { in_app: None, email: Some(true) };
    choose(&store, &ann, &[("orders", email)]).await;
    let chosen = with(r#"{"sms": true}"#).replace(r#""weekly""#, r#"{"email": true}"#);
    assert!(holds(&backend, "ann", &chosen));
}

#[tokio::test]
async fn a_choice_of_every_channel_is_taken_apart_when_one_of_them_changes() {
    let backend = TempBackend::new();
    let (store, _heard) = node(&backend).await;
    put_category(&store, "billing").await;
    backend.database.run(&insert("ann", r#""billing": false, "NEWS": true"#));
    adopt(&store).await;
    let ann = user("ann");
    choose(&store, &ann, &[("billing", Choice { in_app: Some(true), email: Some(false) })]).await;
    let expected = r#""billing": {"inApp": true, "email": false}, "NEWS": true"#;
    assert!(holds(&backend, "ann", expected));
    choose(&store, &ann, &[]).await;
    assert!(holds(&backend, "ann", r#""NEWS": true"#));
}

#[tokio::test]
async fn choices_replace_what_is_no_object() {
    let backend = TempBackend::new();
    let (store, _heard) = node(&backend).await;
    put_category(&store, "billing").await;
    let (ann, email) = (user("ann"), Choice { in_app: None, email: Some(false) });
    for odd in ["[1]", "null", "7"] {
        backend.database.run(&format!(
            r#"INSERT INTO notification_preferences (id, "userId", categories) VALUES ('p', 'ann', '{odd}')
            ON CONFLICT ("userId") DO UPDATE SET categories = excluded.categories"#
        ));
        adopt(&store).await;
        choose(&store, &ann, &[("billing", email)]).await;
        assert!(holds(&backend, "ann", r#""billing": {"email": false}"#), "{odd}");
    }
}
