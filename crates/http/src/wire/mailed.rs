//! The deliveries of an export. Not here: the rest of it (`user`), and what one delivery is (`story`).

use grelot_core::{Body, CategoryKey, Content, Link, NotificationId};
use grelot_store::Mailed;
use serde::Serialize;
use utoipa::ToSchema;

use super::notification::{NotificationTypeOut, Raw};
use super::story::DeliveryOut;

/// A delivery outside of the inbox, and what it was about.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ExportedDelivery)]
pub(crate) struct MailedOut<'a> {
    /// The delivery.
    delivery: DeliveryOut<'a>,
    /// The notification that it was about; null for a digest.
    #[schema(required = true)]
    notification_id: Option<&'a str>,
    /// What that notification said, if it never was in the inbox; else null.
    #[schema(required = true)]
    content: Option<ContentOut<'a>>,
}

/// What a notification said.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ExportedContent)]
pub(crate) struct ContentOut<'a> {
    /// How it is coloured.
    #[schema(value_type = NotificationTypeOut)]
    r#type: NotificationTypeOut,
    /// The key of its category, if any.
    #[schema(required = true, pattern = "^[a-z0-9][a-z0-9._-]{0,63}$")]
    category: Option<&'a str>,
    /// The headline.
    #[schema(min_length = 1, max_length = 200)]
    title: &'a str,
    /// The text below it.
    #[schema(required = true, max_length = 4000)]
    body: Option<&'a str>,
    /// A same-origin path, or an absolute `https:`, `http:` or `mailto:` URL.
    #[schema(required = true, max_length = 2048)]
    link: Option<&'a str>,
    /// What the host's own components need, as it was sent.
    #[schema(required = true, value_type = Option<serde_json::Map<String, serde_json::Value>>)]
    data: Option<Raw<'a>>,
}

impl<'a> From<&'a Mailed> for MailedOut<'a> {
    fn from(mailed: &'a Mailed) -> Self {
        Self {
            delivery: DeliveryOut::from(&mailed.delivery),
            notification_id: mailed.delivery.notification.as_ref().map(NotificationId::as_str),
            content: mailed.content.as_deref().map(ContentOut::from),
        }
    }
}

impl<'a> From<&'a Content> for ContentOut<'a> {
    fn from(content: &'a Content) -> Self {
        Self {
            r#type: content.kind.into(),
            category: content.category.as_ref().map(CategoryKey::as_str),
            title: content.title.as_str(),
            body: content.body.as_ref().map(Body::as_str),
            link: content.link.as_ref().map(Link::as_str),
            data: content.data.as_ref().map(|data| Raw(data.as_json())),
        }
    }
}
