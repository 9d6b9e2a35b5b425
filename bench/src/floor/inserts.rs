//! The floor of the write path on PostgreSQL: connections that each insert one row and commit it, again and again. No HTTP, no
//! inbox, no preferences, no index but the primary key, nobody told. Not here: the server (`database`).

use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::task::JoinSet;
use tokio_postgres::Client;

use crate::database::{connect, runtime};

const TABLE: &str = "CREATE TABLE IF NOT EXISTS floor
    (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, \"userId\" text, title text, body text)";
const INSERT: &str = "INSERT INTO floor (\"userId\", title, body) VALUES ($1, $2, $3)";

/// Inserts over `connections` connections to the database at `url` for `time`; returns how many rows a second.
pub(crate) fn run(url: &str, connections: usize, time: Duration) -> Result<f64> {
    runtime()?.block_on(async {
        let mut drivers = JoinSet::new();
        let mut clients = Vec::with_capacity(connections);
        for _ in 0..connections {
            clients.push(connect(url, &mut drivers).await?);
        }
        if let Some(client) = clients.first() {
            client.batch_execute(TABLE).await?;
        }
        let begin = Instant::now();
        let mut writers = JoinSet::new();
        for client in clients {
            writers.spawn(write(client, begin, time));
        }
        let mut rows = 0;
        while let Some(written) = writers.join_next().await {
            rows += written??;
        }
        Ok(rows as f64 / begin.elapsed().as_secs_f64())
    })
}

async fn write(client: Client, begin: Instant, time: Duration) -> Result<u64> {
    let insert = client.prepare(INSERT).await?;
    let mut rows = 0;
    while begin.elapsed() < time {
        rows += client.execute(&insert, &[&"u_1", &"Invoice ready", &"March is ready."]).await?;
    }
    Ok(rows)
}
