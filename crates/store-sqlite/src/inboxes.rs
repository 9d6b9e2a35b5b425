//! The port `Inboxes`: one user's inbox. Not here: the walk through its pages (`listing`).

use async_trait::async_trait;
use grelot_core::{
    ChangeKind, Cursor, Inbox, ListFilter, Notification, NotificationId, Seq, UserId,
};
use grelot_store::{Inboxes, Page, ReadAll, ReadAllScope, StateChange, StoreError};
use rusqlite::params;

use crate::error::Failure;
use crate::snapshot::Snapshot;
use crate::store::SqliteStore;
use crate::tx::Tx;
use crate::{rows, sql};

#[async_trait]
impl Inboxes for SqliteStore {
    async fn inbox(&self, user: &UserId) -> Result<Inbox, StoreError> {
        let user = user.clone();
        self.read(move |snapshot| snapshot.inbox(&user)).await
    }

    async fn list(
        &self,
        user: &UserId,
        filter: &ListFilter,
        cursor: Option<Cursor>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        let (user, filter) = (user.clone(), filter.clone());
        self.read(move |snapshot| snapshot.page(&user, &filter, cursor, limit)).await
    }

    async fn notification(
        &self,
        user: &UserId,
        id: NotificationId,
    ) -> Result<Option<Notification>, StoreError> {
        let user = user.clone();
        self.read(move |snapshot| snapshot.notification(&user, id)).await
    }

    async fn set_read(
        &self,
        user: &UserId,
        id: NotificationId,
        read: bool,
    ) -> Result<Option<StateChange>, StoreError> {
        let user = user.clone();
        self.write(1, None, move |tx| tx.set_read(&user, id, read)).await
    }

    async fn read_all(&self, user: &UserId, scope: &ReadAllScope) -> Result<ReadAll, StoreError> {
        let (inbox, most) = (self.inbox(user).await?, self.max_rows);
        let mut all = ReadAll { updated: 0, inbox };
        // What comes meanwhile is not meant.
        let up_to = scope.up_to.map_or(inbox.seq, |seq| seq.min(inbox.seq));
        let scope = ReadAllScope { up_to: Some(up_to), ..scope.clone() };
        let mut from = Seq::ZERO;
        loop {
            let (user, scope) = (user.clone(), scope.clone());
            let weight = usize::try_from(inbox.unread).unwrap_or(most).clamp(1, most);
            let part = self.write(weight, None, move |tx| tx.read_part(&user, &scope, from, most));
            let (read, through) = part.await?;
            all = ReadAll { updated: all.updated + read.updated, inbox: read.inbox };
            if through == up_to {
                return Ok(all);
            }
            from = through;
        }
    }

    async fn delete(&self, user: &UserId, id: NotificationId) -> Result<bool, StoreError> {
        let user = user.clone();
        self.write(1, None, move |tx| tx.delete(&user, id)).await
    }
}

impl Snapshot<'_> {
    /// The inbox, whether it has a row or not.
    pub(crate) fn inbox(&self, user: &UserId) -> Result<Inbox, Failure> {
        let stored = rows::optional(self.connection, sql::INBOX, [user.as_str()], |row| {
            Ok(Inbox {
                seq: rows::seq(row, 0, "inboxes.seq")?,
                unread: rows::count(row, 1, "inboxes.unread")?,
                pruned: rows::seq(row, 2, "inboxes.prunedSeq")?,
            })
        })?;
        stored.map_or_else(|| self.inbox_without_row(user), Ok)
    }

    /// The notification, if it is this user's.
    pub(crate) fn notification(
        &self,
        user: &UserId,
        id: NotificationId,
    ) -> Result<Option<Notification>, Failure> {
        rows::optional(
            self.connection,
            sql::NOTIFICATION_OF_USER,
            [user.as_str(), id.as_str()],
            |row| rows::notification(row, user),
        )
    }
}

impl Tx<'_> {
    fn set_read(
        &mut self,
        user: &UserId,
        id: NotificationId,
        read: bool,
    ) -> Result<Option<StateChange>, Failure> {
        let Some(mut notification) = self.notification(user, id)? else {
            return Ok(None);
        };
        let inbox = self.inbox(user)?;
        if notification.read_at.is_some() == read {
            return Ok(Some(StateChange { notification, inbox }));
        }
        let (moved, kind) = if read {
            (inbox.read(), ChangeKind::Read { id, read_at: self.now })
        } else {
            (inbox.unread(), ChangeKind::Unread { id })
        };
        notification.read_at = read.then_some(self.now);
        rows::execute(
            self.connection,
            sql::NOTIFICATION_STATE,
            params![
                user.as_str(),
                !read,
                rows::int(notification.seq.get()),
                read,
                notification.read_at.map(grelot_core::Timestamp::millis),
                rows::int(moved.seq.get()),
            ],
        )?;
        let inbox = self.record(user, inbox, moved, kind)?;
        Ok(Some(StateChange { notification, inbox }))
    }

    /// Reads what is behind `from`, of at most `most` unread ones, whatever their category; returns the position through which that
    /// is done.
    fn read_part(
        &mut self,
        user: &UserId,
        scope: &ReadAllScope,
        from: Seq,
        most: usize,
    ) -> Result<(ReadAll, Seq), Failure> {
        let inbox = self.inbox(user)?;
        let up_to = scope.up_to.map_or(inbox.seq, |seq| seq.min(inbox.seq));
        let (user_id, now) = (user.as_str(), self.now.millis());
        let (first, end) = (rows::int(from.get()), rows::int(up_to.get()));
        let range = params![user_id, first, end, rows::limit(most)];
        let behind =
            rows::optional(self.connection, sql::NOTIFICATION_UNREAD_BEHIND, range, |row| {
                rows::seq(row, 0, "notifications.seq")
            })?;
        let through = behind.map_or(up_to, |seq| Seq::new(seq.get() - 1));
        let (last, state) = (rows::int(through.get()), rows::int(inbox.seq.next().get()));
        let updated = match &scope.category {
            None => rows::execute(
                self.connection,
                sql::NOTIFICATION_READ_ALL,
                params![user_id, last, now, state, first],
            )?,
            Some(category) => rows::execute(
                self.connection,
                sql::NOTIFICATION_READ_ALL_OF_CATEGORY,
                params![user_id, last, now, state, first, category.as_str()],
            )?,
        };
        if updated == 0 {
            return Ok((ReadAll { updated: 0, inbox }, through));
        }
        let updated = updated as u64;
        let category = scope.category.clone();
        let kind = ChangeKind::AllRead { read_at: self.now, up_to: through, category };
        let inbox = self.record(user, inbox, inbox.all_read(updated), kind)?;
        Ok((ReadAll { updated, inbox }, through))
    }

    fn delete(&mut self, user: &UserId, id: NotificationId) -> Result<bool, Failure> {
        let Some(notification) = self.notification(user, id)? else {
            return Ok(false);
        };
        let unread = notification.read_at.is_none();
        rows::execute(
            self.connection,
            sql::NOTIFICATION_DELETE,
            params![user.as_str(), !unread, rows::int(notification.seq.get())],
        )?;
        let inbox = self.inbox(user)?;
        self.record(user, inbox, inbox.deleted(unread), ChangeKind::Deleted { id })?;
        Ok(true)
    }
}
