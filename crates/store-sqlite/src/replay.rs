//! The port `Replay`: what a reader missed, from one snapshot.

use std::sync::Arc;

use async_trait::async_trait;
use grelot_core::{Change, ChangeKind, Inbox, Recorded, Resume, Seq, UserId, count_each};
use grelot_store::{Poll, Replay, Replayed, StoreError};
use grelot_store_common::{ChangeRow, in_order, poll};
use rusqlite::{Row, params};

use crate::error::Failure;
use crate::snapshot::Snapshot;
use crate::store::SqliteStore;
use crate::{rows, sql};

#[async_trait]
impl Replay for SqliteStore {
    async fn replay(&self, user: &UserId, since: Seq) -> Result<Replayed, StoreError> {
        let user = user.clone();
        self.read(move |snapshot| snapshot.replay(&user, since)).await
    }

    async fn catch_up(&self, user: &UserId, since: Seq) -> Result<Replayed, StoreError> {
        let user = user.clone();
        self.read(move |snapshot| snapshot.catch_up(&user, since)).await
    }

    async fn poll(&self, user: &UserId, since: Seq, limit: usize) -> Result<Poll, StoreError> {
        let user = user.clone();
        self.read(move |snapshot| snapshot.poll(&user, since, limit)).await
    }

    async fn version(&self, user: &UserId) -> Result<Inbox, StoreError> {
        let user = user.clone();
        self.read(move |snapshot| snapshot.inbox(&user)).await
    }
}

impl Snapshot<'_> {
    fn replay(&self, user: &UserId, since: Seq) -> Result<Replayed, Failure> {
        let inbox = self.inbox(user)?;
        if inbox.resume(since) == Resume::Reset {
            return Ok(Replayed::Reset { inbox });
        }
        let recorded = self.changes(user, inbox, since, usize::MAX)?;
        let changes = recorded.into_iter().map(|recorded| recorded.change).collect();
        Ok(Replayed::Changes { changes, inbox })
    }

    fn catch_up(&self, user: &UserId, since: Seq) -> Result<Replayed, Failure> {
        let inbox = self.inbox(user)?;
        if inbox.resume(since) == Resume::Reset {
            return Ok(Replayed::Reset { inbox });
        }
        let changes = count_each(inbox, self.changes(user, inbox, since, usize::MAX)?);
        Ok(Replayed::Changes { changes, inbox })
    }

    fn poll(&self, user: &UserId, since: Seq, limit: usize) -> Result<Poll, Failure> {
        let inbox = self.inbox(user)?;
        if inbox.resume_unlimited(since) == Resume::Reset {
            return Ok(Poll::Reset { inbox });
        }
        // A page of none would pass over what it does not show.
        let limit = limit.max(1);
        let recorded = self.changes(user, inbox, since, limit.saturating_add(1))?;
        Ok(poll(recorded, limit, inbox))
    }

    /// The first `wanted` changes after `since`, with the count of the snapshot: creations, as the notifications are now,
    /// merged with the history.
    fn changes(
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
        let (user_id, after, limit) = (user.as_str(), rows::int(since.get()), rows::limit(wanted));
        let history = params![user_id, after, limit];
        let mut changes = rows::all(self.connection, sql::CHANGES_SINCE, history, |row| {
            let before = row.get::<_, Option<i64>>(6)?.and_then(|count| u64::try_from(count).ok());
            Ok(told(rows::seq(row, 0, "changes.seq")?, kind(row)?, before))
        })?;
        for read in [false, true] {
            let created = params![user_id, read, after, limit];
            changes.extend(rows::all(self.connection, sql::NOTIFICATIONS_SINCE, created, |row| {
                let notification = rows::notification(row, user)?;
                Ok(told(notification.seq, ChangeKind::Created(Arc::new(notification)), None))
            })?);
        }
        Ok(in_order(changes, wanted))
    }
}

/// A change of the history.
fn kind(row: &Row<'_>) -> Result<ChangeKind, Failure> {
    let text = |index| row.get_ref(index)?.as_str_or_null().map_err(rusqlite::Error::from);
    let row = ChangeRow {
        kind: text(1)?.unwrap_or_default(),
        id: text(2)?,
        at: row.get(3)?,
        up_to: row.get(4)?,
        category: text(5)?,
    };
    row.read().map_err(Failure::Corrupt)
}
