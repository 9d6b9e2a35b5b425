//! A node: its bus, and what it hears.

use std::sync::Arc;
use std::time::Duration;

use grelot_bus_nats::{NatsBus, NatsOptions};
use grelot_core::{Seq, UserId};
use grelot_store::{Bus as _, Heard, Hint};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// How often a quiet server is asked whether it is there: tests need not wait for seconds.
const PING: Duration = Duration::from_millis(100);

#[derive(Debug)]
struct Ear(mpsc::UnboundedSender<Hint>);

impl Heard for Ear {
    fn heard(&self, hints: Vec<Hint>) {
        for hint in hints {
            let _gone = self.0.send(hint);
        }
    }
}

pub(crate) struct Node {
    pub(crate) bus: Arc<NatsBus>,
    heard: mpsc::UnboundedReceiver<Hint>,
    running: JoinSet<()>,
    shutdown: CancellationToken,
}

impl Node {
    /// A node whose bus runs, connected or not.
    pub(crate) fn start(url: &str) -> Self {
        let bus = NatsBus::new(NatsOptions::parse(url).unwrap().with_ping(PING));
        let (ear, heard) = mpsc::unbounded_channel();
        let shutdown = CancellationToken::new();
        let (runs, ends) = (Arc::clone(&bus), shutdown.clone());
        let mut running = JoinSet::new();
        running.spawn(async move { runs.run(Arc::new(Ear(ear)), ends).await });
        Self { bus, heard, running, shutdown }
    }

    /// A node whose bus is connected.
    pub(crate) async fn connected(url: &str) -> Self {
        let node = Self::start(url);
        node.is_connected(true).await;
        node
    }

    /// Waits until it is connected, or is not.
    pub(crate) async fn is_connected(&self, wanted: bool) {
        self.bus.connected().wait_for(|connected| *connected == wanted).await.unwrap();
    }

    pub(crate) fn tell(&self, hints: &[Hint]) {
        self.bus.tell(hints.to_vec());
    }

    /// The next hint that it hears.
    pub(crate) async fn hears(&mut self) -> Hint {
        self.heard.recv().await.unwrap()
    }

    /// What it has heard and nobody has looked at.
    pub(crate) fn has_heard(&mut self) -> Vec<Hint> {
        std::iter::from_fn(|| self.heard.try_recv().ok()).collect()
    }

    /// Waits until hints flow from this node to the other, whatever was heard before.
    pub(crate) async fn reaches(&self, other: &mut Self, seq: u64) {
        self.tell(&[moved("reaches", seq)]);
        while other.hears().await != moved("reaches", seq) {}
    }

    /// Asks it to end.
    pub(crate) async fn stop(mut self) {
        self.shutdown.cancel();
        self.running.join_next().await.unwrap().unwrap();
    }
}

pub(crate) fn user(name: &str) -> UserId {
    UserId::parse(name).unwrap()
}

pub(crate) fn moved(name: &str, seq: u64) -> Hint {
    Hint::Moved(user(name), Seq::new(seq))
}
