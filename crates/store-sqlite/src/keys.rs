//! The port `Keys`: API keys, without their secrets.

use async_trait::async_trait;
use grelot_core::{ApiKey, Fingerprint, Timestamp};
use grelot_store::{Keys, StoreError};
use grelot_store_common::{decode_scopes, encode_scopes};
use rusqlite::{Row, params};

use crate::error::Failure;
use crate::store::SqliteStore;
use crate::{rows, sql};

#[async_trait]
impl Keys for SqliteStore {
    async fn api_key(&self, id: &str) -> Result<Option<ApiKey>, StoreError> {
        let id = id.to_owned();
        self.read(move |snapshot| rows::optional(snapshot.connection, sql::API_KEY, [&id], api_key))
            .await
    }

    async fn api_keys(&self) -> Result<Vec<ApiKey>, StoreError> {
        self.read(|snapshot| rows::all(snapshot.connection, sql::API_KEYS, [], api_key)).await
    }

    async fn create_api_key(&self, key: ApiKey) -> Result<(), StoreError> {
        self.write(1, None, move |tx| {
            rows::execute(
                tx.connection,
                sql::API_KEY_INSERT,
                params![
                    key.id,
                    key.name,
                    key.digest.0,
                    encode_scopes(key.scopes),
                    key.created_at.millis(),
                    key.revoked_at.map(Timestamp::millis),
                ],
            )?;
            Ok(())
        })
        .await
    }

    async fn revoke_api_key(&self, id: &str) -> Result<Option<Timestamp>, StoreError> {
        let id = id.to_owned();
        self.write(1, None, move |tx| {
            rows::optional(
                tx.connection,
                sql::API_KEY_REVOKE,
                params![id, tx.now.millis()],
                |row| rows::instant(row, 0),
            )
        })
        .await
    }

    fn secret(&self) -> [u8; 32] {
        self.context.secret()
    }
}

fn api_key(row: &Row<'_>) -> Result<ApiKey, Failure> {
    Ok(ApiKey {
        id: row.get(0)?,
        name: row.get(1)?,
        digest: Fingerprint(row.get(2)?),
        scopes: rows::parsed(row, 3, "api_keys.scopes", decode_scopes)?,
        created_at: rows::instant(row, 4)?,
        revoked_at: rows::instant_or_null(row, 5)?,
    })
}
