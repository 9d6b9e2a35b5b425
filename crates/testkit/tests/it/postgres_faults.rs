//! The same load and the same judgement on PostgreSQL: kill -9 of the service, and of the database under it; a database that
//! is stopped at once, or frozen. Not here: several nodes.

use anyhow::Result;
use grelot_testkit::history::Verdict;
use grelot_testkit::postgres::Server;

use crate::kill::{PUBLISHERS, USERS, kills, under_load};
use crate::support::World;

/// How often the service is killed.
const KILLS: usize = 20;
/// How often the database is ended, in each way.
const ENDS: usize = 6;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_of_the_service_lose_double_and_miscount_nothing() {
    let server = Server::start().unwrap();
    let mut world = World::start_on(&server.url("postgres"), &USERS).await.unwrap();
    judged(kills(&mut world, KILLS).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_of_the_database_lose_double_and_miscount_nothing() {
    judged(ends(Server::kill).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_stops_at_once_loses_doubles_and_miscounts_nothing() {
    judged(ends(Server::stop_immediately).await);
}

async fn ends(end: impl Fn(&mut Server) -> Result<()>) -> Result<Verdict> {
    let mut server = Server::start()?;
    let mut world = World::start_on(&server.url("postgres"), &USERS).await?;
    under_load(&mut world, ENDS, async |_: &mut World, _| {
        end(&mut server)?;
        server.restart()
    })
    .await
}

/// Frozen until every call that was under way, and another one of each publisher, was given up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_database_loses_doubles_and_miscounts_nothing() {
    judged(freeze().await);
}

async fn freeze() -> Result<Verdict> {
    let server = Server::start()?;
    let mut world = World::start_on(&server.url("postgres"), &USERS).await?;
    under_load(&mut world, 1, async |_: &mut World, moments| {
        server.freeze()?;
        let later = *moments.borrow() + 4 * PUBLISHERS;
        moments.wait_for(|now| *now >= later).await?;
        server.thaw()
    })
    .await
}

fn judged(verdict: Result<Verdict>) {
    let verdict = verdict.unwrap();
    println!("{verdict}");
    assert!(verdict.faults.is_empty(), "{verdict}");
    assert_eq!(verdict.resets, 0, "every stream could resume");
}
