//! Categories that another program spoilt. How, only a backend knows; what is to come of it is the same in all.

use grelot_core::{ChannelSet, Content, PreferencesUpdate};

use super::world::{category, content, key, request, user};
use crate::{NotifyError, Store};

/// Of two categories, `good` and `bad`, does each of the `damages` to the second one: it counts as missing, is in the way of
/// neither the other one nor anybody's preferences, and is good again when it is put again.
pub async fn a_spoilt_category_is_in_nobodys_way(
    store: &dyn Store,
    damages: &[&str],
    spoil: impl Fn(&str),
) {
    let put =
        async |text| store.put_category(category(text, ChannelSet::ALL, ChannelSet::NONE)).await;
    let of = |text| Content { category: Some(key(text)), ..content("one") };
    let ann = user("ann");
    put("good").await.unwrap();
    put("bad").await.unwrap();
    for damage in damages {
        spoil(damage);
        // With nothing remembered.
        store.delete_category(&key("other")).await.unwrap();
        assert_eq!(store.categories().await.unwrap().keys().collect::<Vec<_>>(), [&key("good")]);
        assert!(store.preferences(&ann).await.unwrap().categories.contains_key(&key("good")));
        store.notify(request(&ann, of("good"))).await.unwrap();
        let refused = store.notify(request(&ann, of("bad"))).await;
        assert!(matches!(refused, Err(NotifyError::UnknownCategory)), "{refused:?}");
        let update = PreferencesUpdate { email: Some(false), ..Default::default() };
        store.update_preferences(&ann, &update).await.unwrap();
        store.preview(&request(&ann, of("good"))).await.unwrap();
    }
    put("bad").await.unwrap();
    store.notify(request(&ann, of("bad"))).await.unwrap();
}
