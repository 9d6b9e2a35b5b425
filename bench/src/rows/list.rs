//! The list of an inbox of ten thousand in a table of a million, through HTTP, one request at a time.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::Plan;
use super::load::Load;
use crate::client::http::Connection;
use crate::client::swarm::Swarm;
use crate::report::{Row, Verdict, thousands};
use crate::server::Server;
use crate::stats::{millis, percentile};
use crate::{progress, request};

/// Publishers that fill the table.
const FILLERS: usize = 8;

/// What is asked for, and what it is called.
const QUERIES: [(&str, &str); 4] = [
    ("default page", "/api/notifications"),
    ("unread", "/api/notifications?status=unread"),
    ("read", "/api/notifications?status=read"),
    ("100 of a category", "/api/notifications?category=billing&limit=100"),
];

/// Measures. Half of every inbox is read.
pub(super) fn run(plan: &Plan) -> Result<Vec<Row>> {
    let (users, each) = (plan.size(100, 20), plan.size(10_000, 100));
    let server = Server::start(&plan.server, "list")?;
    let filled = Instant::now();
    fill(&server, users, each)?;
    let mut connection = server.connect()?;
    read_half(&mut connection, users, each)?;
    let total = thousands((users * each) as f64);
    progress(&format!("list: {total} notifications written in {:.0?}", filled.elapsed()));
    let rounds = plan.size(1_000, 50);
    let mut texts = Vec::new();
    let mut p50 = Vec::new();
    for (name, path) in QUERIES {
        let times = ask(&mut connection, path, users, rounds)?;
        p50.push(percentile(&times, 50));
        texts.push(format!(
            "{name} {:.2} / {:.2} ms",
            percentile(&times, 50),
            percentile(&times, 99)
        ));
    }
    let walk = walk(&mut connection, &request::token(&request::user(users / 2)), each)?;
    texts.push(format!("any page of a whole walk {:.2} / {:.2} ms", walk.0, walk.1));
    let note = format!("p50 / p99: {}; users in turn, half of each inbox read", texts.join(", "));
    progress(&format!("list: {note}"));
    Ok(vec![Row {
        what: format!(
            "list of an inbox of {} in a table of {total}, p50, default page / unread",
            thousands(each as f64)
        ),
        floor: String::new(),
        ours: format!("{:.2} / {:.2} ms", p50[0], p50[1]),
        ratio: String::new(),
        target: "≤ 1 ms",
        verdict: Verdict::of(p50[0] <= 1.0 && p50[1] <= 1.0, plan.quick),
        bar: None,
        note,
    }])
}

/// Gives every user `each` notifications, all users in each request.
fn fill(server: &Server, users: usize, each: usize) -> Result<()> {
    let publishers: Result<Vec<_>> = (0..FILLERS).map(|_| server.connect()).collect();
    let mut load = Load::new(Swarm::new()?, publishers?)?;
    let request = request::notify_many(&server.api_key, (0..users).map(request::user));
    let mut left = each;
    while left > 0 {
        let count = left.min(FILLERS);
        load.round(&request, count, 0)?;
        left -= count;
    }
    Ok(())
}

fn read_half(connection: &mut Connection, users: usize, each: usize) -> Result<()> {
    let body = format!(r#"{{"upToSeq":{}}}"#, each / 2);
    for n in 0..users {
        let token = request::token(&request::user(n));
        let path = "/api/notifications/read-all";
        let answer = connection.call(&request::with_body("POST", path, &token, body.as_bytes()))?;
        ensure!(answer.status == 200, "read-all got {}", answer.status);
        let updated = answer.json()?["updated"].as_u64();
        ensure!(updated == Some((each / 2) as u64), "read-all updated {updated:?}");
    }
    Ok(())
}

/// The milliseconds of each of `rounds` answers.
fn ask(connection: &mut Connection, path: &str, users: usize, rounds: usize) -> Result<Vec<f64>> {
    let requests: Vec<Vec<u8>> =
        (0..users).map(|n| request::get(path, &request::token(&request::user(n)))).collect();
    let mut times = Vec::with_capacity(rounds);
    for round in 0..rounds {
        let begin = Instant::now();
        let answer = connection.call(&requests[round * 7 % users])?;
        times.push(millis(begin.elapsed()));
        ensure!(answer.status == 200, "{path} got {}", answer.status);
        if round == 0 {
            let count = answer.json()?["notifications"].as_array().map_or(0, Vec::len);
            ensure!(count >= 20, "{path} shows {count} notifications");
        }
    }
    Ok(times)
}

/// Walks a whole inbox; returns p50 and p99 of its pages.
fn walk(connection: &mut Connection, token: &str, each: usize) -> Result<(f64, f64)> {
    let mut path = "/api/notifications?limit=100".to_owned();
    let (mut shown, mut times) = (0, Vec::new());
    let deadline = Instant::now() + Duration::from_mins(1);
    loop {
        let begin = Instant::now();
        let answer = connection.call(&request::get(&path, token))?;
        times.push(millis(begin.elapsed()));
        let page = answer.json()?;
        shown += page["notifications"].as_array().map_or(0, Vec::len);
        let Some(cursor) = page["nextCursor"].as_str() else { break };
        ensure!(shown < each && Instant::now() < deadline, "the walk does not end");
        path = format!("/api/notifications?limit=100&cursor={cursor}");
    }
    ensure!(shown == each, "the walk shows {shown} of {each}");
    Ok((percentile(&times, 50), percentile(&times, 99)))
}
