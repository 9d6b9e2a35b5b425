//! User memory of an idle stream: ten thousand streams of ten thousand users, which is the dearer way to have them.

use std::time::Duration;

use anyhow::Result;

use super::Plan;
use crate::client::swarm::Swarm;
use crate::report::{Figure, Row, Verdict, thousands};
use crate::server::Server;
use crate::{progress, request, sys};

/// Longest wait for the memory to stop moving: allocators give back what handshakes needed after some seconds.
pub(super) const SETTLE: usize = 20;

/// Measures the growth of the process between no stream and all of them, idle.
pub(super) fn run(plan: &Plan) -> Result<Vec<Row>> {
    let streams = plan.size(10_000, 500);
    let server = Server::start(&plan.server, "memory")?;
    let before = settled(server.pid(), plan.size(5, 1))?;
    let mut swarm = Swarm::new()?;
    swarm.open(server.address, (0..streams).map(|n| request::stream(&request::user(n))))?;
    let opened = sys::memory(server.pid())?;
    let after = settled(server.pid(), plan.size(SETTLE, 2))?;
    let each = |now: u64, then: u64| now.saturating_sub(then) as f64 / streams as f64;
    let idle = each(after.resident, before.resident);
    let note = format!(
        "growth of the resident set from {} KiB; anonymous memory alone {:.2} KiB a stream; {:.2} KiB right after \
         opening, before the allocator gave back what the handshakes took",
        thousands(before.resident as f64),
        each(after.anonymous, before.anonymous),
        each(opened.resident, before.resident),
    );
    progress(&format!("memory: {idle:.2} KiB; {note}"));
    Ok(vec![Row {
        what: format!("user memory an idle stream, {} streams", thousands(streams as f64)),
        floor: String::new(),
        ours: format!("{idle:.2} KiB"),
        ratio: String::new(),
        target: "≤ 4 KiB, aim 1.5",
        verdict: Verdict::of(idle <= 4.0, plan.quick),
        bar: Some((Figure::Memory, idle)),
        note,
    }])
}

/// The memory once it has not moved for three seconds, or after `seconds`.
pub(super) fn settled(pid: u32, seconds: usize) -> Result<sys::Memory> {
    let mut last = sys::memory(pid)?;
    let mut still = 0;
    for _ in 0..seconds {
        sys::pause(Duration::from_secs(1));
        let now = sys::memory(pid)?;
        still = if now.resident == last.resident { still + 1 } else { 0 };
        last = now;
        if still == 3 {
            break;
        }
    }
    Ok(last)
}
