//! The port `Maintenance`: pruning in small batches, health, figures.

use std::collections::BTreeMap;

use async_trait::async_trait;
use grelot_core::{Timestamp, UserId};
use grelot_store::{Maintenance, Pruned, StoreError, StoreStats, Trimmed};

use crate::error::Failure;
use crate::rows;
use crate::sql;
use crate::store::PostgresStore;
use crate::tx::Tx;

#[async_trait]
impl Maintenance for PostgresStore {
    async fn health(&self) -> Result<(), StoreError> {
        self.look(|snapshot| async move {
            rows::optional(&snapshot.connection, sql::HEALTH, &[], |_| Ok(())).await.map(|_| ())
        })
        .await
    }

    fn stats(&self) -> StoreStats {
        self.queue_stats()
    }

    async fn prune_changes(&self, before: Timestamp, batch: usize) -> Result<usize, StoreError> {
        self.write(move |tx| async move { tx.prune_changes(before, batch).await }).await
    }

    async fn prune_idempotency(
        &self,
        before: Timestamp,
        batch: usize,
    ) -> Result<usize, StoreError> {
        self.write(move |tx| async move {
            let params: rows::Params<'_> = &[&before.millis(), &rows::limit(batch)];
            let pruned = rows::execute(&tx.connection, sql::IDEMPOTENCY_PRUNE, params).await?;
            Ok(usize::try_from(pruned).unwrap_or(usize::MAX))
        })
        .await
    }

    async fn prune_read(&self, before: Timestamp, batch: usize) -> Result<Pruned, StoreError> {
        self.write(move |tx| async move { tx.prune_read(before, batch).await }).await
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

impl Tx {
    /// In one inbox the age grows with the position, so the oldest changes are its first ones, and deleting up to the
    /// last one found deletes those found and no other: history is only ever cut at its beginning.
    async fn prune_changes(&self, before: Timestamp, batch: usize) -> Result<usize, Failure> {
        let params: rows::Params<'_> = &[&before.millis(), &rows::limit(batch)];
        let old = rows::query(&self.connection, sql::CHANGES_OLD, params).await?;
        // As they are written: what goes does not have to be understood. In the order in which whoever changes several
        // inboxes locks them.
        let mut last: BTreeMap<&str, i64> = BTreeMap::new();
        for row in &old {
            let seq = rows::get(row, 1, "changes.seq")?;
            let known = last.entry(rows::get(row, 0, "changes.userId")?).or_insert(seq);
            *known = seq.max(*known);
        }
        for (user, seq) in last {
            let params: rows::Params<'_> = &[&user, &seq];
            // The inbox first, as everybody does who changes something of it.
            rows::execute(&self.connection, sql::INBOX_PRUNED, params).await?;
            rows::query(&self.connection, sql::CHANGES_PRUNE, params).await?;
        }
        Ok(old.len())
    }
}
