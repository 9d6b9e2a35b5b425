//! Two nodes on one PostgreSQL, over each bus: whoever writes on one is heard on the other, whatever becomes of any of them.
//! Clients write and read at both. Not here: one node (`postgres_faults`), nodes that do not reach each other (`partition`).

use anyhow::{Context as _, Result};
use grelot_testkit::history::Verdict;
use grelot_testkit::postgres::Server;

use crate::load::{CALM, Load, Scene, lasting, under_load, under_load_of};
use crate::pair::{Bus, Pair, judged};
use crate::postgres_faults::FREEZE;
use crate::support::Door;

/// How often a node is killed.
const KILLS: usize = 10;
/// How often a server is ended.
const ENDS: usize = 4;

/// A pair of which the other node alone is written on, and the first one alone is read.
struct Apart(Pair);

impl Scene for Apart {
    fn doors(&self) -> Vec<Door> {
        let Pair { first, second, .. } = &self.0;
        vec![first.door().with_actor(second.actor())]
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_node_writes_the_other_shows_complete_and_in_order() {
    for bus in Bus::EACH {
        judged(bus, quiet(bus).await);
    }
}

/// All that is seen was heard of.
async fn quiet(bus: Bus) -> Result<Verdict> {
    let mut pair = Apart(Pair::start(bus).await?);
    under_load(&mut pair, 1, async |_: &mut Apart, load| load.clock.pass(1_000).await).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_of_one_node_lose_double_and_miscount_nothing() {
    for bus in Bus::EACH {
        judged(bus, strikes(bus, KILLS, kill_first).await);
    }
}

async fn kill_first(pair: &mut Pair, _load: &mut Load) -> Result<()> {
    pair.first.program.kill()?;
    pair.first.restart().await.map(|_after| ())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_of_the_other_node_lose_double_and_miscount_nothing() {
    for bus in Bus::EACH {
        judged(bus, strikes(bus, KILLS, kill_second).await);
    }
}

async fn kill_second(pair: &mut Pair, _load: &mut Load) -> Result<()> {
    pair.second.program.kill()?;
    pair.second.restart().await.map(|_after| ())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_of_the_database_under_both_lose_double_and_miscount_nothing() {
    for bus in Bus::EACH {
        judged(bus, ends(bus, Server::kill).await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_under_both_that_stops_at_once_loses_doubles_and_miscounts_nothing() {
    for bus in Bus::EACH {
        judged(bus, ends(bus, Server::stop_immediately).await);
    }
}

async fn ends(bus: Bus, end: impl Fn(&mut Server) -> Result<()>) -> Result<Verdict> {
    let end = async |pair: &mut Pair, _load: &mut Load| {
        end(&mut pair.server)?;
        pair.server.restart()?;
        pair.ready_again().await
    };
    strikes(bus, ENDS, end).await
}

async fn strikes(
    bus: Bus,
    count: usize,
    strike: impl AsyncFnMut(&mut Pair, &mut Load) -> Result<()>,
) -> Result<Verdict> {
    under_load(&mut Pair::start(bus).await?, count, strike).await
}

/// Both at once: they do nothing for most of the time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_under_both_that_is_frozen_for_30_s_loses_doubles_and_miscounts_nothing() {
    let [notify, nats] = Bus::EACH.map(freeze);
    let (notify, nats) = tokio::join!(notify, nats);
    judged(Bus::Notify, notify);
    judged(Bus::Nats, nats);
}

async fn freeze(bus: Bus) -> Result<Verdict> {
    let mut pair = Pair::start(bus).await?;
    under_load_of(&mut pair, CALM, 1, async |pair: &mut Pair, _| {
        pair.server.freeze()?;
        lasting(FREEZE).await;
        pair.server.thaw()?;
        pair.ready_again().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_and_freezes_of_nats_lose_double_and_miscount_nothing() {
    judged("without NATS", without_nats().await);
}

/// What is written while NATS is away is found by the sweep.
async fn without_nats() -> Result<Verdict> {
    let mut frozen = false;
    strikes(Bus::Nats, ENDS, async |pair: &mut Pair, load: &mut Load| {
        let nats = pair.nats.as_mut().context("no NATS")?;
        if frozen {
            nats.freeze()?;
            load.clock.pass(100).await?;
            nats.thaw()?;
        } else {
            nats.kill()?;
            load.clock.pass(100).await?;
            nats.restart()?;
        }
        frozen = !frozen;
        Ok(())
    })
    .await
}
