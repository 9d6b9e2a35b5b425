//! The port `Keys`.

use std::time::Duration;

use grelot_core::{ApiKey, Clock as _, Fingerprint, Scope, Scopes};

use super::world::World;

fn api_key(world: &World, id: &str, scopes: Scopes) -> ApiKey {
    ApiKey {
        id: id.to_owned(),
        name: format!("name of {id}"),
        digest: Fingerprint([u8::try_from(id.len()).unwrap(); 32]),
        scopes,
        created_at: world.clock.now(),
        revoked_at: None,
    }
}

pub async fn a_key_comes_back_as_it_was_created(world: &World) {
    assert_eq!(world.store.api_key("k").await.unwrap(), None);
    for (id, scopes) in [
        ("k", Scopes::of(&[Scope::Notify])),
        ("kk", Scopes::of(&[Scope::Read, Scope::Categories, Scope::Users, Scope::Tokens])),
        ("kkk", Scopes::ALL),
    ] {
        let key = api_key(world, id, scopes);
        world.store.create_api_key(key.clone()).await.unwrap();
        assert_eq!(world.store.api_key(id).await.unwrap(), Some(key));
    }
    assert_eq!(world.store.api_key("k%").await.unwrap(), None);
}

pub async fn keys_are_listed_oldest_first(world: &World) {
    for id in ["zz", "a", "mmm"] {
        world.store.create_api_key(api_key(world, id, Scopes::ALL)).await.unwrap();
        world.clock.advance(Duration::from_secs(1));
    }
    let keys = world.store.api_keys().await.unwrap();
    assert!(keys.iter().map(|key| key.id.as_str()).eq(["zz", "a", "mmm"]));
}

pub async fn an_id_is_given_once(world: &World) {
    let first = api_key(world, "k", Scopes::of(&[Scope::Read]));
    world.store.create_api_key(first.clone()).await.unwrap();
    let second = ApiKey { digest: Fingerprint([9; 32]), ..first.clone() };
    assert!(world.store.create_api_key(second).await.is_err());
    assert_eq!(world.store.api_key("k").await.unwrap(), Some(first));
}

pub async fn a_key_is_revoked_once(world: &World) {
    world.store.create_api_key(api_key(world, "k", Scopes::ALL)).await.unwrap();
    world.store.create_api_key(api_key(world, "other", Scopes::ALL)).await.unwrap();
    let first = world.store.revoke_api_key("k").await.unwrap();
    assert_eq!(first, Some(world.clock.now()));
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(world.store.revoke_api_key("k").await.unwrap(), first);
    assert_eq!(world.store.api_key("k").await.unwrap().unwrap().revoked_at, first);
    assert_eq!(world.store.api_key("other").await.unwrap().unwrap().revoked_at, None);
    assert_eq!(world.store.revoke_api_key("nope").await.unwrap(), None);
}

pub async fn the_secret_is_random_and_stays(world: &World) {
    world.store.health().await.unwrap();
    assert_ne!(world.store.secret(), [0; 32]);
    assert_eq!(world.store.secret(), world.store.secret());
}
