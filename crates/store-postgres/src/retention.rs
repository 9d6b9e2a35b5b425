//! Removes notifications that are kept no longer: those read long ago, and those of an inbox that is too full. Not here: when
//! (`grelot-worker`), and the other parts of the port (`maintenance`).

use std::collections::BTreeSet;

use grelot_core::{ChangeKind, NotificationId, Timestamp, UserId};
use grelot_store::{Pruned, StoreError, Trimmed};
use tracing::error;

use crate::error::Failure;
use crate::moves::{Claim, Claimed, Move};
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
        let trimming =
            self.write_for(&full, move |tx, user| async move { tx.trim(&user, max, batch).await });
        match trimming.await {
            // Perhaps there is more to remove: it is looked at again, from the one before it on.
            Ok(removed) if removed > 0 => {
                let after = look.last.or_else(|| after.cloned());
                Ok(Trimmed { removed, after, done: false })
            }
            Ok(_) => Ok(Trimmed { removed: 0, after: Some(full), done: false }),
            Err(why @ (StoreError::Refused(_) | StoreError::Corrupt(_))) => {
                error!(%why, "an inbox that is too full holds a row that cannot go: left as it is");
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
            let user: &str = rows::get(row, 0, "inboxes.userId")?;
            Ok(UserId::parse(user).ok().zip(rows::seq(row, 1, "inboxes.seq").ok()))
        })
        .await?;
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
    /// Nobody is waited for: a row that another program holds, or that is in an inbox that somebody is changing, is left for later.
    /// With the inboxes locked, though none of them moves, nobody makes a notification unread while it is removed as a read one.
    pub(crate) async fn prune_read(
        &self,
        before: Timestamp,
        batch: usize,
    ) -> Result<Pruned, Failure> {
        let params: rows::Params<'_> = &[&Stamp(before), &rows::limit(batch)];
        let old = rows::query(&self.connection, sql::NOTIFICATIONS_READ_BEFORE, params).await?;
        let mut found: Vec<(&str, &str)> = Vec::with_capacity(old.len());
        for row in &old {
            let id = rows::get(row, 0, "notifications.id")?;
            found.push((id, rows::get(row, 1, "notifications.userId")?));
        }
        let users: BTreeSet<&str> = found.iter().map(|(_, user)| *user).collect();
        let users: Vec<&str> = users.into_iter().collect();
        let locked = rows::query(&self.connection, sql::INBOXES_LOCK_FREE, &[&users]).await?;
        let locked = locked.iter().map(|row| rows::get(row, 0, "inboxes.userId"));
        let locked: BTreeSet<&str> = locked.collect::<Result<_, _>>()?;
        let ids: Vec<&str> =
            found.iter().filter(|(_, user)| locked.contains(user)).map(|(id, _)| *id).collect();
        let pruned = Pruned { removed: ids.len(), held: found.len() - ids.len() };
        if ids.is_empty() {
            self.give_up();
        } else {
            rows::execute(&self.connection, sql::NOTIFICATIONS_PRUNE, &[&ids]).await?;
        }
        Ok(pruned)
    }

    /// Removes at most `batch` of what the inbox holds beyond `max`; returns how many. Rows that another program holds are left for
    /// later, and newer ones go instead.
    async fn trim(&self, user: &UserId, max: u64, batch: usize) -> Result<usize, Failure> {
        let Some(before) = self.lock_inbox(user).await? else {
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
        let mut claim = Claim { before, inbox: before, is_new: false };
        let moves = unread.iter().map(|id| {
            claim.inbox = claim.inbox.deleted(true);
            let kind = ChangeKind::Deleted { id: *id };
            Move { user: user.clone(), seq: claim.inbox.seq, kind, adds: -1 }
        });
        let moves = moves.collect();
        self.move_claimed(Claimed::from([(user.clone(), claim)]), moves).await?;
        Ok(ids.len())
    }
}
