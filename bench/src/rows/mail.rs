//! 500 mails a second to a sink, and what the inbox feels of it: POST to event, then and when nothing else is to be done.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::Plan;
use crate::client::http::{Connection, PATIENCE};
use crate::client::swarm::Swarm;
use crate::report::{Row, Verdict, thousands};
use crate::server::Server;
use crate::sink::{Sink, Taken};
use crate::stats::{max, millis, percentile};
use crate::{progress, request, sys};

/// How many mails are offered a second.
const RATE: u32 = 500;
/// Connections that notifications with a mail are posted on, in turn.
const PUBLISHERS: usize = 8;
/// The one who is watched; has no address.
const PROBE: usize = 0;
/// Between the event and the next notification to the one who is watched: no multiple of the time between two mails.
const PROBE_PAUSE: Duration = Duration::from_micros(7_300);
/// How much later than offered the last mail may be taken: with more the service falls behind.
const MAX_LAG: Duration = Duration::from_secs(1);

/// Measures.
pub(super) fn run(plan: &Plan) -> Result<Vec<Row>> {
    let users = plan.size(1_000, 50);
    let time = Duration::from_secs(plan.size(20, 1) as u64);
    let sink = Sink::start()?;
    let environment = vec![
        ("GRELOT_SMTP_URL", format!("smtp://{}", sink.address)),
        ("GRELOT_MAIL_FROM", "Bench <bench@example.com>".to_owned()),
        ("GRELOT_PUBLIC_URL", "https://notify.example.com".to_owned()),
        ("GRELOT_MAIL_CONCURRENCY", "16".to_owned()),
        ("GRELOT_MAIL_RATE", "1000".to_owned()),
    ];
    let server = Server::start_with(&plan.server, "mail", environment)?;
    set_up(&server, users)?;
    let mut desk = Desk::open(&server, users)?;
    desk.work(time / 20, RATE)?;
    desk.work(time / 20, 0)?;
    // Half of the quiet before the mails and half of it after: the database grows, and machines have moods.
    let before = desk.work(time / 4, 0)?;
    let cpu = (sys::cpu_time(server.pid())?, sys::own_cpu_time()?);
    let mailed = desk.work(time, RATE)?;
    let drained = desk.drain(&sink)?;
    let seconds = (time + drained).as_secs_f64();
    let cores = sys::cpu_seconds_since(server.pid(), cpu.0)? / seconds;
    let generator = sys::cpu_seconds_since(std::process::id(), cpu.1)? / seconds;
    let after = desk.work(time / 4, 0)?;
    let offered = desk.offered;
    desk.swarm.check_all(offered + desk.probes)?;
    let taken = sink.end()?;
    check(taken, offered)?;

    let idle = [before.latencies, after.latencies].concat();
    let (quiet, busy) = (percentile(&idle, 50), percentile(&mailed.latencies, 50));
    let ratio = busy / quiet;
    let kept_up = mailed.late < MAX_LAG && drained < MAX_LAG;
    let note = format!(
        "{} mails offered in {:.0} s ({:.0}/s), at most {:.0} ms late; the sink had all {} of the run, each once, the last \
         {:.0} ms after it was offered, on {} connections, {:.1} KiB each; p99 {:.2} ms (quiet {:.2}), worst {:.2} ms; the \
         server used {cores:.2} cores, the generator and the sink {generator:.2}",
        thousands(mailed.offered as f64),
        time.as_secs_f64(),
        mailed.offered as f64 / time.as_secs_f64(),
        millis(mailed.late),
        thousands(taken.mails as f64),
        millis(drained),
        taken.connections,
        taken.bytes as f64 / taken.mails.max(1) as f64 / 1_024.0,
        percentile(&mailed.latencies, 99),
        percentile(&idle, 99),
        max(&mailed.latencies),
    );
    progress(&format!("mail: p50 {busy:.2} ms, quiet {quiet:.2} ms, ratio {ratio:.2}; {note}"));
    Ok(vec![Row {
        what: format!("POST to event in the page while {RATE} mails/s go out, p50"),
        floor: format!("{quiet:.2} ms quiet"),
        ours: format!("{busy:.2} ms"),
        ratio: format!("{ratio:.2}"),
        target: "≤ 1.5, every mail once",
        verdict: Verdict::of(ratio <= 1.5 && kept_up, plan.quick),
        bar: None,
        note,
    }])
}

fn check(taken: Taken, offered: u64) -> Result<()> {
    ensure!(taken.doubled == 0, "{} mails came twice", taken.doubled);
    ensure!(taken.mails == offered, "{} mails came of {offered}", taken.mails);
    Ok(())
}

/// Everybody but the one who is watched gets mail, at once.
fn set_up(server: &Server, users: usize) -> Result<()> {
    let mut connection = server.connect()?;
    let mut put = |path: &str, body: &str| -> Result<()> {
        let request = request::with_body("PUT", path, &server.api_key, body.as_bytes());
        let answer = connection.call(&request)?;
        ensure!(matches!(answer.status, 200 | 201 | 204), "PUT {path} got {}", answer.status);
        Ok(())
    };
    let category = r#"{"label":{"en":"Billing"},"email":{"mode":"now"}}"#;
    put("/api/internal/categories/billing", category)?;
    for n in (0..=users).filter(|n| *n != PROBE) {
        let contact = format!(r#"{{"email":"u{n}@example.com","name":"User {n}","locale":"en"}}"#);
        put(&format!("/api/internal/users/{}", request::user(n)), &contact)?;
    }
    Ok(())
}

/// What was seen during one stretch of time.
#[derive(Default)]
struct Seen {
    /// Milliseconds from the POST to the event, of the one who is watched.
    latencies: Vec<f64>,
    /// Mails that were offered.
    offered: u64,
    /// How much later than it should a mail was offered, at most.
    late: Duration,
}

/// A notification to the one who is watched, on its way.
struct Probe {
    sent_at: Instant,
    took: Option<Duration>,
    answered: bool,
}

/// The streams of all users, those who post, and the one who is watched.
struct Desk {
    swarm: Swarm,
    /// The last one is that of the probe.
    publishers: Vec<Connection>,
    /// Those that nothing is asked on, in turn: the service closes what is idle for long.
    free: VecDeque<usize>,
    requests: Vec<Vec<u8>>,
    probe_request: Vec<u8>,
    probe: Option<Probe>,
    /// Probes sent, and mails offered, ever.
    probes: u64,
    offered: u64,
}

impl Desk {
    fn open(server: &Server, users: usize) -> Result<Self> {
        let mut swarm = Swarm::new()?;
        swarm.open(server.address, (0..=users).map(|n| request::stream(&request::user(n))))?;
        let publishers: Result<Vec<_>> = (0..=PUBLISHERS).map(|_| server.connect()).collect();
        let publishers = publishers?;
        for (number, publisher) in publishers.iter().enumerate() {
            swarm.watch(number, publisher)?;
        }
        let notify = |n| request::notify(&server.api_key, &request::user(n));
        Ok(Self {
            swarm,
            publishers,
            free: (0..PUBLISHERS).collect(),
            // A prime stride, so that neighbours in time are not neighbours in the tables.
            requests: (0..users).map(|n| notify(1 + n * 617 % users)).collect(),
            probe_request: notify(PROBE),
            probe: None,
            probes: 0,
            offered: 0,
        })
    }

    /// Offers `rate` mails a second for `time`, whether earlier ones are answered or not, and watches one user meanwhile; comes
    /// back when everything is answered and every event has arrived.
    fn work(&mut self, time: Duration, rate: u32) -> Result<Seen> {
        let begin = Instant::now();
        let end = begin + time;
        let due = |count: u64| {
            let at = begin + Duration::from_secs_f64(count as f64 / f64::from(rate.max(1)));
            (rate > 0 && at < end).then_some(at)
        };
        let (mut seen, mut next_probe) = (Seen::default(), begin);
        loop {
            let now = Instant::now();
            ensure!(now < end + PATIENCE, "not everything is answered");
            while let Some(at) = due(seen.offered).filter(|at| *at <= now)
                && let Some(publisher) = self.free.pop_front()
            {
                let turn = usize::try_from(self.offered)? % self.requests.len();
                self.publishers[publisher].send(&self.requests[turn])?;
                seen.late = seen.late.max(now - at);
                seen.offered += 1;
                self.offered += 1;
            }
            if self.probe.is_none() && next_probe <= now && now < end {
                self.send_probe()?;
            }
            if now >= end && due(seen.offered).is_none() && self.is_quiet() {
                return Ok(seen);
            }
            let offer = due(seen.offered).filter(|_| !self.free.is_empty());
            let probe = self.probe.is_none().then_some(next_probe);
            let next = offer.into_iter().chain(probe).filter(|at| *at > now).min().unwrap_or(end);
            self.turn(next.saturating_duration_since(now).max(Duration::from_micros(50)))?;
            if let Some(took) = self.arrived() {
                seen.latencies.push(millis(took));
                next_probe = Instant::now() + PROBE_PAUSE;
            }
        }
    }

    fn send_probe(&mut self) -> Result<()> {
        let sent_at = Instant::now();
        self.publishers[PUBLISHERS].send(&self.probe_request)?;
        self.probe = Some(Probe { sent_at, took: None, answered: false });
        self.probes += 1;
        Ok(())
    }

    /// Waits for what comes, `timeout` at most.
    fn turn(&mut self, timeout: Duration) -> Result<()> {
        let Self { swarm, publishers, free, probe, .. } = self;
        swarm.turn(timeout, &mut |number| {
            if let Some(answer) = publishers[number].advance()? {
                ensure!(answer.status == 201, "a notify got {}", answer.status);
                match probe {
                    Some(probe) if number == PUBLISHERS => probe.answered = true,
                    _ => free.push_back(number),
                }
            }
            Ok(())
        })?;
        let came = self.swarm.created_on(PROBE) == self.probes;
        if let Some(probe) = self.probe.as_mut().filter(|probe| came && probe.took.is_none()) {
            probe.took = Some(probe.sent_at.elapsed());
        }
        Ok(())
    }

    /// How long the probe took, once it is answered too.
    fn arrived(&mut self) -> Option<Duration> {
        let took = self.probe.as_ref().filter(|probe| probe.answered)?.took?;
        self.probe = None;
        Some(took)
    }

    fn is_quiet(&self) -> bool {
        self.probe.is_none()
            && self.free.len() == PUBLISHERS
            && self.swarm.created() == self.offered + self.probes
    }

    /// Waits until the sink has every mail; how long that took.
    fn drain(&self, sink: &Sink) -> Result<Duration> {
        let begin = Instant::now();
        while sink.taken().mails < self.offered {
            ensure!(begin.elapsed() < PATIENCE, "{:?} came of {}", sink.taken(), self.offered);
            sys::pause(Duration::from_millis(1));
        }
        Ok(begin.elapsed())
    }
}
