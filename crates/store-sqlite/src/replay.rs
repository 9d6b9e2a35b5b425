//! The port `Replay`: what a reader missed, from one snapshot.

use std::sync::Arc;

use async_trait::async_trait;
use grelot_core::{
    CategoryKey, Change, ChangeKind, Inbox, NotificationId, Recorded, Resume, Seq, Timestamp,
    UserId, count_each,
};
use grelot_store::{Poll, Replay, Replayed, StoreError};
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
        let mut changes: Vec<_> = recorded.into_iter().map(|recorded| recorded.change).collect();
        let more = changes.len() > limit;
        changes.truncate(limit);
        let seq = match changes.last() {
            Some(last) if more => last.seq,
            _ => inbox.seq,
        };
        Ok(Poll::Changes { changes, seq, more })
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
        changes.sort_unstable_by_key(|recorded| recorded.change.seq);
        changes.truncate(wanted);
        Ok(changes)
    }
}

/// The name of a change in the history.
pub(crate) const fn kind_name(kind: &ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Created(_) => "created",
        ChangeKind::Read { .. } => "read",
        ChangeKind::Unread { .. } => "unread",
        ChangeKind::Deleted { .. } => "deleted",
        ChangeKind::AllRead { .. } => "all_read",
        ChangeKind::PreferencesUpdated => "preferences",
        ChangeKind::Erased => "erased",
    }
}

/// A change of the history: creations and erases are not in it.
fn kind(row: &Row<'_>) -> Result<ChangeKind, Failure> {
    let id = || rows::parsed(row, 2, "changes.notificationId", NotificationId::parse);
    let at = || row.get::<_, Option<i64>>(3)?.ok_or(Failure::Corrupt("changes.at"));
    let name = rows::parsed(row, 1, "changes.kind", |text| Some(text.to_owned()))?;
    Ok(match name.as_str() {
        "read" => ChangeKind::Read { id: id()?, read_at: Timestamp::from_millis(at()?) },
        "unread" => ChangeKind::Unread { id: id()? },
        "deleted" => ChangeKind::Deleted { id: id()? },
        "all_read" => ChangeKind::AllRead {
            read_at: Timestamp::from_millis(at()?),
            up_to: rows::seq(row, 4, "changes.upToSeq")?,
            category: rows::parsed_or_null(row, 5, "changes.category", |text| {
                CategoryKey::parse(text).ok()
            })?,
        },
        "preferences" => ChangeKind::PreferencesUpdated,
        _ => return Err(Failure::Corrupt("changes.kind")),
    })
}
