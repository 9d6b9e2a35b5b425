//! A store with users who want mail, and a way out that remembers.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use grelot_core::{
    Category, CategoryKey, CategoryMail, ChannelSet, Contact, Content, DeliveryId, DeliveryState,
    Localized, MailMode, NotificationId, NotificationType, Recipients, Title, UserId,
};
use grelot_store::conformance::{HandClock, Heard};
use grelot_store::{
    CategoryRegistry as _, Deliveries as _, DeliveryFilter, Mail, MailMatter, MailPolicy,
    Notify as _, NotifyRequest, Users as _,
};
use grelot_store_sqlite::{SqliteOptions, SqliteStore};
use grelot_worker::{Outbox, OutboxSettings, Post, Receipt};
use parking_lot::Mutex;
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::JoinHandle;
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
}

/// Remembers the titles that it was given; does as it was told, and sends when it was told nothing.
#[derive(Debug)]
pub(crate) struct Script {
    acts: Mutex<VecDeque<Act>>,
    pub(crate) seen: watch::Sender<Vec<String>>,
    pub(crate) out: Mutex<(usize, usize)>,
}

#[async_trait]
impl Post for Script {
    async fn send(&self, _: DeliveryId, _: &UserId, mail: &Mail) -> Receipt {
        let MailMatter::One(item) = &mail.matter else { panic!("{mail:?}") };
        {
            let mut out = self.out.lock();
            out.0 += 1;
            out.1 = out.1.max(out.0);
        }
        tokio::task::yield_now().await;
        let act = self.acts.lock().pop_front().unwrap_or(Act::Send);
        self.out.lock().0 -= 1;
        let title = item.content.title.as_str().to_owned();
        self.seen.send_modify(|seen| seen.push(title));
        match act {
            Act::Send => Receipt::Sent("250 ok".to_owned()),
            Act::Fail => Receipt::Failed("451 later".to_owned()),
            Act::Refuse => Receipt::Refused("550 no".to_owned()),
            Act::Panic => panic!("as told"),
            Act::Hang => std::future::pending().await,
        }
    }
}

pub(crate) struct World {
    pub(crate) store: Arc<SqliteStore>,
    pub(crate) clock: Arc<HandClock>,
    pub(crate) script: Arc<Script>,
    _directory: TempDir,
}

impl World {
    pub(crate) async fn new(acts: &[Act]) -> Self {
        let directory = TempDir::new().unwrap();
        let clock = Arc::new(HandClock::new());
        let options = SqliteOptions::new(directory.path().join("grelot.db"));
        let as_clock: Arc<dyn grelot_core::Clock> = Arc::<HandClock>::clone(&clock);
        let store = SqliteStore::open(options, as_clock, Arc::new(Heard::new())).unwrap();
        let category = Category {
            key: CategoryKey::parse("now").unwrap(),
            label: Localized::new(vec![("en".to_owned(), "Now".to_owned())]).unwrap(),
            description: Localized::default(),
            defaults: ChannelSet::ALL,
            mandatory: ChannelSet::NONE,
            mail: CategoryMail { mode: MailMode::Now, ..CategoryMail::default() },
        };
        store.put_category(category).await.unwrap();
        let script = Arc::new(Script {
            acts: Mutex::new(acts.iter().copied().collect()),
            seen: watch::Sender::new(Vec::new()),
            out: Mutex::default(),
        });
        Self { store, clock, script, _directory: directory }
    }

    pub(crate) async fn mail(&self, user: &str, title: &str) -> NotificationId {
        let user = UserId::parse(user).unwrap();
        let email = Some("someone@example.com".to_owned());
        self.store.put_contact(&user, Contact { email, ..Contact::default() }).await.unwrap();
        let content = Content {
            kind: NotificationType::Info,
            category: CategoryKey::parse("now").ok(),
            title: Title::parse(title).unwrap(),
            body: None,
            link: None,
            data: None,
        };
        let request = NotifyRequest {
            recipients: Recipients::one(user),
            content,
            idempotency: None,
            mail: MailPolicy::ON,
        };
        self.store.notify(request).await.unwrap().entries[0].id.unwrap()
    }

    /// Starts an engine; the token ends it.
    #[expect(clippy::disallowed_methods, reason = "the test is its supervisor")]
    pub(crate) fn start(&self, settings: OutboxSettings) -> (CancellationToken, JoinHandle<()>) {
        let outbox = Outbox::new(
            Arc::<SqliteStore>::clone(&self.store),
            Arc::<Script>::clone(&self.script),
            Arc::<HandClock>::clone(&self.clock),
            Arc::new(|_| {}),
            settings,
        );
        let shutdown = CancellationToken::new();
        (shutdown.clone(), tokio::spawn(outbox.run(shutdown)))
    }

    /// Waits until so many mails were handed over; returns their titles.
    pub(crate) async fn seen(&self, count: usize) -> Vec<String> {
        let mut seen = self.script.seen.subscribe();
        seen.wait_for(|seen| seen.len() >= count).await.unwrap().clone()
    }

    /// Ends the engine in order, and says in which state each delivery is, oldest first.
    pub(crate) async fn end(
        &self,
        engine: (CancellationToken, JoinHandle<()>),
    ) -> Vec<DeliveryState> {
        engine.0.cancel();
        engine.1.await.unwrap();
        self.states().await
    }

    pub(crate) async fn states(&self) -> Vec<DeliveryState> {
        let all = self.store.deliveries(DeliveryFilter::default(), 10_000).await.unwrap();
        all.iter().rev().map(|delivery| delivery.state).collect()
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
