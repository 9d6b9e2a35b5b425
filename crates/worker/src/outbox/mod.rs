//! The delivery engine: leases what is due, has it delivered, settles it. Not here: what is due and still wanted (the
//! store asks `grelot_core::delivery`), and the ways out themselves (whoever implements [`Post`]).
//!
//! Bounds: [`OutboxSettings`]. At least once: a worker that goes away in mid-delivery is replaced when its lease runs out.
//! An engine never replaces itself so: before it asks for more it makes sure that it still has what is out.

mod flight;
mod pace;

use std::collections::HashMap;
use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use grelot_core::delivery::LEASE;
use grelot_core::{AttemptOutcome, Clock, DeliveryId, Timestamp, UserId};
use grelot_store::{Deliveries, Lease, Leased, Mail, StoreError};
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use self::flight::{Flight, Flown};
use self::pace::Pace;

/// Where mails are handed over.
#[async_trait]
pub trait Post: Send + Sync + 'static {
    /// Hands the mail over, once. A repetition has the same `id`, by which the other side may recognise it.
    async fn send(&self, id: DeliveryId, user: &UserId, mail: &Mail) -> Receipt;
}

/// What came of handing over. Each has the last words of the other side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Receipt {
    /// The other side took it.
    Sent(String),
    /// It did not work, and may later.
    Failed(String),
    /// The other side refused it for good.
    Refused(String),
}

/// Hears of every attempt that ended here, and of those that another worker went away with: for figures.
pub type Observer = Arc<dyn Fn(AttemptOutcome) + Send + Sync>;

/// The bounds of the engine.
#[derive(Clone, Debug)]
pub struct OutboxSettings {
    /// How many deliveries are out at a time; the others wait for their turn.
    pub concurrency: usize,
    /// How many attempts begin a second, as an average; so many may begin at once. What turns out not to be wanted is none.
    pub per_second: u32,
    /// How long nothing is asked of the store when nothing is known to be due, and nothing was for a while.
    pub poll: Duration,
    /// Between two renewals of the leases.
    pub heartbeat: Duration,
    /// How long one attempt may take, whatever the way out does; then it has failed.
    pub attempt: Duration,
    /// How long what is out may take to come back once the program ends; then it is left to the next worker. The service
    /// that runs the engine needs a little more.
    pub grace: Duration,
}

impl Default for OutboxSettings {
    fn default() -> Self {
        Self {
            concurrency: 8,
            per_second: 50,
            poll: Duration::from_millis(500),
            heartbeat: Duration::from_secs(10),
            attempt: Duration::from_mins(15),
            grace: Duration::from_secs(8),
        }
    }
}

/// How long the engine leaves a store alone that is in trouble.
const PAUSE: Duration = Duration::from_secs(1);
/// The most deliveries that are leased at once.
const BATCH: usize = 64;
/// Between two leases, at least: what becomes due and what lands meanwhile share one write.
const GATHER: Duration = Duration::from_millis(10);

/// The engine.
pub struct Outbox {
    store: Arc<dyn Deliveries>,
    post: Arc<dyn Post>,
    clock: Arc<dyn Clock>,
    observer: Observer,
    settings: OutboxSettings,
}

impl fmt::Debug for Outbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbox").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// What is out, and how fast more may follow.
struct Out {
    flights: JoinSet<Flown>,
    leases: HashMap<Id, Lease>,
    /// Since when the oldest of the leases lasts, by the store's clock.
    held_since: Timestamp,
    pace: Pace,
    /// When the store was asked last.
    asked: Option<Instant>,
    /// How long it is left alone when nothing is known to be due: longer each time that nothing was.
    lull: Duration,
    /// Whether the store was in trouble when it was asked last: that is said once.
    trouble: bool,
}

impl Outbox {
    /// An engine that delivers what is in `store` through `post`. `clock` is the one of the store.
    pub fn new(
        store: Arc<dyn Deliveries>,
        post: Arc<dyn Post>,
        clock: Arc<dyn Clock>,
        observer: Observer,
        settings: OutboxSettings,
    ) -> Self {
        Self { store, post, clock, observer, settings }
    }

    /// Works until `shutdown`, and then until what is out has come back, for [`OutboxSettings::grace`] at most. What has not, or
    /// was out when this was dropped, is left to the next worker, once the leases have run out.
    pub async fn run(self, shutdown: CancellationToken) {
        let first = Instant::now() + self.settings.heartbeat;
        let mut heartbeat = tokio::time::interval_at(first, self.settings.heartbeat);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut out = Out {
            flights: JoinSet::new(),
            leases: HashMap::new(),
            held_since: self.clock.now(),
            pace: Pace::new(self.settings.per_second, Instant::now()),
            asked: None,
            lull: Duration::ZERO,
            trouble: false,
        };
        let mut patience = pin!(async {
            shutdown.cancelled().await;
            tokio::time::sleep(self.settings.grace).await;
        });
        loop {
            let ending = shutdown.is_cancelled();
            if ending && out.flights.is_empty() {
                return;
            }
            let nap = if ending { None } else { self.fill(&mut out).await };
            tokio::select! {
                () = shutdown.cancelled(), if !ending => {}
                () = &mut patience => {
                    let abandoned = out.leases.len();
                    tracing::warn!(abandoned, "deliveries did not end in time; tried again after the lease");
                    return;
                }
                Some(ended) = out.flights.join_next_with_id() => self.landed(&mut out, ended),
                _ = heartbeat.tick() => { self.renew(&mut out).await; }
                () = tokio::time::sleep(nap.unwrap_or_default()), if nap.is_some() => {}
            }
        }
    }

    /// Sends out what may go out now; says when to ask again, `None` when only a landing makes room.
    async fn fill(&self, out: &mut Out) -> Option<Duration> {
        let room = self.settings.concurrency.max(1).saturating_sub(out.flights.len());
        if room == 0 {
            return None;
        }
        let allowed = out.pace.allowed(Instant::now());
        if allowed == 0 {
            return Some(out.pace.wait(Instant::now()));
        }
        let gather = GATHER.min(self.settings.poll);
        let early = out.asked.and_then(|asked| gather.checked_sub(asked.elapsed()));
        if let Some(early) = early.filter(|early| !early.is_zero()) {
            return Some(early);
        }
        let asked_at = self.clock.now();
        if !self.keep(out).await {
            return Some(PAUSE);
        }
        out.asked = Some(Instant::now());
        match self.store.lease(room.min(allowed).min(BATCH)).await {
            Ok(Leased { leases, lost, next }) => {
                out.trouble = false;
                for _ in 0..lost {
                    (self.observer)(AttemptOutcome::Lost);
                }
                out.lull = if leases.is_empty() { out.lull * 2 } else { Duration::ZERO };
                out.lull = out.lull.clamp(gather, self.settings.poll);
                if out.leases.is_empty() {
                    out.held_since = asked_at;
                }
                out.pace.take(leases.len());
                for lease in leases {
                    self.start(out, lease);
                }
                Some(self.nap(next, out.lull))
            }
            Err(error) => {
                out.note(&error);
                Some(PAUSE)
            }
        }
    }

    fn nap(&self, next: Option<Timestamp>, lull: Duration) -> Duration {
        next.map_or(lull, |next| next.since(self.clock.now())).min(lull)
    }

    fn start(&self, out: &mut Out, lease: Lease) {
        let flight = Flight {
            store: Arc::clone(&self.store),
            post: Arc::clone(&self.post),
            observer: Arc::clone(&self.observer),
            limit: self.settings.attempt,
            lease: lease.clone(),
        };
        let started = out.flights.spawn(flight.fly());
        out.leases.insert(started.id(), lease);
    }

    /// A flight that panicked is settled by one that only says so.
    fn landed(&self, out: &mut Out, ended: Result<(Id, Flown), JoinError>) {
        let (id, panicked) = match ended {
            Ok((id, flown)) => {
                if flown == Flown::Idle {
                    out.pace.give_back();
                }
                (id, false)
            }
            Err(error) => (error.id(), error.is_panic()),
        };
        let Some(lease) = out.leases.remove(&id).filter(|_| panicked) else {
            return;
        };
        tracing::error!(delivery = lease.id.as_str(), "the way out failed inside");
        let (store, observer) = (Arc::clone(&self.store), Arc::clone(&self.observer));
        let broken = lease.clone();
        let started = out.flights.spawn(flight::broken(store, observer, broken));
        out.leases.insert(started.id(), lease);
    }

    /// Makes sure, before more is leased, that what is out is not taken for lost: a store that could not be written for a while,
    /// a process that stood still or a clock that was put forward may have let the leases run out, and whoever leases next is
    /// given them.
    async fn keep(&self, out: &mut Out) -> bool {
        let doubtful = self.clock.now().since(out.held_since) >= LEASE / 2;
        out.leases.is_empty() || !doubtful || self.renew(out).await
    }

    async fn renew(&self, out: &mut Out) -> bool {
        if out.leases.is_empty() {
            return true;
        }
        let leases: Vec<Lease> = out.leases.values().cloned().collect();
        let asked_at = self.clock.now();
        match self.store.renew(&leases).await {
            Ok(()) => out.held_since = asked_at,
            Err(ref error) => {
                out.note(error);
                return false;
            }
        }
        true
    }
}

impl Out {
    /// An outage is said once.
    fn note(&mut self, error: &StoreError) {
        if !std::mem::replace(&mut self.trouble, true) {
            tracing::warn!(%error, "the outbox cannot be reached; trying again every second");
        }
    }
}
