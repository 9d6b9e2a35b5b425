//! The port `Keys`: API keys, without their secrets.

use async_trait::async_trait;
use grelot_core::{ApiKey, Fingerprint, Scope, Scopes, Timestamp};
use grelot_store::{Keys, StoreError};
use tokio_postgres::Row;

use crate::error::Failure;
use crate::rows;
use crate::sql;
use crate::store::PostgresStore;

#[async_trait]
impl Keys for PostgresStore {
    async fn api_key(&self, id: &str) -> Result<Option<ApiKey>, StoreError> {
        let id = id.to_owned();
        self.look(move |snapshot| async move {
            rows::optional(&snapshot.connection, sql::API_KEY, &[&id], api_key).await
        })
        .await
    }

    async fn api_keys(&self) -> Result<Vec<ApiKey>, StoreError> {
        self.look(|snapshot| async move {
            rows::all(&snapshot.connection, sql::API_KEYS, &[], api_key).await
        })
        .await
    }

    async fn create_api_key(&self, key: ApiKey) -> Result<(), StoreError> {
        self.write(move |tx| async move {
            let scopes: Vec<&str> = key.scopes.iter().map(Scope::name).collect();
            let params: rows::Params<'_> = &[
                &key.id,
                &key.name,
                &&key.digest.0[..],
                &scopes.join(" "),
                &key.created_at.millis(),
                &key.revoked_at.map(Timestamp::millis),
            ];
            rows::execute(&tx.connection, sql::API_KEY_INSERT, params).await?;
            Ok(())
        })
        .await
    }

    async fn revoke_api_key(&self, id: &str) -> Result<Option<Timestamp>, StoreError> {
        let id = id.to_owned();
        self.write(move |tx| async move {
            let params: rows::Params<'_> = &[&id, &tx.now.millis()];
            rows::optional(&tx.connection, sql::API_KEY_REVOKE, params, |row| {
                rows::instant(row, 0, "api_keys.revokedAt")
            })
            .await
        })
        .await
    }

    fn secret(&self) -> [u8; 32] {
        self.context.secret()
    }
}

fn api_key(row: &Row) -> Result<ApiKey, Failure> {
    let digest: &[u8] = rows::get(row, 2, "api_keys.digest")?;
    let digest = digest.try_into().map_err(|_other_length| Failure::Corrupt("api_keys.digest"))?;
    Ok(ApiKey {
        id: rows::get(row, 0, "api_keys.id")?,
        name: rows::get(row, 1, "api_keys.name")?,
        digest: Fingerprint(digest),
        scopes: rows::parsed(row, 3, "api_keys.scopes", scopes)?,
        created_at: rows::instant(row, 4, "api_keys.createdAt")?,
        revoked_at: rows::instant_or_null(row, 5, "api_keys.revokedAt")?,
    })
}

/// `None` for an unknown name, and for no name at all: that list would mean every scope.
fn scopes(text: &str) -> Option<Scopes> {
    let named: Option<Vec<Scope>> =
        text.split_whitespace().map(|name| Scope::parse(name).ok()).collect();
    named.filter(|scopes| !scopes.is_empty()).map(|scopes| Scopes::of(&scopes))
}
