//! The bus of several nodes that have nothing but the database: `NOTIFY`, with hints that are coalesced while the last ones
//! are being sent, outside of the transactions that write.
//!
//! Invariant: telling never waits. Not here: what is heard without it (`nodes`).

use std::collections::HashMap;
use std::fmt::Write as _;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use futures_util::StreamExt as _;
use grelot_core::{Seq, UserId};
use grelot_store::{Bus, BusStats, Heard, Hint};
use parking_lot::Mutex;
use rand::Rng as _;
use tokio::sync::Notify;
use tokio::time::timeout;
use tokio_postgres::{AsyncMessage, Client, Notification};
use tokio_util::sync::CancellationToken;

use crate::connection::{Messages, Target};
use crate::error::{Failure, OpenError};
use crate::options::PostgresOptions;
use crate::sql;

const LISTEN: &str = "LISTEN grelot_hints";
/// Of how many users hints may wait; what is beyond is dropped, and found by the sweep.
const WAITING: usize = 65_536;
/// The most bytes of a payload: PostgreSQL takes less than 8,000.
const PAYLOAD: usize = 7_900;
/// How many payloads one statement sends; the rest goes with the next.
const PAYLOADS: usize = 64;
/// How long hints gather when more of them came while the last ones were sent: each `NOTIFY` costs the server a commit.
const GATHERING: Duration = Duration::from_millis(5);
/// A connection that was not used for so long is asked whether it still is one.
const QUIET: Duration = Duration::from_secs(5);
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between two attempts to connect, in milliseconds: a jitter, so that a restart makes no herd.
const RETRY: std::ops::Range<u64> = 250..1_000;

/// Tells other nodes by `NOTIFY`, and hears them by `LISTEN`, over one connection of its own.
pub struct NotifyBus {
    target: Target,
    waiting: Mutex<HashMap<UserId, News>>,
    arrived: Notify,
    connected: AtomicBool,
    told: AtomicU64,
    heard: AtomicU64,
    dropped: AtomicU64,
}

/// What there is to tell of one user.
#[derive(Clone, Copy, Debug, Default)]
struct News {
    moved: Option<Seq>,
    ended: bool,
}

impl std::fmt::Debug for NotifyBus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NotifyBus").field("connected", &self.connected).finish_non_exhaustive()
    }
}

impl Bus for NotifyBus {
    fn tell(&self, hints: Vec<Hint>) {
        let mut dropped = 0;
        let mut waiting = self.waiting.lock();
        for hint in hints {
            let (Hint::Moved(user, _) | Hint::Ended(user)) = &hint;
            if waiting.len() >= WAITING && !waiting.contains_key(user) {
                dropped += 1;
                continue;
            }
            match hint {
                Hint::Moved(user, seq) => {
                    let news = waiting.entry(user).or_default();
                    news.moved = news.moved.max(Some(seq));
                }
                Hint::Ended(user) => waiting.entry(user).or_default().ended = true,
            }
        }
        drop(waiting);
        self.dropped.fetch_add(dropped, Ordering::Relaxed);
        self.arrived.notify_one();
    }

    fn stats(&self) -> BusStats {
        BusStats {
            connected: self.connected.load(Ordering::Relaxed),
            told: self.told.load(Ordering::Relaxed),
            heard: self.heard.load(Ordering::Relaxed),
            dropped: self.dropped.load(Ordering::Relaxed),
        }
    }
}

impl NotifyBus {
    /// A bus over the database of the options; nothing is told or heard before [`run`](Self::run).
    ///
    /// # Errors
    /// When the URL cannot be used.
    pub fn new(options: &PostgresOptions) -> Result<Arc<Self>, OpenError> {
        Ok(Arc::new(Self {
            target: Target::parse(&options.url)?,
            waiting: Mutex::default(),
            arrived: Notify::new(),
            connected: AtomicBool::new(false),
            told: AtomicU64::new(0),
            heard: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
        }))
    }

    /// Tells and hears until `shutdown`; a connection that is lost is made again.
    pub async fn run(self: Arc<Self>, heard: Arc<dyn Heard>, shutdown: CancellationToken) {
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = self.work(&*heard) => {}
        }
    }

    async fn work(&self, heard: &dyn Heard) {
        let mut failing = false;
        loop {
            let Err(failure) = self.hold(heard).await;
            if self.connected.swap(false, Ordering::Relaxed) || !failing {
                tracing::warn!(%failure, "other nodes cannot be told by NOTIFY; it is tried again");
            }
            failing = true;
            let wait = rand::rng().random_range(RETRY);
            tokio::time::sleep(Duration::from_millis(wait)).await;
        }
    }

    /// Works on one connection until that fails.
    async fn hold(&self, heard: &dyn Heard) -> Result<std::convert::Infallible, Failure> {
        let connecting = timeout(PATIENCE, self.target.connect());
        let (client, messages) = connecting.await.map_err(|_late| Failure::Late)??;
        let listening = self.listen(messages, heard);
        let telling = async {
            answered(client.batch_execute(LISTEN)).await?;
            self.connected.store(true, Ordering::Relaxed);
            self.tell_all(&client).await
        };
        tokio::select! {
            ended = listening => ended,
            ended = telling => ended,
        }
    }

    /// Drives the connection, and passes on what arrives.
    async fn listen(
        &self,
        mut messages: Messages,
        heard: &dyn Heard,
    ) -> Result<std::convert::Infallible, Failure> {
        while let Some(message) = messages.next().await {
            if let AsyncMessage::Notification(notification) = message? {
                let hints = parse(&notification);
                self.heard.fetch_add(hints.len() as u64, Ordering::Relaxed);
                heard.heard(hints);
            }
        }
        Err(Failure::Connection("the server closed it".to_owned()))
    }

    async fn tell_all(&self, client: &Client) -> Result<std::convert::Infallible, Failure> {
        let notify = answered(client.prepare(sql::HINTS_NOTIFY)).await?;
        loop {
            let mut arrived = pin!(self.arrived.notified());
            let (payloads, hints) = take(&mut self.waiting.lock());
            if payloads.is_empty() {
                if timeout(QUIET, arrived.as_mut()).await.is_err() {
                    answered(client.batch_execute("")).await?;
                }
                continue;
            }
            answered(client.execute(&notify, &[&payloads])).await?;
            self.told.fetch_add(hints, Ordering::Relaxed);
            if !self.waiting.lock().is_empty() {
                tokio::time::sleep(GATHERING).await;
            }
        }
    }
}

async fn answered<T>(
    question: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T, Failure> {
    Ok(timeout(PATIENCE, question).await.map_err(|_late| Failure::Late)??)
}

/// Takes as much as one statement sends; how many hints that are. A user id has no line break: each line is one hint.
fn take(waiting: &mut HashMap<UserId, News>) -> (Vec<String>, u64) {
    let mut payloads: Vec<String> = Vec::new();
    let mut hints = 0;
    waiting.retain(|user, news| {
        let mut lines = String::new();
        if let Some(seq) = news.moved {
            // Writing into a string does not fail.
            let _written = writeln!(lines, "{} {}", seq.get(), user.as_str());
        }
        if news.ended {
            let _written = writeln!(lines, "- {}", user.as_str());
        }
        let full = payloads.len() == PAYLOADS;
        match payloads.last_mut() {
            Some(last) if last.len() + lines.len() <= PAYLOAD => last.push_str(&lines),
            _ if full => return true,
            _ => payloads.push(lines),
        }
        hints += u64::from(news.moved.is_some()) + u64::from(news.ended);
        false
    });
    (payloads, hints)
}

/// The hints of a payload. What is none comes from a later version, and is passed over. One's own are heard as well: they
/// tell nothing new.
fn parse(notification: &Notification) -> Vec<Hint> {
    let hint = |line: &str| {
        let (what, user) = line.split_once(' ')?;
        let user = UserId::parse(user).ok()?;
        match what {
            "-" => Some(Hint::Ended(user)),
            seq => Some(Hint::Moved(user, Seq::new(seq.parse().ok()?))),
        }
    };
    notification.payload().lines().filter_map(hint).collect()
}
