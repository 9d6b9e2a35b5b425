//! Rows of another program: what the triggers cost its statement, whether that grows with the statement, and how fast a node
//! adopts the rows.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use tokio::task::JoinSet;
use tokio_postgres::Client;

use super::Plan;
use crate::client::http::PATIENCE;
use crate::database::{Cluster, connect, runtime};
use crate::report::{Row, Verdict, thousands};
use crate::server::Server;
use crate::stats::median;
use crate::{progress, sys};

const SMALL: i32 = 2_000;
const LARGE: i32 = 20_000;
/// Of how many users the rows are.
const USERS: i32 = 1_000;
/// With what the triggers would put into `stateSeq`: without them the row is to be in the same indexes.
const INSERT: &str = r#"INSERT INTO public.notifications (id, "userId", type, title, body, "stateSeq")
    SELECT gen_random_uuid()::text, 'u_' || n % $2, 'SUCCESS', 'Invoice ready', 'March is ready.', 0
    FROM generate_series(1, $1) AS n"#;

/// The statements: with the triggers twice, and without, since a replica fires none.
const KINDS: [(i32, &str); 3] = [(SMALL, "origin"), (LARGE, "origin"), (LARGE, "replica")];

/// Microseconds a row, of each round.
#[derive(Default)]
struct Times {
    small: Vec<f64>,
    large: Vec<f64>,
    without: Vec<f64>,
}

/// Measures.
pub(super) fn run(plan: &Plan) -> Result<Vec<Row>> {
    let cluster = Cluster::start()?;
    let url = cluster.create("outside")?;
    // Makes the tables; while the inserts are measured no node runs that would adopt beside them.
    let server = Server::start_on(&plan.server, "outside", url.clone(), Vec::new())?;
    let stopped = server.stop();
    let runtime = runtime()?;
    let mut tasks = JoinSet::new();
    let (times, client) = runtime.block_on(async {
        let client = connect(&url, &mut tasks).await?;
        let times = insert(&client, plan.size(7, 2)).await?;
        anyhow::Ok((times, client))
    })?;
    let server = stopped.restart()?;
    let begin = Instant::now();
    let rows = runtime.block_on(adopted(&client, begin))?;
    let rate = rows / begin.elapsed().as_secs_f64();
    drop(server);
    let (small, large) = (median(&times.small), median(&times.large));
    let (without, ratio) = (median(&times.without), large / small);
    let note = format!(
        "{:.1} µs a row without the triggers, so they are {:.2} of it; medians of {} rounds; the node adopted {}/s of {} \
         rows that were there when it started; load {} at the end",
        without,
        large / without,
        times.large.len(),
        thousands(rate),
        thousands(rows),
        sys::load()
    );
    progress(&format!("outside: {small:.1} and {large:.1} µs a row; {note}"));
    Ok(vec![Row {
        what: format!(
            "another program's INSERT of {} rows in one statement, a row, beside {}",
            thousands(f64::from(LARGE)),
            thousands(f64::from(SMALL))
        ),
        floor: format!("{small:.1} µs"),
        ours: format!("{large:.1} µs"),
        ratio: format!("{ratio:.2}"),
        target: "≤ 2",
        verdict: Verdict::of(ratio <= 2.0, plan.quick),
        bar: None,
        note,
    }])
}

async fn insert(client: &Client, rounds: usize) -> Result<Times> {
    let insert = client.prepare(INSERT).await?;
    let mut times = Times::default();
    // The first one warms up.
    for round in 0..=rounds {
        let mut micros = [0.0; 3];
        for turn in 0..KINDS.len() {
            // By turns, so that none always comes after the same.
            let at = (round + turn) % KINDS.len();
            let (rows, role) = KINDS[at];
            client.batch_execute(&format!("SET session_replication_role = {role}")).await?;
            let begin = Instant::now();
            let inserted = client.execute(&insert, &[&rows, &USERS]).await?;
            micros[at] = begin.elapsed().as_secs_f64() * 1e6 / f64::from(rows);
            ensure!(i32::try_from(inserted)? == rows, "{inserted} rows of {rows} were inserted");
        }
        if round > 0 {
            let [small, large, without] = micros;
            times.small.push(small);
            times.large.push(large);
            times.without.push(without);
        }
    }
    client.batch_execute("SET session_replication_role = origin").await?;
    Ok(times)
}

/// Waits until nothing is left to adopt; returns how many rows were.
async fn adopted(client: &Client, begin: Instant) -> Result<f64> {
    let count = r"SELECT (SELECT count(*) FROM grelot.outside),
        (SELECT count(*) FROM public.notifications WHERE seq IS NOT NULL)";
    loop {
        let row = client.query_one(count, &[]).await.context("counting what is left")?;
        let (left, adopted): (i64, i64) = (row.get(0), row.get(1));
        if left == 0 {
            return Ok(adopted as f64);
        }
        ensure!(begin.elapsed() < 4 * PATIENCE, "{left} rows are left");
        sys::pause(Duration::from_millis(100));
    }
}
