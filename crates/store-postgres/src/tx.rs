//! The transaction that a unit of work writes in, and the changes that it will tell. Not here: who runs it (`writers`).

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use grelot_core::{Change, ChangeKind, Inbox, Seq, Timestamp, UserId};
pub(crate) use grelot_store_common::ChangeRow;
use grelot_store_common::Context;
use parking_lot::Mutex;

use crate::connection::Connection;
use crate::error::Failure;
use crate::rows;
use crate::snapshot::Snapshot;
use crate::sql;

/// An open transaction. Everything a [`Snapshot`] can be asked, it can be asked too.
#[derive(Debug)]
pub(crate) struct Tx {
    snapshot: Snapshot,
    /// The present instant of this unit of work.
    pub(crate) now: Timestamp,
    changes: Mutex<Vec<Change>>,
    given_up: AtomicBool,
}

impl Deref for Tx {
    type Target = Snapshot;

    fn deref(&self) -> &Snapshot {
        &self.snapshot
    }
}

impl Tx {
    /// The transaction that was begun on `connection`.
    pub(crate) fn new(connection: Connection, context: Arc<Context>) -> Self {
        let now = context.now();
        let snapshot = Snapshot { connection, context };
        Self { snapshot, now, changes: Mutex::default(), given_up: AtomicBool::new(false) }
    }

    /// What it changed, in order.
    pub(crate) fn take_changes(&self) -> Vec<Change> {
        std::mem::take(&mut *self.changes.lock())
    }

    /// Nothing of this is to stay, though nothing failed: it turned out that nothing changes.
    pub(crate) fn give_up(&self) {
        self.given_up.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_given_up(&self) -> bool {
        self.given_up.load(Ordering::Relaxed)
    }

    /// From here on a row that another transaction holds is waited for only briefly: it may be one of another program, and
    /// whoever writes to this inbox waits meanwhile.
    pub(crate) fn hurry(&self) {
        self.connection.hurry();
    }

    /// Adds the change that moved the inbox to `inbox`.
    pub(crate) fn tell_of(&self, user: &UserId, inbox: Inbox, kind: ChangeKind) {
        let Inbox { seq, unread, .. } = inbox;
        self.changes.lock().push(Change { user: user.clone(), seq, unread, kind });
    }

    /// Locks the inbox; `None` when it has no row, and so no notification and no history.
    pub(crate) async fn lock_inbox(&self, user: &UserId) -> Result<Option<Inbox>, Failure> {
        let id = user.as_str();
        rows::optional(&self.connection, sql::INBOX_LOCK, &[&id], |row| rows::inbox(row, 0)).await
    }

    /// Locks the inbox, and makes its row when it has none.
    pub(crate) async fn claim_inbox(&self, user: &UserId) -> Result<Inbox, Failure> {
        let id = user.as_str();
        let read = |row: &tokio_postgres::Row| rows::inbox(row, 0);
        let claimed = rows::optional(&self.connection, sql::INBOX_CLAIM, &[&id], read).await?;
        let inbox = claimed.ok_or(Failure::Corrupt("inboxes.seq"))?;
        // A new row. Only with its lock held is it certain where an erase left the inbox.
        if inbox.seq == Seq::ZERO { self.inbox_without_row(user).await } else { Ok(inbox) }
    }

    /// Moves the locked inbox from `before` to `inbox` by a change that is no creation: writes it to the history, which
    /// drops what is too far back, and tells it.
    pub(crate) async fn record(
        &self,
        user: &UserId,
        before: Inbox,
        inbox: Inbox,
        kind: ChangeKind,
    ) -> Result<Inbox, Failure> {
        let inbox = Inbox { pruned: self.drop_history(user, inbox).await?, ..inbox };
        let row = ChangeRow::of(&kind);
        let (id, seq, unread) =
            (user.as_str(), rows::int(inbox.seq.get()), rows::int(inbox.unread));
        let (pruned, now) = (rows::int(inbox.pruned.get()), self.now.millis());
        let before = rows::int(before.unread);
        let written = rows::execute(
            &self.connection,
            sql::CHANGE_INSERT,
            &[
                &id,
                &seq,
                &unread,
                &pruned,
                &now,
                &row.kind,
                &row.id,
                &row.at,
                &row.up_to,
                &row.category,
                &before,
            ],
        )
        .await?;
        if written != 1 {
            return Err(Failure::Overtaken);
        }
        self.tell_of(user, inbox, kind);
        Ok(inbox)
    }

    /// Drops the changes that are too far back; returns the position up to which some were ever dropped.
    pub(crate) async fn drop_history(&self, user: &UserId, inbox: Inbox) -> Result<Seq, Failure> {
        let Some(last) = inbox.seq.get().checked_sub(Inbox::CHANGES_KEPT).filter(|last| *last > 0)
        else {
            return Ok(inbox.pruned);
        };
        let (id, last) = (user.as_str(), rows::int(last));
        let dropped = rows::all(&self.connection, sql::CHANGES_PRUNE, &[&id, &last], |row| {
            rows::seq(row, 0, "changes.seq")
        })
        .await?;
        Ok(dropped.into_iter().fold(inbox.pruned, Seq::max))
    }
}
