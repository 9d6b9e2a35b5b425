//! Mail in bad times: the postman and the engine as they are put together here, over a real database, by a clock that is moved by
//! hand, to a relay that is down, slow, unwilling, or answers to a full disk. Every mail is sent in the end, once and as it was,
//! or is a dead letter that says why. Not here: a service that is killed (`e2e/mail-faults.test.js`).

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use grelot_core::delivery::RETRIES;
use grelot_core::{
    AttemptOutcome, Body, ChannelSet, Clock, Content, DeliveryState, MailMode, NotificationId,
    Recipients, Timestamp, UserId,
};
use grelot_http::Secret;
use grelot_store::conformance::{HandClock, Heard, content_of, put_mail_category, reachable};
use grelot_store::{
    Deliveries as _, Delivery, DeliveryFilter, Keys as _, MailPolicy, Maintenance as _,
    Notify as _, NotifyError, NotifyRequest, Users as _,
};
use grelot_store_sqlite::{SqliteOptions, SqliteStore};
use grelot_testkit::relay::{Act, Script, Server, Taken, say};
use grelot_worker::{Outbox, OutboxSettings};
use tempfile::TempDir;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{Mail, MailOptions};

/// A database whose users want mail at once, and what was attempted.
struct World {
    store: Arc<SqliteStore>,
    clock: Arc<HandClock>,
    attempts: Arc<watch::Sender<usize>>,
    _directory: TempDir,
}

impl World {
    async fn new(max_pages: Option<u32>) -> Self {
        let (directory, clock) = (TempDir::new().unwrap(), Arc::new(HandClock::new()));
        let options = SqliteOptions::new(directory.path().join("grelot.db"));
        let options = SqliteOptions { max_pages, ..options };
        let as_clock: Arc<dyn Clock> = Arc::<HandClock>::clone(&clock);
        let store = SqliteStore::open(options, as_clock, Arc::new(Heard::new())).unwrap();
        put_mail_category(&*store, "now", MailMode::Now, ChannelSet::NONE).await;
        Self { store, clock, attempts: Arc::default(), _directory: directory }
    }

    async fn user(&self, name: &str) -> UserId {
        reachable(&*self.store, name).await
    }

    async fn notify(
        &self,
        to: Vec<UserId>,
        title: &str,
        body: Option<Body>,
    ) -> Result<NotificationId, NotifyError> {
        let content = Content { body, ..content_of(title, "now") };
        let recipients = Recipients::many(to).unwrap();
        let request =
            NotifyRequest { recipients, content, idempotency: None, mail: MailPolicy::ON };
        Ok(self.store.notify(request).await?.entries[0].id.unwrap())
    }

    /// The engine and the postman as the program has them, but that the store is asked all the time.
    fn start(&self, relay: u16, per_second: u32) -> Engine {
        let options = MailOptions {
            smtp_url: Some(format!("smtp://127.0.0.1:{relay}")),
            from: Some("Acme <bell@acme.example>".to_owned()),
            public_url: Some("https://notify.acme.example".to_owned()),
            per_second,
            ..MailOptions::default()
        };
        let mail = Mail::set_up(&options).unwrap();
        let clock: Arc<dyn Clock> = Arc::<HandClock>::clone(&self.clock);
        let post = mail.postman(&Secret::new(self.store.secret())).unwrap();
        let attempts = Arc::clone(&self.attempts);
        let outbox = Outbox::new(
            Arc::<SqliteStore>::clone(&self.store),
            Arc::new(post),
            clock,
            Arc::new(move |_| attempts.send_modify(|count| *count += 1)),
            OutboxSettings { poll: Duration::from_millis(1), ..mail.pace },
        );
        let (shutdown, mut task) = (CancellationToken::new(), JoinSet::new());
        task.spawn(outbox.run(shutdown.clone()));
        Engine { shutdown, task }
    }

    /// Waits until there were so many attempts, and nothing is out.
    async fn attempted(&self, count: usize) {
        self.attempts.subscribe().wait_for(|made| *made >= count).await.unwrap();
        while self.store.outbox_stats().await.unwrap().sending > 0 {}
    }

    async fn all(&self) -> Vec<Delivery> {
        self.store.deliveries(DeliveryFilter::default(), 10_000).await.unwrap()
    }

    /// What became of Ann's mail.
    async fn anns(&self) -> Delivery {
        let all = self.all().await;
        let found = all.iter().find(|delivery| delivery.user.as_str() == "ann").unwrap();
        self.store.delivery(found.id).await.unwrap().unwrap()
    }

    async fn ended(&self) -> Delivery {
        loop {
            let found = self.anns().await;
            if found.ended_at.is_some() {
                return found;
            }
        }
    }

    /// Moves the clock to an instant that is to come.
    fn move_to(&self, at: Timestamp) {
        self.clock.advance(at.since(self.clock.now()));
    }
}

struct Engine {
    shutdown: CancellationToken,
    task: JoinSet<()>,
}

impl Engine {
    async fn end(mut self) {
        self.shutdown.cancel();
        self.task.join_next().await.unwrap().unwrap();
    }
}

fn header<'a>(mail: &'a Taken, name: &str) -> &'a str {
    let text = std::str::from_utf8(&mail.message).unwrap();
    text.lines().find_map(|line| line.strip_prefix(name)).unwrap()
}

fn outcomes(delivery: &Delivery) -> Vec<AttemptOutcome> {
    delivery.attempts.iter().map(|attempt| attempt.outcome).collect()
}

#[tokio::test]
async fn after_an_hour_without_a_relay_the_backlog_is_sent_within_its_rate_and_in_order() {
    let (users, each, rate) = (60, 4, 150);
    let world = World::new(None).await;
    let mut everyone = Vec::new();
    for n in 0..users {
        everyone.push(world.user(&format!("u{n}")).await);
    }
    let port = Server::start(Script::new()).await.unwrap().port();
    let began = world.clock.now();
    let engine = world.start(port, rate);
    // The first of each user is tried, and the later ones wait for it: 10 s, 1 min, 5 min, 30 min.
    for (round, wait) in RETRIES.into_iter().enumerate().take(each) {
        world.notify(everyone.clone(), &round.to_string(), None).await.unwrap();
        world.attempted(users * (round + 1)).await;
        world.clock.advance(wait.mul_f64(1.1));
    }
    world.attempted(users * 5).await;
    assert!(world.clock.now().since(began) < Duration::from_hours(1));

    let relay = Server::start_at(port, Script::new()).await.unwrap();
    world.clock.advance(RETRIES[4].mul_f64(1.1));
    let drain = tokio::time::Instant::now();
    world.attempted(users * (5 + each)).await;
    // A second's worth at once, and the rest by the rate.
    let rest = u32::try_from(users * each).unwrap() - rate;
    let least = Duration::from_secs(rest.into()).mul_f64(0.9) / rate;
    assert!(drain.elapsed() >= least, "{:?}", drain.elapsed());
    engine.end().await;

    let taken = relay.taken();
    assert_eq!(taken.len(), users * each);
    let ids: BTreeSet<_> = taken.iter().map(|mail| header(mail, "Message-ID: ")).collect();
    assert_eq!(ids.len(), users * each, "each once");
    let (concurrency, connections) = (MailOptions::default().concurrency, relay.connections());
    assert!(connections <= concurrency, "{connections}");
    let order: Vec<String> = (0..each).map(|n| n.to_string()).collect();
    for n in 0..users {
        let to = vec![format!("RCPT TO:<u{n}@example.com>")];
        let theirs = taken.iter().filter(|mail| mail.to == to);
        assert!(theirs.map(|mail| header(mail, "Subject: ")).eq(order.iter()), "u{n}");
    }
    assert!(world.all().await.iter().all(|found| found.state == DeliveryState::Sent));
}

#[tokio::test]
async fn a_relay_that_wants_nothing_for_a_day_is_asked_by_the_schedule_and_then_no_more() {
    let world = World::new(None).await;
    let ann = world.user("ann").await;
    let script = Script::new().always("RCPT", say("451 4.7.1 greylisted"));
    let relay = Server::start(script).await.unwrap();
    world.notify(vec![ann], "hello", None).await.unwrap();
    let engine = world.start(relay.port(), 1_000);
    for (made, wait) in RETRIES.into_iter().enumerate() {
        world.attempted(made + 1).await;
        let waits = world.anns().await;
        assert_eq!((waits.state, waits.attempts.len()), (DeliveryState::Pending, made + 1));
        let last = &waits.attempts[made];
        assert_eq!(last.answer, "451 4.7.1 greylisted");
        let pause = waits.due_at.since(last.ended_at);
        assert!(wait <= pause && pause <= wait.mul_f64(1.1), "{wait:?} {pause:?}");
        world.move_to(waits.due_at);
        world.attempted(made + 2).await;
        // The clock stood at the instant that was promised.
        assert_eq!(world.anns().await.attempts[made + 1].started_at, waits.due_at);
    }
    let dead = world.ended().await;
    assert_eq!(dead.state, DeliveryState::Dead);
    assert_eq!(dead.reason.as_deref(), Some("451 4.7.1 greylisted"));
    assert_eq!(outcomes(&dead), [AttemptOutcome::Failed; 8]);
    assert!(dead.ended_at.unwrap().since(dead.created_at) >= Duration::from_hours(20));
    assert_eq!(world.store.outbox_stats().await.unwrap().dead, 1);
    engine.end().await;
    let asked = relay.commands().iter().filter(|line| line.starts_with("RCPT")).count();
    assert_eq!((asked, relay.taken().len()), (8, 0));
}

#[tokio::test(start_paused = true)]
async fn a_relay_that_takes_a_minute_to_answer_gets_the_mail_once() {
    let time = StillTime::begin();
    let world = World::new(None).await;
    let ann = world.user("ann").await;
    let gate = Arc::new(Semaphore::new(0));
    let late = Act::SayLater(Arc::clone(&gate), "250 2.0.0 at last".to_owned());
    let relay = Server::start(Script::new().at(".", late)).await.unwrap();
    world.notify(vec![ann], "hello", None).await.unwrap();
    let engine = world.start(relay.port(), 1_000);
    while relay.taken().is_empty() {
        tokio::task::yield_now().await;
    }
    for _ in 0..6 {
        // The heartbeat has to have renewed the lease before the clock goes on.
        let commits = world.store.stats().committed;
        world.clock.advance(Duration::from_secs(10));
        tokio::time::advance(Duration::from_secs(10)).await;
        while world.store.stats().committed == commits {
            tokio::task::yield_now().await;
        }
    }
    gate.add_permits(1);
    let sent = world.ended().await;
    assert_eq!((sent.state, outcomes(&sent)), (DeliveryState::Sent, vec![AttemptOutcome::Sent]));
    let attempt = &sent.attempts[0];
    assert_eq!(attempt.answer, "250 2.0.0 at last");
    assert_eq!(attempt.ended_at.since(attempt.started_at), Duration::from_mins(1));
    engine.end().await;
    assert_eq!(relay.taken().len(), 1);
    time.end();
}

#[tokio::test(start_paused = true)]
async fn a_relay_that_never_answers_is_given_up_and_gets_the_same_mail_again() {
    let time = StillTime::begin();
    let world = World::new(None).await;
    let ann = world.user("ann").await;
    let never = Act::SayLater(Arc::new(Semaphore::new(0)), "250 ok".to_owned());
    let relay = Server::start(Script::new().at(".", never)).await.unwrap();
    world.notify(vec![ann], "hello", None).await.unwrap();
    let engine = world.start(relay.port(), 1_000);
    while relay.taken().is_empty() {
        tokio::task::yield_now().await;
    }
    // The lease is renewed in time: the worker lives.
    for _ in 0..60 {
        let commits = world.store.stats().committed;
        world.clock.advance(Duration::from_secs(10));
        tokio::time::advance(Duration::from_secs(10)).await;
        while world.store.stats().committed == commits {
            tokio::task::yield_now().await;
        }
    }
    tokio::time::advance(Duration::from_secs(1)).await;
    world.attempted(1).await;
    let waits = world.anns().await;
    assert_eq!(outcomes(&waits), [AttemptOutcome::Failed]);
    assert_eq!(waits.attempts[0].answer, "sending the message: no answer within 600 s");
    world.move_to(waits.due_at);
    tokio::time::advance(Duration::from_secs(1)).await;
    let sent = world.ended().await;
    assert_eq!(outcomes(&sent), [AttemptOutcome::Failed, AttemptOutcome::Sent]);
    engine.end().await;
    let taken = relay.taken();
    assert_eq!(taken.len(), 2);
    assert_eq!(taken[0].message, taken[1].message, "the same bytes");
    time.end();
}

#[tokio::test]
async fn a_disk_that_is_full_when_the_relay_has_taken_mails_has_none_sent_twice() {
    let world = World::new(Some(200)).await;
    // A relay of many words: what it says is kept, and that of all of them needs another page.
    let (gate, words) = (Arc::new(Semaphore::new(0)), format!("250 {}", "so be it ".repeat(54)));
    let script = Script::new().always(".", Act::SayLater(Arc::clone(&gate), words));
    let relay = Server::start(script).await.unwrap();
    let count = MailOptions::default().concurrency;
    for n in 0..count {
        let user = world.user(&format!("u{n}")).await;
        world.notify(vec![user], "hello", None).await.unwrap();
    }
    let engine = world.start(relay.port(), 1_000);
    while relay.taken().len() < count {
        tokio::task::yield_now().await;
    }
    // Somebody without an address fills the disk to the last page, and then the relay answers.
    let filler = UserId::parse("filler").unwrap();
    for length in [4_000, 1] {
        let body = Body::parse(&"x".repeat(length)).unwrap();
        while world.notify(vec![filler.clone()], "x", Some(body.clone())).await.is_ok() {}
    }
    let failed = world.store.stats().failed;
    gate.add_permits(count);
    while world.store.stats().failed == failed {
        assert!(world.store.outbox_stats().await.unwrap().sending > 0, "the disk is not full");
    }
    world.store.erase(&filler).await.unwrap();
    world.attempted(count).await;
    engine.end().await;
    let all = world.all().await;
    assert_eq!(all.len(), count);
    for sent in all {
        let told = world.store.delivery(sent.id).await.unwrap().unwrap();
        assert_eq!(told.state, DeliveryState::Sent);
        assert_eq!(outcomes(&told), [AttemptOutcome::Sent]);
    }
    assert_eq!(relay.taken().len(), count);
}

/// As long as this lasts, time goes on only where a test says so: work on another thread keeps the runtime from skipping waits.
struct StillTime(std::sync::mpsc::Sender<()>);

impl StillTime {
    fn begin() -> Self {
        let (end, ended) = std::sync::mpsc::channel();
        tokio::task::spawn_blocking(move || ended.recv());
        Self(end)
    }

    fn end(self) {
        drop(self.0);
    }
}
