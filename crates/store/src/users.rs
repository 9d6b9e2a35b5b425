//! What is known about a user beside their inbox, and what ends it.

use std::sync::Arc;

use async_trait::async_trait;
use grelot_core::{
    Contact, Content, Inbox, Notification, NotificationId, Preferences, Timestamp, UserId,
};

use crate::{Delivery, StoreError};

/// Everything that is stored about a user.
#[derive(Clone, Debug)]
pub struct Export {
    /// The inbox.
    pub inbox: Inbox,
    /// Every notification, newest first.
    pub notifications: Vec<Notification>,
    /// What the user chose; `None` when nothing is stored.
    pub preferences: Option<Preferences>,
    /// How the user is reached; `None` when nothing is stored.
    pub contact: Option<Contact>,
    /// Up to when the user's sessions are revoked, if they are.
    pub sessions_revoked_at: Option<Timestamp>,
    /// Every delivery outside of the inbox, newest first.
    pub deliveries: Vec<Mailed>,
}

/// A delivery of an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailed {
    /// The delivery with its attempts.
    pub delivery: Delivery,
    /// What it was about, if that never was in the inbox.
    pub content: Option<Arc<Content>>,
}

/// Contacts, sessions, erasure.
#[async_trait]
pub trait Users: Send + Sync + 'static {
    /// The user's contact; `None` when none was put.
    async fn contact(&self, user: &UserId) -> Result<Option<Contact>, StoreError>;

    /// Replaces the user's contact as a whole.
    async fn put_contact(&self, user: &UserId, contact: Contact) -> Result<(), StoreError>;

    /// Erases everything about the user and revokes their sessions. Only a keyed digest of the id stays, with the
    /// `seq` of the erase, so that a later inbox goes on above it. Erasing an unknown user writes the digest too, and
    /// takes a `seq`: the caller cannot tell known from unknown. Where there is very much to erase it goes part by part, each of
    /// them a change; who goes away in between repeats it.
    async fn erase(&self, user: &UserId) -> Result<(), StoreError>;

    /// Everything about the user, from one snapshot.
    async fn export(&self, user: &UserId) -> Result<Export, StoreError>;

    /// Revokes every session that began up to now; returns that instant.
    async fn revoke_sessions(&self, user: &UserId) -> Result<Timestamp, StoreError>;

    /// Up to when the user's sessions are revoked; `None` when they never were.
    async fn sessions_revoked_at(&self, user: &UserId) -> Result<Option<Timestamp>, StoreError>;

    /// Any user's notification: for the host's back end, never for a user.
    async fn find_notification(
        &self,
        id: NotificationId,
    ) -> Result<Option<Notification>, StoreError>;
}
