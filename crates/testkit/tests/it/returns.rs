//! How soon every page is right again after a fault: from when the service is ready, its streams are live within the `retry:`
//! that they were given and 2 s, and show what is written from then on. Readers behave as browsers do. Not here: whether
//! anything is lost under load (`nodes`, `partition`).

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use grelot_testkit::reader::{Pace, Reader};
use serde_json::json;

use crate::load::{Scene, USERS};
use crate::pair::{Bus, Pair};
use crate::parted::{Fault, Parted};
use crate::support::{Door, World};

/// What a return may take beyond its `retry:`, by contract.
const RETURN: Duration = Duration::from_secs(2);
/// The longest `retry:` of a stream that was not told otherwise by a node that ends.
const RETRY: Duration = Duration::from_secs(3);
/// How often a fault strikes.
const ROUNDS: usize = 3;
/// Of each user at each door.
const READERS: usize = 2;

/// What is left of a test when a fault is over.
struct Quiet {
    doors: Vec<Door>,
    readers: Vec<(&'static str, Reader)>,
    written: usize,
}

impl Quiet {
    async fn begin(scene: &impl Scene) -> Result<Self> {
        let doors = scene.doors();
        let mut readers = Vec::new();
        for door in doors.iter().flat_map(|door| [door; READERS]) {
            for user in USERS {
                let mut reader = door.reader(user, None, Pace::AsTold);
                reader.connected().await?;
                readers.push((user, reader));
            }
        }
        Ok(Self { doors, readers, written: 0 })
    }

    /// The service has just become ready. Every stream shows what each door takes now, in time.
    async fn returned(&mut self) -> Result<()> {
        let ready = Instant::now();
        for door in &self.doors {
            self.written += 1;
            let key = self.written.to_string();
            door.actor().notify(&key, &USERS, json!({})).await?;
        }
        for (user, reader) in &mut self.readers {
            reader.reached(self.doors[0].seq(user).await?).await?;
        }
        let took = ready.elapsed();
        ensure!(took <= RETRY + RETURN, "the last stream was right only after {took:?}");
        println!("every stream was right after {took:?}");
        Ok(())
    }

    /// Judges; `cut` says whether streams had to return at all.
    async fn end(mut self, cut: bool) -> Result<()> {
        let verdict = self.doors[0].judge(&USERS, &mut self.readers).await?;
        println!("{verdict}");
        ensure!(verdict.faults.is_empty() && verdict.resets == 0, "{verdict}");
        ensure!(!cut || verdict.returns >= ROUNDS * USERS.len(), "who returned? {verdict}");
        ensure!(verdict.slowest_return <= RETURN, "a return took too long: {verdict}");
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_are_live_again_within_their_retry_and_2_s_after_a_kill_of_their_node() {
    after_kills().await.unwrap();
}

async fn after_kills() -> Result<()> {
    let mut world = World::start(&USERS).await?;
    let mut quiet = Quiet::begin(&world).await?;
    for _ in 0..ROUNDS {
        world.program.kill()?;
        world.restart().await?;
        quiet.returned().await?;
    }
    quiet.end(true).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_are_live_again_within_their_retry_and_2_s_after_a_kill_of_one_of_two_nodes() {
    let cut = async |pair: &mut Pair| {
        pair.second.program.kill()?;
        pair.second.restart().await.map(|_after| ())
    };
    for bus in Bus::EACH {
        after(bus, cut, true).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_are_live_again_within_their_retry_and_2_s_after_a_kill_of_the_database() {
    let cut = async |pair: &mut Pair| {
        pair.server.kill()?;
        pair.server.restart()
    };
    for bus in Bus::EACH {
        after(bus, cut, false).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_are_live_again_within_their_retry_and_2_s_after_a_kill_of_nats() {
    let cut = async |pair: &mut Pair| {
        let nats = pair.nats.as_mut().context("no NATS")?;
        nats.kill()?;
        nats.restart()
    };
    after(Bus::Nats, cut, false).await.unwrap();
}

async fn after(
    bus: Bus,
    mut fault: impl AsyncFnMut(&mut Pair) -> Result<()>,
    cut: bool,
) -> Result<()> {
    let mut pair = Pair::start(bus).await?;
    let mut quiet = Quiet::begin(&pair).await?;
    for _ in 0..ROUNDS {
        fault(&mut pair).await?;
        pair.ready_again().await?;
        quiet.returned().await?;
    }
    quiet.end(cut).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_are_live_again_within_their_retry_and_2_s_after_a_partition() {
    for (bus, fault) in Bus::EACH.into_iter().zip(Fault::EACH) {
        after_partitions(bus, fault).await.unwrap();
    }
}

async fn after_partitions(bus: Bus, fault: Fault) -> Result<()> {
    let mut parted = Parted::start(bus).await?;
    let mut quiet = Quiet::begin(&parted).await?;
    for _ in 0..ROUNDS {
        parted.part(fault).await?;
        // Written meanwhile, so that there is something to be told.
        parted.first.actor().notify(&format!("apart-{}", quiet.written), &USERS, json!({})).await?;
        parted.mend().await?;
        quiet.returned().await?;
    }
    quiet.end(false).await
}
