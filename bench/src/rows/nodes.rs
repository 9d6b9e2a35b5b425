//! From the POST on one node to the event on another: with `NOTIFY`, with NATS, and with a NATS that is dead, when only the
//! sweep finds what was missed.

use std::time::Duration;

use anyhow::Result;
use grelot_testkit::nats;

use super::Plan;
use super::load::Load;
use super::notify::open_between;
use crate::database::Cluster;
use crate::report::{Row, Verdict, thousands};
use crate::server::Server;
use crate::stats::{max, millis, percentile};
use crate::{progress, request, sys};

/// Between rounds without a bus: not in step with the sweep, else every round would wait for a whole one.
const STRIDE: u64 = 617;
const SWEEP: u64 = 2_000;

/// Measures all three.
pub(super) fn run(plan: &Plan) -> Result<Vec<Row>> {
    let rounds = plan.size(2_000, 100);
    let cluster = Cluster::start()?;
    let url = cluster.create("by_notify")?;
    let first = Server::start_on(&plan.server, "notify-a", url, Vec::new())?;
    let second = first.beside("notify-b")?;
    let notify = times(&first, &second, rounds)?;
    drop((first, second));

    let mut bus = nats::Server::start()?;
    let url = cluster.create("by_nats")?;
    let environment = vec![("GRELOT_BUS", bus.url())];
    let first = Server::start_on(&plan.server, "nats-a", url, environment)?;
    let second = first.beside("nats-b")?;
    let nats = times(&first, &second, rounds)?;
    bus.kill()?;
    let mut load = open_between(&first, &second, 1, 1)?;
    let request = request::notify(&first.api_key, &request::user(0));
    let mut swept = Vec::new();
    for round in 0..plan.size(40, 3) as u64 {
        sys::pause(Duration::from_millis(round * STRIDE % SWEEP));
        swept.push(millis(load.round(&request, 1, 1)?));
    }
    load.swarm.check_each(swept.len() as u64)?;
    let (p50, worst) = (percentile(&swept, 50), max(&swept));
    progress(&format!("nodes: NATS killed, p50 {p50:.0} ms, worst {worst:.0} ms"));
    Ok(vec![
        row(plan, "`NOTIFY`", "p50 ≤ 10 ms", &notify, 10.0),
        row(plan, "NATS", "p50 ≤ 3 ms", &nats, 3.0),
        Row {
            what: "the same with NATS killed, p50 / worst".to_owned(),
            floor: String::new(),
            ours: format!("{:.2} / {:.2} s", p50 / 1e3, worst / 1e3),
            ratio: String::new(),
            target: "worst ≤ 2.5 s",
            verdict: Verdict::of(worst <= 2_500.0, plan.quick),
            bar: None,
            note: format!(
                "{} rounds, not in step with the sweep; every event once; load {} at the end",
                swept.len(),
                sys::load()
            ),
        },
    ])
}

/// The milliseconds of each round, one after the other.
fn times(from: &Server, to: &Server, rounds: usize) -> Result<Vec<f64>> {
    let mut load: Load = open_between(from, to, 1, 1)?;
    let request = request::notify(&from.api_key, &request::user(0));
    let warm_up = rounds / 10;
    let mut times = Vec::with_capacity(rounds);
    for round in 0..warm_up + rounds {
        let took = load.round(&request, 1, 1)?;
        if round >= warm_up {
            times.push(millis(took));
        }
    }
    load.swarm.check_each((warm_up + rounds) as u64)?;
    Ok(times)
}

fn row(plan: &Plan, bus: &str, target: &'static str, times: &[f64], most: f64) -> Row {
    let (p50, p99) = (percentile(times, 50), percentile(times, 99));
    let note = format!(
        "{} rounds, worst {:.1} ms; load {} at the end",
        thousands(times.len() as f64),
        max(times),
        sys::load()
    );
    progress(&format!("nodes: {bus}, p50 {p50:.2} ms, p99 {p99:.2} ms; {note}"));
    Row {
        what: format!("POST on one node to event on another, {bus}, p50 / p99"),
        floor: String::new(),
        ours: format!("{p50:.2} / {p99:.2} ms"),
        ratio: String::new(),
        target,
        verdict: Verdict::of(p50 <= most, plan.quick),
        bar: None,
        note,
    }
}
