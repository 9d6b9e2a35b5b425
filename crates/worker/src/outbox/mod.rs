//! The delivery engine: leases what is due, has it delivered, settles it. Not here: what is due and still wanted (the
//! store asks `grelot_core::delivery`), and the ways out themselves (whoever implements [`Post`]).
//!
//! Bounds: [`OutboxSettings`]. At least once: a worker that goes away in mid-delivery is replaced when its lease runs out.

mod flight;
mod pace;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use grelot_core::{AttemptOutcome, Clock, DeliveryId, Timestamp, UserId};
use grelot_store::{Deliveries, Lease, Leased, Mail, StoreError};
use tokio::task::{Id, JoinSet};
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use self::flight::Flight;
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

/// Hears of every attempt that ended here: for figures.
pub type Observer = Arc<dyn Fn(AttemptOutcome) + Send + Sync>;

/// The bounds of the engine.
#[derive(Clone, Debug)]
pub struct OutboxSettings {
    /// How many deliveries are out at a time; the others wait for their turn.
    pub concurrency: usize,
    /// How many attempts begin a second, as an average; so many may begin at once.
    pub per_second: u32,
    /// How long nothing is asked of the store when nothing is known to be due.
    pub poll: Duration,
    /// Between two renewals of the leases.
    pub heartbeat: Duration,
    /// How long one attempt may take; then it has failed.
    pub attempt: Duration,
}

impl Default for OutboxSettings {
    fn default() -> Self {
        Self {
            concurrency: 8,
            per_second: 50,
            poll: Duration::from_millis(500),
            heartbeat: Duration::from_secs(10),
            attempt: Duration::from_mins(1),
        }
    }
}

/// How long the engine leaves a store alone that is in trouble.
const PAUSE: Duration = Duration::from_secs(1);
/// The most deliveries that are leased at once.
const BATCH: usize = 64;

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
    flights: JoinSet<()>,
    leases: HashMap<Id, Lease>,
    pace: Pace,
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

    /// Works until `shutdown`, and then until what is out has come back. Dropping it leaves that to the next worker, once the
    /// leases have run out.
    pub async fn run(self, shutdown: CancellationToken) {
        let first = Instant::now() + self.settings.heartbeat;
        let mut heartbeat = tokio::time::interval_at(first, self.settings.heartbeat);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut out = Out {
            flights: JoinSet::new(),
            leases: HashMap::new(),
            pace: Pace::new(self.settings.per_second, Instant::now()),
            trouble: false,
        };
        loop {
            let ending = shutdown.is_cancelled();
            if ending && out.flights.is_empty() {
                return;
            }
            let nap = if ending { None } else { self.fill(&mut out).await };
            tokio::select! {
                () = shutdown.cancelled(), if !ending => {}
                Some(ended) = out.flights.join_next_with_id() => self.landed(&mut out, ended),
                _ = heartbeat.tick() => self.renew(&mut out).await,
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
        match self.store.lease(room.min(allowed).min(BATCH)).await {
            Ok(Leased { leases, next }) => {
                out.trouble = false;
                out.pace.take(leases.len());
                for lease in leases {
                    self.start(out, lease);
                }
                Some(self.nap(next))
            }
            Err(error) => {
                if !std::mem::replace(&mut out.trouble, true) {
                    tracing::warn!(%error, "the outbox cannot be read; asking again every second");
                }
                Some(PAUSE)
            }
        }
    }

    fn nap(&self, next: Option<Timestamp>) -> Duration {
        next.map_or(self.settings.poll, |next| next.since(self.clock.now())).min(self.settings.poll)
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
    fn landed(&self, out: &mut Out, ended: Result<(Id, ()), tokio::task::JoinError>) {
        let (id, panicked) = match ended {
            Ok((id, ())) => (id, false),
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

    async fn renew(&self, out: &mut Out) {
        if out.leases.is_empty() {
            return;
        }
        let leases: Vec<Lease> = out.leases.values().cloned().collect();
        if let Err(error) = self.store.renew(&leases).await {
            note(&error, &mut out.trouble);
        }
    }
}

fn note(error: &StoreError, trouble: &mut bool) {
    if !std::mem::replace(trouble, true) {
        tracing::warn!(%error, "leases cannot be renewed");
    }
}
