//! Publishers beside a swarm of streams: rounds that wait for every event, and closed loops for a while.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::client::http::{Connection, PATIENCE};
use crate::client::swarm::Swarm;
use crate::sys;

/// Streams, and those who publish to them.
pub(crate) struct Load {
    /// The streams.
    pub(crate) swarm: Swarm,
    publishers: Vec<Connection>,
}

/// What a closed loop did.
#[derive(Debug, Default)]
pub(crate) struct Sustained {
    /// From the first request to the last answer and the last event.
    pub(crate) elapsed: Duration,
    /// How many requests were answered 201.
    pub(crate) requests: u64,
    /// Milliseconds from a request to its answer.
    pub(crate) answers: Vec<f64>,
    /// The share of one core that this program used: near 1, it is the bottleneck.
    pub(crate) generator: f64,
}

impl Load {
    /// Adds publishers to a swarm.
    pub(crate) fn new(swarm: Swarm, publishers: Vec<Connection>) -> Result<Self> {
        for (number, publisher) in publishers.iter().enumerate() {
            swarm.watch(number, publisher)?;
        }
        Ok(Self { swarm, publishers })
    }

    /// Sends `request` on the first `count` publishers at once; returns how long it took until `events` more had
    /// arrived. Comes back when every request is answered too.
    pub(crate) fn round(&mut self, request: &[u8], count: usize, events: u64) -> Result<Duration> {
        let target = self.swarm.created() + events;
        let Self { swarm, publishers } = self;
        let begin = Instant::now();
        for publisher in &mut publishers[..count] {
            publisher.send(request)?;
        }
        let (mut answered, mut took) = (0, None);
        while took.is_none() || answered < count {
            let arrived = swarm.created();
            ensure!(begin.elapsed() < PATIENCE, "{arrived} of {target} events arrived");
            swarm.turn(PATIENCE, &mut |number| {
                if let Some(answer) = publishers[number].advance()? {
                    ensure!(answer.status == 201, "a notify got {}", answer.status);
                    answered += 1;
                }
                Ok(())
            })?;
            if took.is_none() && swarm.created() >= target {
                took = Some(begin.elapsed());
            }
        }
        Ok(took.unwrap_or_default())
    }

    /// Has every publisher send its next request as soon as the last is answered, for `time`, `requests` in turn.
    /// Each makes `each` events.
    pub(crate) fn sustain(
        &mut self,
        time: Duration,
        requests: &[Vec<u8>],
        each: u64,
    ) -> Result<Sustained> {
        let Self { swarm, publishers } = self;
        let before = swarm.created();
        let cpu = sys::own_cpu_time()?;
        let begin = Instant::now();
        let mut done = Sustained::default();
        let (mut next, mut open) = (0, 0_usize);
        let mut sent_at = vec![begin; publishers.len()];
        for (publisher, at) in publishers.iter_mut().zip(&mut sent_at) {
            *at = Instant::now();
            publisher.send(&requests[next % requests.len()])?;
            (next, open) = (next + 1, open + 1);
        }
        while open > 0 || swarm.created() < before + done.requests * each {
            ensure!(begin.elapsed() < time + PATIENCE, "{open} requests have no answer");
            swarm.turn(PATIENCE, &mut |number| {
                let publisher = &mut publishers[number];
                let Some(answer) = publisher.advance()? else { return Ok(()) };
                ensure!(answer.status == 201, "a notify got {}", answer.status);
                let now = Instant::now();
                done.answers.push((now - sent_at[number]).as_secs_f64() * 1e3);
                done.requests += 1;
                if now - begin < time {
                    sent_at[number] = now;
                    publisher.send(&requests[next % requests.len()])?;
                    next += 1;
                } else {
                    open -= 1;
                }
                Ok(())
            })?;
        }
        done.elapsed = begin.elapsed();
        done.generator =
            sys::cpu_seconds_since(std::process::id(), cpu)? / done.elapsed.as_secs_f64();
        Ok(done)
    }
}
