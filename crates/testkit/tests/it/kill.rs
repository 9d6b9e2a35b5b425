//! kill -9 at random moments under load: nothing acknowledged is lost, nothing doubled, counts are right, streams resume
//! without a hole.

use std::time::Duration;

use anyhow::{Context as _, Result};
use grelot_testkit::actor::Actor;
use grelot_testkit::history::{State, Verdict};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::json;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::support::World;

/// A failure names nothing else that changes from run to run.
const SEED: u64 = 20_261_124;
const KILLS: usize = 60;
/// At most so many calls begin or end between two kills. All of a user's changes have to stay under the 1,000 of a
/// replay, since the readers from the beginning come last.
const MOMENTS: u64 = 90;
pub(crate) const USERS: [&str; 4] = ["ada", "bob", "cyd", "dee"];
pub(crate) const PUBLISHERS: u64 = 6;
const READERS: usize = 2;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_at_random_moments_lose_double_and_miscount_nothing() {
    let mut world = World::start(&USERS).await.unwrap();
    let verdict = kills(&mut world, KILLS).await.unwrap();
    println!("{verdict}");
    assert!(verdict.faults.is_empty(), "seed {SEED}: {verdict}");
    assert_eq!(verdict.resets, 0, "every stream could resume");
    assert_eq!(verdict.left_out, 0, "a node that is alone says everything live");
    assert!(verdict.connections > KILLS * READERS, "the streams were cut");
}

/// Kills the service so often, and has it ready again each time.
pub(crate) async fn kills(world: &mut World, kills: usize) -> Result<Verdict> {
    let mut slowest = Duration::ZERO;
    let verdict = under_load(world, kills, async |world: &mut World, _| {
        world.program.kill()?;
        slowest = slowest.max(world.restart().await?);
        Ok(())
    });
    let verdict = verdict.await?;
    println!("{kills} kills, ready again after {slowest:?} at most");
    Ok(verdict)
}

/// Strikes so often, each time at a random moment of a load on the service, and judges what everybody saw. `strike` gets the
/// clock of the load, so that it can wait for what becomes of calls meanwhile.
pub(crate) async fn under_load(
    world: &mut World,
    strikes: usize,
    strike: impl AsyncFnMut(&mut World, &mut watch::Receiver<u64>) -> Result<()>,
) -> Result<Verdict> {
    let actors = vec![world.actor()];
    under_load_of(world, actors, strikes, strike).await
}

/// The same by these actors, of whichever nodes; who reads does so on the node of `world`.
pub(crate) async fn under_load_of(
    world: &mut World,
    actors: Vec<Actor>,
    strikes: usize,
    mut strike: impl AsyncFnMut(&mut World, &mut watch::Receiver<u64>) -> Result<()>,
) -> Result<Verdict> {
    let mut moments = actors.first().context("nobody acts")?.moments();
    let mut readers = Vec::new();
    for user in USERS {
        for _ in 0..READERS {
            let mut reader = world.reader(user, None);
            reader.connected().await?;
            readers.push((user, reader));
        }
    }
    let (done, stop) = watch::channel(false);
    let mut publishers = JoinSet::new();
    for (number, actor) in (0..PUBLISHERS).zip(actors.iter().cycle()) {
        publishers.spawn(publish(number, actor.clone(), stop.clone()));
    }

    let mut random = StdRng::seed_from_u64(SEED);
    for _ in 0..strikes {
        let moment = *moments.borrow() + random.random_range(1..=MOMENTS);
        moments.wait_for(|now| *now >= moment).await?;
        strike(world, &mut moments).await?;
    }

    done.send_replace(true);
    while let Some(published) = publishers.join_next().await {
        published??;
    }
    for user in USERS {
        readers.push((user, world.reader(user, Some(0))));
    }
    world.judge(&USERS, &mut readers).await
}

/// Sends to one user or to all, and reads or deletes some of what it sent, until it is told to stop.
async fn publish(number: u64, mut actor: Actor, stop: watch::Receiver<bool>) -> Result<()> {
    let mut random = StdRng::seed_from_u64(SEED + 1 + number);
    for count in 0.. {
        if *stop.borrow() {
            break;
        }
        let one = [USERS[random.random_range(0..USERS.len())]];
        let users: &[&str] = if random.random_ratio(1, 10) { &USERS } else { &one };
        let more = json!({"data": {"filling": "x".repeat(random.random_range(0..6_000))}});
        let ids = actor.notify(&format!("{number}-{count}"), users, more).await?;
        let (user, id) = users.iter().zip(&ids).next().context("no id")?;
        match random.random_range(0..8) {
            0 => actor.change(user, id, State::Read).await?,
            1 => {
                actor.change(user, id, State::Read).await?;
                actor.change(user, id, State::Unread).await?;
            }
            2 => actor.change(user, id, State::Deleted).await?,
            _ => {}
        }
    }
    Ok(())
}
