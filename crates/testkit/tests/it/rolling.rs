//! A rolling restart under load: two nodes behind a balancer are stopped in order and started again, one after the other. No
//! call fails, and every stream goes on at the other node. Not here: nodes that are killed (`nodes`).

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use grelot_testkit::balancer::Balancer;
use grelot_testkit::history::Verdict;
use grelot_testkit::program::Up;
use tokio::sync::watch;

use crate::load::{CALM, Load, Scene, USERS, under_load_of};
use crate::pair::{Bus, Pair, judged};
use crate::support::Door;

/// How long a node that ends asks its streams to stay away, in milliseconds.
const FAREWELL: RangeInclusive<u64> = 1_000..=6_000;
/// So many streams are not all asked for the same.
const SPREAD: u64 = 1_000;
/// What an orderly end takes at most. Requests and streams end within a second or two.
const END: Duration = Duration::from_secs(10);

/// Two nodes whose clients see a balancer alone.
struct Balanced {
    door: Door,
    balancer: Balancer,
    pair: Pair,
    /// Whoever asks has somebody to ask, always.
    _up: watch::Sender<Up>,
}

impl Balanced {
    async fn start(bus: Bus) -> Result<Self> {
        let pair = Pair::start(bus).await?;
        let nodes = [pair.first.program.address()?, pair.second.program.address()?];
        let balancer = Balancer::start(&nodes).await?;
        let (up, is_up) = watch::channel(Some(Instant::now()));
        let (key, history) = (pair.first.program.api_key(), Arc::clone(&pair.first.history));
        let door = Door::open(&balancer.url(), key, history, is_up, &USERS).await?;
        Ok(Self { door, balancer, pair, _up: up })
    }
}

impl Scene for Balanced {
    fn doors(&self) -> Vec<Door> {
        vec![self.door.clone()]
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rolling_restart_fails_no_call_and_loses_no_stream() {
    let [notify, nats] = Bus::EACH.map(restarts);
    let (notify, nats) = tokio::join!(notify, nats);
    for (bus, verdict) in [(Bus::Notify, notify), (Bus::Nats, nats)] {
        let verdict = judged(bus, verdict);
        assert_eq!(verdict.repeated, 0, "{bus:?}: every notification was taken at the first try");
        let Verdict { farewells, ends, .. } = &verdict;
        assert_eq!(farewells.len(), *ends, "{bus:?}: a stream ended without its last words");
        // Everybody was on one of the nodes, which all have ended.
        assert!(*ends >= USERS.len() * 2, "{bus:?}: {ends} streams ended");
        let (least, most) = (farewells.iter().min().unwrap(), farewells.iter().max().unwrap());
        assert!(FAREWELL.contains(least) && FAREWELL.contains(most), "{farewells:?}");
        assert!(most - least > SPREAD, "{bus:?}: all come back at once: {farewells:?}");
    }
}

async fn restarts(bus: Bus) -> Result<Verdict> {
    let mut balanced = Balanced::start(bus).await?;
    let verdict = under_load_of(&mut balanced, CALM, 1, async |balanced: &mut Balanced, load| {
        restart(balanced, 0, load).await?;
        restart(balanced, 1, load).await
    });
    let verdict = verdict.await?;
    let unknown = balanced.door.actor().clock().calls().unknown;
    ensure!(unknown == 0, "{unknown} calls failed");
    Ok(verdict)
}

async fn restart(balanced: &mut Balanced, number: usize, load: &mut Load) -> Result<()> {
    let Pair { first, second, .. } = &mut balanced.pair;
    let node = if number == 0 { first } else { second };
    let took = node.program.stop().await?;
    ensure!(took < END, "it ended after {took:?}");
    // There is no other node than the other.
    load.caught_up().await?;
    node.restart().await?;
    balanced.balancer.uses(number).await
}
