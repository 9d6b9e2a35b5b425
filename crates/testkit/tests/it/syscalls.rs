//! kill -9 at each system call by which a notify, or a change of one, writes: to the database, to its log, to the
//! client. strace counts the calls of one thread and ends the process as it enters the chosen one.
//!
//! An ordinary run takes points spread over all of them; `GRELOT_CRASH=all` (`make crash`) takes every one.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use grelot_testkit::actor::Actor;
use grelot_testkit::history::{State, Verdict};
use grelot_testkit::program::Start;
use serde_json::json;
use tokio::task::JoinSet;

use crate::support::{World, strace};

/// What writes. `write` wakes other threads: between a commit and its answer.
const CALLS: &str =
    "pwrite64,pwritev,fsync,fdatasync,ftruncate,fallocate,unlink,write,writev,sendto";
/// How many points an ordinary run takes.
const POINTS: usize = 120;
/// One for each core.
const CHAINS: usize = 2;

/// The n-th call of this name that some thread makes.
#[derive(Clone, Debug)]
struct Point {
    call: String,
    number: usize,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_at_any_system_call_that_writes_loses_doubles_and_miscounts_nothing() {
    let begin = Instant::now();
    let every = points().await.unwrap();
    let stride = if std::env::var_os("GRELOT_CRASH").is_some_and(|which| which == "all") {
        1
    } else {
        every.len().div_ceil(POINTS)
    };
    let chosen: Vec<Point> = every.iter().step_by(stride).cloned().collect();
    let mut chains = JoinSet::new();
    for chain in 0..CHAINS {
        chains.spawn(crash(chosen.iter().skip(chain).step_by(CHAINS).cloned().collect()));
    }
    let mut killed = 0;
    while let Some(chain) = chains.join_next().await {
        killed += chain.unwrap().unwrap();
    }
    let (every, took) = (every.len(), begin.elapsed());
    println!("killed at {killed} of {} chosen points, of {every}, in {took:?}", chosen.len());
    assert!(every > 200, "the script writes less than it did: {every} points");
    // Which thread makes a call varies a little, so that a few points are never reached.
    assert!(killed * 10 >= chosen.len() * 8, "{killed} of {} were reached", chosen.len());
}

/// What is done while the process is killed: one call after the other, until each is known to be done.
async fn script(mut actor: Actor, user: String, other: String) -> Result<()> {
    let (user, other) = (user.as_str(), other.as_str());
    let mut first = None;
    for number in 0..16 {
        let key = format!("{user}-{number}");
        let users: &[&str] = if number % 3 == 2 { &[user, other] } else { &[user] };
        // Some fill more than a page of the database.
        let more = json!({"body": "x".repeat(number % 2 * 3_900), "link": "/invoices/1"});
        let ids = actor.notify(&key, users, more).await?;
        let id = first.get_or_insert_with(|| ids[0].clone());
        match number {
            1 => actor.change(user, id, State::Read).await?,
            3 => actor.change(user, id, State::Unread).await?,
            4 => actor.change(user, id, State::Deleted).await?,
            _ => {}
        }
    }
    Ok(())
}

/// Counts, by a run that nobody kills, how many calls of each name one thread makes.
async fn points() -> Result<Vec<Point>> {
    let place = tempfile::tempdir()?;
    let trace = place.path().join("trace");
    let users = ["counted", "counted-other"];
    let filter = format!("trace={CALLS}");
    let mut world = World::start_under(&strace(&trace, &["-e", &filter]), &users).await?;
    let reader = world.reader(users[0], Some(0));
    script(world.actor(), users[0].to_owned(), users[1].to_owned()).await?;
    let verdict = world.judge(&users, &mut [(users[0], reader)]).await?;
    ensure!(verdict.faults.is_empty(), "without a kill: {verdict}");
    world.program.kill()?;

    let mut counts: BTreeMap<(String, String), usize> = BTreeMap::new();
    for line in std::fs::read_to_string(&trace)?.lines() {
        // "12345 pwrite64(12, ...": what is resumed was counted when it began.
        let (thread, rest) = line.split_once(' ').context("a line without a thread")?;
        if let Some((call, _)) = rest.trim_start().split_once('(')
            && CALLS.split(',').any(|name| name == call)
        {
            *counts.entry((call.to_owned(), thread.to_owned())).or_default() += 1;
        }
    }
    let mut most: BTreeMap<String, usize> = BTreeMap::new();
    for ((call, _), count) in counts {
        let entry = most.entry(call).or_default();
        *entry = count.max(*entry);
    }
    println!("calls of one thread: {most:?}");
    let numbers = |(call, count): (String, usize)| {
        (1..=count).map(move |number| Point { call: call.clone(), number })
    };
    Ok(most.into_iter().flat_map(numbers).collect())
}

/// Kills one service at each of the points in turn, on one database; returns how many of them were reached.
async fn crash(points: Vec<Point>) -> Result<usize> {
    let names: Vec<String> = (0..points.len() * 2).map(|number| format!("u{number}")).collect();
    let every: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut world = World::start(&every).await?;
    let mut killed = 0;
    for (point, users) in points.iter().zip(every.chunks(2)) {
        world.program.kill()?;
        let verdict = crash_at(&mut world, point, users, &mut killed).await;
        let verdict = verdict.with_context(|| format!("{point:?}: {}", world.program.log()))?;
        ensure!(verdict.faults.is_empty(), "{point:?}: {verdict}");
        ensure!(verdict.resets == 0, "{point:?}: a stream could not resume");
    }
    Ok(killed)
}

async fn crash_at(
    world: &mut World,
    point: &Point,
    users: &[&str],
    killed: &mut usize,
) -> Result<Verdict> {
    let Point { call, number } = point;
    let filter = format!("trace={call}");
    let injection = format!("inject={call}:signal=SIGKILL:when={number}");
    let options = ["-e", &filter, "-e", &injection];
    let start = world.program.start_under(&strace(Path::new("/dev/null"), &options)).await?;
    let mut reader = world.reader(users[0], Some(0));
    let work = script(world.actor(), users[0].to_owned(), users[1].to_owned());
    tokio::pin!(work);
    let finished = match start {
        Start::Ended => false,
        Start::Ready(_) => {
            tokio::select! {
                done = &mut work => done.map(|()| true)?,
                ended = world.program.ended() => ended.map(|()| false)?,
            }
        }
    };
    if finished {
        // The point may still come, and must not while the inboxes are read.
        world.program.kill()?;
    }
    world.restart().await?;
    if !finished {
        *killed += 1;
        work.await?;
    }
    reader.reached(world.seq(users[0]).await?).await?;
    world.history.judge(&world.api, users).await
}
