//! One timer for all streams: pings spread over their interval, expiry, the end of a long life.
//!
//! Deadlines are ticks of a monotonic clock, so that a jump of the wall clock neither silences nor kills a stream; the
//! wall clock is asked again at each ping, for the token's expiry is its business.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use grelot_core::Timestamp;
use parking_lot::Mutex;
use rand::Rng;
use tokio::time::{Instant, MissedTickBehavior};

use crate::hub::Shared;
use crate::stream::{Offered, Stream};

/// How exact a deadline is.
const TICK: Duration = Duration::from_millis(100);
/// How long before its token expires a stream says so.
const WARNING: Duration = Duration::from_secs(30);

/// What a stream waits for.
#[derive(Debug)]
struct Watch {
    stream: Weak<Stream>,
    expires_at: Timestamp,
    next_ping: u64,
    /// When to warn of the expiry; `None` once done.
    warn: Option<u64>,
    end: u64,
}

impl Watch {
    fn due(&self) -> u64 {
        self.next_ping.min(self.end).min(self.warn.unwrap_or(u64::MAX))
    }
}

/// The deadlines of all streams.
#[derive(Debug)]
pub(crate) struct Timer {
    started: Instant,
    due: Mutex<BTreeMap<u64, Vec<Watch>>>,
}

impl Timer {
    pub(crate) fn new() -> Self {
        Self { started: Instant::now(), due: Mutex::default() }
    }

    /// Watches a stream that went live.
    pub(crate) fn watch(&self, shared: &Shared, stream: &Arc<Stream>, expires_at: Timestamp) {
        let now = self.now();
        let ping = ticks(shared.settings.ping).max(1);
        let left = expires_at.since(shared.clock.now());
        let jitter = rand::rng().random_range(0.9..=1.0);
        let life = shared.settings.max_life.mul_f64(jitter);
        if left <= WARNING {
            stream.send_control(|seq| shared.encode.expiring(expires_at, seq));
        }
        let watch = Watch {
            stream: Arc::downgrade(stream),
            expires_at,
            // The first ping anywhere in the interval spreads the pings of streams that came together.
            next_ping: now + rand::rng().random_range(1..=ping),
            warn: (left > WARNING).then(|| now + ticks(left.saturating_sub(WARNING))),
            end: now + ticks(left.min(life)),
        };
        self.due.lock().entry(watch.due()).or_default().push(watch);
    }

    /// Keeps the deadlines for ever.
    pub(crate) async fn run(&self, shared: &Shared) {
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            self.keep(shared);
        }
    }

    fn keep(&self, shared: &Shared) {
        let now = self.now();
        let due = {
            let mut waiting = self.due.lock();
            let later = waiting.split_off(&(now + 1));
            std::mem::replace(&mut *waiting, later)
        };
        for mut watch in due.into_values().flatten() {
            if step(shared, &mut watch, now) {
                self.due.lock().entry(watch.due()).or_default().push(watch);
            }
        }
    }

    fn now(&self) -> u64 {
        ticks(self.started.elapsed())
    }
}

/// Does what is due; `false` when the stream is over.
fn step(shared: &Shared, watch: &mut Watch, now: u64) -> bool {
    let Some(stream) = watch.stream.upgrade().filter(|stream| !stream.is_closed()) else {
        return false;
    };
    let expired = shared.clock.now() >= watch.expires_at;
    if now >= watch.end || expired {
        if expired {
            stream.close();
        } else {
            stream.finish(None);
        }
        return false;
    }
    if watch.warn.is_some_and(|at| now >= at) {
        watch.warn = None;
        stream.send_control(|seq| shared.encode.expiring(watch.expires_at, seq));
    }
    if now >= watch.next_ping {
        watch.next_ping = now + ticks(shared.settings.ping).max(1);
        if stream.ping(|seq| shared.encode.ping(seq)) == Offered::Closed {
            shared.counters.slow_closed.fetch_add(1, Ordering::Relaxed);
        }
    }
    true
}

/// Whole ticks, rounded down.
fn ticks(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis() / TICK.as_millis()).unwrap_or(u64::MAX / 2)
}
