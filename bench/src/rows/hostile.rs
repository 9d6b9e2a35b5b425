//! Hostile input: each gets the contract's answer within ten milliseconds, never a 5xx, and leaves nothing.
//! Not here: the inputs themselves (`hostile_cases`).

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use memchr::memmem;
use rustix::net::sockopt::set_socket_linger;

use super::Plan;
use super::hostile_cases::{Case, Expect, VICTIM, cases};
use crate::report::{Row, Verdict};
use crate::server::Server;
use crate::stats::{max, median, millis};
use crate::{progress, request};

/// Longest wait for one answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Sends every case, several times, each on a connection of its own.
pub(super) fn run(plan: &Plan) -> Result<Vec<Row>> {
    let server = Server::start(&plan.server, "hostile")?;
    let cursor = foreign_cursor(&server)?;
    let cases = cases(&server.api_key, &cursor);
    let repeats = plan.size(5, 1);
    let (mut worst, mut all, mut wrong) = ((0.0, ""), Vec::new(), Vec::new());
    for case in &cases {
        let mut times = Vec::with_capacity(repeats);
        for _ in 0..repeats {
            let (status, took) = probe(server.address, case)
                .with_context(|| format!("hostile input: {}", case.name))?;
            times.push(millis(took));
            if !case.accepts(status) && !wrong.iter().any(|(name, _)| *name == case.name) {
                wrong.push((case.name.as_str(), status));
            }
        }
        if max(&times) > worst.0 {
            worst = (max(&times), case.name.as_str());
        }
        all.append(&mut times);
    }
    left_nothing(&server)?;
    for (name, status) in &wrong {
        progress(&format!("hostile: unexpected {status} for {name}"));
    }
    let unexpected: Vec<String> =
        wrong.iter().map(|(name, status)| format!("{name} got {status}")).collect();
    let mut note = format!(
        "{} inputs, {repeats} times each: median {:.2} ms, worst {:.2} ms ({})",
        cases.len(),
        median(&all),
        worst.0,
        worst.1
    );
    if !unexpected.is_empty() {
        note = format!("{note}; UNEXPECTED: {}", unexpected.join(", "));
    }
    progress(&format!("hostile: {note}"));
    Ok(vec![Row {
        what: "hostile inputs, the slowest answer".to_owned(),
        floor: String::new(),
        ours: format!("{:.2} ms", worst.0),
        ratio: String::new(),
        target: "≤ 10 ms, never 5xx",
        verdict: Verdict::of(worst.0 <= 10.0 && wrong.is_empty(), plan.quick),
        bar: None,
        note,
    }])
}

/// A good cursor of another user than the victim.
fn foreign_cursor(server: &Server) -> Result<String> {
    let mut connection = server.connect()?;
    for _ in 0..2 {
        let answer = connection.call(&request::notify(&server.api_key, "somebody_else"))?;
        ensure!(answer.status == 201, "a notify got {}", answer.status);
    }
    let token = request::token("somebody_else");
    let page = connection.call(&request::get("/api/notifications?limit=1", &token))?.json()?;
    Ok(page["nextCursor"].as_str().context("no cursor")?.to_owned())
}

/// Sends a request; returns the status, and the time until the head of the answer was there (of a stream: until its
/// first event was).
fn probe(address: SocketAddr, case: &Case) -> Result<(u16, Duration)> {
    let mut socket = TcpStream::connect(address)?;
    socket.set_nodelay(true)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.set_write_timeout(Some(PATIENCE))?;
    set_socket_linger(&socket, Some(Duration::ZERO))?;
    let until: &[u8] = match case.expect {
        Expect::Status(_) | Expect::NoServerError => b"\r\n\r\n",
        Expect::Reset => b"event: reset\n",
    };
    let begin = Instant::now();
    // A server may answer, and stop reading, before it has seen the whole body: the answer is what counts.
    let sent = socket.write_all(&case.request);
    let mut received = Vec::new();
    let mut chunk = [0; 4_096];
    while memmem::find(&received, until).is_none() {
        let n = socket.read(&mut chunk).with_context(|| format!("no answer, {sent:?}"))?;
        ensure!(n > 0, "no answer but {:?}", String::from_utf8_lossy(&received));
        received.extend_from_slice(&chunk[..n]);
    }
    let took = begin.elapsed();
    let status = received.get(9..12).and_then(|digits| std::str::from_utf8(digits).ok());
    Ok((status.context("no status")?.parse()?, took))
}

/// Fails if any of the inputs made something.
fn left_nothing(server: &Server) -> Result<()> {
    let request = request::get("/api/notifications", &request::token(VICTIM));
    let page = server.connect()?.call(&request)?.json()?;
    ensure!(page["seq"] == 0 && page["unreadCount"] == 0, "hostile input left something: {page}");
    Ok(())
}
