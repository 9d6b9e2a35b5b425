//! A notification as the host's back end sees it: what became of it, attempt by attempt.

use grelot_core::{AttemptOutcome, DeliveryState};
use grelot_store::{Attempt, Delivery, Story};
use serde::Serialize;
use utoipa::ToSchema;

use super::Instant;
use super::notification::{NotificationOut, NotificationTypeOut, Raw};
use super::preferences::RuleOut;

/// A notification, and what became of it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = NotificationStory, examples(json!({
    "id": "cm3xk2l9a0000qzrmn831i7rn", "userId": "u_1", "seq": 43, "type": "INFO", "category": "billing",
    "title": "Invoice ready", "body": "March is ready.", "link": "/invoices/42", "data": {"invoice": 42},
    "readAt": null, "createdAt": "2026-11-24T10:00:00.000Z",
    "decisions": {"inApp": {"enabled": true, "rule": "default"}, "email": {"enabled": true, "rule": "choice"}},
    "deliveries": [{"id": "cm3xk2l9a0001qzrm4t1k8b2f", "channel": "email", "state": "sent", "reason": null,
        "rule": "choice", "digestId": null, "createdAt": "2026-11-24T10:00:00.000Z", "dueAt": null,
        "endedAt": "2026-11-24T10:05:00.412Z", "attempts": [{"startedAt": "2026-11-24T10:05:00.030Z",
        "endedAt": "2026-11-24T10:05:00.412Z", "outcome": "sent", "answer": "250 2.0.0 Ok: queued"}]}]
})))]
pub(crate) struct StoryOut<'a> {
    /// A cuid (version 1); sorts by creation.
    #[schema(min_length = 25, max_length = 25, pattern = "^c[0-9a-z]{24}$")]
    id: &'a str,
    /// Whose it is.
    #[schema(min_length = 1, max_length = 128)]
    user_id: &'a str,
    /// The change of the inbox that created it; null when it never was in the inbox.
    #[schema(required = true, minimum = 1)]
    seq: Option<u64>,
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
    /// When it was read; null while unread.
    #[schema(required = true)]
    read_at: Option<Instant>,
    /// When it was created.
    created_at: Instant,
    /// What was decided about each channel, and by which rule; null when nothing was to go out, for then it is not kept.
    #[schema(required = true)]
    decisions: Option<DecisionsOut>,
    /// What became of each delivery outside of the inbox, oldest first.
    deliveries: Vec<DeliveryOut<'a>>,
}

/// What was decided about each channel.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Decisions)]
pub(crate) struct DecisionsOut {
    /// The inbox.
    in_app: DecisionOut,
    /// Email.
    email: DecisionOut,
}

/// Whether a channel delivered, and why.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Decision)]
pub(crate) struct DecisionOut {
    /// Whether it did.
    enabled: bool,
    /// The rule that decided.
    rule: RuleOut,
}

/// A delivery outside of the inbox.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Delivery)]
pub(crate) struct DeliveryOut<'a> {
    /// A cuid (version 1); sorts by creation.
    id: String,
    /// The way it takes.
    channel: OutwardOut,
    /// Where it is on that way.
    state: DeliveryStateOut,
    /// Why it was skipped or given up.
    #[schema(required = true)]
    reason: Option<&'a str>,
    /// The rule that decided that it was wanted.
    rule: RuleOut,
    /// The delivery that it goes out with, if that is a digest.
    #[schema(required = true)]
    digest_id: Option<String>,
    /// When it was created.
    created_at: Instant,
    /// When it is tried next; null when it is not waiting for that.
    #[schema(required = true)]
    due_at: Option<Instant>,
    /// When it ended.
    #[schema(required = true)]
    ended_at: Option<Instant>,
    /// The attempts, in order.
    attempts: Vec<AttemptOut<'a>>,
}

/// A way out.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DeliveryChannel)]
pub(crate) enum OutwardOut {
    /// Email.
    Email,
}

/// Where a delivery is on its way.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DeliveryState)]
pub(crate) enum DeliveryStateOut {
    /// It waits for its time.
    Pending,
    /// It is being sent.
    Sending,
    /// It waits in a digest.
    Collected,
    /// It was handed over.
    Sent,
    /// It was no longer wanted.
    Skipped,
    /// It was given up.
    Dead,
}

impl From<DeliveryState> for DeliveryStateOut {
    fn from(state: DeliveryState) -> Self {
        match state {
            DeliveryState::Pending => Self::Pending,
            DeliveryState::Sending => Self::Sending,
            DeliveryState::Collected => Self::Collected,
            DeliveryState::Sent => Self::Sent,
            DeliveryState::Skipped => Self::Skipped,
            DeliveryState::Dead => Self::Dead,
        }
    }
}

/// One attempt to deliver.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DeliveryAttempt)]
pub(crate) struct AttemptOut<'a> {
    /// When it began.
    started_at: Instant,
    /// When it ended.
    ended_at: Instant,
    /// What became of it.
    outcome: OutcomeOut,
    /// The last words of the other side, or what went wrong.
    answer: &'a str,
}

/// What became of an attempt.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AttemptOutcome)]
pub(crate) enum OutcomeOut {
    /// The other side took it.
    Sent,
    /// It did not work, and may later.
    Failed,
    /// The other side refused it for good.
    Refused,
    /// Its worker went away: nobody knows.
    Lost,
}

impl From<AttemptOutcome> for OutcomeOut {
    fn from(outcome: AttemptOutcome) -> Self {
        match outcome {
            AttemptOutcome::Sent => Self::Sent,
            AttemptOutcome::Failed => Self::Failed,
            AttemptOutcome::Refused => Self::Refused,
            AttemptOutcome::Lost => Self::Lost,
        }
    }
}

impl<'a> From<&'a Story> for StoryOut<'a> {
    fn from(story: &'a Story) -> Self {
        let NotificationOut {
            id,
            user_id,
            seq,
            r#type,
            category,
            title,
            body,
            link,
            data,
            read_at,
            created_at,
        } = NotificationOut::from(&story.notification);
        Self {
            id,
            user_id,
            seq: (seq > 0).then_some(seq),
            r#type,
            category,
            title,
            body,
            link,
            data,
            read_at,
            created_at,
            decisions: story.deliveries.first().map(DecisionsOut::from),
            deliveries: story.deliveries.iter().map(DeliveryOut::from).collect(),
        }
    }
}

impl From<&Delivery> for DecisionsOut {
    fn from(delivery: &Delivery) -> Self {
        let (enabled, rule) = delivery.in_app;
        Self {
            in_app: DecisionOut { enabled, rule: rule.into() },
            email: DecisionOut { enabled: delivery.was_wanted(), rule: delivery.rule.into() },
        }
    }
}

impl<'a> From<&'a Delivery> for DeliveryOut<'a> {
    fn from(delivery: &'a Delivery) -> Self {
        let waits = delivery.state == DeliveryState::Pending;
        Self {
            id: delivery.id.as_str().to_owned(),
            channel: OutwardOut::Email,
            state: delivery.state.into(),
            reason: delivery.reason.as_deref(),
            rule: delivery.rule.into(),
            digest_id: delivery.digest.map(|digest| digest.as_str().to_owned()),
            created_at: Instant(delivery.created_at),
            due_at: waits.then_some(Instant(delivery.due_at)),
            ended_at: delivery.ended_at.map(Instant),
            attempts: delivery.attempts.iter().map(AttemptOut::from).collect(),
        }
    }
}

impl<'a> From<&'a Attempt> for AttemptOut<'a> {
    fn from(attempt: &'a Attempt) -> Self {
        Self {
            started_at: Instant(attempt.started_at),
            ended_at: Instant(attempt.ended_at),
            outcome: attempt.outcome.into(),
            answer: &attempt.answer,
        }
    }
}
