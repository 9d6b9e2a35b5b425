//! One event, and a burst of ten, to ten thousand streams of one user: Grelot and the floor by turns, the same client.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Result;

use super::Plan;
use super::load::Load;
use crate::client::http::Connection;
use crate::client::swarm::Swarm;
use crate::floor::stream::Floor;
use crate::report::{Figure, Row, Verdict, thousands};
use crate::server::Server;
use crate::stats::{median, percentile};
use crate::{progress, request, sys};

/// Events of a burst, each from a publisher of its own.
const BURST: usize = 10;
/// Rounds before the first that counts.
const WARM_UP: usize = 3;

/// What was measured, over all segments.
#[derive(Default)]
struct Samples {
    /// Deliveries a second, of one event and of a burst.
    single: Vec<f64>,
    burst: Vec<f64>,
    /// Microseconds of the server's CPU a delivery.
    single_cpu: Vec<f64>,
    burst_cpu: Vec<f64>,
    /// The share of one core that the client used.
    client: Vec<f64>,
}

/// Who is measured.
struct Subject {
    address: SocketAddr,
    pid: u32,
    notify: Vec<u8>,
    stream: Vec<u8>,
    bursts: usize,
}

struct Sizes {
    streams: usize,
    rounds: usize,
    bursts: usize,
    segments: usize,
}

fn sizes(plan: &Plan) -> Sizes {
    Sizes {
        streams: plan.size(10_000, 500),
        rounds: plan.size(30, 5),
        bursts: plan.size(8, 3),
        segments: plan.size(4, 1),
    }
}

/// Measures both.
pub(super) fn run(plan: &Plan) -> Result<Vec<Row>> {
    let sizes = sizes(plan);
    let (mut floor, mut ours) = (Samples::default(), Samples::default());
    for segment in 1..=sizes.segments {
        floor_segment(&sizes, &mut floor)?;
        let server = Server::start(&plan.server, "fanout")?;
        let subject = Subject {
            address: server.address,
            pid: server.pid(),
            notify: request::notify(&server.api_key, &request::user(0)),
            stream: request::stream(&request::user(0)),
            bursts: sizes.bursts,
        };
        measure(&subject, &sizes, &mut ours)?;
        progress(&format!(
            "fanout {segment}/{}: floor {}/s at {:.2} µs, Grelot {}/s at {:.2} µs, burst {}/s",
            sizes.segments,
            thousands(median(&floor.single)),
            median(&floor.single_cpu),
            thousands(median(&ours.single)),
            median(&ours.single_cpu),
            thousands(median(&ours.burst)),
        ));
    }
    Ok(rows(plan, &sizes, &floor, &ours))
}

fn floor_segment(sizes: &Sizes, samples: &mut Samples) -> Result<()> {
    let floor = Floor::start()?;
    let subject = Subject {
        address: floor.address,
        pid: floor.pid(),
        notify: request::notify("none", &request::user(0)),
        stream: request::stream(&request::user(0)),
        bursts: 0,
    };
    measure(&subject, sizes, samples)
}

/// The floor alone: whether it, and the client, are as good as they must be on this machine.
pub(crate) fn floor_only(plan: &Plan) -> Result<String> {
    let mut samples = Samples::default();
    for _ in 0..plan.size(3, 1) {
        floor_segment(&sizes(plan), &mut samples)?;
    }
    Ok(format!("{}; the client uses {:.2} of a core", describe(&samples), median(&samples.client)))
}

fn measure(subject: &Subject, sizes: &Sizes, samples: &mut Samples) -> Result<()> {
    let mut swarm = Swarm::new()?;
    swarm.open(subject.address, (0..sizes.streams).map(|_| subject.stream.clone()))?;
    let publishers: Result<Vec<_>, _> =
        (0..BURST).map(|_| Connection::open(subject.address)).collect();
    let mut load = Load::new(swarm, publishers?)?;
    for _ in 0..WARM_UP {
        rest(&mut load, subject, 1)?;
    }
    let client = sys::own_cpu_time()?;
    let (singles, cpu) = repeated(&mut load, subject, sizes.rounds, 1)?;
    let busy = singles.iter().map(|rate| load.swarm.len() as f64 / rate).sum::<f64>();
    samples.client.push(sys::cpu_seconds_since(std::process::id(), client)? / busy);
    samples.single.extend(singles);
    samples.single_cpu.push(cpu);
    if subject.bursts > 0 {
        let (bursts, cpu) = repeated(&mut load, subject, subject.bursts, BURST)?;
        samples.burst.extend(bursts);
        samples.burst_cpu.push(cpu);
    }
    load.swarm.check_each((WARM_UP + sizes.rounds + subject.bursts * BURST) as u64)
}

/// `rounds` rounds of `count` events: the deliveries a second of each, and the CPU a delivery (µs) of all.
fn repeated(
    load: &mut Load,
    subject: &Subject,
    rounds: usize,
    count: usize,
) -> Result<(Vec<f64>, f64)> {
    let deliveries = (load.swarm.len() * count) as f64;
    let before = sys::cpu_time(subject.pid)?;
    let mut rates = Vec::with_capacity(rounds);
    for _ in 0..rounds {
        rates.push(deliveries / rest(load, subject, count)?.as_secs_f64());
    }
    let cpu = sys::cpu_seconds_since(subject.pid, before)?;
    Ok((rates, cpu * 1e6 / (deliveries * rounds as f64)))
}

/// One round, and a moment for what the server does after it, which counts as its CPU but not as time to deliver.
fn rest(load: &mut Load, subject: &Subject, count: usize) -> Result<Duration> {
    let events = (load.swarm.len() * count) as u64;
    let took = load.round(&subject.notify, count, events)?;
    sys::pause(Duration::from_millis(10));
    Ok(took)
}

fn describe(samples: &Samples) -> String {
    let rates = &samples.single;
    format!(
        "{}/s (p10 {}, p90 {}) at {:.2} µs CPU",
        thousands(median(rates)),
        thousands(percentile(rates, 10)),
        thousands(percentile(rates, 90)),
        median(&samples.single_cpu),
    )
}

fn rows(plan: &Plan, sizes: &Sizes, floor: &Samples, ours: &Samples) -> Vec<Row> {
    let unit = median(&floor.single);
    let ratio = median(&ours.single) / unit;
    let cpu = median(&ours.single_cpu) / median(&floor.single_cpu);
    let burst = median(&ours.burst) / unit;
    let streams = thousands(sizes.streams as f64);
    vec![
        Row {
            what: format!("one event to {streams} streams, deliveries"),
            floor: format!("{}/s", thousands(unit)),
            ours: format!("{}/s", thousands(median(&ours.single))),
            ratio: format!("{ratio:.2}"),
            target: "≥ 0.9, aim 1.0",
            verdict: Verdict::of(ratio >= 0.9, plan.quick),
            bar: Some((Figure::FanOut, ratio)),
            note: format!(
                "floor {}, Grelot {}; the client used {:.2} and {:.2} of a core",
                describe(floor),
                describe(ours),
                median(&floor.client),
                median(&ours.client)
            ),
        },
        Row {
            what: "the same, CPU a delivery".to_owned(),
            floor: format!("{:.2} µs", median(&floor.single_cpu)),
            ours: format!("{:.2} µs", median(&ours.single_cpu)),
            ratio: format!("{cpu:.2}"),
            target: "≤ 1.25, aim 1.15",
            verdict: Verdict::of(cpu <= 1.25, plan.quick),
            bar: Some((Figure::Cpu, cpu)),
            note: String::new(),
        },
        Row {
            what: format!("burst of {BURST} events to {streams} streams, deliveries"),
            floor: format!("{}/s", thousands(unit)),
            ours: format!("{}/s", thousands(median(&ours.burst))),
            ratio: format!("{burst:.2}"),
            target: "≥ 6, aim 8, none lost",
            verdict: Verdict::of(burst >= 6.0, plan.quick),
            bar: Some((Figure::Burst, burst)),
            note: format!(
                "every stream got every event once, in order; {:.2} µs CPU a delivery; the unit is the floor's \
                 deliveries/s of one event",
                median(&ours.burst_cpu)
            ),
        },
    ]
}
