//! Rows that another program wrote as this one never would: each is its own trouble at most. Not here: what comes in from
//! outside with odd values (`outside`), and deliveries.

use grelot_core::category::Localized;
use grelot_core::{Category, CategoryKey, CategoryMail, ChannelSet, Content, PreferencesUpdate};
use grelot_store::conformance::{content, request, user};
use grelot_store::{CategoryRegistry as _, Notify as _, NotifyError, PreferenceBook as _};

use crate::support::TempBackend;

fn category(key: &CategoryKey) -> Category {
    Category {
        key: key.clone(),
        label: Localized::new(vec![("en".to_owned(), "A label".to_owned())]).unwrap(),
        description: Localized::default(),
        defaults: ChannelSet::ALL,
        mandatory: ChannelSet::NONE,
        mail: CategoryMail::default(),
    }
}

#[tokio::test]
async fn a_category_that_cannot_be_read_counts_as_missing_and_is_in_nobody_s_way() {
    let backend = TempBackend::new();
    let store = backend.open_store().await;
    let (good, bad) = (CategoryKey::parse("good").unwrap(), CategoryKey::parse("bad").unwrap());
    for key in [&good, &bad] {
        store.put_category(category(key)).await.unwrap();
    }
    let of = |key: &CategoryKey| Content { category: Some(key.clone()), ..content("one") };
    let ann = user("ann");
    for damage in [
        "UPDATE grelot.categories SET label = 'Label' WHERE key = 'bad'",
        r#"UPDATE grelot.categories SET "mailMode" = 'loud' WHERE key = 'bad'"#,
        r#"UPDATE grelot.categories SET "mailDelay" = -1 WHERE key = 'bad'"#,
        "INSERT INTO grelot.categories (SELECT (jsonb_populate_record(c, '{\"key\": \"No key\"}')).*
            FROM grelot.categories c WHERE key = 'good')",
    ] {
        backend.database.run(damage);
        assert_eq!(store.categories().await.unwrap().keys().collect::<Vec<_>>(), [&good]);
        assert!(store.preferences(&ann).await.unwrap().categories.contains_key(&good));
        let refused = store.notify(request(&ann, of(&bad))).await;
        assert!(matches!(refused, Err(NotifyError::UnknownCategory)), "{refused:?}");
        store.notify(request(&ann, of(&good))).await.unwrap();
        let update = PreferencesUpdate { email: Some(false), ..Default::default() };
        store.update_preferences(&ann, &update).await.unwrap();
        store.preview(&request(&ann, of(&good))).await.unwrap();
    }
    store.put_category(category(&bad)).await.unwrap();
    store.notify(request(&ann, of(&bad))).await.unwrap();
}
