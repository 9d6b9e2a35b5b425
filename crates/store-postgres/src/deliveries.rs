//! The port `Deliveries`, and the deliveries as people read them. Not here: leasing and settling (`outbox`), what a mail
//! is about (`errand`).

use std::collections::HashMap;
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
use tokio_postgres::Row;

use crate::error::Failure;
use crate::outbox::{id, user};
use crate::snapshot::Snapshot;
use crate::store::PostgresStore;
use crate::{errand, rows, sql};

/// Sorts behind every id.
const LAST: &str = "~";

#[async_trait]
impl Deliveries for PostgresStore {
    async fn lease(&self, limit: usize) -> Result<Leased, StoreError> {
        // Mostly nothing is due: then nothing is locked.
        let next = self.look(|snapshot| async move { snapshot.next_due().await }).await?;
        if limit == 0 || next.is_none_or(|next| next > self.context.now()) {
            return Ok(Leased { next, ..Leased::default() });
        }
        self.write(move |tx| async move { tx.lease(limit).await }).await
    }

    async fn renew(&self, leases: &[Lease]) -> Result<(), StoreError> {
        let leases = leases.to_vec();
        self.write(move |tx| async move { tx.renew(&leases).await }).await
    }

    async fn errand(&self, lease: &Lease) -> Result<Option<Errand>, StoreError> {
        let lease = lease.clone();
        self.read(move |snapshot| async move { snapshot.errand(&lease).await }).await
    }

    async fn settle(&self, lease: &Lease, settlement: Settlement) -> Result<bool, StoreError> {
        let lease = lease.clone();
        self.write(move |tx| async move { tx.settle(&lease, &settlement).await }).await
    }

    async fn deliveries(
        &self,
        filter: DeliveryFilter,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        self.look(move |snapshot| async move {
            let before = filter.before.as_ref().map_or(LAST, DeliveryId::as_str);
            let limit = rows::limit(limit);
            let connection = &snapshot.connection;
            let found = match filter.state {
                None => rows::all(connection, sql::DELIVERIES, &[&before, &limit], listed).await?,
                Some(state) => {
                    let params: rows::Params<'_> = &[&state.name(), &before, &limit];
                    rows::all(connection, sql::DELIVERIES_OF_STATE, params, listed).await?
                }
            };
            Ok(found.into_iter().flatten().collect())
        })
        .await
    }

    async fn delivery(&self, id: DeliveryId) -> Result<Option<Delivery>, StoreError> {
        self.read(move |snapshot| async move {
            let params: rows::Params<'_> = &[&id.as_str()];
            match rows::optional(&snapshot.connection, sql::DELIVERY, params, delivery).await? {
                None => Ok(None),
                Some(found) => Ok(snapshot.with_attempts(vec![found]).await?.pop()),
            }
        })
        .await
    }

    async fn story(&self, id: NotificationId) -> Result<Option<Story>, StoreError> {
        self.read(move |snapshot| async move { snapshot.story(id).await }).await
    }

    async fn retry_dead(&self, id: DeliveryId) -> Result<bool, StoreError> {
        self.write(move |tx| async move { tx.retry_dead(id).await }).await
    }

    async fn outbox_stats(&self) -> Result<OutboxStats, StoreError> {
        self.read(|snapshot| async move { snapshot.outbox_stats().await }).await
    }

    async fn prune_deliveries(&self, before: Timestamp, batch: usize) -> Result<usize, StoreError> {
        self.write(move |tx| async move { tx.prune_deliveries(before, batch).await }).await
    }
}

impl Snapshot {
    /// Adds the attempts of each: those of the digest that collected it, where one did. One statement for all of them.
    async fn with_attempts(&self, mut found: Vec<Delivery>) -> Result<Vec<Delivery>, Failure> {
        let made = |delivery: &Delivery| delivery.digest.unwrap_or(delivery.id);
        let ids: Vec<DeliveryId> = found.iter().map(made).collect();
        let ids: Vec<&str> = ids.iter().map(DeliveryId::as_str).collect();
        let params: rows::Params<'_> = &[&ids];
        let attempts = rows::all(&self.connection, sql::ATTEMPTS, params, |row| {
            let attempt = Attempt {
                started_at: rows::instant(row, 0, "attempts.startedAt")?,
                ended_at: rows::instant(row, 1, "attempts.endedAt")?,
                outcome: rows::parsed(row, 2, "attempts.outcome", AttemptOutcome::parse)?,
                answer: rows::get(row, 3, "attempts.answer")?,
            };
            Ok((id(row, 4)?, attempt))
        });
        let mut of: HashMap<DeliveryId, Vec<Attempt>> = HashMap::new();
        for (delivery, attempt) in attempts.await? {
            of.entry(delivery).or_default().push(attempt);
        }
        for delivery in &mut found {
            // Several may have been collected by one digest.
            delivery.attempts = of.get(&made(delivery)).cloned().unwrap_or_default();
        }
        Ok(found)
    }

    /// Everything that was to reach the user outside of the inbox, newest first.
    pub(crate) async fn mailed(&self, user: &UserId) -> Result<Vec<Mailed>, Failure> {
        let params: rows::Params<'_> = &[&user.as_str()];
        let found = rows::all(&self.connection, sql::DELIVERIES_OF_USER, params, |row| {
            let content = content(row)?.map(Arc::new);
            Ok(listed(row)?.map(|delivery| (delivery, content)))
        });
        let (deliveries, contents): (Vec<_>, Vec<_>) = found.await?.into_iter().flatten().unzip();
        let deliveries = self.with_attempts(deliveries).await?.into_iter();
        let told = deliveries.zip(contents).map(|(delivery, content)| Mailed { delivery, content });
        Ok(told.collect())
    }

    async fn story(&self, id: NotificationId) -> Result<Option<Story>, Failure> {
        let params: rows::Params<'_> = &[&id.as_str()];
        let mut rowless = None;
        let found = rows::all(&self.connection, sql::DELIVERIES_OF_NOTIFICATION, params, |row| {
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
        })
        .await?;
        let Some(notification) = self.notification_of_anyone(id).await?.or(rowless) else {
            return Ok(None);
        };
        let deliveries = self.with_attempts(found).await?;
        Ok(Some(Story { notification, deliveries }))
    }

    async fn outbox_stats(&self) -> Result<OutboxStats, Failure> {
        let now = self.context.now().millis();
        let params: rows::Params<'_> = &[&now];
        let oldest_due = rows::optional(&self.connection, sql::OUTBOX_OLDEST_DUE, params, |row| {
            rows::instant(row, 0, "deliveries.readyAt")
        });
        Ok(OutboxStats {
            pending: self.count_deliveries(DeliveryState::Pending).await?,
            sending: self.count_deliveries(DeliveryState::Sending).await?,
            dead: self.count_deliveries(DeliveryState::Dead).await?,
            oldest_due: oldest_due.await?,
        })
    }

    async fn count_deliveries(&self, state: DeliveryState) -> Result<u64, Failure> {
        let params: rows::Params<'_> = &[&state.name()];
        let count = rows::optional(&self.connection, sql::DELIVERIES_COUNT, params, |row| {
            rows::count(row, 0, "deliveries.state")
        });
        Ok(count.await?.unwrap_or_default())
    }
}

/// The content of a delivery whose notification never had a row: the column after those of [`delivery`].
fn content(row: &Row) -> Result<Option<Content>, Failure> {
    rows::parsed_or_null(row, 12, "deliveries.content", errand::decode)
}

/// A delivery of a list. One that another program wrote wrongly cannot be shown, and must not hide the others.
fn listed(row: &Row) -> Result<Option<Delivery>, Failure> {
    match delivery(row) {
        Err(Failure::Corrupt(_)) => Ok(None),
        found => found.map(Some),
    }
}

/// The columns that every such query selects first.
fn delivery(row: &Row) -> Result<Delivery, Failure> {
    let rule = |index, name| rows::parsed(row, index, name, Rule::parse);
    let notification = "deliveries.notificationId";
    Ok(Delivery {
        id: id(row, 0)?,
        user: user(row, 1)?,
        notification: rows::parsed_or_null(row, 2, notification, NotificationId::parse)?,
        digest: rows::parsed_or_null(row, 3, "deliveries.digestId", DeliveryId::parse)?,
        state: rows::parsed(row, 4, "deliveries.state", DeliveryState::parse)?,
        reason: rows::get(row, 5, "deliveries.reason")?,
        in_app: (rows::get(row, 6, "deliveries.seq")?, rule(7, "deliveries.inAppRule")?),
        rule: rule(8, "deliveries.rule")?,
        created_at: rows::instant(row, 9, "deliveries.createdAt")?,
        due_at: rows::instant(row, 10, "deliveries.dueAt")?,
        ended_at: rows::instant_or_null(row, 11, "deliveries.endedAt")?,
        attempts: Vec::new(),
    })
}
