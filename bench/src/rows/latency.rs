//! From the POST to the event in the page: one publisher, one stream, one at a time.

use anyhow::Result;

use super::Plan;
use super::notify::open;
use crate::report::{Figure, Row, Verdict, thousands};
use crate::server::Server;
use crate::stats::{max, millis, percentile};
use crate::{progress, request};

/// Measures.
pub(super) fn run(plan: &Plan) -> Result<Vec<Row>> {
    let rounds = plan.size(2_000, 200);
    let server = Server::start(&plan.server, "latency")?;
    let mut load = open(&server, 1, 1)?;
    let request = request::notify(&server.api_key, &request::user(0));
    let warm_up = plan.size(200, 20);
    let mut times = Vec::with_capacity(rounds);
    for round in 0..warm_up + rounds {
        let took = load.round(&request, 1, 1)?;
        if round >= warm_up {
            times.push(millis(took));
        }
    }
    load.swarm.check_each((warm_up + rounds) as u64)?;
    let (p50, p99) = (percentile(&times, 50), percentile(&times, 99));
    let note = format!("{} rounds, worst {:.2} ms", thousands(rounds as f64), max(&times));
    progress(&format!("latency: p50 {p50:.2} ms, p99 {p99:.2} ms; {note}"));
    Ok(vec![Row {
        what: "POST to event in the page, one publisher, p50 / p99".to_owned(),
        floor: String::new(),
        ours: format!("{p50:.2} / {p99:.2} ms"),
        ratio: String::new(),
        target: "≤ 0.6 / 3 ms",
        verdict: Verdict::of(p50 <= 0.6 && p99 <= 3.0, plan.quick),
        bar: Some((Figure::Latency, p50)),
        note,
    }])
}
