//! What the tests share: stores in databases that go away.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Stdio;
use std::sync::Arc;

use async_trait::async_trait;
use grelot_core::Clock;
use grelot_store::conformance::nodes::SharedBackend;
pub(crate) use grelot_store::conformance::send;
use grelot_store::conformance::{Backend, HandClock, Heard};
use grelot_store::{Committed, MailPolicy, Nodes, Store};
use grelot_store_postgres::{PostgresOptions, PostgresStore};
use tokio::task::JoinSet;
use tokio_postgres::{Client, NoTls};

use crate::cluster::Database;

/// One database.
pub(crate) struct TempBackend {
    pub(crate) database: Database,
}

impl TempBackend {
    pub(crate) fn new() -> Self {
        Self { database: Database::new() }
    }

    /// Opens the database with a clock and a listener that the test does not ask.
    pub(crate) async fn open_store(&self) -> Arc<PostgresStore> {
        let (clock, listener) = (Arc::new(HandClock::new()), Arc::new(Heard::new()));
        PostgresStore::open(self.options(), clock, listener).await.unwrap()
    }

    pub(crate) fn options(&self) -> PostgresOptions {
        PostgresOptions::new(self.database.url())
    }
}

#[async_trait]
impl Backend for TempBackend {
    async fn open(
        &self,
        max_rows: Option<usize>,
        clock: Arc<dyn Clock>,
        listener: Arc<dyn Committed>,
    ) -> Arc<dyn Store> {
        let mut options = self.options();
        options.max_rows = max_rows.unwrap_or(options.max_rows);
        PostgresStore::open(options, clock, listener).await.unwrap()
    }
}

#[async_trait]
impl SharedBackend for TempBackend {
    async fn open(
        &self,
        clock: Arc<dyn Clock>,
        listener: Arc<dyn Committed>,
    ) -> (Arc<dyn Store>, Arc<dyn Nodes>) {
        let store = PostgresStore::open(self.options(), clock, listener).await.unwrap();
        (Arc::<PostgresStore>::clone(&store), store)
    }
}

/// A transaction of another program, open until this is dropped.
pub(crate) struct Holder(std::process::Child);

impl Holder {
    /// Runs `sql` in a transaction of `database`, and returns when it holds what it locks.
    pub(crate) fn new(database: &Database, sql: &str) -> Self {
        let (input, output) = (Stdio::piped(), Stdio::piped());
        let mut holder = Self(database.psql().stdin(input).stdout(output).spawn().unwrap());
        holder.say(&format!("BEGIN; {sql};\n\\echo held\n"), "held");
        holder
    }

    /// Says it, and waits for the answer.
    fn say(&mut self, script: &str, answer: &str) {
        self.0.stdin.as_mut().unwrap().write_all(script.as_bytes()).unwrap();
        let lines = BufReader::new(self.0.stdout.as_mut().unwrap()).lines();
        assert!(lines.map_while(Result::ok).any(|line| line == answer), "the holder ended");
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        // A server that only sees its client go may hold the transaction for a while yet.
        self.say("ROLLBACK;\n\\echo released\n", "released");
        drop(self.0.stdin.take());
        self.0.wait().unwrap();
    }
}

/// A session of another program, whose transactions go step by step.
pub(crate) struct Session {
    client: Client,
    _driver: JoinSet<()>,
}

impl Session {
    pub(crate) async fn open(database: &Database) -> Self {
        let (client, connection) = tokio_postgres::connect(&database.url(), NoTls).await.unwrap();
        let mut driver = JoinSet::new();
        driver.spawn(async move { connection.await.unwrap() });
        Self { client, _driver: driver }
    }

    pub(crate) async fn run(&self, sql: &str) {
        self.client.batch_execute(sql).await.unwrap();
    }
}

/// A node, and what it tells.
pub(crate) async fn node(backend: &TempBackend) -> (Arc<PostgresStore>, Arc<Heard>) {
    let heard = Arc::new(Heard::new());
    let listener = Arc::clone(&heard);
    let clock = Arc::new(HandClock::new());
    (PostgresStore::open(backend.options(), clock, listener).await.unwrap(), heard)
}

/// Adopts whatever there is; returns how much that was.
pub(crate) async fn adopt(store: &PostgresStore) -> usize {
    let mut taken = 0;
    loop {
        let adopted = store.adopt(MailPolicy::ON).await.unwrap();
        taken += adopted.taken;
        if !adopted.more {
            return taken;
        }
    }
}

/// Each count is that of the rows, and no two rows of an inbox have one position.
pub(crate) fn check(database: &Database) {
    let wrong = database.run(
        r#"SELECT i."userId", i.unread FROM grelot.inboxes i LEFT JOIN (
            SELECT "userId", count(*) FROM notifications WHERE "readAt" IS NULL AND seq IS NOT NULL GROUP BY 1
        ) AS n USING ("userId") WHERE i.unread <> coalesce(n.count, 0)
        UNION ALL SELECT "userId", seq FROM (SELECT "userId", seq FROM notifications WHERE seq IS NOT NULL
            UNION ALL SELECT "userId", seq FROM grelot.changes) AS used GROUP BY 1, 2 HAVING count(*) > 1"#,
    );
    assert_eq!(wrong, "");
}
