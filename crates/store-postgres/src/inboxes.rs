//! The port `Inboxes`: one user's inbox. Not here: the walk through its pages (`listing`).

use async_trait::async_trait;
use futures_util::future::try_join;
use grelot_core::{
    ChangeKind, Cursor, Inbox, ListFilter, Notification, NotificationId, Seq, UserId,
};
use grelot_store::{Inboxes, Page, ReadAll, ReadAllScope, StateChange, StoreError};

use crate::departures::inbox_after;
use crate::error::Failure;
use crate::rows::{self, Stamp};
use crate::snapshot::Snapshot;
use crate::sql;
use crate::store::PostgresStore;
use crate::tx::Tx;

#[async_trait]
impl Inboxes for PostgresStore {
    async fn inbox(&self, user: &UserId) -> Result<Inbox, StoreError> {
        let user = user.clone();
        self.look(move |snapshot| async move { snapshot.inbox(&user).await }).await
    }

    async fn list(
        &self,
        user: &UserId,
        filter: &ListFilter,
        cursor: Option<Cursor>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        let (user, filter) = (user.clone(), filter.clone());
        self.read(move |snapshot| async move { snapshot.page(&user, &filter, cursor, limit).await })
            .await
    }

    async fn notification(
        &self,
        user: &UserId,
        id: NotificationId,
    ) -> Result<Option<Notification>, StoreError> {
        let user = user.clone();
        self.look(move |snapshot| async move { snapshot.notification(&user, id).await }).await
    }

    async fn set_read(
        &self,
        user: &UserId,
        id: NotificationId,
        read: bool,
    ) -> Result<Option<StateChange>, StoreError> {
        self.write_for(user, move |tx, user| async move { tx.set_read(&user, id, read).await })
            .await
    }

    async fn read_all(&self, user: &UserId, scope: &ReadAllScope) -> Result<ReadAll, StoreError> {
        let (inbox, most) = (self.inbox(user).await?, self.max_rows);
        let mut all = ReadAll { updated: 0, inbox };
        // What comes meanwhile is not meant.
        let up_to = scope.up_to.map_or(inbox.seq, |seq| seq.min(inbox.seq));
        let scope = ReadAllScope { up_to: Some(up_to), ..scope.clone() };
        let mut from = Seq::ZERO;
        loop {
            let scope = scope.clone();
            let part = self.write_for(user, move |tx, user| async move {
                tx.read_part(&user, &scope, from, most).await
            });
            let (read, through) = part.await?;
            all = ReadAll { updated: all.updated + read.updated, inbox: read.inbox };
            if through == up_to {
                return Ok(all);
            }
            from = through;
        }
    }

    async fn delete(&self, user: &UserId, id: NotificationId) -> Result<bool, StoreError> {
        self.write_for(user, move |tx, user| async move { tx.delete(&user, id).await }).await
    }
}

impl Snapshot {
    /// The inbox, whether it has a row or not. One statement.
    pub(crate) async fn inbox(&self, user: &UserId) -> Result<Inbox, Failure> {
        let (id, digest) = (user.as_str(), self.context.departure_digest(user));
        let params: rows::Params<'_> = &[&id, &digest.as_ref()];
        let found = rows::optional(&self.connection, sql::INBOX, params, |row| {
            if rows::get::<Option<i64>>(row, 0, "inboxes.seq")?.is_some() {
                return rows::inbox(row, 0);
            }
            Ok(inbox_after(rows::seq_or_null(row, 3, "departures.erasedSeq")?))
        });
        Ok(found.await?.unwrap_or_default())
    }

    /// The notification, if it is this user's.
    async fn notification(
        &self,
        user: &UserId,
        id: NotificationId,
    ) -> Result<Option<Notification>, Failure> {
        let params: rows::Params<'_> = &[&user.as_str(), &id.as_str()];
        rows::optional(&self.connection, sql::NOTIFICATION_OF_USER, params, |row| {
            rows::notification(row, user)
        })
        .await
    }
}

impl Tx {
    /// The inbox, locked, with the notification as it is then; `None` when it is not this user's.
    async fn locked(
        &self,
        user: &UserId,
        id: NotificationId,
    ) -> Result<Option<(Inbox, Notification)>, Failure> {
        // In this order on the one connection: what is read is read with the inbox locked.
        let notification = async {
            self.hurry();
            self.notification(user, id).await
        };
        let (inbox, notification) = try_join(self.lock_inbox(user), notification).await?;
        let found = inbox.zip(notification);
        if found.is_none() {
            self.give_up();
        }
        Ok(found)
    }

    async fn set_read(
        &self,
        user: &UserId,
        id: NotificationId,
        read: bool,
    ) -> Result<Option<StateChange>, Failure> {
        let Some((inbox, mut notification)) = self.locked(user, id).await? else {
            return Ok(None);
        };
        if notification.read_at.is_some() == read {
            self.give_up();
            return Ok(Some(StateChange { notification, inbox }));
        }
        let (moved, kind) = if read {
            (inbox.read(), ChangeKind::Read { id, read_at: self.now })
        } else {
            (inbox.unread(), ChangeKind::Unread { id })
        };
        notification.read_at = read.then_some(self.now);
        let (read_at, seq) = (notification.read_at.map(Stamp), rows::int(moved.seq.get()));
        let params: rows::Params<'_> = &[&user.as_str(), &id.as_str(), &read_at, &seq];
        let state = rows::execute(&self.connection, sql::NOTIFICATION_STATE, params);
        let (_, inbox) = try_join(state, self.record(user, inbox, moved, kind)).await?;
        Ok(Some(StateChange { notification, inbox }))
    }

    /// Reads what is behind `from`, of at most `most` unread ones, whatever their category; returns the position through which
    /// that is done.
    async fn read_part(
        &self,
        user: &UserId,
        scope: &ReadAllScope,
        from: Seq,
        most: usize,
    ) -> Result<(ReadAll, Seq), Failure> {
        let Some(inbox) = self.lock_inbox(user).await? else {
            self.give_up();
            let through = scope.up_to.unwrap_or_default();
            let inbox = self.inbox_without_row(user).await?;
            return Ok((ReadAll { updated: 0, inbox }, through));
        };
        let up_to = scope.up_to.map_or(inbox.seq, |seq| seq.min(inbox.seq));
        let (id, first, end) = (user.as_str(), rows::int(from.get()), rows::int(up_to.get()));
        let range: rows::Params<'_> = &[&id, &first, &end, &rows::limit(most)];
        let behind =
            rows::optional(&self.connection, sql::NOTIFICATION_UNREAD_BEHIND, range, |row| {
                rows::seq(row, 0, "notifications.seq")
            });
        let through = behind.await?.map_or(up_to, |seq| Seq::new(seq.get() - 1));
        let (last, state) = (rows::int(through.get()), rows::int(inbox.seq.next().get()));
        self.hurry();
        let category = scope.category.as_ref().map(grelot_core::CategoryKey::as_str);
        let params: rows::Params<'_> = &[&id, &last, &Stamp(self.now), &state, &category, &first];
        let updated = rows::execute(&self.connection, sql::NOTIFICATION_READ_ALL, params).await?;
        if updated == 0 {
            self.give_up();
            return Ok((ReadAll { updated, inbox }, through));
        }
        let category = scope.category.clone();
        let kind = ChangeKind::AllRead { read_at: self.now, up_to: through, category };
        let inbox = self.record(user, inbox, inbox.all_read(updated), kind).await?;
        Ok((ReadAll { updated, inbox }, through))
    }

    async fn delete(&self, user: &UserId, id: NotificationId) -> Result<bool, Failure> {
        let Some((inbox, notification)) = self.locked(user, id).await? else {
            return Ok(false);
        };
        let moved = inbox.deleted(notification.read_at.is_none());
        let params: rows::Params<'_> = &[&user.as_str(), &id.as_str()];
        let gone = rows::execute(&self.connection, sql::NOTIFICATION_DELETE, params);
        try_join(gone, self.record(user, inbox, moved, ChangeKind::Deleted { id })).await?;
        Ok(true)
    }
}
