//! The port `Maintenance`: pruning in small batches, health, figures. Not here: which notifications are kept (`retention`).

use std::collections::HashMap;

use async_trait::async_trait;
use grelot_core::{Timestamp, UserId};
use grelot_store::{Maintenance, Pruned, StoreError, StoreStats, Trimmed};
use rusqlite::params;

use crate::error::Failure;
use crate::store::SqliteStore;
use crate::tx::Tx;
use crate::{rows, sql};

#[async_trait]
impl Maintenance for SqliteStore {
    async fn health(&self) -> Result<(), StoreError> {
        self.read(|snapshot| {
            rows::optional(snapshot.connection, sql::HEALTH, [], |_| Ok(())).map(|_| ())
        })
        .await
    }

    fn stats(&self) -> StoreStats {
        self.queue_stats()
    }

    async fn prune_changes(&self, before: Timestamp, batch: usize) -> Result<usize, StoreError> {
        self.write(batch, None, move |tx| tx.prune_changes(before, batch)).await
    }

    async fn prune_idempotency(
        &self,
        before: Timestamp,
        batch: usize,
    ) -> Result<usize, StoreError> {
        self.write(batch, None, move |tx| {
            let params = params![before.millis(), rows::limit(batch)];
            rows::execute(tx.connection, sql::IDEMPOTENCY_PRUNE, params)
        })
        .await
    }

    async fn prune_read(&self, before: Timestamp, batch: usize) -> Result<Pruned, StoreError> {
        let removed = self.write(batch, None, move |tx| tx.prune_read(before, batch)).await?;
        // Nobody else writes meanwhile.
        Ok(Pruned { removed, held: 0 })
    }

    async fn trim_inboxes(
        &self,
        after: Option<&UserId>,
        max: u64,
        batch: usize,
    ) -> Result<Trimmed, StoreError> {
        self.trim(after, max, batch).await
    }
}

impl Tx<'_> {
    /// In one inbox the age grows with the position, so the oldest changes are its first ones, and deleting up to the
    /// last one found deletes those found and no other: history is only ever cut at its beginning.
    fn prune_changes(&self, before: Timestamp, batch: usize) -> Result<usize, Failure> {
        let params = params![before.millis(), rows::limit(batch)];
        // As they are written: what goes does not have to be understood.
        let old = rows::all(self.connection, sql::CHANGES_OLD, params, |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?))
        })?;
        let mut last: HashMap<&str, i64> = HashMap::new();
        for (user, seq) in &old {
            let known = last.entry(user).or_insert(*seq);
            *known = (*known).max(*seq);
        }
        for (user, seq) in last {
            let params = params![user, seq];
            rows::all(self.connection, sql::CHANGES_PRUNE, params, |_| Ok(()))?;
            rows::execute(self.connection, sql::INBOX_PRUNED, params)?;
        }
        Ok(old.len())
    }
}
