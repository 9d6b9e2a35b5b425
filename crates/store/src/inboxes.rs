//! A user's inbox: reading it, and the changes that its user makes.

use async_trait::async_trait;
use grelot_core::{
    CategoryKey, Cursor, Inbox, ListFilter, Notification, NotificationId, Seq, UserId,
};

use crate::StoreError;

/// One page of a walk, all from one snapshot.
#[derive(Clone, Debug)]
pub struct Page {
    /// The notifications, in the order of the walk.
    pub notifications: Vec<Notification>,
    /// Where the next page begins; `None` when this is the last.
    pub next: Option<Cursor>,
    /// The inbox at this snapshot.
    pub inbox: Inbox,
}

/// A notification after its read state was set.
#[derive(Clone, Debug)]
pub struct StateChange {
    /// The notification as it is now.
    pub notification: Notification,
    /// The inbox as it is now; unmoved when the state was already so.
    pub inbox: Inbox,
}

/// Which notifications a read-all is about.
#[derive(Clone, Debug, Default)]
pub struct ReadAllScope {
    /// Only those created at or before this position; absent, or beyond the inbox, means all there are.
    pub up_to: Option<Seq>,
    /// Only those of this category.
    pub category: Option<CategoryKey>,
}

/// What a read-all did.
#[derive(Clone, Copy, Debug)]
pub struct ReadAll {
    /// How many notifications became read.
    pub updated: u64,
    /// The inbox as it is now; unmoved when none did.
    pub inbox: Inbox,
}

/// Reads and changes one user's inbox.
#[async_trait]
pub trait Inboxes: Send + Sync + 'static {
    /// The version of the inbox; the default one for an unknown user, and the one that an erase left for an erased.
    async fn inbox(&self, user: &UserId) -> Result<Inbox, StoreError>;

    /// A page of at most `limit` notifications that pass `filter`; without a cursor the first page of a new walk.
    /// The order, and what a walk shows, are described in [`grelot_core::listing`].
    async fn list(
        &self,
        user: &UserId,
        filter: &ListFilter,
        cursor: Option<Cursor>,
        limit: usize,
    ) -> Result<Page, StoreError>;

    /// The notification, if it is this user's.
    async fn notification(
        &self,
        user: &UserId,
        id: NotificationId,
    ) -> Result<Option<Notification>, StoreError>;

    /// Makes the notification read or unread; `None` when it is not this user's. Setting what is set changes nothing.
    async fn set_read(
        &self,
        user: &UserId,
        id: NotificationId,
        read: bool,
    ) -> Result<Option<StateChange>, StoreError>;

    /// Makes every unread notification of the scope read: as one change, or, where there are very many, as several, the oldest first,
    /// each of which holds for what it says.
    async fn read_all(&self, user: &UserId, scope: &ReadAllScope) -> Result<ReadAll, StoreError>;

    /// Deletes the notification; `false` when it is not this user's.
    async fn delete(&self, user: &UserId, id: NotificationId) -> Result<bool, StoreError>;
}
