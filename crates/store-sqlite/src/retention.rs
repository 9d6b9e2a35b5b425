//! Removes notifications that are kept no longer: those read long ago, and those of an inbox that is too full. Not here: when
//! (`grelot-worker`), and the other parts of the port (`maintenance`).

use grelot_core::{ChangeKind, NotificationId, Timestamp, UserId};
use grelot_store::{StoreError, Trimmed};
use rusqlite::params;
use tracing::error;

use crate::error::Failure;
use crate::snapshot::Snapshot;
use crate::store::SqliteStore;
use crate::tx::Tx;
use crate::{rows, sql};

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

impl SqliteStore {
    pub(crate) async fn trim(
        &self,
        after: Option<&UserId>,
        max: u64,
        batch: usize,
    ) -> Result<Trimmed, StoreError> {
        let from = after.cloned();
        let look = self.read(move |snapshot| snapshot.look(from.as_ref(), max, batch)).await?;
        let Some(full) = look.full else {
            return Ok(Trimmed { removed: 0, after: look.last, done: look.ended });
        };
        let user = full.clone();
        match self.write(batch, None, move |tx| tx.trim(&user, max, batch)).await {
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

impl Snapshot<'_> {
    /// Looks at the inboxes behind `after`. An inbox holds no more than it ever had changes, so that few have to be counted.
    fn look(&self, after: Option<&UserId>, max: u64, batch: usize) -> Result<Look, Failure> {
        let params = params![after.map_or("", UserId::as_str), rows::limit(batch.max(1))];
        let found = rows::all(self.connection, sql::INBOXES_AFTER, params, |row| {
            let user: String = row.get(0)?;
            Ok(UserId::parse(&user).ok().zip(rows::seq(row, 1, "inboxes.seq").ok()))
        })?;
        let ended = found.len() < batch.max(1) || found.iter().all(Option::is_none);
        let mut look = Look { full: None, last: None, ended };
        let mut counted = 0;
        // What cannot be read is passed over: the others are not to wait for it.
        for (user, seq) in found.into_iter().flatten() {
            if seq.get() > max {
                if counted == COUNTED {
                    look.ended = false;
                    break;
                }
                counted += 1;
                if self.count_held(&user, max.saturating_add(1))? > max {
                    look.full = Some(user);
                    break;
                }
            }
            look.last = Some(user);
        }
        Ok(look)
    }

    /// How many notifications the user has; not counted beyond `most`.
    pub(crate) fn count_held(&self, user: &UserId, most: u64) -> Result<u64, Failure> {
        let params = params![user.as_str(), rows::int(most)];
        let held = rows::optional(self.connection, sql::NOTIFICATIONS_HELD, params, |row| {
            rows::count(row, 0, "notifications")
        })?;
        Ok(held.unwrap_or_default())
    }

    fn oldest(&self, user: &UserId, read: bool, count: u64) -> Result<Vec<(i64, String)>, Failure> {
        let params = params![user.as_str(), read, rows::int(count)];
        rows::all(self.connection, sql::NOTIFICATIONS_OLDEST, params, |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
    }
}

impl Tx<'_> {
    /// Removes the oldest notifications, those first that were read; returns how many those were, and which were unread.
    pub(crate) fn remove_oldest(
        &self,
        user: &UserId,
        count: u64,
    ) -> Result<(usize, Vec<String>), Failure> {
        let read = self.oldest(user, true, count)?;
        let unread = self.oldest(user, false, count.saturating_sub(read.len() as u64))?;
        for (was_read, found) in [(true, &read), (false, &unread)] {
            for (seq, _) in found {
                let params = params![user.as_str(), was_read, seq];
                rows::execute(self.connection, sql::NOTIFICATION_DELETE, params)?;
            }
        }
        Ok((read.len(), unread.into_iter().map(|(_, id)| id).collect()))
    }

    pub(crate) fn prune_read(&self, before: Timestamp, batch: usize) -> Result<usize, Failure> {
        let params = params![before.millis(), rows::limit(batch)];
        let old = rows::all(self.connection, sql::NOTIFICATIONS_READ_BEFORE, params, |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?))
        })?;
        for (user, seq) in &old {
            rows::execute(self.connection, sql::NOTIFICATION_DELETE, params![user, true, seq])?;
        }
        Ok(old.len())
    }

    /// Removes at most `batch` of what the inbox holds beyond `max`; returns how many.
    fn trim(&mut self, user: &UserId, max: u64, batch: usize) -> Result<usize, Failure> {
        let held = self.count_held(user, max.saturating_add(batch as u64))?;
        let over = held.saturating_sub(max);
        let (read, unread) = self.remove_oldest(user, over)?;
        for id in &unread {
            let id = NotificationId::parse(id).ok_or(Failure::Corrupt("notifications.id"))?;
            let inbox = self.inbox(user)?;
            self.record(user, inbox, inbox.deleted(true), ChangeKind::Deleted { id })?;
        }
        Ok(read + unread.len())
    }
}
