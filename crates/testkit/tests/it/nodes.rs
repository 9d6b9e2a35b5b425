//! Two nodes on one PostgreSQL, with and without NATS: whoever writes on one is heard on the other, whatever becomes of any of
//! them. Readers are on the first node, and what they see comes from both. Not here: one node (`postgres_faults`).

use anyhow::{Context as _, Result};
use grelot_testkit::history::Verdict;
use grelot_testkit::nats;
use grelot_testkit::postgres::Server;

use crate::kill::{USERS, under_load_of};
use crate::support::World;

/// How often a node is killed.
const KILLS: usize = 10;
/// How often the database is ended.
const ENDS: usize = 4;
/// Of two nodes, the first is where the readers are.
type Nodes = (World, World);

async fn nodes(server: &Server) -> Result<Nodes> {
    let first = World::start_on(&server.url("postgres"), &USERS).await?;
    let second = first.beside(&USERS).await?;
    Ok((first, second))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_node_writes_the_other_shows_complete_and_in_order() {
    judged(quiet().await);
}

/// Only the other node writes: all that is seen was heard of.
async fn quiet() -> Result<Verdict> {
    let server = Server::start()?;
    let (mut first, second) = nodes(&server).await?;
    let actors = vec![second.actor()];
    under_load_of(&mut first, actors, 1, async |_: &mut World, moments| {
        let later = *moments.borrow() + 1_000;
        moments.wait_for(|now| *now >= later).await.map(|_now| ()).context("nobody acts")
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_of_the_node_that_writes_lose_double_and_miscount_nothing() {
    judged(kills_of_the_other().await);
}

async fn kills_of_the_other() -> Result<Verdict> {
    let server = Server::start()?;
    let (mut first, mut second) = nodes(&server).await?;
    let actors = vec![second.actor(), first.actor()];
    under_load_of(&mut first, actors, KILLS, async |_: &mut World, _| {
        second.program.kill()?;
        second.restart().await.map(|_after| ())
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_of_the_node_that_is_read_lose_double_and_miscount_nothing() {
    judged(kills_of_the_first().await);
}

async fn kills_of_the_first() -> Result<Verdict> {
    let server = Server::start()?;
    let (mut first, second) = nodes(&server).await?;
    let actors = vec![second.actor(), first.actor()];
    under_load_of(&mut first, actors, KILLS, async |first: &mut World, _| {
        first.program.kill()?;
        first.restart().await.map(|_after| ())
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_of_the_database_under_both_lose_double_and_miscount_nothing() {
    judged(kills_of_the_database().await);
}

async fn kills_of_the_database() -> Result<Verdict> {
    let mut server = Server::start()?;
    let (mut first, second) = nodes(&server).await?;
    let actors = vec![second.actor(), first.actor()];
    under_load_of(&mut first, actors, ENDS, async |_: &mut World, _| {
        server.kill()?;
        server.restart()
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_and_freezes_of_nats_lose_double_and_miscount_nothing() {
    judged(without_nats().await);
}

/// What is written while NATS is away is found by the sweep.
async fn without_nats() -> Result<Verdict> {
    let (server, mut nats) = (Server::start()?, nats::Server::start()?);
    let environment = [("GRELOT_DATABASE", &*server.url("postgres")), ("GRELOT_BUS", &*nats.url())];
    let mut first = World::start_with(&environment, &USERS).await?;
    let second = first.beside(&USERS).await?;
    let actors = vec![second.actor(), first.actor()];
    let mut frozen = false;
    under_load_of(&mut first, actors, ENDS, async |_: &mut World, moments| {
        let later = *moments.borrow() + 100;
        if frozen {
            nats.freeze()?;
            moments.wait_for(|now| *now >= later).await?;
            nats.thaw()?;
        } else {
            nats.kill()?;
            moments.wait_for(|now| *now >= later).await?;
            nats.restart()?;
        }
        frozen = !frozen;
        Ok(())
    })
    .await
}

fn judged(verdict: Result<Verdict>) {
    let verdict = verdict.unwrap();
    println!("{verdict}");
    assert!(verdict.faults.is_empty(), "{verdict}");
    assert_eq!(verdict.resets, 0, "every stream could resume");
}
