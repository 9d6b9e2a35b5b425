//! The port `Users`: contacts, sessions, and the end of a user.

use async_trait::async_trait;
use grelot_core::{ChangeKind, Contact, Notification, NotificationId, Timestamp, UserId, Zone};
use grelot_store::{Export, StoreError, Users};
use rusqlite::params;

use crate::error::Failure;
use crate::snapshot::Snapshot;
use crate::store::SqliteStore;
use crate::tx::Tx;
use crate::{rows, sql};

#[async_trait]
impl Users for SqliteStore {
    async fn contact(&self, user: &UserId) -> Result<Option<Contact>, StoreError> {
        let user = user.clone();
        self.read(move |snapshot| snapshot.contact(&user)).await
    }

    async fn put_contact(&self, user: &UserId, contact: Contact) -> Result<(), StoreError> {
        let user = user.clone();
        self.write(1, None, move |tx| tx.put_contact(&user, &contact)).await
    }

    async fn erase(&self, user: &UserId) -> Result<(), StoreError> {
        let most = self.max_rows;
        loop {
            let user = user.clone();
            if self.write(most, None, move |tx| tx.erase_part(&user, most)).await? {
                return Ok(());
            }
        }
    }

    async fn export(&self, user: &UserId) -> Result<Export, StoreError> {
        let user = user.clone();
        self.read(move |snapshot| snapshot.export(&user)).await
    }

    async fn revoke_sessions(&self, user: &UserId) -> Result<Timestamp, StoreError> {
        let user = user.clone();
        self.write(1, None, move |tx| tx.revoke(&user)).await
    }

    async fn sessions_revoked_at(&self, user: &UserId) -> Result<Option<Timestamp>, StoreError> {
        let user = user.clone();
        self.read(move |snapshot| snapshot.sessions_revoked_at(&user)).await
    }

    async fn find_notification(
        &self,
        id: NotificationId,
    ) -> Result<Option<Notification>, StoreError> {
        self.read(move |snapshot| snapshot.notification_of_anyone(id)).await
    }
}

impl Snapshot<'_> {
    pub(crate) fn contact(&self, user: &UserId) -> Result<Option<Contact>, Failure> {
        rows::optional(self.connection, sql::CONTACT, [user.as_str()], |row| {
            Ok(Contact {
                email: row.get(0)?,
                name: row.get(1)?,
                locale: row.get(2)?,
                timezone: row.get(3)?,
            })
        })
    }

    /// Where the user lives, if a mail would have an address; `None` when it would not.
    pub(crate) fn zone_with_address(&self, user: &UserId) -> Result<Option<Zone>, Failure> {
        rows::optional(self.connection, sql::CONTACT_ZONE, [user.as_str()], |row| {
            Ok(Zone::named(row.get::<_, Option<String>>(0)?.as_deref()))
        })
    }

    fn sessions_revoked_at(&self, user: &UserId) -> Result<Option<Timestamp>, Failure> {
        Ok(self.departure(user)?.map(|departure| departure.revoked_at))
    }

    fn export(&self, user: &UserId) -> Result<Export, Failure> {
        Ok(Export {
            inbox: self.inbox(user)?,
            notifications: self.every_notification(user)?,
            preferences: self.stored_preferences(user)?,
            contact: self.contact(user)?,
            sessions_revoked_at: self.sessions_revoked_at(user)?,
            deliveries: self.mailed(user)?,
        })
    }

    pub(crate) fn notification_of_anyone(
        &self,
        id: NotificationId,
    ) -> Result<Option<Notification>, Failure> {
        rows::optional(self.connection, sql::NOTIFICATION_OF_ANYONE, [id.as_str()], |row| {
            let user =
                rows::parsed(row, 10, "notifications.userId", |text| UserId::parse(text).ok())?;
            rows::notification(row, &user)
        })
    }
}

impl Tx<'_> {
    fn put_contact(&self, user: &UserId, contact: &Contact) -> Result<(), Failure> {
        let Contact { email, name, locale, timezone } = contact;
        rows::execute(
            self.connection,
            sql::CONTACT_PUT,
            params![user.as_str(), email, name, locale, timezone],
        )?;
        Ok(())
    }

    /// Erases at most `most` deliveries or notifications, or, where there are not more, everything; whether that was everything. The
    /// sessions end with the first part.
    fn erase_part(&mut self, user: &UserId, most: usize) -> Result<bool, Failure> {
        let look = rows::limit(most.saturating_add(1));
        let deliveries =
            rows::all(self.connection, sql::OUTBOX_OF_USER, params![user.as_str(), look], |row| {
                Ok(row.get::<_, String>(0)?)
            })?;
        if deliveries.len() > most {
            for id in &deliveries[..most] {
                for remove in [sql::ATTEMPTS_REMOVE, sql::OUTBOX_REMOVE] {
                    rows::execute(self.connection, remove, [id])?;
                }
            }
            self.revoke(user)?;
            return Ok(false);
        }
        if self.count_held(user, most.saturating_add(1) as u64)? > most as u64 {
            let (_, unread) = self.remove_oldest(user, most as u64)?;
            let inbox = self.inbox(user)?.erased_in_part(unread.len() as u64);
            self.put_inbox(user, inbox)?;
            self.depart(user, inbox.seq)?;
            self.tell_of(user, inbox, ChangeKind::Erased);
            return Ok(false);
        }
        self.erase(user)?;
        Ok(true)
    }

    fn erase(&mut self, user: &UserId) -> Result<(), Failure> {
        let inbox = self.inbox(user)?.erased();
        for erase in [
            sql::ATTEMPTS_ERASE,
            sql::OUTBOX_ERASE,
            sql::NOTIFICATION_ERASE,
            sql::CHANGES_ERASE,
            sql::PREFERENCES_ERASE,
            sql::CONTACT_ERASE,
            sql::INBOX_ERASE,
        ] {
            rows::execute(self.connection, erase, [user.as_str()])?;
        }
        self.depart(user, inbox.seq)?;
        self.erased = true;
        self.tell_of(user, inbox, ChangeKind::Erased);
        Ok(())
    }
}
