//! What a delivery that is due comes to, from what the database has of it. Not here: who asks, and what follows (`outbox`),
//! and what is decided (`grelot_store_common`).

use std::collections::HashMap;
use std::slice;

use futures_util::future::try_join;
use grelot_core::{CategoryKey, DeliveryId, Notification, NotificationId, UserId};
use grelot_store::{Errand, Lease};
use grelot_store_common::{Collected, Reader, Subject};
pub(crate) use grelot_store_common::{decode_content as decode, encode_content as encode};
use tokio_postgres::Row;

use crate::error::Failure;
use crate::snapshot::Snapshot;
use crate::{rows, sql};

/// What the reader's inbox holds now of what mails may be about.
type InboxNow = HashMap<NotificationId, Notification>;

impl Snapshot {
    pub(crate) async fn errand(&self, lease: &Lease) -> Result<Option<Errand>, Failure> {
        let params: rows::Params<'_> = &[&lease.id.as_str(), &rows::int(lease.token)];
        let held = rows::optional(&self.connection, sql::OUTBOX_SUBJECT, params, subject).await?;
        let Some(held) = held else {
            return Ok(None);
        };
        let (reader, now) = (self.reader(&lease.user).await?, self.context.now());
        if held.notification.is_none() {
            let (subjects, categories) =
                try_join(self.subjects_of(held.delivery), self.categories()).await?;
            let mut inbox = self.inbox_now(&lease.user, &subjects).await?;
            let row = |id| Ok::<_, Failure>(inbox.remove(&id));
            return Ok(Some(reader.digest(&held, subjects, &categories, now, row)?));
        }
        let keys = held.category.iter().collect();
        let mut categories = self.categories_of(&keys).await?;
        let category = held.category.as_ref().and_then(|key| categories.remove(key));
        let mut inbox = self.inbox_now(&lease.user, slice::from_ref(&held)).await?;
        let errand = reader.one(held, category, now, |id| Ok::<_, Failure>(inbox.remove(&id)))?;
        Ok(Some(errand.ok_or(Failure::Corrupt("deliveries.content"))?))
    }

    async fn reader(&self, user: &UserId) -> Result<Reader, Failure> {
        let (contact, preferences) =
            try_join(self.contact(user), self.stored_preferences(user)).await?;
        Ok(Reader {
            contact: contact.unwrap_or_default(),
            preferences: preferences.unwrap_or_default(),
        })
    }

    /// What a digest collected, each with the reason against it, if there is one.
    pub(crate) async fn collected(
        &self,
        user: &UserId,
        digest: DeliveryId,
    ) -> Result<Collected, Failure> {
        let (reader, categories) = (self.reader(user).await?, self.categories().await?);
        let subjects = self.subjects_of(digest).await?;
        let mut inbox = self.inbox_now(user, &subjects).await?;
        reader.collected(subjects, &categories, |id| Ok(inbox.remove(&id)))
    }

    /// What a digest collected, newest first.
    async fn subjects_of(&self, digest: DeliveryId) -> Result<Vec<Subject>, Failure> {
        rows::all(&self.connection, sql::DIGEST_SUBJECTS, &[&digest.as_str()], subject).await
    }

    async fn inbox_now(&self, user: &UserId, subjects: &[Subject]) -> Result<InboxNow, Failure> {
        let wanted: Vec<NotificationId> = subjects.iter().filter_map(Subject::row).collect();
        if wanted.is_empty() {
            return Ok(InboxNow::new());
        }
        let ids: Vec<&str> = wanted.iter().map(NotificationId::as_str).collect();
        let params: rows::Params<'_> = &[&user.as_str(), &ids];
        let found = rows::all(&self.connection, sql::NOTIFICATIONS_OF_USER, params, |row| {
            let notification = rows::notification(row, user)?;
            Ok((notification.id, notification))
        });
        Ok(found.await?.into_iter().collect())
    }
}

/// The columns that every such query selects.
fn subject(row: &Row) -> Result<Subject, Failure> {
    let notification = "deliveries.notificationId";
    Ok(Subject {
        delivery: rows::parsed(row, 0, "deliveries.id", DeliveryId::parse)?,
        notification: rows::parsed_or_null(row, 1, notification, NotificationId::parse)?,
        has_row: rows::get(row, 2, "deliveries.seq")?,
        content: rows::parsed_or_null(row, 3, "deliveries.content", decode)?,
        category: rows::parsed_or_null(row, 4, "deliveries.category", |text| {
            CategoryKey::parse(text).ok()
        })?,
        created_at: rows::instant(row, 5, "deliveries.createdAt")?,
        ready_at: rows::instant(row, 6, "deliveries.readyAt")?,
    })
}
