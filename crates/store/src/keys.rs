//! API keys, and the secret of this installation.

use async_trait::async_trait;
use grelot_core::{ApiKey, Timestamp};

use crate::StoreError;

/// Reads and changes API keys.
#[async_trait]
pub trait Keys: Send + Sync + 'static {
    /// The key with this public id, revoked or not.
    async fn api_key(&self, id: &str) -> Result<Option<ApiKey>, StoreError>;

    /// Every key, oldest first.
    async fn api_keys(&self) -> Result<Vec<ApiKey>, StoreError>;

    /// Stores a new key.
    async fn create_api_key(&self, key: ApiKey) -> Result<(), StoreError>;

    /// Revokes the key; returns when it was revoked (an earlier revocation stays), `None` when there is no such key.
    async fn revoke_api_key(&self, id: &str) -> Result<Option<Timestamp>, StoreError>;

    /// The secret that authenticates cursors and makes digests: random, made by the first migration.
    fn secret(&self) -> [u8; 32];
}
