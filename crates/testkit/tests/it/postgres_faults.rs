//! The same load and the same judgement on PostgreSQL: kill -9 of the service, and of the database under it; a database that
//! is stopped at once, or frozen. Not here: several nodes.

use std::time::Duration;

use anyhow::Result;
use grelot_testkit::history::Verdict;
use grelot_testkit::postgres::Server;

use crate::kill::kills;
use crate::load::{CALM, USERS, lasting, under_load, under_load_of};
use crate::pair::judged;
use crate::support::World;

/// How often the service is killed.
const KILLS: usize = 20;
/// How often the database is ended, in each way.
const ENDS: usize = 6;
/// How long the database stands still: longer than anybody waits for it.
pub(crate) const FREEZE: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_of_the_service_lose_double_and_miscount_nothing() {
    let server = Server::start().unwrap();
    let mut world = World::start_on(&server.url("postgres"), &USERS).await.unwrap();
    judged("kills", kills(&mut world, KILLS).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_of_the_database_lose_double_and_miscount_nothing() {
    judged("killed", ends(Server::kill).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_stops_at_once_loses_doubles_and_miscounts_nothing() {
    judged("stopped", ends(Server::stop_immediately).await);
}

async fn ends(end: impl Fn(&mut Server) -> Result<()>) -> Result<Verdict> {
    let mut server = Server::start()?;
    let mut world = World::start_on(&server.url("postgres"), &USERS).await?;
    under_load(&mut world, ENDS, async |world: &mut World, _| {
        end(&mut server)?;
        server.restart()?;
        world.program.ready_again().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_frozen_for_30_s_loses_doubles_and_miscounts_nothing() {
    judged("frozen", freeze().await);
}

async fn freeze() -> Result<Verdict> {
    let server = Server::start()?;
    let mut world = World::start_on(&server.url("postgres"), &USERS).await?;
    under_load_of(&mut world, CALM, 1, async |world: &mut World, _| {
        server.freeze()?;
        lasting(FREEZE).await;
        server.thaw()?;
        world.program.ready_again().await
    })
    .await
}
