//! `grelot keys`: API keys, beside a running `serve` or before the first one.

use anyhow::{Context as _, anyhow};
use grelot_core::{ApiKey, Clock, Scope, Scopes};
use grelot_http::auth::api_key;
use grelot_store::Store;

use super::failure::Failure;
use super::output;
use crate::clock::SystemClock;
use crate::instant;
use crate::settings::Settings;

/// What to do.
pub(crate) enum Action {
    /// Make a key.
    Create(String, Vec<Scope>),
    /// List the keys.
    List,
    /// Revoke the key with this id.
    Revoke(String),
}

/// Does it.
pub(crate) async fn run(settings: &Settings, action: Action) -> Result<(), Failure> {
    let database = super::open_beside(settings).await?;
    let store = database.ports();
    let done = match action {
        Action::Create(name, scopes) => create(&*store, name, &scopes).await,
        Action::List => list(&*store).await,
        Action::Revoke(id) => revoke(&*store, &id).await,
    };
    database.close().await;
    done
}

async fn create(store: &dyn Store, name: String, scopes: &[Scope]) -> Result<(), Failure> {
    let now = SystemClock.now();
    let (key, secret) = api_key::mint(name, Scopes::of(scopes), now).context("no key was made")?;
    let id = key.id.clone();
    store.create_api_key(key).await.context("the key was not stored")?;
    output::line(secret)?;
    output::note(format!("key {id} was made; this is the only time it is shown"));
    Ok(())
}

async fn list(store: &dyn Store) -> Result<(), Failure> {
    let keys = store.api_keys().await.context("the keys cannot be read")?;
    let rows: Vec<[String; 5]> = keys.iter().map(row).collect();
    output::table(["ID", "NAME", "SCOPES", "CREATED", "REVOKED"], &rows)
}

fn row(key: &ApiKey) -> [String; 5] {
    let scopes: Vec<&str> = key.scopes.iter().map(Scope::name).collect();
    [
        key.id.clone(),
        output::printable(&key.name),
        scopes.join(","),
        instant::display(key.created_at),
        key.revoked_at.map_or_else(|| "-".to_owned(), instant::display),
    ]
}

async fn revoke(store: &dyn Store, id: &str) -> Result<(), Failure> {
    let revoked = store.revoke_api_key(id).await.context("the key was not revoked")?;
    match revoked {
        Some(at) => output::line(format!("key {id} is revoked since {}", instant::display(at))),
        None => Err(anyhow!("there is no key {id}; `grelot keys list` shows their ids").into()),
    }
}
