//! kill -9 at random moments under load: nothing acknowledged is lost, nothing doubled, counts are right, streams resume
//! without a hole. Not here: PostgreSQL (`postgres_faults`).

use std::time::Duration;

use anyhow::Result;
use grelot_testkit::history::Verdict;

use crate::load::{SEED, USERS, under_load};
use crate::support::World;

const KILLS: usize = 60;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_at_random_moments_lose_double_and_miscount_nothing() {
    let mut world = World::start(&USERS).await.unwrap();
    let verdict = kills(&mut world, KILLS).await.unwrap();
    println!("{verdict}");
    assert!(verdict.faults.is_empty(), "seed {SEED}: {verdict}");
    assert_eq!(verdict.resets, 0, "every stream could resume");
    assert_eq!(verdict.left_out, 0, "a node that is alone says everything live");
    assert!(verdict.connections > KILLS * 2, "the streams were cut");
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
