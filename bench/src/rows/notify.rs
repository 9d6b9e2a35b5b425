//! Durable notify and push, one notification a request: 32 publishers, each request for one of a thousand users, each
//! of whom has a stream that the event must reach.

use std::time::Duration;

use anyhow::Result;

use super::Plan;
use super::load::Load;
use crate::client::swarm::Swarm;
use crate::report::{Figure, Row, Verdict, thousands};
use crate::server::Server;
use crate::stats::percentile;
use crate::{progress, request, sys};

pub(super) const PUBLISHERS: usize = 32;
const USERS: usize = 1_000;

/// Measures.
pub(super) fn run(plan: &Plan) -> Result<Vec<Row>> {
    let time = Duration::from_secs(plan.size(8, 1) as u64);
    let users = plan.size(USERS, 100);
    let server = Server::start(&plan.server, "notify")?;
    let mut load = open(&server, users, PUBLISHERS)?;
    // A prime stride, so that neighbours in time are not neighbours in the tables.
    let requests: Vec<Vec<u8>> = (0..users)
        .map(|n| request::notify(&server.api_key, &request::user(n * 617 % users)))
        .collect();
    let warm_up = load.sustain(time / 8, &requests, 1)?;
    let cpu = sys::cpu_time(server.pid())?;
    let run = load.sustain(time, &requests, 1)?;
    let cpu = sys::cpu_seconds_since(server.pid(), cpu)?;
    load.swarm.check_all(warm_up.requests + run.requests)?;
    let seconds = run.elapsed.as_secs_f64();
    let rate = run.requests as f64 / seconds;
    let note = format!(
        "{} requests in {seconds:.1} s, every event arrived once and in order; answer p50 {:.2} ms, p99 {:.2} ms; \
         the server used {:.2} cores, the generator {:.2}",
        thousands(run.requests as f64),
        percentile(&run.answers, 50),
        percentile(&run.answers, 99),
        cpu / seconds,
        run.generator,
    );
    progress(&format!("notify: {}/s; {note}", thousands(rate)));
    Ok(vec![Row {
        what: format!("durable notify and push, single POSTs, {PUBLISHERS} publishers"),
        floor: String::new(),
        ours: format!("{}/s", thousands(rate)),
        ratio: String::new(),
        target: "≥ 8,000/s, aim 15,000/s",
        verdict: Verdict::of(rate >= 8_000.0, plan.quick),
        bar: Some((Figure::Notify, rate)),
        note,
    }])
}

/// A stream for each user, and publishers.
pub(super) fn open(server: &Server, users: usize, publishers: usize) -> Result<Load> {
    open_between(server, server, users, publishers)
}

/// The same, with the publishers on one node and the streams on another.
pub(super) fn open_between(
    from: &Server,
    to: &Server,
    users: usize,
    publishers: usize,
) -> Result<Load> {
    let mut swarm = Swarm::new()?;
    swarm.open(to.address, (0..users).map(|n| request::stream(&request::user(n))))?;
    let publishers: Result<Vec<_>> = (0..publishers).map(|_| from.connect()).collect();
    Load::new(swarm, publishers?)
}
