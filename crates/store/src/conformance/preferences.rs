//! The ports `PreferenceBook` and `CategoryRegistry`.

use std::sync::Arc;

use grelot_core::preference::PreferencesRefusal;
use grelot_core::{
    Category, CategoryMail, ChangeKind, Channel, ChannelSet, Choice, Inbox, Localized, Preferences,
    PreferencesUpdate, Seq,
};

use super::world::{World, category, choose, key, switch_in_app, user};
use crate::PreferencesError;

pub async fn an_unknown_user_has_the_default_preferences(world: &World) {
    let view = world.store.preferences(&user("nobody")).await.unwrap();
    assert_eq!(view.preferences, Preferences::default());
    assert_eq!(view.inbox, Inbox::default());
    assert!(view.categories.is_empty());
}

pub async fn an_update_is_one_change_and_an_equal_one_is_none(world: &World) {
    let ann = user("ann");
    world.put_category("billing", ChannelSet::NONE).await;
    let update = PreferencesUpdate {
        in_app: Some(true),
        email: Some(false),
        ..choose(&[("billing", Some(false), None)])
    };
    for _ in 0..2 {
        let view = world.store.update_preferences(&ann, &update).await.unwrap();
        assert_eq!(view.inbox, Inbox { seq: Seq::new(1), unread: 0, pruned: Seq::ZERO });
        assert!(!view.preferences.switches.has(Channel::Email));
        assert!(view.preferences.switches.has(Channel::InApp));
        let choice = Choice { in_app: Some(false), email: None };
        assert_eq!(view.preferences.choices[&key("billing")], choice);
        assert!(view.categories.contains_key(&key("billing")));
        let stored = world.store.preferences(&ann).await.unwrap();
        assert_eq!((stored.preferences, stored.inbox), (view.preferences, view.inbox));
    }
    let heard = world.heard.take();
    assert_eq!(heard.len(), 1);
    assert_eq!((heard[0].seq, &heard[0].kind), (Seq::new(1), &ChangeKind::PreferencesUpdated));
}

pub async fn choosing_the_defaults_stores_nothing(world: &World) {
    let ann = user("ann");
    let view = world.store.update_preferences(&ann, &switch_in_app(true)).await.unwrap();
    assert_eq!(view.inbox, Inbox::default());
    assert!(world.heard.take().is_empty());
}

pub async fn a_refused_update_changes_nothing(world: &World) {
    let ann = user("ann");
    world.put_category("security", ChannelSet::ALL).await;
    let update = PreferencesUpdate {
        email: Some(false),
        ..choose(&[("nope", None, Some(true)), ("security", Some(false), None)])
    };
    let refused = world.store.update_preferences(&ann, &update).await;
    let Err(PreferencesError::Refused(reasons)) = refused else { panic!("{refused:?}") };
    assert_eq!(
        reasons,
        [
            PreferencesRefusal::UnknownCategory(key("nope")),
            PreferencesRefusal::Locked(key("security"), Channel::InApp),
        ]
    );
    let view = world.store.preferences(&ann).await.unwrap();
    assert_eq!((view.preferences, view.inbox), (Preferences::default(), Inbox::default()));
    assert!(world.heard.take().is_empty());
}

pub async fn choices_outlive_their_category(world: &World) {
    let ann = user("ann");
    world.put_category("billing", ChannelSet::NONE).await;
    world.put_category("news", ChannelSet::NONE).await;
    let billing = choose(&[("billing", None, Some(false))]);
    world.store.update_preferences(&ann, &billing).await.unwrap();
    assert!(world.store.delete_category(&key("billing")).await.unwrap());
    let news = choose(&[("news", Some(false), None)]);
    let view = world.store.update_preferences(&ann, &news).await.unwrap();
    assert!(!view.categories.contains_key(&key("billing")));
    let visible: Vec<_> = view.preferences.visible(&view.categories).collect();
    assert_eq!(visible.len(), 1);
    world.put_category("billing", ChannelSet::NONE).await;
    let view = world.store.preferences(&ann).await.unwrap();
    assert_eq!(view.preferences.choices[&key("billing")].email, Some(false));
}

pub async fn preferences_of_users_are_apart(world: &World) {
    let (ann, bob) = (user("ann"), user("bob"));
    world.store.update_preferences(&ann, &switch_in_app(false)).await.unwrap();
    let view = world.store.preferences(&bob).await.unwrap();
    assert_eq!(view.preferences, Preferences::default());
}

pub async fn a_category_is_new_once_and_replaced_as_a_whole(world: &World) {
    let texts = |pairs: &[(&str, &str)]| {
        let pairs = pairs.iter().map(|(tag, text)| ((*tag).to_owned(), (*text).to_owned()));
        Localized::new(pairs.collect()).unwrap()
    };
    let first = Category {
        key: key("billing"),
        // Not in the order of the alphabet: without English the first one given stands in.
        label: texts(&[("fr", "Facturation"), ("de", "Rechnung \"\u{1f514}\"")]),
        description: texts(&[("fr", "Factures")]),
        defaults: ChannelSet::NONE.with(Channel::InApp, true),
        mandatory: ChannelSet::NONE.with(Channel::Email, true),
        mail: CategoryMail::default(),
    };
    assert!(world.store.put_category(first.clone()).await.unwrap());
    assert_eq!(world.store.categories().await.unwrap()[&key("billing")], first);
    let second = category("billing", ChannelSet::NONE, ChannelSet::ALL);
    assert!(!world.store.put_category(second.clone()).await.unwrap());
    let found = world.store.categories().await.unwrap();
    assert_eq!((found.len(), &found[&key("billing")]), (1, &second));
    let view = world.store.preferences(&user("ann")).await.unwrap();
    assert_eq!(view.categories, Arc::clone(&found));
}

pub async fn a_category_is_deleted_once(world: &World) {
    world.put_category("billing", ChannelSet::NONE).await;
    assert!(world.store.delete_category(&key("billing")).await.unwrap());
    assert!(!world.store.delete_category(&key("billing")).await.unwrap());
    assert!(world.store.categories().await.unwrap().is_empty());
}

pub async fn deleting_a_category_keeps_its_notifications(world: &World) {
    let ann = user("ann");
    world.put_category("billing", ChannelSet::NONE).await;
    let id = world.send_content(&ann, super::world::content_of("one", "billing")).await;
    world.heard.take();
    world.store.delete_category(&key("billing")).await.unwrap();
    assert_eq!(world.get(&ann, id).await.content.category, Some(key("billing")));
    assert!(world.heard.take().is_empty());
}
