//! The port `Replay`: what a reader missed, from one snapshot.

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::future::try_join3;
use grelot_core::{Change, ChangeKind, Inbox, Recorded, Resume, Seq, UserId, count_each};
use grelot_store::{Poll, Replay, Replayed, StoreError};
use grelot_store_common::{ChangeRow, in_order, poll};
use tokio_postgres::Row;

use crate::error::Failure;
use crate::rows::{self, Params};
use crate::snapshot::Snapshot;
use crate::sql;
use crate::store::PostgresStore;

#[async_trait]
impl Replay for PostgresStore {
    async fn replay(&self, user: &UserId, since: Seq) -> Result<Replayed, StoreError> {
        let user = user.clone();
        self.read(move |snapshot| async move { snapshot.replay(&user, since).await }).await
    }

    async fn catch_up(&self, user: &UserId, since: Seq) -> Result<Replayed, StoreError> {
        let user = user.clone();
        self.read(move |snapshot| async move { snapshot.catch_up(&user, since).await }).await
    }

    async fn poll(&self, user: &UserId, since: Seq, limit: usize) -> Result<Poll, StoreError> {
        let user = user.clone();
        self.read(move |snapshot| async move { snapshot.poll(&user, since, limit).await }).await
    }

    async fn version(&self, user: &UserId) -> Result<Inbox, StoreError> {
        let user = user.clone();
        self.look(move |snapshot| async move { snapshot.inbox(&user).await }).await
    }
}

impl Snapshot {
    async fn replay(&self, user: &UserId, since: Seq) -> Result<Replayed, Failure> {
        let inbox = self.inbox(user).await?;
        if inbox.resume(since) == Resume::Reset {
            return Ok(Replayed::Reset { inbox });
        }
        let recorded = self.changes(user, inbox, since, usize::MAX).await?;
        let changes = recorded.into_iter().map(|recorded| recorded.change).collect();
        Ok(Replayed::Changes { changes, inbox })
    }

    async fn catch_up(&self, user: &UserId, since: Seq) -> Result<Replayed, Failure> {
        let inbox = self.inbox(user).await?;
        if inbox.resume(since) == Resume::Reset {
            return Ok(Replayed::Reset { inbox });
        }
        let changes = count_each(inbox, self.changes(user, inbox, since, usize::MAX).await?);
        Ok(Replayed::Changes { changes, inbox })
    }

    async fn poll(&self, user: &UserId, since: Seq, limit: usize) -> Result<Poll, Failure> {
        let inbox = self.inbox(user).await?;
        if inbox.resume_unlimited(since) == Resume::Reset {
            return Ok(Poll::Reset { inbox });
        }
        // A page of none would pass over what it does not show.
        let limit = limit.max(1);
        let recorded = self.changes(user, inbox, since, limit.saturating_add(1)).await?;
        Ok(poll(recorded, limit, inbox))
    }

    /// The first `wanted` changes after `since`, with the count of the snapshot: creations, as the notifications are now,
    /// merged with the history.
    async fn changes(
        &self,
        user: &UserId,
        inbox: Inbox,
        since: Seq,
        wanted: usize,
    ) -> Result<Vec<Recorded>, Failure> {
        if since == inbox.seq {
            return Ok(Vec::new());
        }
        let told = |seq, kind, before| Recorded {
            change: Change { user: user.clone(), seq, unread: inbox.unread, kind },
            before,
        };
        let (after, limit) = (rows::int(since.get()), rows::limit(wanted));
        let params: Params<'_> = &[&user.as_str(), &after, &limit];
        let created = |row: &Row| {
            let notification = rows::notification(row, user)?;
            Ok(told(notification.seq, ChangeKind::Created(Arc::new(notification)), None))
        };
        let (mut changes, unread, read) = try_join3(
            rows::all(&self.connection, sql::CHANGES_SINCE, params, |row| {
                let before = rows::get::<i64>(row, 6, "changes.unreadBefore")?;
                Ok(told(rows::seq(row, 0, "changes.seq")?, kind(row)?, u64::try_from(before).ok()))
            }),
            rows::all(&self.connection, sql::NOTIFICATIONS_SINCE_UNREAD, params, created),
            rows::all(&self.connection, sql::NOTIFICATIONS_SINCE_READ, params, created),
        )
        .await?;
        changes.extend(unread);
        changes.extend(read);
        Ok(in_order(changes, wanted))
    }
}

/// A change of the history.
fn kind(row: &Row) -> Result<ChangeKind, Failure> {
    let row = ChangeRow {
        kind: rows::get(row, 1, "changes.kind")?,
        id: rows::get(row, 2, "changes.notificationId")?,
        at: rows::get(row, 3, "changes.at")?,
        up_to: rows::get(row, 4, "changes.upToSeq")?,
        category: rows::get(row, 5, "changes.category")?,
    };
    row.read().map_err(Failure::Corrupt)
}
