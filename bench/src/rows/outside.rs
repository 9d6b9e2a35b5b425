//! Rows of another program: what the triggers cost its statement, whether that grows with the statement, what is left of
//! the rate at which many connections commit single rows, and how fast a node adopts the rows.

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

/// How many connections commit single rows at once.
const CONNECTIONS: i32 = 32;
const SINGLE: &str = r#"INSERT INTO public.notifications (id, "userId", type, title, body, "stateSeq")
    VALUES (gen_random_uuid()::text, 'u_' || $1::integer, 'SUCCESS', 'Invoice ready', 'March is ready.', 0)"#;

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
    let (times, rates, client) = runtime.block_on(async {
        let client = connect(&url, &mut tasks).await?;
        let rates = singles(&url, plan.size(5, 1), plan.quick).await?;
        // What of them is adopted is not measured.
        client.batch_execute("TRUNCATE grelot.outside").await?;
        let times = insert(&client, plan.size(7, 2)).await?;
        anyhow::Ok((times, rates, client))
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
    let grows = Row {
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
    };
    Ok(vec![grows, rates.row(plan.quick)])
}

/// Single rows a second, of each round.
#[derive(Default)]
struct Rates {
    with: Vec<f64>,
    without: Vec<f64>,
}

impl Rates {
    fn row(&self, quick: bool) -> Row {
        let (with, without) = (median(&self.with), median(&self.without));
        let ratio = with / without;
        let note = format!(
            "medians of {} rounds by turns; load {} at the end",
            self.with.len(),
            sys::load()
        );
        progress(&format!("outside: {with:.0}/s of {without:.0}/s; {note}"));
        Row {
            what: format!(
                "single INSERTs of another program on {CONNECTIONS} connections, beside the same without the triggers"
            ),
            floor: format!("{}/s", thousands(without)),
            ours: format!("{}/s", thousands(with)),
            ratio: format!("{ratio:.2}"),
            target: "≥ 0.5",
            verdict: Verdict::of(ratio >= 0.5, quick),
            bar: None,
            note,
        }
    }
}

/// Commits single rows, with the triggers and without them.
async fn singles(url: &str, rounds: usize, quick: bool) -> Result<Rates> {
    let span = Duration::from_secs(if quick { 1 } else { 4 });
    let mut rates = Rates::default();
    for _ in 0..rounds {
        rates.with.push(rate(url, "origin", span).await?);
        rates.without.push(rate(url, "replica", span).await?);
    }
    Ok(rates)
}

async fn rate(url: &str, role: &str, span: Duration) -> Result<f64> {
    let mut drivers = JoinSet::new();
    let mut clients = Vec::new();
    for _ in 0..CONNECTIONS {
        let client = connect(url, &mut drivers).await?;
        client.batch_execute(&format!("SET session_replication_role = {role}")).await?;
        let insert = client.prepare(SINGLE).await?;
        clients.push((client, insert));
    }
    let begin = Instant::now();
    let mut writers = JoinSet::new();
    for (number, (client, insert)) in (0..CONNECTIONS).zip(clients) {
        writers.spawn(async move {
            let mut inserted = 0;
            while begin.elapsed() < span {
                client.execute(&insert, &[&number]).await?;
                inserted += 1;
            }
            anyhow::Ok(f64::from(inserted))
        });
    }
    let mut inserted = 0.0;
    while let Some(done) = writers.join_next().await {
        inserted += done??;
    }
    Ok(inserted / begin.elapsed().as_secs_f64())
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
