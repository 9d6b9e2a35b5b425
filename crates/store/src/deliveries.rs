//! The outbox: intents to reach users outside the inbox, leased to workers one attempt at a time. Not here: when an
//! intent is due and whether it is still wanted, which `grelot_core::delivery` decides.

use std::sync::Arc;

use async_trait::async_trait;
use grelot_core::{
    AttemptOutcome, Category, Content, DeliveryId, DeliveryState, Notification, NotificationId,
    Rule, SkipReason, Timestamp, UserId,
};

use crate::StoreError;

/// A delivery that a worker has to itself, until [`grelot_core::delivery::LEASE`] after it asked for it last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The delivery.
    pub id: DeliveryId,
    /// Whom it is for.
    pub user: UserId,
    /// The fencing token: grows with each lease, and only its holder may settle the delivery.
    pub token: u64,
}

/// What a worker was given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Leased {
    /// What it may work on, oldest first.
    pub leases: Vec<Lease>,
    /// How many attempts were found lost: their workers went away.
    pub lost: usize,
    /// When more will be due, as far as is known now; a past instant means that more is due already.
    pub next: Option<Timestamp>,
}

/// One notification in a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailItem {
    /// What it says.
    pub content: Arc<Content>,
    /// When it was created.
    pub created_at: Timestamp,
    /// Its category, if there still is one.
    pub category: Option<Category>,
}

/// What a mail is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MailMatter {
    /// One notification.
    One(MailItem),
    /// What is still unread of what a digest collected.
    Digest {
        /// The newest, at most [`DIGEST_ITEMS`], newest first.
        items: Vec<MailItem>,
        /// How many more there are.
        more: u64,
    },
}

/// The most notifications that a digest shows; the rest is counted.
pub const DIGEST_ITEMS: usize = 20;

/// A mail that is wanted now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// The address.
    pub address: String,
    /// The user's name.
    pub name: Option<String>,
    /// The user's language tag.
    pub locale: Option<String>,
    /// The user's time zone.
    pub timezone: Option<String>,
    /// Whether the user cannot switch it off.
    pub mandatory: bool,
    /// When it became due: the date of the mail, the same each time it is tried.
    pub ready_at: Timestamp,
    /// What it is about.
    pub matter: MailMatter,
    /// What becomes of each delivery that a digest collected, once it is sent: sent too, or skipped.
    pub collected: Vec<(DeliveryId, Option<SkipReason>)>,
}

/// What to do with a leased delivery, decided from one snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Errand {
    /// Send it.
    Send(Box<Mail>),
    /// It is no longer wanted.
    Skip(SkipReason),
    /// The user's quiet hours last until then.
    Wait(Timestamp),
}

/// How a lease ends.
#[derive(Clone, Debug, PartialEq)]
pub enum Settlement {
    /// It was handed over.
    Sent {
        /// The last words of the other side.
        answer: String,
        /// As in [`Mail::collected`].
        collected: Vec<(DeliveryId, Option<SkipReason>)>,
    },
    /// It did not work. It is tried again by [`grelot_core::delivery::retry_at`], or becomes a dead letter.
    Failed {
        /// The last words of the other side.
        answer: String,
        /// From 0 to 1: how much later than the schedule says.
        jitter: f64,
    },
    /// It was refused for good: a dead letter.
    Refused {
        /// The last words of the other side.
        answer: String,
    },
    /// It was no longer wanted.
    Skipped(SkipReason),
    /// It waits until then; this was no attempt.
    Postponed(Timestamp),
}

/// One attempt to deliver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
    /// What became of it.
    pub outcome: AttemptOutcome,
    /// The last words of the other side, or what went wrong.
    pub answer: String,
}

/// Everything that is known about a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Its id.
    pub id: DeliveryId,
    /// Whom it is for.
    pub user: UserId,
    /// What it is about; `None` for a digest.
    pub notification: Option<NotificationId>,
    /// The digest that collects it.
    pub digest: Option<DeliveryId>,
    /// Where it is on its way.
    pub state: DeliveryState,
    /// Why it was skipped or given up.
    pub reason: Option<String>,
    /// The rule that decided about the inbox, and whether there is a row.
    pub in_app: (bool, Rule),
    /// The rule that decided about this channel.
    pub rule: Rule,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it is tried next, while it is pending.
    pub due_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// The attempts, in order.
    pub attempts: Vec<Attempt>,
}

impl Delivery {
    /// Whether it was wanted when it was decided. What was not has ended as soon as it was written.
    pub fn was_wanted(&self) -> bool {
        let muted = self.reason.as_deref() == Some(SkipReason::Muted.name());
        !(muted && self.state == DeliveryState::Skipped && self.ended_at == Some(self.created_at))
    }
}

/// What became of a notification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Story {
    /// The notification; of one that never had a row, as it was asked for, with `seq` zero.
    pub notification: Notification,
    /// Its deliveries, oldest first.
    pub deliveries: Vec<Delivery>,
}

/// Figures of the outbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutboxStats {
    /// Deliveries that wait for their time, or for a worker.
    pub pending: u64,
    /// Deliveries that a worker has.
    pub sending: u64,
    /// Dead letters.
    pub dead: u64,
    /// When the oldest delivery became due that nobody has taken; `None` when none is due.
    pub oldest_due: Option<Timestamp>,
}

/// Which deliveries a list shows.
#[derive(Clone, Copy, Debug, Default)]
pub struct DeliveryFilter {
    /// Only those in this state.
    pub state: Option<DeliveryState>,
    /// Only those created before this one.
    pub before: Option<DeliveryId>,
}

/// The outbox. Instants are those of the store's clock.
#[async_trait]
pub trait Deliveries: Send + Sync + 'static {
    /// Leases at most `limit` deliveries that are due, oldest first. Of one user only one at a time is out, in the order in
    /// which they became due. A lease that ran out is given to the next who asks, as an attempt that was lost; after
    /// [`grelot_core::delivery::LOST_MAX`] of them it is a dead letter.
    async fn lease(&self, limit: usize) -> Result<Leased, StoreError>;

    /// Makes the leases last from now on; those that are no longer held stay lost.
    async fn renew(&self, leases: &[Lease]) -> Result<(), StoreError>;

    /// What to do with the delivery, from one snapshot; `None` when it is no longer held, or gone with its user.
    async fn errand(&self, lease: &Lease) -> Result<Option<Errand>, StoreError>;

    /// Ends the lease; `false` when it is no longer held, and nothing was changed.
    async fn settle(&self, lease: &Lease, settlement: Settlement) -> Result<bool, StoreError>;

    /// Deliveries, newest first, at most `limit`; without their attempts.
    async fn deliveries(
        &self,
        filter: DeliveryFilter,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError>;

    /// The delivery with its attempts.
    async fn delivery(&self, id: DeliveryId) -> Result<Option<Delivery>, StoreError>;

    /// What became of any user's notification: for the host's back end, never for a user.
    async fn story(&self, id: NotificationId) -> Result<Option<Story>, StoreError>;

    /// Makes a dead letter due again, with a whole schedule before it; `false` when there is no such dead letter.
    async fn retry_dead(&self, id: DeliveryId) -> Result<bool, StoreError>;

    /// Figures of now.
    async fn outbox_stats(&self) -> Result<OutboxStats, StoreError>;

    /// Removes at most `batch` deliveries that ended before `before`; returns how many.
    async fn prune_deliveries(&self, before: Timestamp, batch: usize) -> Result<usize, StoreError>;
}
