//! Durable notify and push with a thousand users a request, beside a bare SQLite writer doing the same statements.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use super::Plan;
use super::notify::{PUBLISHERS, open};
use crate::floor::writer::Writer;
use crate::process::Scratch;
use crate::report::{Row, Verdict, thousands};
use crate::server::{Server, migrate};
use crate::stats::{max, percentile};
use crate::{progress, request, sys};

/// As many as one request may name.
const USERS: usize = 1_000;
/// Transactions of the bare writer: as large as one request, and as large as several that are committed together. The
/// faster is the floor.
const BATCHES: [usize; 2] = [1_000, 4_000];

/// Measures the floor, Grelot, and the floor again.
pub(super) fn run(plan: &Plan) -> Result<Vec<Row>> {
    let time = Duration::from_secs(plan.size(8, 1) as u64);
    let mut floors = BATCHES.map(|_| Vec::new());
    floor(&plan.server, time / 2, &mut floors)?;
    let server = Server::start(&plan.server, "bulk")?;
    let mut load = open(&server, USERS, PUBLISHERS)?;
    let request = request::notify_many(&server.api_key, (0..USERS).map(request::user));
    let requests = [request];
    let warm_up = load.sustain(time / 8, &requests, USERS as u64)?;
    let cpu = sys::cpu_time(server.pid())?;
    let run = load.sustain(time, &requests, USERS as u64)?;
    let cpu = sys::cpu_seconds_since(server.pid(), cpu)?;
    load.swarm.check_each(warm_up.requests + run.requests)?;
    drop((load, server));
    floor(&plan.server, time / 2, &mut floors)?;
    let rates = floors.each_ref().map(|rates| max(rates));
    let best = max(&rates);
    let seconds = run.elapsed.as_secs_f64();
    let rate = (run.requests * USERS as u64) as f64 / seconds;
    let ratio = rate / best;
    let note = format!(
        "the bare writer does {}/s in transactions of {} and {}/s of {}; every user's stream got every event, in \
         order; answer p50 {:.0} ms; the server used {:.2} cores, the generator {:.2}",
        thousands(rates[0]),
        thousands(BATCHES[0] as f64),
        thousands(rates[1]),
        thousands(BATCHES[1] as f64),
        percentile(&run.answers, 50),
        cpu / seconds,
        run.generator,
    );
    progress(&format!("bulk: {}/s, ratio {ratio:.2}; {note}", thousands(rate)));
    Ok(vec![Row {
        what: format!("the same, `userIds` of {}, notifications", thousands(USERS as f64)),
        floor: format!("{}/s", thousands(best)),
        ours: format!("{}/s", thousands(rate)),
        ratio: format!("{ratio:.2}"),
        target: "≥ 0.5",
        verdict: Verdict::of(ratio >= 0.5, plan.quick),
        bar: None,
        note,
    }])
}

/// Runs the bare writer once on an empty database for each size of its transactions.
fn floor(binary: &Path, time: Duration, rates: &mut [Vec<f64>; 2]) -> Result<()> {
    for (batch, rates) in BATCHES.into_iter().zip(rates) {
        let scratch = Scratch::new("bulk-floor")?;
        let mut writer = Writer::open(&migrate(binary, &scratch)?, USERS)?;
        writer.run(batch, time / 8)?;
        let rate = writer.run(batch, time)?;
        progress(&format!("bulk: the bare writer, transactions of {batch}: {}/s", thousands(rate)));
        rates.push(rate);
    }
    Ok(())
}
