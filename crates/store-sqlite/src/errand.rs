//! What a delivery that is due comes to, from what the database has of it. Not here: who asks, and what follows (`outbox`),
//! and what is decided (`grelot_store_common`).

use grelot_core::{CategoryKey, DeliveryId, NotificationId, UserId};
use grelot_store::{Errand, Lease};
use grelot_store_common::{Collected, Reader, Subject};
pub(crate) use grelot_store_common::{decode_content as decode, encode_content as encode};
use rusqlite::{Row, params};

use crate::error::Failure;
use crate::snapshot::Snapshot;
use crate::{rows, sql};

impl Snapshot<'_> {
    pub(crate) fn errand(&self, lease: &Lease) -> Result<Option<Errand>, Failure> {
        let held = rows::optional(
            self.connection,
            sql::OUTBOX_SUBJECT,
            params![lease.id.as_str(), rows::int(lease.token)],
            subject,
        )?;
        let Some(held) = held else {
            return Ok(None);
        };
        let (reader, now) = (self.reader(&lease.user)?, self.context.now());
        let row = |id| self.notification(&lease.user, id);
        if held.notification.is_none() {
            let (subjects, categories) = (self.subjects_of(held.delivery)?, self.categories()?);
            return Ok(Some(reader.digest(&held, subjects, &categories, now, row)?));
        }
        let category = match &held.category {
            None => None,
            Some(key) => self.category(key)?,
        };
        let errand = reader.one(held, category, now, row)?;
        Ok(Some(errand.ok_or(Failure::Corrupt("deliveries.content"))?))
    }

    fn reader(&self, user: &UserId) -> Result<Reader, Failure> {
        Ok(Reader {
            contact: self.contact(user)?.unwrap_or_default(),
            preferences: self.stored_preferences(user)?.unwrap_or_default(),
        })
    }

    /// What a digest collected, each with the reason against it, if there is one.
    pub(crate) fn collected(
        &self,
        user: &UserId,
        digest: DeliveryId,
    ) -> Result<Collected, Failure> {
        let (subjects, categories) = (self.subjects_of(digest)?, self.categories()?);
        self.reader(user)?.collected(subjects, &categories, |id| self.notification(user, id))
    }

    /// What a digest collected, newest first.
    fn subjects_of(&self, digest: DeliveryId) -> Result<Vec<Subject>, Failure> {
        rows::all(self.connection, sql::DIGEST_SUBJECTS, [digest.as_str()], subject)
    }
}

/// The columns that every such query selects.
fn subject(row: &Row<'_>) -> Result<Subject, Failure> {
    Ok(Subject {
        delivery: rows::parsed(row, 0, "deliveries.id", DeliveryId::parse)?,
        notification: rows::parsed_or_null(
            row,
            1,
            "deliveries.notificationId",
            NotificationId::parse,
        )?,
        has_row: row.get(2)?,
        content: rows::parsed_or_null(row, 3, "deliveries.content", decode)?,
        category: rows::parsed_or_null(row, 4, "deliveries.category", |text| {
            CategoryKey::parse(text).ok()
        })?,
        created_at: rows::instant(row, 5)?,
        ready_at: rows::instant(row, 6)?,
    })
}
