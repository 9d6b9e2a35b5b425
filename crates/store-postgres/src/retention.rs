//! Removes notifications that are kept no longer: those read long ago, and those of an inbox that is too full. Not here: when
//! (`grelot-worker`), and the other parts of the port (`maintenance`).

use std::collections::BTreeSet;

use grelot_core::{ChangeKind, NotificationId, Timestamp, UserId};
use grelot_store::{StoreError, Trimmed};
use tracing::error;

use crate::error::Failure;
use crate::rows::{self, Stamp};
use crate::snapshot::Snapshot;
use crate::sql;
use crate::store::PostgresStore;
use crate::tx::Tx;

/// How many inboxes a step counts at most: a reader has other things to do.
const COUNTED: usize = 8;

/// Where a look at the inboxes came to.
struct Look {
    /// The first that is too full.
    full: Option<UserId>,
    /// The last that was looked at and is not; `None` when there was none.
    last: Option<UserId>,
    /// Whether there was no other.
    ended: bool,
}

impl PostgresStore {
    pub(crate) async fn trim(
        &self,
        after: Option<&UserId>,
        max: u64,
        batch: usize,
    ) -> Result<Trimmed, StoreError> {
        let from = after.cloned();
        let looking = self
            .read(move |snapshot| async move { snapshot.look(from.as_ref(), max, batch).await });
        let look = looking.await?;
        let Some(full) = look.full else {
            return Ok(Trimmed { removed: 0, after: look.last, done: look.ended });
        };
        let user = full.clone();
        match self.write(move |tx| async move { tx.trim(&user, max, batch).await }).await {
            // Perhaps there is more to remove: it is looked at again, from the one before it on.
            Ok(removed) if removed > 0 => {
                let after = look.last.or_else(|| after.cloned());
                Ok(Trimmed { removed, after, done: false })
            }
            Ok(_) => Ok(Trimmed { removed: 0, after: Some(full), done: false }),
            Err(StoreError::Corrupt(what)) => {
                error!(
                    what,
                    "an inbox that is too full holds a row that cannot be read: left as it is"
                );
                Ok(Trimmed { removed: 0, after: Some(full), done: false })
            }
            Err(other) => Err(other),
        }
    }
}

impl Snapshot {
    /// Looks at the inboxes behind `after`. An inbox holds no more than it ever had changes, so that few have to be counted.
    async fn look(&self, after: Option<&UserId>, max: u64, batch: usize) -> Result<Look, Failure> {
        let after = after.map_or("", UserId::as_str);
        let params: rows::Params<'_> = &[&after, &rows::limit(batch.max(1))];
        let found = rows::all(&self.connection, sql::INBOXES_AFTER, params, |row| {
            let user = rows::parsed(row, 0, "inboxes.userId", |text| UserId::parse(text).ok())?;
            Ok((user, rows::seq(row, 1, "inboxes.seq")?))
        })
        .await?;
        let mut look = Look { full: None, last: None, ended: found.len() < batch.max(1) };
        let mut counted = 0;
        for (user, seq) in found {
            if seq.get() > max {
                if counted == COUNTED {
                    look.ended = false;
                    break;
                }
                counted += 1;
                if self.count_held(&user, max.saturating_add(1)).await? > max {
                    look.full = Some(user);
                    break;
                }
            }
            look.last = Some(user);
        }
        Ok(look)
    }

    /// How many notifications the user has; not counted beyond `most`.
    async fn count_held(&self, user: &UserId, most: u64) -> Result<u64, Failure> {
        let params: rows::Params<'_> = &[&user.as_str(), &rows::int(most)];
        let held = rows::optional(&self.connection, sql::NOTIFICATIONS_HELD, params, |row| {
            rows::count(row, 0, "notifications")
        });
        Ok(held.await?.unwrap_or_default())
    }

    /// The oldest of one section.
    async fn oldest(
        &self,
        section: &str,
        user: &UserId,
        count: u64,
    ) -> Result<Vec<NotificationId>, Failure> {
        let params: rows::Params<'_> = &[&user.as_str(), &rows::int(count)];
        rows::all(&self.connection, section, params, |row| {
            rows::parsed(row, 0, "notifications.id", NotificationId::parse)
        })
        .await
    }
}

impl Tx {
    /// The inboxes are locked first, as by everybody who changes something of them, though none of them moves: nobody makes
    /// a notification unread while it is removed as a read one.
    pub(crate) async fn prune_read(
        &self,
        before: Timestamp,
        batch: usize,
    ) -> Result<usize, Failure> {
        let before = Stamp(before);
        let params: rows::Params<'_> = &[&before, &rows::limit(batch)];
        let old = rows::query(&self.connection, sql::NOTIFICATIONS_READ_BEFORE, params).await?;
        let mut ids: Vec<&str> = Vec::with_capacity(old.len());
        let mut users: BTreeSet<&str> = BTreeSet::new();
        for row in &old {
            ids.push(rows::get(row, 0, "notifications.id")?);
            users.insert(rows::get(row, 1, "notifications.userId")?);
        }
        let users: Vec<&str> = users.into_iter().collect();
        rows::query(&self.connection, sql::INBOXES_LOCK, &[&users]).await?;
        rows::execute(&self.connection, sql::NOTIFICATIONS_PRUNE, &[&ids, &before]).await?;
        Ok(old.len())
    }

    /// Removes at most `batch` of what the inbox holds beyond `max`; returns how many.
    async fn trim(&self, user: &UserId, max: u64, batch: usize) -> Result<usize, Failure> {
        let Some(mut inbox) = self.lock_inbox(user).await? else {
            self.give_up();
            return Ok(0);
        };
        let held = self.count_held(user, max.saturating_add(batch as u64)).await?;
        let over = held.saturating_sub(max);
        let read = self.oldest(sql::NOTIFICATIONS_OLDEST_READ, user, over).await?;
        let rest = over.saturating_sub(read.len() as u64);
        let unread = self.oldest(sql::NOTIFICATIONS_OLDEST_UNREAD, user, rest).await?;
        let ids: Vec<&str> = read.iter().chain(&unread).map(NotificationId::as_str).collect();
        let params: rows::Params<'_> = &[&user.as_str(), &ids];
        rows::execute(&self.connection, sql::NOTIFICATIONS_REMOVE, params).await?;
        for id in &unread {
            let kind = ChangeKind::Deleted { id: *id };
            inbox = self.record(user, inbox, inbox.deleted(true), kind).await?;
        }
        Ok(ids.len())
    }
}
