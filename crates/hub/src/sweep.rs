//! The sweep: asks the database what other nodes did to those who are connected here, and so heals what the bus lost.
//!
//! Not here: reading what the streams lack (`catch_up`), as after any hint.

use std::sync::Arc;
use std::time::Duration;

use grelot_core::{Seq, Timestamp, UserId};
use grelot_store::{Heard as _, Hint, Nodes, StoreError};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::hub::Hub;

/// Users that are asked about in one question; the rest in the next.
const PAGE: usize = 4_096;
/// How far back an end of sessions is looked for again: longer than a transaction may take to be seen.
const OVERLAP: Duration = Duration::from_secs(10);

/// Asks the database, again and again, what the bus may not have told.
pub struct Sweep {
    hub: Hub,
    nodes: Arc<dyn Nodes>,
    every: Duration,
    /// From where ends of sessions are looked for.
    since: Timestamp,
    /// Whether the last sweep failed: an outage is logged once.
    failing: bool,
}

impl std::fmt::Debug for Sweep {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sweep").field("every", &self.every).finish_non_exhaustive()
    }
}

impl Sweep {
    /// A sweep every so often.
    pub fn new(hub: Hub, nodes: Arc<dyn Nodes>, every: Duration) -> Self {
        Self { hub, nodes, every, since: Timestamp::from_millis(0), failing: false }
    }

    /// Sweeps until `shutdown`, whether the store answers or not.
    pub async fn run(mut self, shutdown: CancellationToken) {
        let mut ticks = tokio::time::interval(self.every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let work = async {
            loop {
                ticks.tick().await;
                self.once().await;
            }
        };
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = work => {}
        }
    }

    /// Sweeps once. A store that does not answer is asked again the next time.
    pub async fn once(&mut self) {
        let swept = self.sweep().await;
        match &swept {
            Err(error) if !self.failing => {
                tracing::warn!(%error, "the database cannot be asked what other nodes did; it is asked again");
            }
            Ok(()) if self.failing => {
                tracing::info!("the database answers again what other nodes did");
            }
            _ => {}
        }
        self.failing = swept.is_err();
    }

    async fn sweep(&mut self) -> Result<(), StoreError> {
        let positions = self.hub.positions();
        self.end_sessions(positions.iter().map(|(user, _)| user.clone()).collect()).await?;
        let known: Vec<(UserId, Seq)> =
            positions.into_iter().filter_map(|(user, seq)| Some((user, seq?))).collect();
        for page in known.chunks(PAGE) {
            let moved = self.nodes.moved_beyond(page).await?;
            self.hub.heard(moved.into_iter().map(|(user, seq)| Hint::Moved(user, seq)).collect());
        }
        Ok(())
    }

    async fn end_sessions(&mut self, users: Vec<UserId>) -> Result<(), StoreError> {
        if users.is_empty() {
            return Ok(());
        }
        let endings = self.nodes.ended_since(self.since, &users).await?;
        for (user, ended_at) in endings.users {
            self.hub.end_sessions(&user, ended_at);
        }
        self.since = endings.now.before(OVERLAP);
        Ok(())
    }
}
