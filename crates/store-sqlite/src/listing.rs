//! The walk through an inbox, as statements. What a walk shows is described in `grelot_core::listing`.

use grelot_core::{
    CategoryKey, Cursor, Inbox, ListFilter, Notification, NotificationType, ReadStatus, Section,
    Seq, UserId,
};
use grelot_store::Page;
use grelot_store_common::{merge, page};
use rusqlite::{Params, params};

use crate::error::Failure;
use crate::snapshot::Snapshot;
use crate::{rows, sql};

impl Snapshot<'_> {
    /// A page of at most `limit` notifications.
    pub(crate) fn page(
        &self,
        user: &UserId,
        filter: &ListFilter,
        cursor: Option<Cursor>,
        limit: usize,
    ) -> Result<Page, Failure> {
        let inbox = self.inbox(user)?;
        let cursor = cursor.unwrap_or_else(|| Cursor::start(inbox.seq));
        let walk = Walk { snapshot: *self, user, filter, inbox, began: cursor.began };
        // One row more than is shown says whether there is another page.
        let wanted = limit.saturating_add(1);
        let (found, first_of_read) = match filter.status {
            ReadStatus::All => walk.both_sections(cursor, wanted)?,
            ReadStatus::Unread => (walk.now(false, cursor.below, wanted)?, wanted),
            ReadStatus::Read => (walk.now(true, cursor.below, wanted)?, wanted),
        };
        Ok(page(found, first_of_read, limit, cursor.began, inbox))
    }

    /// Every notification of the user, newest first.
    pub(crate) fn every_notification(&self, user: &UserId) -> Result<Vec<Notification>, Failure> {
        let (inbox, filter) = (Inbox::default(), ListFilter::default());
        let walk = Walk { snapshot: *self, user, filter: &filter, inbox, began: Seq::ZERO };
        let (newest, all) = (Seq::new(u64::MAX), usize::MAX);
        Ok(merge(walk.now(false, newest, all)?, walk.now(true, newest, all)?))
    }
}

/// What every statement of one page has in common.
struct Walk<'a> {
    snapshot: Snapshot<'a>,
    user: &'a UserId,
    filter: &'a ListFilter,
    inbox: Inbox,
    began: Seq,
}

impl Walk<'_> {
    /// Rows from the cursor on, and where those of the read section begin.
    fn both_sections(
        &self,
        cursor: Cursor,
        wanted: usize,
    ) -> Result<(Vec<Notification>, usize), Failure> {
        let (mut found, read_from) = match cursor.section {
            Section::Unread => (self.unread(cursor.below, wanted)?, cursor.next_section().below),
            Section::Read => (Vec::new(), cursor.below),
        };
        let first_of_read = found.len();
        if first_of_read < wanted {
            let rest = wanted - first_of_read;
            found.extend(if self.inbox.seq == self.began {
                self.now(true, read_from, rest)?
            } else {
                self.read_before(read_from, rest)?
            });
        }
        Ok((found, first_of_read))
    }

    /// The unread section: what is unread, and what was read since the walk began.
    fn unread(&self, below: Seq, wanted: usize) -> Result<Vec<Notification>, Failure> {
        let unread = self.now(false, below, wanted)?;
        if self.inbox.seq == self.began {
            return Ok(unread);
        }
        // Only as far down as this page goes: so the pages of a walk look at each read row once in all.
        let down_to = match unread.last() {
            Some(last) if unread.len() == wanted => last.seq,
            _ => Seq::ZERO,
        };
        let mut found = merge(unread, self.read_since(below, down_to, wanted)?);
        found.truncate(wanted);
        Ok(found)
    }

    /// What is read, or not, by now.
    fn now(&self, read: bool, below: Seq, wanted: usize) -> Result<Vec<Notification>, Failure> {
        let (below, wanted, kind, category) = self.bounds(below, wanted);
        let params = params![self.user.as_str(), read, below, wanted, kind, category];
        self.rows(sql::LIST, params)
    }

    /// What was read before the walk began.
    fn read_before(&self, below: Seq, wanted: usize) -> Result<Vec<Notification>, Failure> {
        let (below, wanted, kind, category) = self.bounds(below, wanted);
        let began = rows::int(self.began.get());
        let params = params![self.user.as_str(), true, below, wanted, kind, category, began];
        self.rows(sql::LIST_READ_BEFORE, params)
    }

    /// What was read since the walk began, and is above `down_to`.
    fn read_since(
        &self,
        below: Seq,
        down_to: Seq,
        wanted: usize,
    ) -> Result<Vec<Notification>, Failure> {
        let (below, wanted, kind, category) = self.bounds(below, wanted);
        let (began, above) = (rows::int(self.began.get()), rows::int(down_to.get()));
        let params = params![self.user.as_str(), true, below, wanted, kind, category, began, above];
        self.rows(sql::LIST_READ_SINCE, params)
    }

    /// The parameters that every statement has.
    fn bounds(&self, below: Seq, wanted: usize) -> (i64, i64, Option<&'static str>, Option<&str>) {
        let kind = self.filter.kind.map(NotificationType::name);
        let category = self.filter.category.as_ref().map(CategoryKey::as_str);
        (rows::int(below.get()), rows::limit(wanted), kind, category)
    }

    fn rows(&self, sql: &str, params: impl Params) -> Result<Vec<Notification>, Failure> {
        rows::all(self.snapshot.connection, sql, params, |row| rows::notification(row, self.user))
    }
}
