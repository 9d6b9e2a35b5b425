//! The port `Users`: contacts, sessions, and the end of a user.

use async_trait::async_trait;
use grelot_core::{ChangeKind, Contact, Inbox, Notification, NotificationId, Timestamp, UserId};
use grelot_store::{Export, StoreError, Users};

use crate::error::Failure;
use crate::rows;
use crate::snapshot::Snapshot;
use crate::sql;
use crate::store::PostgresStore;
use crate::tx::Tx;

#[async_trait]
impl Users for PostgresStore {
    async fn contact(&self, user: &UserId) -> Result<Option<Contact>, StoreError> {
        let user = user.clone();
        self.look(move |snapshot| async move { snapshot.contact(&user).await }).await
    }

    async fn put_contact(&self, user: &UserId, contact: Contact) -> Result<(), StoreError> {
        self.write_for(user, move |tx, user| async move { tx.put_contact(&user, &contact).await })
            .await
    }

    async fn erase(&self, user: &UserId) -> Result<(), StoreError> {
        let most = self.max_rows;
        loop {
            let part = self
                .write_for(user, move |tx, user| async move { tx.erase_part(&user, most).await });
            if part.await? {
                return Ok(());
            }
        }
    }

    async fn export(&self, user: &UserId) -> Result<Export, StoreError> {
        let user = user.clone();
        self.read(move |snapshot| async move { snapshot.export(&user).await }).await
    }

    async fn revoke_sessions(&self, user: &UserId) -> Result<Timestamp, StoreError> {
        self.write_for(user, |tx, user| async move { tx.revoke(&user).await }).await
    }

    async fn sessions_revoked_at(&self, user: &UserId) -> Result<Option<Timestamp>, StoreError> {
        let user = user.clone();
        self.look(move |snapshot| async move { snapshot.sessions_revoked_at(&user).await }).await
    }

    async fn find_notification(
        &self,
        id: NotificationId,
    ) -> Result<Option<Notification>, StoreError> {
        self.look(move |snapshot| async move { snapshot.notification_of_anyone(id).await }).await
    }
}

impl Snapshot {
    pub(crate) async fn contact(&self, user: &UserId) -> Result<Option<Contact>, Failure> {
        rows::optional(&self.connection, sql::CONTACT, &[&user.as_str()], |row| {
            Ok(Contact {
                email: rows::get(row, 0, "contacts.email")?,
                name: rows::get(row, 1, "contacts.name")?,
                locale: rows::get(row, 2, "contacts.locale")?,
                timezone: rows::get(row, 3, "contacts.timezone")?,
            })
        })
        .await
    }

    async fn sessions_revoked_at(&self, user: &UserId) -> Result<Option<Timestamp>, Failure> {
        Ok(self.departure(user).await?.map(|departure| departure.revoked_at))
    }

    async fn export(&self, user: &UserId) -> Result<Export, Failure> {
        Ok(Export {
            inbox: self.inbox(user).await?,
            notifications: self.every_notification(user).await?,
            preferences: self.stored_preferences(user).await?,
            contact: self.contact(user).await?,
            sessions_revoked_at: self.sessions_revoked_at(user).await?,
            deliveries: self.mailed(user).await?,
        })
    }

    pub(crate) async fn notification_of_anyone(
        &self,
        id: NotificationId,
    ) -> Result<Option<Notification>, Failure> {
        let params: rows::Params<'_> = &[&id.as_str()];
        rows::optional(&self.connection, sql::NOTIFICATION_OF_ANYONE, params, |row| {
            let user =
                rows::parsed(row, 10, "notifications.userId", |text| UserId::parse(text).ok())?;
            rows::notification(row, &user)
        })
        .await
    }
}

impl Tx {
    async fn put_contact(&self, user: &UserId, contact: &Contact) -> Result<(), Failure> {
        let Contact { email, name, locale, timezone } = contact;
        let params: rows::Params<'_> = &[&user.as_str(), email, name, locale, timezone];
        rows::execute(&self.connection, sql::CONTACT_PUT, params).await?;
        Ok(())
    }

    /// Erases at most `most` deliveries or notifications, or, where there are not more, everything; whether that was
    /// everything. The sessions end with the first part.
    async fn erase_part(&self, user: &UserId, most: usize) -> Result<bool, Failure> {
        // Made when it is missing: so there is something to lock, and nobody makes it meanwhile.
        let inbox = self.claim_inbox(user).await?;
        self.hurry();
        if self.erase_ended_deliveries(user, most).await? == most {
            self.revoke(user).await?;
            return Ok(false);
        }
        let look: rows::Params<'_> = &[&user.as_str(), &rows::limit(most.saturating_add(1))];
        let some = rows::query(&self.connection, sql::NOTIFICATIONS_SOME, look).await?;
        if some.len() <= most {
            self.erase(user, inbox.erased()).await?;
            return Ok(true);
        }
        let part = some.iter().take(most).map(|row| rows::get(row, 0, "notifications.id"));
        let ids: Vec<&str> = part.collect::<Result<_, _>>()?;
        let params: rows::Params<'_> = &[&user.as_str(), &ids];
        let erased = rows::all(&self.connection, sql::NOTIFICATIONS_ERASE, params, |row| {
            rows::get::<bool>(row, 0, "notifications.readAt")
        });
        let unread = erased.await?.into_iter().filter(|unread| *unread).count();
        let inbox = inbox.erased_in_part(unread as u64);
        let (seq, left) = (rows::int(inbox.seq.get()), rows::int(inbox.unread));
        let pruned = rows::int(inbox.pruned.get());
        let params: rows::Params<'_> = &[&user.as_str(), &seq, &left, &pruned];
        rows::execute(&self.connection, sql::INBOX_ERASED_IN_PART, params).await?;
        self.depart(user, inbox.seq).await?;
        self.tell_of(user, inbox, ChangeKind::Erased);
        Ok(false)
    }

    async fn erase(&self, user: &UserId, inbox: Inbox) -> Result<(), Failure> {
        // Inbox, contact, deliveries: in this order everybody locks them.
        for erase in [
            sql::CONTACT_ERASE,
            sql::NOTIFICATION_ERASE,
            sql::CHANGES_ERASE,
            sql::MAIL_PREFERENCES_ERASE,
            sql::PREFERENCES_ERASE,
            sql::INBOX_ERASE,
        ] {
            rows::execute(&self.connection, erase, &[&user.as_str()]).await?;
        }
        self.erase_deliveries(user).await?;
        self.depart(user, inbox.seq).await?;
        self.tell_of(user, inbox, ChangeKind::Erased);
        Ok(())
    }
}
