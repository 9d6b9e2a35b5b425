//! A disk that is full, or fails: what was acknowledged stays, readers and streams go on, and a full disk heals without a
//! restart. A sync that failed is never trusted again: it ends the process.

use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use grelot_testkit::actor::Actor;
use grelot_testkit::history::State;
use grelot_testkit::program::Start;
use reqwest::{Method, Response, StatusCode};
use serde_json::json;

use crate::support::{World, strace};

/// A file may have 1 MiB, softly; who writes more gets an error and not a signal.
const SMALL_DISK: [&str; 3] = ["bash", "-c", "trap '' XFSZ; ulimit -Sf 1024; exec \"$0\" \"$@\""];
/// More than fits on the small disk.
const ENOUGH: usize = 300;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_refuses_writes_alone_and_heals_without_a_restart() {
    full().await.unwrap();
}

async fn full() -> Result<()> {
    let mut world = World::start_under(&SMALL_DISK, &["ada"]).await?;
    let mut reader = world.reader("ada", None);
    reader.connected().await?;
    let (first, refused) = fill(&world).await?;

    let read = format!("/api/notifications/{first}/read");
    unavailable(&world.api.user("ada", Method::POST, &read).send().await?)?;
    world.history.change_begins(&first, State::Read);
    reader.reached(world.seq("ada").await?).await?;
    let list = world.api.get("ada", "/api/notifications?limit=100").await?;
    ensure!(list["notifications"].as_array().is_some_and(|rows| rows.len() > 3), "{list}");
    let mut late = world.reader("ada", Some(0));
    late.reached(world.seq("ada").await?).await?;

    world.program.limit_files(None)?;
    world.history.notify_begins(&refused, &["ada"]);
    let answer = send(&world, &refused).await?;
    ensure!(answer.status() == StatusCode::CREATED, "it did not heal: {}", answer.status());
    world.history.notify_done(&refused, &ids(answer).await?);
    let mut actor = world.actor();
    actor.change("ada", &first, State::Read).await?;
    actor.notify("later", &["ada"], json!({})).await?;

    let verdict = world.judge(&["ada"], &mut [("ada", reader), ("ada", late)]).await?;
    ensure!(verdict.faults.is_empty() && verdict.resets + verdict.left_out == 0, "{verdict}");
    ensure!(verdict.connections == 2, "a stream was cut: {verdict}");
    println!("full after {refused}; {verdict}");

    world.program.kill()?;
    world.restart().await?;
    let verdict = world.history.judge(&world.api, &["ada"]).await?;
    ensure!(verdict.faults.is_empty(), "after a restart: {verdict}");
    Ok(())
}

/// Sends until the disk is full; returns the id of the first and the key of the refused one.
async fn fill(world: &World) -> Result<(String, String)> {
    let mut first = None;
    for number in 0..ENOUGH {
        let key = format!("filling-{number}");
        world.history.notify_begins(&key, &["ada"]);
        let answer = send(world, &key).await?;
        if answer.status() != StatusCode::CREATED {
            unavailable(&answer)?;
            return Ok((first.context("not even one fitted")?, key));
        }
        let ids = ids(answer).await?;
        first.get_or_insert_with(|| ids[0].clone());
        world.history.notify_done(&key, &ids);
    }
    bail!("{ENOUGH} fitted on the small disk")
}

async fn send(world: &World, key: &str) -> Result<Response> {
    let body =
        json!({"userId": "ada", "type": "INFO", "title": key, "data": {"x": "x".repeat(15_000)}});
    Ok(world.api.notify(key, &body).send().await?)
}

async fn ids(answer: Response) -> Result<Vec<String>> {
    let answer: serde_json::Value = answer.json().await?;
    let id = answer["notifications"][0]["id"].as_str().context("no id")?;
    Ok(vec![id.to_owned()])
}

fn unavailable(answer: &Response) -> Result<()> {
    ensure!(answer.status() == StatusCode::SERVICE_UNAVAILABLE, "{}", answer.status());
    let after = answer.headers().get("retry-after").context("no Retry-After")?;
    after.to_str()?.parse::<u32>().context("Retry-After is no number")?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_that_fail_for_a_while_are_told_apart_from_those_that_did_not() {
    for fault in ["pwrite64:error=ENOSPC:when=40..70", "pwrite64:error=EIO:when=40..45"] {
        failing_writes(fault).await.unwrap();
    }
}

async fn failing_writes(fault: &str) -> Result<()> {
    let (call, inject) = (format!("trace={}", &fault[..8]), format!("inject={fault}"));
    let command = strace(Path::new("/dev/null"), &["-e", &call, "-e", &inject]);
    let mut world = World::start_under(&command, &["ada"]).await?;
    let mut reader = world.reader("ada", None);
    reader.connected().await?;
    work(world.actor()).await?;
    let verdict = world.judge(&["ada"], &mut [("ada", reader)]).await?;
    ensure!(verdict.faults.is_empty() && verdict.connections == 1, "{fault}: {verdict}");
    ensure!(verdict.repeated > 3, "{fault} was never met: {verdict}");
    world.program.kill()?;
    world.restart().await?;
    let verdict = world.history.judge(&world.api, &["ada"]).await?;
    ensure!(verdict.faults.is_empty(), "{fault}, after a restart: {verdict}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sync_that_fails_ends_the_process_and_loses_nothing_that_was_acknowledged() {
    failing_sync().await.unwrap();
}

async fn failing_sync() -> Result<()> {
    let mut world = World::start(&["ada"]).await?;
    world.program.kill()?;
    let options = ["-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:error=EIO:when=9"];
    let start = world.program.start_under(&strace(Path::new("/dev/null"), &options)).await?;
    ensure!(matches!(start, Start::Ready(_)), "{}", world.program.log());
    let reader = world.reader("ada", Some(0));
    let work = work(world.actor());
    tokio::pin!(work);
    tokio::select! {
        done = &mut work => bail!("it went on: {done:?}"),
        ended = world.program.ended() => ended?,
    }
    world.restart().await?;
    work.await?;
    let verdict = world.judge(&["ada"], &mut [("ada", reader)]).await?;
    ensure!(verdict.faults.is_empty() && verdict.resets + verdict.left_out == 0, "{verdict}");
    Ok(())
}

/// Enough calls to meet the fault, and some after it.
async fn work(mut actor: Actor) -> Result<()> {
    for number in 0..20 {
        let ids = actor.notify(&format!("work-{number}"), &["ada"], json!({})).await?;
        if number % 4 == 0 {
            actor.change("ada", &ids[0], State::Read).await?;
        }
    }
    Ok(())
}
