//! One attempt: asks whether it is still wanted, hands it over, settles it. Not here: how many there are (`outbox`).

use std::sync::Arc;
use std::time::Duration;

use grelot_core::AttemptOutcome;
use grelot_store::{Deliveries, Errand, Lease, Mail, Settlement, StoreError};

use super::{Observer, PAUSE, Post, Receipt};

pub(super) struct Flight {
    pub(super) store: Arc<dyn Deliveries>,
    pub(super) post: Arc<dyn Post>,
    pub(super) observer: Observer,
    pub(super) limit: Duration,
    pub(super) lease: Lease,
}

/// Whether there was an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flown {
    /// The way out was asked.
    Attempt,
    /// It was no longer wanted, not yet, or gone.
    Idle,
}

impl Flight {
    pub(super) async fn fly(self) -> Flown {
        // Asked just before it goes out: what was read since it became due is not sent.
        let errand = persist(|| self.store.errand(&self.lease)).await;
        let (flown, settlement) = match errand {
            Ok(None) => return Flown::Idle,
            Ok(Some(Errand::Skip(reason))) => (Flown::Idle, Settlement::Skipped(reason)),
            Ok(Some(Errand::Wait(until))) => (Flown::Idle, Settlement::Postponed(until)),
            Ok(Some(Errand::Send(mail))) => (Flown::Attempt, self.send(*mail).await),
            Err(error) => (Flown::Idle, self.unreadable(&error)),
        };
        settle(&*self.store, &self.lease, settlement).await;
        flown
    }

    /// Asking again at once would not mend it, and a handful of such would hold up all others.
    fn unreadable(&self, error: &StoreError) -> Settlement {
        (self.observer)(AttemptOutcome::Failed);
        tracing::error!(delivery = self.lease.id.as_str(), %error, "a delivery cannot be read");
        let answer = "what it is about cannot be read; see the log".to_owned();
        Settlement::Failed { answer, jitter: rand::random() }
    }

    async fn send(&self, mail: Mail) -> Settlement {
        let Lease { id, user, .. } = &self.lease;
        let sending = tokio::time::timeout(self.limit, self.post.send(*id, user, &mail));
        let receipt = sending.await.unwrap_or_else(|_elapsed| {
            Receipt::Failed(format!("no answer within {} s", self.limit.as_secs()))
        });
        let outcome = match &receipt {
            Receipt::Sent(_) => AttemptOutcome::Sent,
            Receipt::Failed(_) => AttemptOutcome::Failed,
            Receipt::Refused(_) => AttemptOutcome::Refused,
        };
        (self.observer)(outcome);
        // No answer in the log: it may have an address in it. `grelot deliveries show` has it.
        if outcome == AttemptOutcome::Sent {
            tracing::debug!(delivery = id.as_str(), "sent");
        } else {
            tracing::warn!(delivery = id.as_str(), outcome = outcome.name(), "not sent");
        }
        match receipt {
            Receipt::Sent(answer) => Settlement::Sent { answer, collected: mail.collected },
            Receipt::Failed(answer) => Settlement::Failed { answer, jitter: rand::random() },
            Receipt::Refused(answer) => Settlement::Refused { answer },
        }
    }
}

/// Settles an attempt whose code panicked.
pub(super) async fn broken(store: Arc<dyn Deliveries>, observer: Observer, lease: Lease) -> Flown {
    observer(AttemptOutcome::Failed);
    let answer = "the way out failed inside; see the log".to_owned();
    settle(&*store, &lease, Settlement::Failed { answer, jitter: rand::random() }).await;
    Flown::Attempt
}

async fn settle(store: &dyn Deliveries, lease: &Lease, settlement: Settlement) {
    let delivery = lease.id.as_str();
    match persist(|| store.settle(lease, settlement.clone())).await {
        Ok(true) => {}
        Ok(false) => tracing::warn!(delivery, "the lease was lost; another worker has it"),
        Err(error) => {
            tracing::error!(delivery, %error, "a delivery cannot be settled; its lease runs out");
        }
    }
}

/// Asks a store until it answers: a full disk must not make a mail go out twice. Whoever waits for this drops it at the end
/// of the program; the lease is renewed meanwhile, or lost. Only what asking again does not mend is an error.
async fn persist<T, F, R>(mut ask: F) -> Result<T, StoreError>
where
    F: FnMut() -> R,
    R: Future<Output = Result<T, StoreError>>,
{
    loop {
        match ask().await {
            Err(error @ (StoreError::Busy | StoreError::Unavailable(_))) => {
                tracing::debug!(%error, "the outbox cannot be reached; trying again");
            }
            done => return done,
        }
        tokio::time::sleep(PAUSE).await;
    }
}
