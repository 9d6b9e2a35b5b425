//! The notification, its page and its counters, as answers. Not here: what became of it (`story`).

use grelot_core::{Body, CategoryKey, Inbox, Link, Notification, NotificationType};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::Instant;

/// How a notification is coloured.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(as = NotificationType)]
pub(crate) enum NotificationTypeOut {
    Info,
    Success,
    Warning,
    Error,
}

impl From<NotificationType> for NotificationTypeOut {
    fn from(kind: NotificationType) -> Self {
        match kind {
            NotificationType::Info => Self::Info,
            NotificationType::Success => Self::Success,
            NotificationType::Warning => Self::Warning,
            NotificationType::Error => Self::Error,
        }
    }
}

/// A notification in a user's inbox.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Notification, examples(json!({
    "id": "cm3xk2l9a0000qzrmn831i7rn", "userId": "u_1", "seq": 43, "type": "INFO", "category": "billing",
    "title": "Invoice ready", "body": "March is ready.", "link": "/invoices/42", "data": {"invoice": 42},
    "readAt": null, "createdAt": "2026-11-24T10:00:00.000Z"
})))]
pub(crate) struct NotificationOut<'a> {
    /// A cuid (version 1); sorts by creation.
    #[schema(min_length = 25, max_length = 25, pattern = "^c[0-9a-z]{24}$")]
    pub(crate) id: &'a str,
    /// Whose inbox it is in.
    #[schema(min_length = 1, max_length = 128)]
    pub(crate) user_id: &'a str,
    /// The change of the inbox that created it; newest means highest.
    #[schema(minimum = 1)]
    pub(crate) seq: u64,
    /// How it is coloured.
    #[schema(value_type = NotificationTypeOut)]
    pub(crate) r#type: NotificationTypeOut,
    /// The key of its category, if any.
    #[schema(required = true, pattern = "^[a-z0-9][a-z0-9._-]{0,63}$")]
    pub(crate) category: Option<&'a str>,
    /// The headline.
    #[schema(min_length = 1, max_length = 200)]
    pub(crate) title: &'a str,
    /// The text below it.
    #[schema(required = true, max_length = 4000)]
    pub(crate) body: Option<&'a str>,
    /// A same-origin path, or an absolute `https:`, `http:` or `mailto:` URL.
    #[schema(required = true, max_length = 2048)]
    pub(crate) link: Option<&'a str>,
    /// What the host's own components need, as it was sent.
    #[schema(required = true, value_type = Option<serde_json::Map<String, serde_json::Value>>)]
    pub(crate) data: Option<Raw<'a>>,
    /// When it was read; null while unread.
    #[schema(required = true)]
    pub(crate) read_at: Option<Instant>,
    /// When it was created.
    pub(crate) created_at: Instant,
}

impl<'a> From<&'a Notification> for NotificationOut<'a> {
    fn from(notification: &'a Notification) -> Self {
        let content = &notification.content;
        Self {
            id: notification.id.as_str(),
            user_id: notification.user.as_str(),
            seq: notification.seq.get(),
            r#type: content.kind.into(),
            category: content.category.as_ref().map(CategoryKey::as_str),
            title: content.title.as_str(),
            body: content.body.as_ref().map(Body::as_str),
            link: content.link.as_ref().map(Link::as_str),
            data: content.data.as_ref().map(|data| Raw(data.as_json())),
            read_at: notification.read_at.map(Instant),
            created_at: Instant(notification.created_at),
        }
    }
}

/// Text that is JSON, written as it is, so that numbers and the order of members survive.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Raw<'a>(pub(crate) &'a str);

impl Serialize for Raw<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // What is stored was checked when it came in; a row that something else wrote may hold anything, and is null.
        serde_json::from_str::<&RawValue>(self.0).ok().serialize(serializer)
    }
}

/// A page of an inbox, all from one consistent read.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = NotificationPage)]
pub(crate) struct PageOut<'a> {
    /// Unread first, then read; newest first inside each.
    #[schema(max_items = 100)]
    pub(crate) notifications: Vec<NotificationOut<'a>>,
    /// What to send as `cursor` for the next page; null on the last.
    #[schema(required = true)]
    pub(crate) next_cursor: Option<String>,
    /// How many notifications are unread.
    pub(crate) unread_count: u64,
    /// The version of the inbox.
    pub(crate) seq: u64,
}

/// The counters of an inbox.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = UnreadCount)]
pub(crate) struct UnreadCountOut {
    /// How many notifications are unread.
    pub(crate) unread_count: u64,
    /// The version of the inbox.
    pub(crate) seq: u64,
}

impl From<Inbox> for UnreadCountOut {
    fn from(inbox: Inbox) -> Self {
        Self { unread_count: inbox.unread, seq: inbox.seq.get() }
    }
}

/// A notification after its read state was set.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = NotificationState)]
pub(crate) struct StateOut<'a> {
    /// The notification as it is now.
    pub(crate) notification: NotificationOut<'a>,
    /// How many notifications are unread now.
    pub(crate) unread_count: u64,
    /// The version of the inbox; unmoved when nothing changed.
    pub(crate) seq: u64,
}

/// What a read-all did.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ReadAllResult)]
pub(crate) struct ReadAllOut {
    /// How many notifications became read.
    pub(crate) updated: u64,
    /// How many are unread now.
    pub(crate) unread_count: u64,
    /// The version of the inbox; unmoved when none became read.
    pub(crate) seq: u64,
}
