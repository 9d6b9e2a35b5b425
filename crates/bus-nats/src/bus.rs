//! The bus: takes hints from the commits of this node at any time, and passes them on while there is a connection, which
//! it makes anew for ever.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use grelot_store::{Bus, BusStats, Heard, Hint};
use rand::Rng as _;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::error::NatsError;
use crate::message::NodeId;
use crate::options::NatsOptions;
use crate::queue::Queue;
use crate::session::Session;

/// How long to wait after a failure; twice as long after each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// The longest wait: how long a NATS that is back may go unused.
const LAST_PAUSE: Duration = Duration::from_secs(1);

/// The other nodes, by NATS.
#[derive(Debug)]
pub struct NatsBus {
    options: NatsOptions,
    node: NodeId,
    queue: Queue,
    connected: watch::Sender<bool>,
    told: AtomicU64,
    heard: AtomicU64,
}

impl NatsBus {
    /// A bus that takes hints at once, and passes none on before [`run`](Self::run).
    pub fn new(options: NatsOptions) -> Arc<Self> {
        Arc::new(Self {
            options,
            node: NodeId(rand::random()),
            queue: Queue::default(),
            connected: watch::Sender::new(false),
            told: AtomicU64::new(0),
            heard: AtomicU64::new(0),
        })
    }

    /// Connects and connects again, passes hints on, and has `heard` hear those of others, until `shutdown`. A NATS that
    /// is away is waited for.
    pub async fn run(&self, heard: Arc<dyn Heard>, shutdown: CancellationToken) {
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = self.keep_connected(&*heard) => {}
        }
    }

    /// Whether other nodes can be told now, and each change of that.
    pub fn connected(&self) -> watch::Receiver<bool> {
        self.connected.subscribe()
    }

    /// Connects once, and hears whether its own word comes back.
    pub async fn check(options: NatsOptions) -> Result<(), NatsError> {
        let bus = Self::new(options);
        Session::open(&bus.options, &bus.talk(&Nobody)).await.map(drop)
    }

    async fn keep_connected(&self, heard: &dyn Heard) {
        let talk = self.talk(heard);
        let servers = self.options.names();
        let mut pause = FIRST_PAUSE;
        let mut failing = false;
        loop {
            match Session::open(&self.options, &talk).await {
                Ok(session) => {
                    tracing::info!(%servers, "connected to NATS");
                    failing = false;
                    let began = Instant::now();
                    let up = Up::new(&self.connected);
                    let error = session.run(&talk).await;
                    drop(up);
                    tracing::warn!(%servers, %error, "NATS is connected to anew");
                    // One that ends at once is no better than none.
                    if began.elapsed() > LAST_PAUSE {
                        pause = FIRST_PAUSE;
                    }
                }
                Err(error) if !failing => {
                    failing = true;
                    tracing::warn!(
                        %servers, %error,
                        "NATS is tried again until it works; the database tells meanwhile what other nodes did"
                    );
                }
                Err(error) => tracing::debug!(%servers, %error, "NATS is still away"),
            }
            // Not all nodes at the same moment.
            let part = rand::rng().random_range(0.5..1.0);
            tokio::time::sleep(pause.mul_f64(part)).await;
            pause = LAST_PAUSE.min(pause * 2);
        }
    }

    fn talk<'a>(&'a self, heard: &'a dyn Heard) -> Talk<'a> {
        Talk { node: self.node, queue: &self.queue, bus: self, to: heard }
    }
}

impl Bus for NatsBus {
    fn tell(&self, hints: Vec<Hint>) {
        self.queue.push(hints);
    }

    fn stats(&self) -> BusStats {
        BusStats {
            connected: *self.connected.borrow(),
            told: self.told.load(Ordering::Relaxed),
            heard: self.heard.load(Ordering::Relaxed),
            dropped: self.queue.dropped(),
        }
    }
}

/// What a session says, and to whom it passes on what it hears.
pub(crate) struct Talk<'a> {
    pub(crate) node: NodeId,
    pub(crate) queue: &'a Queue,
    bus: &'a NatsBus,
    to: &'a dyn Heard,
}

impl Talk<'_> {
    /// Passes on what another node said. Whether it was this node itself.
    pub(crate) fn hear(&self, said: Option<(NodeId, Vec<Hint>)>) -> bool {
        match said {
            Some((node, _)) if node == self.node => true,
            Some((_, hints)) if !hints.is_empty() => {
                self.bus.heard.fetch_add(hints.len() as u64, Ordering::Relaxed);
                self.to.heard(hints);
                false
            }
            _ => false,
        }
    }

    pub(crate) fn told(&self, hints: usize) {
        self.bus.told.fetch_add(hints as u64, Ordering::Relaxed);
    }
}

/// While it lives the bus is connected.
struct Up<'a>(&'a watch::Sender<bool>);

impl<'a> Up<'a> {
    fn new(connected: &'a watch::Sender<bool>) -> Self {
        connected.send_replace(true);
        Self(connected)
    }
}

impl Drop for Up<'_> {
    fn drop(&mut self) {
        self.0.send_replace(false);
    }
}

/// Hears nothing.
#[derive(Debug)]
struct Nobody;

impl Heard for Nobody {
    fn heard(&self, _hints: Vec<Hint>) {}
}
