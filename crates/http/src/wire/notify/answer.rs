//! The answers to a request to notify. Not here: the request (`request`).

use grelot_core::UserId;
use grelot_store::{Delivered, EmailOutcome, InAppOutcome, Preview};
use serde::Serialize;
use utoipa::ToSchema;

use crate::wire::preferences::RuleOut;

/// What became of the inbox.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = InAppOutcome)]
pub(crate) enum InAppOut {
    /// The notification is in the inbox.
    Created,
    /// The user does not want it: no notification, no event.
    Muted,
}

impl From<InAppOutcome> for InAppOut {
    fn from(outcome: InAppOutcome) -> Self {
        match outcome {
            InAppOutcome::Created => Self::Created,
            InAppOutcome::Muted => Self::Muted,
        }
    }
}

/// What became of the email.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = EmailOutcome)]
pub(crate) enum EmailOut {
    /// No mail is configured.
    Off,
    /// The user does not want it.
    Muted,
    /// No address is known.
    NoAddress,
    /// It will be sent.
    Queued,
}

impl From<EmailOutcome> for EmailOut {
    fn from(outcome: EmailOutcome) -> Self {
        match outcome {
            EmailOutcome::Off => Self::Off,
            EmailOutcome::Muted => Self::Muted,
            EmailOutcome::NoAddress => Self::NoAddress,
            EmailOutcome::Queued => Self::Queued,
        }
    }
}

/// What became of each recipient, in order of first mention.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NotifyResult, examples(json!({"notifications": [
    {"id": "cm3xk2l9a0000qzrmn831i7rn", "userId": "u_1", "inApp": "created", "email": "off"}
]})))]
pub(crate) struct NotifyOut<'a> {
    /// One entry per distinct recipient.
    pub(crate) notifications: Vec<DeliveredOut<'a>>,
}

/// What became of one recipient.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = NotifyEntry)]
pub(crate) struct DeliveredOut<'a> {
    /// The notification; null when nothing came of it.
    #[schema(required = true)]
    id: Option<String>,
    /// The recipient.
    user_id: &'a str,
    /// The inbox.
    in_app: InAppOut,
    /// The email.
    email: EmailOut,
}

impl<'a> DeliveredOut<'a> {
    pub(crate) fn new(user: &'a UserId, delivered: &Delivered) -> Self {
        Self {
            id: delivered.id.map(|id| id.as_str().to_owned()),
            user_id: user.as_str(),
            in_app: delivered.in_app.into(),
            email: delivered.email.into(),
        }
    }
}

/// What would become of each recipient, and why.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NotifyPreview)]
pub(crate) struct PreviewOut<'a> {
    /// One entry per distinct recipient.
    pub(crate) notifications: Vec<PreviewEntryOut<'a>>,
}

/// What would become of one recipient.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = NotifyPreviewEntry)]
pub(crate) struct PreviewEntryOut<'a> {
    /// The recipient.
    user_id: &'a str,
    /// The inbox.
    in_app: InAppOut,
    /// The email.
    email: EmailOut,
    /// The rules that decided.
    why: WhyOut,
}

/// The rule that decided about each channel.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = NotifyPreviewWhy)]
pub(crate) struct WhyOut {
    /// About the inbox.
    in_app: RuleOut,
    /// About email.
    email: RuleOut,
}

impl<'a> PreviewEntryOut<'a> {
    pub(crate) fn new(user: &'a UserId, preview: Preview) -> Self {
        Self {
            user_id: user.as_str(),
            in_app: preview.in_app.into(),
            email: preview.email.into(),
            why: WhyOut {
                in_app: preview.in_app_decision.rule.into(),
                email: preview.email_decision.rule.into(),
            },
        }
    }
}
