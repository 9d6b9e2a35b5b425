//! Creating notifications: the write path, and its dry run.

use std::time::Duration;

use async_trait::async_trait;
use grelot_core::{Content, Decision, Fingerprint, NotificationId, Recipients};
use thiserror::Error;

use crate::StoreError;

/// Whether this installation can send mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailPolicy {
    /// No mail server is configured: the email outcome is `off`.
    Off,
    /// A mail server is configured.
    On {
        /// How long a minute of a category's delay lasts: a minute, but in a demonstration.
        minute: Duration,
    },
}

impl MailPolicy {
    /// A mail server is configured, and a minute is a minute.
    pub const ON: Self = Self::On { minute: Duration::from_mins(1) };
}

/// A request to notify, valid and complete.
#[derive(Clone, Debug)]
pub struct NotifyRequest {
    /// Whom.
    pub recipients: Recipients,
    /// What.
    pub content: Content,
    /// Makes a repetition harmless, if the caller asked for it.
    pub idempotency: Option<Idempotency>,
    /// Whether mail can go out.
    pub mail: MailPolicy,
}

/// What makes a repeated request recognisable. Digests only: keys and bodies may hold personal data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Idempotency {
    /// The digest of the caller's API key and its `Idempotency-Key`: where the answer is kept for 24 hours.
    pub slot: Fingerprint,
    /// The digest of the request (query and body bytes): another one in the same slot is refused.
    pub request: Fingerprint,
}

/// What became of the inbox of one recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InAppOutcome {
    /// A notification was created.
    Created,
    /// The user does not want it; there is no row, no `seq`, no event.
    Muted,
}

/// What became of the email to one recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmailOutcome {
    /// This installation sends no mail.
    Off,
    /// The user does not want it.
    Muted,
    /// The user's address is unknown.
    NoAddress,
    /// It will be sent.
    Queued,
}

/// What became of one recipient's notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivered {
    /// The notification; `None` when nothing came of it.
    pub id: Option<NotificationId>,
    /// Its inbox.
    pub in_app: InAppOutcome,
    /// Its email.
    pub email: EmailOutcome,
}

/// The answer to a request: one entry per recipient, in the order of the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotifyAnswer {
    /// What became of each recipient.
    pub entries: Vec<Delivered>,
    /// Whether this is the kept answer of an earlier request.
    pub replayed: bool,
}

/// What would become of one recipient, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preview {
    /// The inbox outcome.
    pub in_app: InAppOutcome,
    /// The rule that decided about the inbox.
    pub in_app_decision: Decision,
    /// The email outcome.
    pub email: EmailOutcome,
    /// The rule that decided about email.
    pub email_decision: Decision,
}

/// Why nothing was created.
#[derive(Debug, Error)]
pub enum NotifyError {
    /// The category does not exist.
    #[error("the category does not exist")]
    UnknownCategory,
    /// The idempotency key was used for another request.
    #[error("the idempotency key was used for another request")]
    IdempotencyMismatch,
    /// A request with the same idempotency key is being worked on.
    #[error("a request with the same idempotency key is in flight")]
    InFlight,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Creates notifications.
#[async_trait]
pub trait Notify: Send + Sync + 'static {
    /// Creates the notification for every recipient who wants it: all or nothing, durable when it returns.
    ///
    /// Preferences are read in the same transaction. Only an answer is kept for the idempotency key: a refusal frees
    /// it. A caller that goes away does not stop the work.
    async fn notify(&self, request: NotifyRequest) -> Result<NotifyAnswer, NotifyError>;

    /// What [`notify`](Self::notify) would do, from one snapshot; writes nothing and ignores the idempotency key.
    async fn preview(&self, request: &NotifyRequest) -> Result<Vec<Preview>, NotifyError>;
}
