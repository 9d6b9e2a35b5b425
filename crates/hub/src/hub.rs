//! The hub's face: opening and closing streams, waiting for changes, hearing of other nodes, draining. Not here: fan-out
//! (`dispatch`), replay, time (`timer`).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use grelot_core::{Clock, Seq, Timestamp, UserId};
use grelot_store::{BusStats, Heard, Hint, StreamSource};
use rand::Rng;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::admission::Admission;
use crate::block::Block;
use crate::dispatch::dispatch;
use crate::encode::Encode;
use crate::mailbox::{Mailbox, SHARDS};
use crate::outlet::{EventBody, Outlet, pump};
use crate::registry::{Registry, Streams};
use crate::replay::open;
use crate::settings::HubSettings;
use crate::stream::{QueueBounds, Stream};
use crate::timer::Timer;

/// How long a reader waits before it comes back, in milliseconds: a jitter, so that a restart makes no herd.
const RETRY: std::ops::Range<u64> = 1_000..3_000;
/// How long the reader of an evicted stream stays away, in milliseconds.
const EVICTED_RETRY: u64 = 60_000;

/// Figures since the hub was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HubStats {
    /// Streams that are open.
    pub streams: u64,
    /// Users who have a stream or a poll.
    pub users: u64,
    /// Streams that were opened.
    pub opened: u64,
    /// Changes that were encoded for at least one stream.
    pub events: u64,
    /// Times that a stream was given what it lacked: one change, or several in one write.
    pub deliveries: u64,
    /// Streams closed because their reader was too slow.
    pub slow_closed: u64,
    /// Streams closed because their user had too many.
    pub evicted: u64,
    /// Times that a user's streams were caught up from the database.
    pub catch_ups: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) open: AtomicU64,
    pub(crate) opened: AtomicU64,
    pub(crate) events: AtomicU64,
    pub(crate) deliveries: AtomicU64,
    pub(crate) slow_closed: AtomicU64,
    pub(crate) evicted: AtomicU64,
    pub(crate) catch_ups: AtomicU64,
}

/// What the hub's tasks share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) settings: HubSettings,
    pub(crate) mailbox: Mailbox,
    pub(crate) source: Source,
    pub(crate) encode: Arc<dyn Encode>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) registry: Registry,
    pub(crate) timer: Timer,
    pub(crate) replays: Semaphore,
    pub(crate) counters: Counters,
    tasks: TaskTracker,
    draining: AtomicBool,
    next_id: AtomicU64,
}

/// The store, with a `Debug` that says no more than that.
pub(crate) struct Source(pub(crate) Arc<dyn StreamSource>);

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Source")
    }
}

impl Shared {
    /// Forgets a stream that ended.
    pub(crate) fn leave(&self, stream: &Stream) {
        stream.close();
        self.registry.leave(stream);
        self.counters.open.fetch_sub(1, Ordering::Relaxed);
    }

    /// The streams of a user whose inbox has moved to `seq`, if one of them lacks something. Wakes the polls.
    pub(crate) fn lacking(&self, user: &UserId, seq: Seq) -> Option<Streams> {
        let streams = self.registry.moved(user, seq)?;
        // Every stream is told, so that one that still opens knows as well.
        let lack = streams.iter().filter(|stream| stream.lacks(seq)).count();
        (lack > 0).then_some(streams)
    }

    /// Closes every stream of the user, and wakes the polls.
    pub(crate) fn end(&self, user: &UserId) {
        for stream in self.registry.ended(user).iter().flat_map(|streams| streams.iter()) {
            stream.close();
        }
    }

    pub(crate) fn retry(&self) -> Block {
        self.encode.retry(rand::rng().random_range(RETRY))
    }
}

/// Who is connected, and what each stream is sent. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Hub {
    shared: Arc<Shared>,
}

impl Hub {
    /// A hub that hears from `mailbox`, reads what streams missed from `source`, and sends what `encode` makes.
    /// Nothing is sent before [`run`](Self::run).
    pub fn new(
        settings: HubSettings,
        mailbox: Mailbox,
        source: Arc<dyn StreamSource>,
        encode: Arc<dyn Encode>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let replays = Semaphore::new(settings.replays);
        let shared = Shared {
            settings,
            mailbox,
            source: Source(source),
            encode,
            clock,
            registry: Registry::new(),
            timer: Timer::new(),
            replays,
            counters: Counters::default(),
            tasks: TaskTracker::new(),
            draining: AtomicBool::new(false),
            next_id: AtomicU64::new(0),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Runs the dispatchers and the timer until `shutdown`.
    pub async fn run(&self, shutdown: CancellationToken) {
        let work = async {
            let dispatchers = (0..SHARDS).map(|shard| dispatch(&self.shared, shard));
            tokio::join!(
                futures_util::future::join_all(dispatchers),
                self.shared.timer.run(&self.shared)
            );
        };
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = work => {}
        }
    }

    /// Takes a socket that left the HTTP engine. `head` is the response head, still to be written.
    pub fn adopt(&self, admission: Admission, socket: TcpStream, head: Bytes) {
        self.shape(&socket);
        let (stream, admitted) = self.enter(
            &admission,
            Outlet::Socket { socket, end: self.shared.encode.end() },
            Some(head),
        );
        let shared = Arc::clone(&self.shared);
        self.shared.tasks.spawn(async move {
            // The opening is boxed and gone before the stream settles down: an idle stream keeps a small task.
            if admitted {
                Box::pin(open(&shared, &stream, admission)).await;
            } else {
                stream.finish(Some(&shared.retry()));
            }
            pump(stream, shared).await;
        });
    }

    /// The same stream as a response body.
    pub fn body(&self, admission: Admission) -> EventBody {
        let (stream, admitted) = self.enter(&admission, Outlet::Body, None);
        let body = EventBody { stream: Arc::clone(&stream), shared: Arc::clone(&self.shared) };
        let shared = Arc::clone(&self.shared);
        if admitted {
            self.shared.tasks.spawn(async move { open(&shared, &stream, admission).await });
        } else {
            stream.finish(Some(&shared.retry()));
        }
        body
    }

    /// Waits until the user's inbox may have moved beyond `since`, or `wait` has passed.
    pub async fn wait_for_change(&self, user: &UserId, since: Seq, wait: Duration) {
        if self.is_draining() {
            return;
        }
        let Some(changed) =
            self.shared.registry.poll(user, since, self.shared.settings.polls_per_user)
        else {
            return;
        };
        // Registered before looking: a change in between is either seen here or wakes the poll.
        let moved = match self.shared.source.0.version(user).await {
            Ok(inbox) => inbox.seq != since,
            Err(_) => true,
        };
        let wait = if moved { Duration::ZERO } else { wait };
        // Woken or not, the caller looks again.
        let _elapsed = tokio::time::timeout(wait, changed).await;
        self.shared.registry.tidy(user);
    }

    /// Closes every stream of the user at once, with nothing more sent, and has the other nodes do the same. To be called
    /// after the store knows that the sessions are over: a stream that opens meanwhile asks the store once it is
    /// registered.
    pub fn close_user(&self, user: &UserId) {
        self.shared.end(user);
        self.shared.mailbox.tell(Hint::Ended(user.clone()));
    }

    /// Closes the user's streams whose sessions were over at `ended_at`, and wakes the polls. Known from the store, so
    /// that nobody is told.
    pub(crate) fn end_sessions(&self, user: &UserId, ended_at: Timestamp) {
        for stream in self.shared.registry.ended(user).iter().flat_map(|streams| streams.iter()) {
            if stream.session.is_ended_by(ended_at) {
                stream.close();
            }
        }
    }

    /// Who is connected, and the change up to which their live streams and polls have everything.
    pub(crate) fn positions(&self) -> Vec<(UserId, Option<Seq>)> {
        let connected = self.shared.registry.connected().into_iter();
        connected
            .map(|(user, streams, polled)| {
                let live = streams.iter().filter_map(|stream| stream.position());
                (user, live.chain(polled).min())
            })
            .collect()
    }

    /// Tells every stream to come back at a moment spread over `over`, and closes it; later streams get the same at
    /// once. Returns when all are gone, at the latest after `over`; what is left then is closed as it is.
    pub async fn drain(&self, over: Duration) {
        self.shared.draining.store(true, Ordering::Release);
        let spread = u64::try_from(over.as_millis()).unwrap_or(u64::MAX).max(1);
        for stream in self.shared.registry.all() {
            let wait = RETRY.start + rand::rng().random_range(0..spread);
            stream.finish(Some(&self.shared.encode.retry(wait)));
        }
        self.shared.tasks.close();
        // Whoever is too slow to take its last words resumes without them.
        let _late = tokio::time::timeout(over, self.shared.tasks.wait()).await;
        for stream in self.shared.registry.all() {
            stream.close();
        }
    }

    /// Whether the hub is going away.
    pub fn is_draining(&self) -> bool {
        self.shared.draining.load(Ordering::Acquire)
    }

    /// Figures of the bus, where there are other nodes.
    pub fn bus_stats(&self) -> Option<BusStats> {
        self.shared.mailbox.bus_stats()
    }

    /// Figures since the hub was made.
    pub fn stats(&self) -> HubStats {
        let counters = &self.shared.counters;
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        HubStats {
            streams: read(&counters.open),
            users: u64::try_from(self.shared.registry.users()).unwrap_or(u64::MAX),
            opened: read(&counters.opened),
            events: read(&counters.events),
            deliveries: read(&counters.deliveries),
            slow_closed: read(&counters.slow_closed),
            evicted: read(&counters.evicted),
            catch_ups: read(&counters.catch_ups),
        }
    }

    /// Registers a stream, collecting. `false` when the hub is going away.
    fn enter(
        &self,
        admission: &Admission,
        outlet: Outlet,
        head: Option<Bytes>,
    ) -> (Arc<Stream>, bool) {
        let shared = &self.shared;
        let bounds = QueueBounds {
            events: shared.settings.queue_events,
            bytes: shared.settings.queue_bytes,
        };
        let id = shared.next_id.fetch_add(1, Ordering::Relaxed);
        let stream =
            Stream::new(id, (admission.user.clone(), admission.session), outlet, bounds, head);
        shared.counters.open.fetch_add(1, Ordering::Relaxed);
        shared.counters.opened.fetch_add(1, Ordering::Relaxed);
        for oldest in shared.registry.join(&stream, shared.settings.streams_per_user) {
            shared.counters.evicted.fetch_add(1, Ordering::Relaxed);
            oldest.finish(Some(&shared.encode.retry(EVICTED_RETRY)));
        }
        // Asked after joining: a drain either finds the stream in the registry or is seen here.
        (stream, !self.is_draining())
    }

    /// Bounds what the kernel holds for a reader that stalls, and how long it waits for one that vanished.
    fn shape(&self, socket: &TcpStream) {
        let socket = socket2::SockRef::from(socket);
        let shaped = socket
            .set_send_buffer_size(self.shared.settings.send_buffer)
            .and_then(|()| socket.set_tcp_user_timeout(Some(self.shared.settings.peer_timeout)))
            .and_then(|()| socket.set_tcp_nodelay(true));
        if let Err(error) = shaped {
            // The stream works without; only its bounds are the system's own.
            tracing::debug!(%error, "a stream's socket keeps the system's options");
        }
    }
}

impl Heard for Hub {
    /// Costs one look-up for a user who is not here. Of a user who is, what a stream lacks is read from the database.
    fn heard(&self, hints: Vec<Hint>) {
        for hint in hints {
            match hint {
                Hint::Moved(user, seq) => {
                    if self.shared.lacking(&user, seq).is_some() {
                        self.shared.mailbox.fall_behind(&user, seq);
                    }
                }
                Hint::Ended(user) => self.shared.end(&user),
            }
        }
    }
}
