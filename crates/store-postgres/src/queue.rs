//! What other programs did, as the triggers wrote it down: taken, and put away. Not here: what becomes of it (`adoption`).

use grelot_core::{NotificationId, UserId};
use tokio_postgres::Row;
use tracing::warn;

use crate::error::Failure;
use crate::rows;
use crate::sql;
use crate::tx::Tx;

/// What another program did.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) position: i64,
    pub(crate) user: UserId,
    pub(crate) what: What,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum What {
    Inserted(NotificationId),
    /// An adopted row was read, or made unread.
    Updated {
        id: NotificationId,
        was_unread: bool,
    },
    /// An adopted row was deleted.
    Deleted {
        id: NotificationId,
        was_unread: bool,
    },
    Preferences,
    /// Every row was removed at once.
    Truncated,
    /// Something may have happened that was not written down.
    Unseen,
}

impl Entry {
    /// The row that has to be locked for it.
    pub(crate) fn row(&self) -> Option<NotificationId> {
        match self.what {
            What::Inserted(id) | What::Updated { id, .. } => Some(id),
            _ => None,
        }
    }
}

/// What was written down.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    pub(crate) entries: Vec<Entry>,
    /// The positions that are done with.
    pub(crate) done: Vec<i64>,
    /// Those that wait for a transaction of another program.
    pub(crate) later: Vec<i64>,
}

impl Tx {
    /// Puts the first that was written down behind all others, if there are any.
    pub(crate) async fn put_first_aside(&self) -> Result<(), Failure> {
        let Taken { entries, mut done, .. } = self.take_outside(2).await?;
        done.extend(entries.iter().map(|entry| entry.position));
        done.sort_unstable();
        let [first, _next, ..] = done[..] else {
            self.give_up();
            return Ok(());
        };
        self.put_away(&Taken { later: vec![first], ..Taken::default() }).await
    }

    pub(crate) async fn take_outside(&self, limit: usize) -> Result<Taken, Failure> {
        let params: rows::Params<'_> = &[&rows::limit(limit)];
        let mut taken = Taken::default();
        for row in &rows::query(&self.connection, sql::OUTSIDE_TAKE, params).await? {
            let position = rows::get(row, 0, "outside.position")?;
            if let Some((user, what)) = understand(row)? {
                taken.entries.push(Entry { position, user, what });
            } else {
                let id: Option<&str> = rows::get(row, 2, "outside.id")?;
                let id: String = id.unwrap_or_default().chars().take(64).collect();
                warn!(
                    ?id,
                    "a row that another program wrote stays as it is: an id has 1 to 64 visible ASCII characters \
                     without \" and \\, and a user 1 to 128 printable characters"
                );
                taken.done.push(position);
            }
        }
        Ok(taken)
    }

    pub(crate) async fn put_away(&self, taken: &Taken) -> Result<(), Failure> {
        for (positions, sql) in
            [(&taken.done, sql::OUTSIDE_DONE), (&taken.later, sql::OUTSIDE_LATER)]
        {
            if !positions.is_empty() {
                rows::execute(&self.connection, sql, &[positions]).await?;
            }
        }
        Ok(())
    }
}

/// `None` where the user or the id cannot be used.
fn understand(row: &Row) -> Result<Option<(UserId, What)>, Failure> {
    let op: &str = rows::get(row, 1, "outside.op")?;
    let id: Option<&str> = rows::get(row, 2, "outside.id")?;
    let user: &str = rows::get(row, 3, "outside.userId")?;
    let was_unread = rows::get::<Option<bool>>(row, 4, "outside.wasUnread")? == Some(true);
    let what = match (op, id.and_then(NotificationId::parse)) {
        ("inserted", Some(id)) => What::Inserted(id),
        ("updated", Some(id)) => What::Updated { id, was_unread },
        ("deleted", Some(id)) => What::Deleted { id, was_unread },
        ("preferences", _) => What::Preferences,
        ("truncated", _) => What::Truncated,
        ("unseen", _) => What::Unseen,
        _ => return Ok(None),
    };
    Ok(UserId::parse(user).ok().map(|user| (user, what)))
}
