//! The figures of `docs/adr/0009-several-nodes.md`, measured on this machine with the servers that the tests use:
//! `cargo run --release -p grelot-bus-nats --example figures`.
//!
//! Not here: whole nodes and their streams (`bench`).

#![expect(clippy::print_stdout, clippy::cast_precision_loss, reason = "figures for a person")]

use std::collections::HashSet;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use futures_util::StreamExt as _;
use futures_util::stream::SelectAll;
use grelot_bus_nats::{NatsBus, NatsOptions};
use grelot_core::{Seq, Timestamp, UserId};
use grelot_store::conformance::{HandClock, Heard as Listener};
use grelot_store::{Bus, Heard, Hint, Nodes as _};
use grelot_store_postgres::{NotifyBus, PostgresOptions, PostgresStore};
use grelot_testkit::{nats, postgres};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Users who are connected to a node.
const CONNECTED: u64 = 15_000;
/// Hints that may be under way while as many as possible are told.
const UNDER_WAY: u64 = 8_192;
/// How often the sweep is measured.
const SWEEPS: u64 = 50;
/// How long to wait when that many are.
const TURN: Duration = Duration::from_millis(1);
/// Of what the kernel counts a process's time in, a second has so many.
const TICKS: f64 = 100.0;

#[tokio::main]
async fn main() -> Result<()> {
    let nats = nats::Server::start()?;
    let cluster = postgres::Server::start()?;
    let servers = [nats.process().context("it runs")?];
    nats_bus(&nats.url(), &servers).await?;
    subject_a_user(&nats.url(), &servers).await?;
    notify_bus(&cluster).await?;
    sweep(&cluster).await
}

/// Another node: looks for who is meant among those who are connected, and finds nobody.
#[derive(Debug)]
struct Ear {
    connected: HashSet<UserId>,
    heard: AtomicU64,
    aloud: mpsc::UnboundedSender<Instant>,
}

impl Ear {
    fn new() -> Result<(Arc<Self>, mpsc::UnboundedReceiver<Instant>)> {
        let (aloud, heard) = mpsc::unbounded_channel();
        let connected = (0..CONNECTED).map(|n| user("other", n)).collect::<Result<_>>()?;
        Ok((Arc::new(Self { connected, heard: AtomicU64::new(0), aloud }), heard))
    }
}

impl Heard for Ear {
    fn heard(&self, hints: Vec<Hint>) {
        let _gone = self.aloud.send(Instant::now());
        let is_here = |hint: &&Hint| match hint {
            Hint::Moved(user, _) | Hint::Ended(user) => self.connected.contains(user),
        };
        let here = hints.iter().filter(is_here).count();
        self.heard.fetch_add((hints.len() + here) as u64, Ordering::Relaxed);
    }
}

async fn nats_bus(url: &str, servers: &[u32]) -> Result<()> {
    println!("NATS, one subject; one node tells, two others hear");
    let mut running = JoinSet::new();
    let mut ears = Vec::new();
    let mut lasts = Vec::new();
    let mut teller = None;
    for _ in 0..3 {
        let bus = NatsBus::new(NatsOptions::parse(url)?);
        let (ear, heard) = Ear::new()?;
        let (runs, to) = (Arc::clone(&bus), Arc::clone(&ear));
        running.spawn(async move { runs.run(to, CancellationToken::new()).await });
        bus.connected().wait_for(|connected| *connected).await?;
        if teller.is_none() {
            teller = Some(bus as Arc<dyn Bus>);
        } else {
            ears.push(ear);
            lasts.push(heard);
        }
    }
    let teller = teller.context("three nodes")?;
    lone_words(&*teller, &mut lasts[0], servers, 20_000).await?;
    for commit in [1, 10, 1_000] {
        many_words(&*teller, &ears, servers, commit, 2_000_000).await?;
    }
    Ok(())
}

async fn notify_bus(cluster: &postgres::Server) -> Result<()> {
    println!("PostgreSQL NOTIFY; one node tells, another hears");
    let mut running = JoinSet::new();
    let mut nodes = Vec::new();
    for _ in 0..2 {
        let bus = NotifyBus::new(&PostgresOptions::new(cluster.url("postgres")))?;
        let (ear, heard) = Ear::new()?;
        let (runs, to) = (Arc::clone(&bus), Arc::clone(&ear));
        running.spawn(async move { runs.run(to, CancellationToken::new()).await });
        while !bus.stats().connected {
            tokio::task::yield_now().await;
        }
        nodes.push((bus, ear, heard));
    }
    let (_, ear, mut heard) = nodes.pop().context("two nodes")?;
    let (teller, ..) = nodes.pop().context("two nodes")?;
    let servers = backends(cluster, "postgres")?;
    lone_words(&*teller, &mut heard, &servers, 5_000).await?;
    for commit in [1, 10, 1_000] {
        many_words(&*teller, &[Arc::clone(&ear)], &servers, commit, 200_000).await?;
    }
    Ok(())
}

/// From telling to hearing, when nothing else is told.
async fn lone_words(
    teller: &dyn Bus,
    heard: &mut mpsc::UnboundedReceiver<Instant>,
    servers: &[u32],
    rounds: u64,
) -> Result<()> {
    let mut took = Vec::new();
    let measured = Measured::begin(servers)?;
    for round in 0..rounds {
        let began = Instant::now();
        teller.tell(vec![hint(round)?]);
        took.push(heard.recv().await.context("it hears")?.duration_since(began));
    }
    took.sort_unstable();
    let at = |thousandth: usize| took.get(took.len() * thousandth / 1_000).copied();
    let [p50, p99, p999] = [500, 990, 999].map(at).map(Option::unwrap_or_default);
    println!("  told -> heard: p50 {p50:?}, p99 {p99:?}, p99.9 {p999:?}");
    measured.end("one at a time", rounds)?;
    Ok(())
}

/// As many hints as go through, in commits that concern so many users.
async fn many_words(
    teller: &dyn Bus,
    ears: &[Arc<Ear>],
    servers: &[u32],
    commit: u64,
    hints: u64,
) -> Result<()> {
    let commits = (0..hints / commit).map(|n| (n * commit..(n + 1) * commit).map(hint).collect());
    let commits: Vec<Vec<Hint>> = commits.collect::<Result<_>>()?;
    let before: Vec<u64> = ears.iter().map(|ear| ear.heard.load(Ordering::Relaxed)).collect();
    let all_heard = |wanted: u64| {
        let mut pairs = ears.iter().zip(&before);
        pairs.all(|(ear, before)| ear.heard.load(Ordering::Relaxed) - before >= wanted)
    };
    let measured = Measured::begin(servers)?;
    let mut told = 0;
    for hints in commits {
        while !all_heard((told + commit).saturating_sub(UNDER_WAY)) {
            tokio::time::sleep(TURN).await;
        }
        teller.tell(hints);
        told += commit;
    }
    while !all_heard(told) {
        tokio::time::sleep(TURN).await;
    }
    measured.end(&format!("{commit} users a commit"), told)
}

/// What was proposed first: a subject a user, which the other node subscribes to while the user is connected.
async fn subject_a_user(url: &str, servers: &[u32]) -> Result<()> {
    println!("NATS, a subject a user; one node tells, another has {CONNECTED} users");
    let [teller, hearer] = [async_nats::connect(url).await?, async_nats::connect(url).await?];
    let measured = Measured::begin(servers)?;
    let mut heard = SelectAll::new();
    for n in 0..CONNECTED {
        heard.push(hearer.subscribe(format!("grelot.user.{n}")).await?);
    }
    hearer.flush().await?;
    measured.end("subscribing, as after each reconnect", CONNECTED)?;
    // The server takes them one after the other: the last one heard means all.
    let last = format!("grelot.user.{}", CONNECTED - 1);
    loop {
        teller.publish(last.clone(), "".into()).await?;
        if tokio::time::timeout(Duration::from_millis(100), heard.next()).await.is_ok() {
            break;
        }
    }
    for (what, users) in [("users connected there", CONNECTED), ("users connected nowhere", 0)] {
        let measured = Measured::begin(servers)?;
        let telling = async {
            for n in 0..300_000 {
                let subject = if users == 0 {
                    format!("grelot.nobody.{n}")
                } else {
                    format!("grelot.user.{}", n % users)
                };
                teller.publish(subject, "12345678".into()).await?;
            }
            teller.flush().await?;
            anyhow::Ok(())
        };
        let hearing = async {
            let wanted = if users == 0 { 0 } else { 300_000 };
            for _ in 0..wanted {
                heard.next().await.context("it hears")?;
            }
            anyhow::Ok(())
        };
        tokio::try_join!(telling, hearing)?;
        measured.end(what, 300_000)?;
    }
    Ok(())
}

/// What a node asks every two seconds, of everyone who is connected to it.
async fn sweep(cluster: &postgres::Server) -> Result<()> {
    println!("The sweep of a node with {CONNECTED} users, of 1,000,000 inboxes");
    cluster.run("postgres", "CREATE DATABASE sweep")?;
    let options = PostgresOptions::new(cluster.url("sweep"));
    let store =
        PostgresStore::open(options, Arc::new(HandClock::new()), Arc::new(Listener::new())).await?;
    let fill = r#"INSERT INTO grelot.inboxes ("userId", seq) SELECT 'u_' || n, 7 FROM generate_series(0, 999999) n"#;
    cluster.run("sweep", fill)?;
    cluster.run("sweep", "VACUUM ANALYZE grelot.inboxes")?;
    let known = (0..CONNECTED).map(|n| Ok((user("u", n * 66)?, Seq::new(7))));
    let known = known.collect::<Result<Vec<_>>>()?;
    let users: Vec<UserId> = known.iter().map(|(user, _)| user.clone()).collect();
    let mut took = Vec::new();
    // Now it is connected.
    store.moved_beyond(&known).await?;
    let servers = backends(cluster, "sweep")?;
    let measured = Measured::begin(&servers)?;
    for _ in 0..SWEEPS {
        let began = Instant::now();
        let ended = store.ended_since(Timestamp::from_millis(0), &users).await?;
        anyhow::ensure!(ended.users.is_empty(), "nobody's sessions ended");
        for page in known.chunks(4_096) {
            anyhow::ensure!(store.moved_beyond(page).await?.is_empty(), "nothing moved");
        }
        took.push(began.elapsed());
    }
    took.sort_unstable();
    println!("  a sweep: p50 {:?}, slowest {:?}", took[took.len() / 2], took[took.len() - 1]);
    measured.end("users asked about", CONNECTED * SWEEPS)?;
    store.close().await;
    Ok(())
}

/// From here on.
struct Measured {
    began: Instant,
    node: f64,
    server: f64,
    servers: Vec<u32>,
}

impl Measured {
    fn begin(servers: &[u32]) -> Result<Self> {
        let node = cpu(std::process::id())?;
        let server = servers.iter().map(|process| cpu(*process)).sum::<Result<f64>>()?;
        Ok(Self { began: Instant::now(), node, server, servers: servers.to_vec() })
    }

    fn end(self, what: &str, times: u64) -> Result<()> {
        let now = Self::begin(&self.servers)?;
        let took = (now.began - self.began).as_secs_f64();
        let each = |seconds: f64| seconds * 1e6 / times as f64;
        println!(
            "  {what}: {:.0}/s; processor for each: nodes together {:.2} us, server {:.2} us",
            times as f64 / took,
            each(now.node - self.node),
            each(now.server - self.server),
        );
        Ok(())
    }
}

/// The processor time of a process, in seconds.
fn cpu(process: u32) -> Result<f64> {
    let text = fs::read_to_string(format!("/proc/{process}/stat"))?;
    let (_, fields) = text.rsplit_once(')').context("the kernel tells")?;
    let ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<f64>);
    Ok(ticks.sum::<Result<f64, _>>()? / TICKS)
}

/// The server's processes that answer in this database.
fn backends(cluster: &postgres::Server, database: &str) -> Result<Vec<u32>> {
    let sql = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
    let found = cluster.run(database, sql)?;
    Ok(found.lines().map(str::parse).collect::<Result<_, _>>()?)
}

fn hint(n: u64) -> Result<Hint> {
    Ok(Hint::Moved(user("u_clx9w3k2m0000qzrm", n)?, Seq::new(n)))
}

fn user(name: &str, n: u64) -> Result<UserId> {
    UserId::parse(&format!("{name}_{n}")).map_err(|violation| anyhow::anyhow!("{violation:?}"))
}
