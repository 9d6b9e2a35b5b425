//! The port `Deliveries`, and the deliveries as people read them. Not here: leasing and settling (`outbox`), what a mail
//! is about (`errand`).

use std::sync::Arc;

use async_trait::async_trait;
use grelot_core::{
    AttemptOutcome, Content, DeliveryId, DeliveryState, Notification, NotificationId, Rule, Seq,
    Timestamp, UserId,
};
use grelot_store::{
    Attempt, Deliveries, Delivery, DeliveryFilter, Errand, Lease, Leased, Mailed, OutboxStats,
    Settlement, StoreError, Story,
};
use rusqlite::{Row, params};

use crate::error::Failure;
use crate::outbox::user;
use crate::snapshot::Snapshot;
use crate::store::SqliteStore;
use crate::{errand, rows, sql};

/// Sorts behind every id.
const LAST: &str = "~";

#[async_trait]
impl Deliveries for SqliteStore {
    async fn lease(&self, limit: usize) -> Result<Leased, StoreError> {
        // Mostly nothing is due: then the writer is left alone.
        let next = self.read(|snapshot| snapshot.next_due()).await?;
        if limit == 0 || next.is_none_or(|next| next > self.context.now()) {
            return Ok(Leased { next, ..Leased::default() });
        }
        self.write(limit, None, move |tx| tx.lease(limit)).await
    }

    async fn renew(&self, leases: &[Lease]) -> Result<(), StoreError> {
        let leases = leases.to_vec();
        self.write(leases.len(), None, move |tx| tx.renew(&leases)).await
    }

    async fn errand(&self, lease: &Lease) -> Result<Option<Errand>, StoreError> {
        let lease = lease.clone();
        self.read(move |snapshot| snapshot.errand(&lease)).await
    }

    async fn settle(&self, lease: &Lease, settlement: Settlement) -> Result<bool, StoreError> {
        let lease = lease.clone();
        self.write(2, None, move |tx| tx.settle(&lease, &settlement)).await
    }

    async fn deliveries(
        &self,
        filter: DeliveryFilter,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        self.read(move |snapshot| {
            let before = filter.before.as_ref().map_or(LAST, DeliveryId::as_str);
            let limit = rows::limit(limit);
            let found = match filter.state {
                None => {
                    rows::all(snapshot.connection, sql::DELIVERIES, params![before, limit], listed)
                }
                Some(state) => rows::all(
                    snapshot.connection,
                    sql::DELIVERIES_OF_STATE,
                    params![state.name(), before, limit],
                    listed,
                ),
            };
            Ok(found?.into_iter().flatten().collect())
        })
        .await
    }

    async fn delivery(&self, id: DeliveryId) -> Result<Option<Delivery>, StoreError> {
        self.read(move |snapshot| {
            let found =
                rows::optional(snapshot.connection, sql::DELIVERY, [id.as_str()], delivery)?;
            found.map(|found| snapshot.with_attempts(found)).transpose()
        })
        .await
    }

    async fn story(&self, id: NotificationId) -> Result<Option<Story>, StoreError> {
        self.read(move |snapshot| snapshot.story(id)).await
    }

    async fn retry_dead(&self, id: DeliveryId) -> Result<bool, StoreError> {
        self.write(1, None, move |tx| tx.retry_dead(id)).await
    }

    async fn outbox_stats(&self) -> Result<OutboxStats, StoreError> {
        self.read(|snapshot| snapshot.outbox_stats()).await
    }

    async fn prune_deliveries(&self, before: Timestamp, batch: usize) -> Result<usize, StoreError> {
        self.write(batch, None, move |tx| tx.prune_deliveries(before, batch)).await
    }
}

impl Snapshot<'_> {
    /// Adds the attempts: those of the digest that collected it, where one did.
    fn with_attempts(&self, mut delivery: Delivery) -> Result<Delivery, Failure> {
        let made = delivery.digest.unwrap_or(delivery.id);
        delivery.attempts = rows::all(self.connection, sql::ATTEMPTS, [made.as_str()], |row| {
            Ok(Attempt {
                started_at: rows::instant(row, 0)?,
                ended_at: rows::instant(row, 1)?,
                outcome: rows::parsed(row, 2, "attempts.outcome", AttemptOutcome::parse)?,
                answer: row.get(3)?,
            })
        })?;
        Ok(delivery)
    }

    /// Everything that was to reach the user outside of the inbox, newest first.
    pub(crate) fn mailed(&self, user: &UserId) -> Result<Vec<Mailed>, Failure> {
        let found = rows::all(self.connection, sql::DELIVERIES_OF_USER, [user.as_str()], |row| {
            let content = content(row)?.map(Arc::new);
            Ok(listed(row)?.map(|delivery| Mailed { delivery, content }))
        })?;
        let told = found
            .into_iter()
            .flatten()
            .map(|mailed| Ok(Mailed { delivery: self.with_attempts(mailed.delivery)?, ..mailed }));
        told.collect()
    }

    fn story(&self, id: NotificationId) -> Result<Option<Story>, Failure> {
        let mut rowless = None;
        let found =
            rows::all(self.connection, sql::DELIVERIES_OF_NOTIFICATION, [id.as_str()], |row| {
                let found = delivery(row)?;
                if let Some(content) = content(row)? {
                    rowless = Some(Notification {
                        id,
                        user: found.user.clone(),
                        seq: Seq::ZERO,
                        content: Arc::new(content),
                        read_at: None,
                        created_at: found.created_at,
                    });
                }
                Ok(found)
            })?;
        let Some(notification) = self.notification_of_anyone(id)?.or(rowless) else {
            return Ok(None);
        };
        let deliveries = found.into_iter().map(|found| self.with_attempts(found));
        Ok(Some(Story { notification, deliveries: deliveries.collect::<Result<_, _>>()? }))
    }

    fn outbox_stats(&self) -> Result<OutboxStats, Failure> {
        let count = |state: DeliveryState| -> Result<u64, Failure> {
            let found =
                rows::optional(self.connection, sql::DELIVERIES_COUNT, [state.name()], |row| {
                    rows::count(row, 0, "deliveries.state")
                })?;
            Ok(found.unwrap_or_default())
        };
        let now = self.context.now().millis();
        let oldest_due = rows::optional(self.connection, sql::OUTBOX_OLDEST_DUE, [now], |row| {
            rows::instant(row, 0)
        })?;
        Ok(OutboxStats {
            pending: count(DeliveryState::Pending)?,
            sending: count(DeliveryState::Sending)?,
            dead: count(DeliveryState::Dead)?,
            oldest_due,
        })
    }
}

/// The content of a delivery whose notification never had a row: the column after those of [`delivery`].
fn content(row: &Row<'_>) -> Result<Option<Content>, Failure> {
    rows::parsed_or_null(row, 12, "deliveries.content", errand::decode)
}

/// A delivery of a list. One that another program wrote wrongly cannot be shown, and must not hide the others.
fn listed(row: &Row<'_>) -> Result<Option<Delivery>, Failure> {
    match delivery(row) {
        Err(Failure::Corrupt(_)) => Ok(None),
        found => found.map(Some),
    }
}

/// The columns that every such query selects first.
fn delivery(row: &Row<'_>) -> Result<Delivery, Failure> {
    let rule = |index, name| rows::parsed(row, index, name, Rule::parse);
    Ok(Delivery {
        id: rows::parsed(row, 0, "deliveries.id", DeliveryId::parse)?,
        user: user(row, 1)?,
        notification: rows::parsed_or_null(
            row,
            2,
            "deliveries.notificationId",
            NotificationId::parse,
        )?,
        digest: rows::parsed_or_null(row, 3, "deliveries.digestId", DeliveryId::parse)?,
        state: rows::parsed(row, 4, "deliveries.state", DeliveryState::parse)?,
        reason: row.get(5)?,
        in_app: (row.get(6)?, rule(7, "deliveries.inAppRule")?),
        rule: rule(8, "deliveries.rule")?,
        created_at: rows::instant(row, 9)?,
        due_at: rows::instant(row, 10)?,
        ended_at: rows::instant_or_null(row, 11)?,
        attempts: Vec::new(),
    })
}
