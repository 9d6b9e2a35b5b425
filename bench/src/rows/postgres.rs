//! Durable notify and push on PostgreSQL: one a request beside bare inserts, and a thousand a request.

use std::time::Duration;

use anyhow::Result;

use super::Plan;
use super::load::Sustained;
use super::notify::{PUBLISHERS, open};
use crate::database::Cluster;
use crate::floor::inserts;
use crate::report::{Row, Verdict, thousands};
use crate::server::Server;
use crate::stats::{max, percentile};
use crate::{progress, request, sys};

const USERS: usize = 1_000;

/// Measures the floor, Grelot, and the floor again.
pub(super) fn run(plan: &Plan) -> Result<Vec<Row>> {
    let time = Duration::from_secs(plan.size(8, 1) as u64);
    let cluster = Cluster::start()?;
    let bare = cluster.create("floor")?;
    let mut floors = vec![inserts::run(&bare, PUBLISHERS, time / 2)?];
    let url = cluster.create("notify")?;
    let server = Server::start_on(&plan.server, "postgres", url, Vec::new())?;
    let users = plan.size(USERS, 100);
    let single: Vec<Vec<u8>> = (0..users)
        .map(|n| request::notify(&server.api_key, &request::user(n * 617 % users)))
        .collect();
    let (run, note) = sustain(&server, time, &single, 1)?;
    let rate = run.requests as f64 / run.elapsed.as_secs_f64();
    floors.push(inserts::run(&bare, PUBLISHERS, time / 2)?);
    let floor = max(&floors);
    let ratio = rate / floor;
    progress(&format!("postgres: {}/s, ratio {ratio:.2}; {note}", thousands(rate)));
    let many = [request::notify_many(&server.api_key, (0..USERS).map(request::user))];
    let (run, bulk_note) = sustain(&server, time, &many, USERS as u64)?;
    let bulk = (run.requests * USERS as u64) as f64 / run.elapsed.as_secs_f64();
    progress(&format!("postgres: {}/s in bulk; {bulk_note}", thousands(bulk)));
    Ok(vec![
        Row {
            what: format!(
                "PostgreSQL: durable notify and push, single POSTs, {PUBLISHERS} publishers"
            ),
            floor: format!("{}/s", thousands(floor)),
            ours: format!("{}/s", thousands(rate)),
            ratio: format!("{ratio:.2}"),
            target: "≥ 6,000/s, aim 12,000/s",
            verdict: Verdict::of(rate >= 6_000.0, plan.quick),
            bar: None,
            note: format!(
                "bare inserts {}/s before and {}/s after; {note}",
                thousands(floors[0]),
                thousands(floors[1])
            ),
        },
        Row {
            what: format!("the same, `userIds` of {}, notifications", thousands(USERS as f64)),
            floor: String::new(),
            ours: format!("{}/s", thousands(bulk)),
            ratio: String::new(),
            target: "≥ 40,000/s",
            verdict: Verdict::of(bulk >= 40_000.0, plan.quick),
            bar: None,
            note: bulk_note,
        },
    ])
}

/// Sends `requests` in turn for `time`, after a warm-up, to users who each have a stream.
fn sustain(
    server: &Server,
    time: Duration,
    requests: &[Vec<u8>],
    each: u64,
) -> Result<(Sustained, String)> {
    let users = requests.len().max(usize::try_from(each)?);
    let mut load = open(server, users, PUBLISHERS)?;
    let warm_up = load.sustain(time / 4, requests, each)?;
    let cpu = sys::cpu_time(server.pid())?;
    let run = load.sustain(time, requests, each)?;
    let seconds = run.elapsed.as_secs_f64();
    let cpu = sys::cpu_seconds_since(server.pid(), cpu)? / seconds;
    load.swarm.check_all((warm_up.requests + run.requests) * each)?;
    let note = format!(
        "{} requests in {seconds:.1} s, every event arrived once and in order; answer p50 {:.1} ms, p99 {:.1} ms; \
         Grelot used {cpu:.2} cores, the generator {:.2}, PostgreSQL what it got of the rest; load {} at the end",
        thousands(run.requests as f64),
        percentile(&run.answers, 50),
        percentile(&run.answers, 99),
        run.generator,
        sys::load(),
    );
    Ok((run, note))
}
