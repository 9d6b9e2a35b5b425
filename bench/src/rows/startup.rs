//! The idle process: how soon it is ready, and how much memory it has then.

use std::time::Duration;

use anyhow::Result;

use super::Plan;
use crate::report::{Row, Verdict};
use crate::server::Server;
use crate::stats::{max, median, millis};
use crate::{progress, sys};

/// Measures.
pub(super) fn run(plan: &Plan) -> Result<Vec<Row>> {
    let mut server = Server::start(&plan.server, "startup")?;
    let mut times = vec![millis(server.started_in)];
    for _ in 0..plan.size(15, 3) {
        server = server.restart()?;
        times.push(millis(server.started_in));
    }
    sys::pause(Duration::from_secs(plan.size(5, 1) as u64));
    let memory = sys::memory(server.pid())?;
    // A megabyte of a million bytes: the stricter one.
    let megabytes = memory.resident as f64 * 1_024.0 / 1e6;
    let ready = median(&times);
    let note = format!(
        "median of {} starts after a kill, worst {:.0} ms; anonymous memory {:.1} MB",
        times.len(),
        max(&times),
        memory.anonymous as f64 * 1_024.0 / 1e6
    );
    progress(&format!("startup: {megabytes:.1} MB, ready in {ready:.0} ms; {note}"));
    Ok(vec![Row {
        what: "idle process: resident memory, ready after".to_owned(),
        floor: String::new(),
        ours: format!("{megabytes:.1} MB, {ready:.0} ms"),
        ratio: String::new(),
        target: "≤ 20 MB, ≤ 100 ms",
        verdict: Verdict::of(megabytes <= 20.0 && ready <= 100.0, plan.quick),
        bar: None,
        note,
    }])
}
