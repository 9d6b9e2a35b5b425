//! The port `Keys`: API keys, without their secrets.

use async_trait::async_trait;
use grelot_core::{ApiKey, Fingerprint, Timestamp};
use grelot_store::{Keys, StoreError};
use grelot_store_common::{decode_scopes, encode_scopes};
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
            let params: rows::Params<'_> = &[
                &key.id,
                &key.name,
                &&key.digest.0[..],
                &encode_scopes(key.scopes),
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
        scopes: rows::parsed(row, 3, "api_keys.scopes", decode_scopes)?,
        created_at: rows::instant(row, 4, "api_keys.createdAt")?,
        revoked_at: rows::instant_or_null(row, 5, "api_keys.revokedAt")?,
    })
}
