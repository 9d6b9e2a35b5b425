//! A store with users who want mail, and a way out that remembers.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use grelot_core::{
    AttemptOutcome, ChannelSet, DeliveryId, DeliveryState, MailMode, NotificationId, Recipients,
    UserId,
};
use grelot_store::conformance::{HandClock, Heard, content_of, put_mail_category, reachable, user};
use grelot_store::{
    Attempt, Committed, Deliveries as _, DeliveryFilter, Inboxes as _, Mail, MailMatter,
    MailPolicy, Maintenance as _, Notify as _, NotifyRequest, ReadAllScope, StoreStats,
};
use grelot_store_sqlite::{SqliteOptions, SqliteStore};
use grelot_worker::{Outbox, OutboxSettings, Post, Receipt};
use parking_lot::Mutex;
use tempfile::TempDir;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// What the way out does with the next mail.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Act {
    Send,
    Fail,
    Refuse,
    Panic,
    /// Never answers.
    Hang,
    /// Sends once it is let go.
    Hold,
}

/// Remembers the titles that it was given; does as it was told, and sends when it was told nothing.
#[derive(Debug)]
pub(crate) struct Script {
    acts: Mutex<VecDeque<Act>>,
    pub(crate) seen: watch::Sender<Vec<String>>,
    whose: Mutex<Vec<(UserId, String)>>,
    /// How many are out, and the most there were.
    pub(crate) out: Mutex<(usize, usize)>,
    /// A permit lets one go that is held.
    pub(crate) held: Semaphore,
}

#[async_trait]
impl Post for Script {
    async fn send(&self, _: DeliveryId, user: &UserId, mail: &Mail) -> Receipt {
        let MailMatter::One(item) = &mail.matter else { panic!("{mail:?}") };
        {
            let mut out = self.out.lock();
            out.0 += 1;
            out.1 = out.1.max(out.0);
        }
        tokio::task::yield_now().await;
        let act = self.acts.lock().pop_front().unwrap_or(Act::Send);
        let title = item.content.title.as_str().to_owned();
        self.whose.lock().push((user.clone(), title.clone()));
        self.seen.send_modify(|seen| seen.push(title));
        // Whoever is held or hangs is out no longer than the test.
        self.out.lock().0 -= 1;
        match act {
            Act::Send => Receipt::Sent("250 ok".to_owned()),
            Act::Fail => Receipt::Failed("451 later".to_owned()),
            Act::Refuse => Receipt::Refused("550 no".to_owned()),
            Act::Panic => panic!("as told"),
            Act::Hang => std::future::pending().await,
            Act::Hold => {
                self.held.acquire().await.unwrap().forget();
                Receipt::Sent("250 ok".to_owned())
            }
        }
    }
}

impl Script {
    /// What the user was sent, in order.
    pub(crate) fn titles_of(&self, user: &UserId) -> Vec<String> {
        let whose = self.whose.lock();
        whose.iter().filter(|(to, _)| to == user).map(|(_, title)| title.clone()).collect()
    }
}

pub(crate) struct World {
    pub(crate) store: Arc<SqliteStore>,
    pub(crate) clock: Arc<HandClock>,
    pub(crate) script: Arc<Script>,
    /// What the engine's observer heard.
    pub(crate) heard: Arc<Mutex<Vec<AttemptOutcome>>>,
    directory: TempDir,
}

impl World {
    pub(crate) async fn new(acts: &[Act]) -> Self {
        Self::open(acts, 1_000, Arc::new(Heard::new())).await
    }

    /// A world of which the store lets `queue` writes wait, and tells `listener`.
    pub(crate) async fn open(acts: &[Act], queue: usize, listener: Arc<dyn Committed>) -> Self {
        let directory = TempDir::new().unwrap();
        let clock = Arc::new(HandClock::new());
        let path = directory.path().join("grelot.db");
        let options = SqliteOptions { queue, ..SqliteOptions::new(path) };
        let as_clock: Arc<dyn grelot_core::Clock> = Arc::<HandClock>::clone(&clock);
        let store = SqliteStore::open(options, as_clock, listener).unwrap();
        put_mail_category(&*store, "now", MailMode::Now, ChannelSet::NONE).await;
        let script = Arc::new(Script {
            acts: Mutex::new(acts.iter().copied().collect()),
            seen: watch::Sender::new(Vec::new()),
            whose: Mutex::default(),
            out: Mutex::default(),
            held: Semaphore::new(0),
        });
        Self { store, clock, script, heard: Arc::default(), directory }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.directory.path().join("grelot.db")
    }

    /// So many users with an address, all at once: their writes share commits.
    pub(crate) async fn crowd(&self, count: usize) -> Vec<UserId> {
        let mut tasks = JoinSet::new();
        for n in 0..count {
            let store = Arc::clone(&self.store);
            tasks.spawn(async move { reachable(&*store, &format!("u{n}")).await });
        }
        tasks.join_all().await;
        (0..count).map(|n| user(&format!("u{n}"))).collect()
    }

    /// The users read all that they have.
    pub(crate) async fn read_all(&self, users: Vec<UserId>) {
        let mut tasks = JoinSet::new();
        for user in users {
            let store = Arc::clone(&self.store);
            let scope = ReadAllScope::default();
            tasks.spawn(async move { store.read_all(&user, &scope).await.unwrap() });
        }
        tasks.join_all().await;
    }

    pub(crate) async fn mail(&self, user: &str, title: &str) -> NotificationId {
        let user = reachable(&*self.store, user).await;
        self.notify(Recipients::one(user), title).await
    }

    /// Notifies users who have an address; the first one's notification.
    pub(crate) async fn notify(&self, recipients: Recipients, title: &str) -> NotificationId {
        let (content, mail) = (content_of(title, "now"), MailPolicy::ON);
        let request = NotifyRequest { recipients, content, idempotency: None, mail };
        self.store.notify(request).await.unwrap().entries[0].id.unwrap()
    }

    pub(crate) fn start(&self, settings: OutboxSettings) -> Engine {
        let heard = Arc::clone(&self.heard);
        let outbox = Outbox::new(
            Arc::<SqliteStore>::clone(&self.store),
            Arc::<Script>::clone(&self.script),
            Arc::<HandClock>::clone(&self.clock),
            Arc::new(move |outcome| heard.lock().push(outcome)),
            settings,
        );
        let shutdown = CancellationToken::new();
        let mut task = JoinSet::new();
        task.spawn(outbox.run(shutdown.clone()));
        Engine { shutdown, task }
    }

    /// Waits until so many mails were handed over; returns their titles.
    pub(crate) async fn seen(&self, count: usize) -> Vec<String> {
        let mut seen = self.script.seen.subscribe();
        seen.wait_for(|seen| seen.len() >= count).await.unwrap().clone()
    }

    /// Ends the engine in order, and says in which state each delivery is, oldest first.
    pub(crate) async fn end(&self, engine: Engine) -> Vec<DeliveryState> {
        engine.shutdown.cancel();
        engine.ended().await;
        self.states().await
    }

    pub(crate) async fn states(&self) -> Vec<DeliveryState> {
        let all = self.store.deliveries(DeliveryFilter::default(), 10_000).await.unwrap();
        all.iter().rev().map(|delivery| delivery.state).collect()
    }
}

/// An engine that runs.
pub(crate) struct Engine {
    pub(crate) shutdown: CancellationToken,
    task: JoinSet<()>,
}

impl Engine {
    /// Waits for its end.
    pub(crate) async fn ended(mut self) {
        self.task.join_next().await.unwrap().unwrap();
    }

    /// Drops it in the middle of what it does.
    pub(crate) async fn kill(mut self) {
        self.task.shutdown().await;
    }
}

impl World {
    /// The attempts of the user's only delivery.
    pub(crate) async fn attempts(&self, user: &str) -> Vec<Attempt> {
        let all = self.store.deliveries(DeliveryFilter::default(), 10_000).await.unwrap();
        let one = all.iter().find(|delivery| delivery.user.as_str() == user).unwrap();
        self.store.delivery(one.id).await.unwrap().unwrap().attempts
    }

    pub(crate) async fn outcomes(&self, user: &str) -> Vec<AttemptOutcome> {
        self.attempts(user).await.iter().map(|attempt| attempt.outcome).collect()
    }

    /// Waits until so many attempts of the user's only delivery are written down.
    pub(crate) async fn settled(&self, user: &str, attempts: usize) {
        while self.attempts(user).await.len() < attempts {}
    }

    /// Waits for what the store counts.
    pub(crate) async fn counted(&self, enough: impl Fn(StoreStats) -> bool) {
        while !enough(self.store.stats()) {
            tokio::task::yield_now().await;
        }
    }
}

/// Asks the store all the time: the clock is moved by hand.
pub(crate) fn eager() -> OutboxSettings {
    OutboxSettings {
        poll: Duration::from_millis(1),
        per_second: 1_000_000,
        ..OutboxSettings::default()
    }
}
