//! The transaction that units of work write in, and the changes that it will tell. Not here: who runs it (`committer`).

use std::ops::Deref;
use std::sync::Arc;

use grelot_core::category::Categories;
use grelot_core::{Change, ChangeKind, Inbox, Seq, Timestamp, UserId};
use grelot_store_common::ChangeRow;
use rusqlite::params;

use crate::error::Failure;
use crate::rows;
use crate::snapshot::Snapshot;
use crate::sql;

/// The open transaction of a batch. Everything a [`Snapshot`] can be asked, it can be asked too.
#[derive(Debug)]
pub(crate) struct Tx<'c> {
    snapshot: Snapshot<'c>,
    /// The present instant of the unit that runs.
    pub(crate) now: Timestamp,
    /// Every category, if it has been read since it last changed.
    pub(crate) categories: &'c mut Option<Arc<Categories>>,
    /// Whether something was erased, so that the log has to go as well.
    pub(crate) erased: bool,
    changes: Vec<Change>,
}

impl<'c> Deref for Tx<'c> {
    type Target = Snapshot<'c>;

    fn deref(&self) -> &Snapshot<'c> {
        &self.snapshot
    }
}

impl<'c> Tx<'c> {
    /// Opens the transaction, and keeps other processes from writing meanwhile.
    pub(crate) fn begin(
        snapshot: Snapshot<'c>,
        categories: &'c mut Option<Arc<Categories>>,
    ) -> Result<Self, Failure> {
        rows::execute(snapshot.connection, "BEGIN IMMEDIATE", [])?;
        let now = snapshot.context.now();
        Ok(Self { snapshot, now, categories, erased: false, changes: Vec::new() })
    }

    /// Makes it durable; returns what it changed, in order, and whether something was erased.
    pub(crate) fn commit(self) -> Result<(Vec<Change>, bool), Failure> {
        rows::execute(self.snapshot.connection, "COMMIT", [])?;
        Ok((self.changes, self.erased))
    }

    /// Every category.
    pub(crate) fn cached_categories(&mut self) -> Result<Arc<Categories>, Failure> {
        if let Some(categories) = &*self.categories {
            return Ok(Arc::clone(categories));
        }
        let categories = self.snapshot.categories()?;
        *self.categories = Some(Arc::clone(&categories));
        Ok(categories)
    }

    /// Adds to what is told after the commit.
    pub(crate) fn tell(&mut self, change: Change) {
        self.changes.push(change);
    }

    /// Adds the change that moved the inbox to `inbox`.
    pub(crate) fn tell_of(&mut self, user: &UserId, inbox: Inbox, kind: ChangeKind) {
        let Inbox { seq, unread, .. } = inbox;
        self.tell(Change { user: user.clone(), seq, unread, kind });
    }

    /// Moves the inbox from `before` to `inbox` by a change that is no creation: writes it to the history, which drops what
    /// is too far back, and tells it.
    pub(crate) fn record(
        &mut self,
        user: &UserId,
        before: Inbox,
        inbox: Inbox,
        kind: ChangeKind,
    ) -> Result<Inbox, Failure> {
        let inbox = Inbox { pruned: self.drop_history(user, inbox)?, ..inbox };
        let at = self.put_inbox(user, inbox)?;
        let row = ChangeRow::of(&kind);
        rows::execute(
            self.connection,
            sql::CHANGE_INSERT,
            params![
                user.as_str(),
                rows::int(inbox.seq.get()),
                row.kind,
                row.id,
                row.at,
                row.up_to,
                row.category,
                at,
                rows::int(before.unread),
            ],
        )?;
        self.tell_of(user, inbox, kind);
        Ok(inbox)
    }

    /// Drops the changes that are too far back; returns the position up to which some were ever dropped.
    fn drop_history(&self, user: &UserId, inbox: Inbox) -> Result<Seq, Failure> {
        let Some(last) = inbox.seq.get().checked_sub(Inbox::CHANGES_KEPT).filter(|last| *last > 0)
        else {
            return Ok(inbox.pruned);
        };
        let dropped = rows::all(
            self.connection,
            sql::CHANGES_PRUNE,
            params![user.as_str(), rows::int(last)],
            |row| rows::seq(row, 0, "changes.seq"),
        )?;
        Ok(dropped.into_iter().fold(inbox.pruned, Seq::max))
    }

    /// Writes the inbox, new or not; returns its `changedAt`, which never goes back.
    pub(crate) fn put_inbox(&self, user: &UserId, inbox: Inbox) -> Result<i64, Failure> {
        let changed_at = rows::optional(
            self.connection,
            sql::INBOX_PUT,
            params![
                user.as_str(),
                rows::int(inbox.seq.get()),
                rows::int(inbox.unread),
                rows::int(inbox.pruned.get()),
                self.now.millis(),
            ],
            |row| Ok(row.get(0)?),
        )?;
        changed_at.ok_or(Failure::Corrupt("inboxes.changedAt"))
    }
}
