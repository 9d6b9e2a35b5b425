//! What an inbox should be after a history: the model that `model` compares a store with. No database, no cleverness.

use std::cmp::Reverse;
use std::sync::Arc;

use grelot_core::category::Categories;
use grelot_core::{
    CategoryKey, Change, ChangeKind, Channel, Content, Inbox, Notification, NotificationId,
    Preferences, PreferencesUpdate, Resume, Seq, Timestamp, UserId, resolve,
};

/// One user, as they should be.
#[derive(Debug)]
pub(super) struct Person {
    pub(super) user: UserId,
    pub(super) inbox: Inbox,
    /// In order of creation.
    pub(super) rows: Vec<Notification>,
    /// Every change but creations, with its age.
    history: Vec<(Seq, ChangeKind, Timestamp)>,
    preferences: Preferences,
    /// What the listener should have heard and has not been asked for.
    told: Vec<Change>,
}

impl Person {
    pub(super) fn new(user: UserId) -> Self {
        Self {
            user,
            inbox: Inbox::default(),
            rows: Vec::new(),
            history: Vec::new(),
            preferences: Preferences::default(),
            told: Vec::new(),
        }
    }

    pub(super) fn take_told(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.told)
    }

    pub(super) fn wants(&self, content: &Content, categories: &Categories) -> bool {
        let category = content.category.as_ref().and_then(|key| categories.get(key));
        resolve(Channel::InApp, category, &self.preferences).enabled
    }

    pub(super) fn create(&mut self, id: NotificationId, content: Content, now: Timestamp) {
        self.inbox = self.inbox.created();
        let notification = Notification {
            id,
            user: self.user.clone(),
            seq: self.inbox.seq,
            content: Arc::new(content),
            read_at: None,
            created_at: now,
        };
        self.rows.push(notification.clone());
        self.tell(ChangeKind::Created(Arc::new(notification)));
    }

    pub(super) fn set_read(&mut self, index: usize, read: bool, now: Timestamp) {
        let row = &mut self.rows[index];
        if row.read_at.is_some() == read {
            return;
        }
        let id = row.id;
        row.read_at = read.then_some(now);
        let (inbox, kind) = if read {
            (self.inbox.read(), ChangeKind::Read { id, read_at: now })
        } else {
            (self.inbox.unread(), ChangeKind::Unread { id })
        };
        self.change(inbox, kind, now);
    }

    pub(super) fn read_all(
        &mut self,
        up_to: Option<Seq>,
        category: Option<CategoryKey>,
        now: Timestamp,
    ) -> u64 {
        let up_to = up_to.unwrap_or(self.inbox.seq).min(self.inbox.seq);
        let mut updated = 0;
        for row in &mut self.rows {
            let meant = category.is_none() || row.content.category == category;
            if row.read_at.is_none() && row.seq <= up_to && meant {
                row.read_at = Some(now);
                updated += 1;
            }
        }
        if updated > 0 {
            let kind = ChangeKind::AllRead { read_at: now, up_to, category };
            self.change(self.inbox.all_read(updated), kind, now);
        }
        updated
    }

    pub(super) fn delete(&mut self, index: usize, now: Timestamp) {
        let row = self.rows.remove(index);
        let inbox = self.inbox.deleted(row.read_at.is_none());
        self.change(inbox, ChangeKind::Deleted { id: row.id }, now);
    }

    /// Whether the update is possible.
    pub(super) fn update(
        &mut self,
        update: &PreferencesUpdate,
        categories: &Categories,
        now: Timestamp,
    ) -> bool {
        let Ok(next) = self.preferences.updated(update, categories) else {
            return false;
        };
        if next != self.preferences {
            self.preferences = next;
            let inbox = self.inbox.preferences_updated();
            self.change(inbox, ChangeKind::PreferencesUpdated, now);
        }
        true
    }

    pub(super) fn prune(&mut self, before: Timestamp) {
        let old = self.history.iter().filter(|(_, _, at)| *at < before);
        let last = old.map(|(seq, ..)| *seq).max();
        self.inbox.pruned = self.inbox.pruned.max(last.unwrap_or_default());
        self.history.retain(|(_, _, at)| *at >= before);
    }

    /// What was read before then goes, and that is no change.
    pub(super) fn forget(&mut self, before: Timestamp) {
        self.rows.retain(|row| row.read_at.is_none_or(|at| at >= before));
    }

    /// The oldest that were read go, then the oldest.
    pub(super) fn trim(&mut self, max: usize, now: Timestamp) {
        while self.rows.len() > max {
            match self.rows.iter().position(|row| row.read_at.is_some()) {
                Some(oldest) => drop(self.rows.remove(oldest)),
                None => self.delete(0, now),
            }
        }
    }

    pub(super) fn erase(&mut self) {
        let mut erased = Self::new(self.user.clone());
        erased.inbox = self.inbox.erased();
        erased.told = self.take_told();
        erased.tell(ChangeKind::Erased);
        *self = erased;
    }

    /// The list of all.
    pub(super) fn list(&self) -> Vec<Notification> {
        let mut rows = self.rows.clone();
        rows.sort_by_key(|row| (row.read_at.is_some(), Reverse(row.seq)));
        rows
    }

    /// What a reader missed; `None` is a reset.
    pub(super) fn replay(&self, since: Seq) -> Option<Vec<Change>> {
        if self.inbox.resume(since) == Resume::Reset {
            return None;
        }
        let created =
            self.rows.iter().map(|row| (row.seq, ChangeKind::Created(Arc::new(row.clone()))));
        let others = self.history.iter().map(|(seq, kind, _)| (*seq, kind.clone()));
        let mut missed: Vec<Change> = created
            .chain(others)
            .filter(|(seq, _)| *seq > since)
            .map(|(seq, kind)| Change { seq, kind, ..self.now() })
            .collect();
        missed.sort_by_key(|change| change.seq);
        Some(missed)
    }

    fn change(&mut self, inbox: Inbox, kind: ChangeKind, now: Timestamp) {
        self.inbox = inbox;
        self.history.push((inbox.seq, kind.clone(), now));
        self.tell(kind);
    }

    fn tell(&mut self, kind: ChangeKind) {
        self.told.push(Change { kind, ..self.now() });
    }

    /// A change at the present state.
    fn now(&self) -> Change {
        Change {
            user: self.user.clone(),
            seq: self.inbox.seq,
            unread: self.inbox.unread,
            kind: ChangeKind::PreferencesUpdated,
        }
    }
}
