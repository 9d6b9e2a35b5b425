//! What a stream costs on one of two nodes, beside a node alone with as many: memory, and CPU to open and to hold. Each
//! stream is of another user, and each user has a stream on both nodes. Not here: what an event costs (`nodes`, `fanout`).

use std::time::Duration;

use anyhow::Result;

use super::Plan;
use super::memory::{SETTLE, settled};
use crate::client::holder::Holder;
use crate::database::Cluster;
use crate::report::{Row, Verdict, thousands};
use crate::server::Server;
use crate::{progress, sys};

/// How far a node may be from one that is alone.
const MOST: f64 = 1.1;

/// What one stream of a node costs.
#[derive(Clone, Copy, Debug)]
struct Cost {
    /// KiB of user memory.
    memory: f64,
    /// Microseconds of CPU to open it.
    opening: f64,
    /// Microseconds of CPU a second to hold it.
    holding: f64,
}

/// Measures a node alone, then two.
pub(super) fn run(plan: &Plan) -> Result<Vec<Row>> {
    let streams = plan.size(15_000, 500);
    let cluster = Cluster::start()?;
    let alone = {
        let url = cluster.create("alone")?;
        let node = Server::start_on(&plan.server, "alone", url, Vec::new())?;
        measure(plan, &[&node], streams)?
    };
    let url = cluster.create("together")?;
    let first = Server::start_on(&plan.server, "first", url, Vec::new())?;
    let second = first.beside("second")?;
    let two = measure(plan, &[&first, &second], streams)?;
    let describe = |cost: &Cost| {
        format!(
            "{:.2} KiB, {:.0} µs to open, {:.2} µs a second to hold",
            cost.memory, cost.opening, cost.holding
        )
    };
    let note = format!(
        "alone: {}; of two: {}; load {} at the end",
        alone.iter().map(describe).collect::<String>(),
        two.iter().map(describe).collect::<Vec<_>>().join(" and "),
        sys::load()
    );
    progress(&format!("crowd: {note}"));
    let mean = |costs: &[Cost], of: fn(&Cost) -> f64| {
        costs.iter().map(of).sum::<f64>() / costs.len() as f64
    };
    let row = |what: String, unit: &str, of: fn(&Cost) -> f64, note: String| {
        let (one, each) = (mean(&alone, of), mean(&two, of));
        Row {
            what,
            floor: format!("{one:.2} {unit} alone"),
            ours: format!("{each:.2} {unit}"),
            ratio: format!("{:.2}", each / one),
            target: "≤ 1.1",
            verdict: Verdict::of(each / one <= MOST, plan.quick),
            bar: None,
            note,
        }
    };
    let many = thousands(streams as f64);
    Ok(vec![
        row(
            format!("user memory a stream on one of two nodes, {many} each"),
            "KiB",
            |cost| cost.memory,
            note,
        ),
        row(
            "the same, CPU to open and to hold for a minute".to_owned(),
            "µs",
            |cost| cost.opening + 60.0 * cost.holding,
            String::new(),
        ),
    ])
}

fn measure(plan: &Plan, nodes: &[&Server], streams: usize) -> Result<Vec<Cost>> {
    let each = |total: f64| total / streams as f64;
    let mut before = Vec::new();
    for node in nodes {
        before.push((settled(node.pid(), plan.size(5, 1))?, sys::cpu_time(node.pid())?));
    }
    let mut holders = Vec::new();
    let mut opened = Vec::new();
    for (node, (_, cpu)) in nodes.iter().zip(&before) {
        holders.push(Holder::open(node.address, streams)?);
        opened.push(sys::cpu_seconds_since(node.pid(), *cpu)?);
    }
    let mut settled_memory = Vec::new();
    for node in nodes {
        settled_memory.push(settled(node.pid(), plan.size(SETTLE, 2))?);
    }
    let idle = Duration::from_secs(plan.size(20, 1) as u64);
    let mut held = Vec::new();
    for node in nodes {
        held.push(sys::cpu_time(node.pid())?);
    }
    sys::pause(idle);
    let mut costs = Vec::new();
    for (at, node) in nodes.iter().enumerate() {
        let holding = sys::cpu_seconds_since(node.pid(), held[at])? / idle.as_secs_f64();
        let grown = settled_memory[at].resident.saturating_sub(before[at].0.resident);
        costs.push(Cost {
            memory: each(grown as f64),
            opening: each(opened[at] * 1e6),
            holding: each(holding * 1e6),
        });
    }
    drop(holders);
    Ok(costs)
}
