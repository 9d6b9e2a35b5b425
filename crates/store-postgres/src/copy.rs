//! The target of a copy from another backend: pages of rows written with how far they bring it, and read back.
//!
//! While a copy is unfinished the database has no secret, so that no node can open it. `grelot.copies` says which database
//! is copied, by a digest of its secret, and how far. Not here: where the rows
//! come from, and what a row is to the server (`copy_rows`).

use std::time::Duration;

use aws_lc_rs::digest;
use grelot_store::copy::{CopyError, Origin, Row, Standing, TABLES, Table};
use tokio::time::sleep;
use tokio_postgres::error::SqlState;

use crate::connection::{Connection, Target};
use crate::copy_rows::{columns, insertion, parameters, place, question, value};
use crate::error::{Failure, OpenError};
use crate::migrations;
use crate::rows;

/// A page may take longer than a request, and a count much longer. Rows are found by their keys, whatever the planner
/// believes of tables that it has not looked at yet.
const SESSION: &str =
    "SET statement_timeout = 0; SET lock_timeout = '10s'; SET idle_in_transaction_session_timeout = '10s';
    SET enable_mergejoin = off; SET enable_hashjoin = off";
/// What a copy holds as long as its session lives: a number that no other program is likely to use.
const LOCK: &str = "SELECT pg_advisory_lock(7241967325311086703)";
/// What the session of a copy is called: those of nodes are called grelot.
const NAME: &str = "grelot copy";
/// Sessions of nodes, as far as this role may know what they are called.
const NODES: &str = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'grelot'
    AND pid <> pg_backend_pid() LIMIT 1";
/// How often, and how far apart, they are looked for.
const LOOKS: u32 = 20;
const PAUSE: Duration = Duration::from_millis(100);
const BEGAN: &str = "SELECT 1 WHERE to_regclass('grelot.copies') IS NOT NULL";
const TABLE: &str = "CREATE TABLE IF NOT EXISTS grelot.copies (
        source BYTEA NOT NULL PRIMARY KEY,
        summary TEXT NOT NULL,
        done BIGINT NOT NULL DEFAULT 0,
        verified BOOLEAN NOT NULL DEFAULT false
    )";
const FOUND: &str = "SELECT source, summary, done, verified FROM grelot.copies";
const BEGUN: &str = "INSERT INTO grelot.copies (source, summary) VALUES ($1, $2)";
const TAKE_SECRET: &str = "DELETE FROM grelot.secrets WHERE name = 'root'";
const GIVE_SECRET: &str = "INSERT INTO grelot.secrets (name, value) VALUES ('root', $1)";
const DONE: &str = "UPDATE grelot.copies SET done = $1";
const VERIFIED: &str = "UPDATE grelot.copies SET verified = true";

/// A database that becomes a copy.
pub struct CopyTarget {
    connection: Connection,
    secret: [u8; 32],
}

impl std::fmt::Debug for CopyTarget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CopyTarget").finish_non_exhaustive()
    }
}

impl CopyTarget {
    /// Opens the database at `url` for a copy of `origin`: a new one, or one where that copy was interrupted. Brings its
    /// schema up to date, and says how far the copy is. A database that cannot be the target is not changed.
    ///
    /// # Errors
    /// When it cannot be reached or migrated, holds anything else, is in use, or another copy to it is running.
    pub async fn open(url: &str, origin: &Origin) -> Result<(Self, Standing), CopyError> {
        let failed = |error: OpenError| CopyError::Target(error.to_string());
        let mut target = Target::parse(url).map_err(failed)?;
        target.config.application_name(NAME);
        let connection = migrations::connect(&target).await.map_err(failed)?;
        let this = Self { connection, secret: origin.secret };
        this.lock().await?;
        let name = digest::digest(&digest::SHA256, &origin.secret);
        let standing = this.standing(name.as_ref(), &origin.summary).await?;
        if standing == Some(Standing::Verified) {
            return Ok((this, Standing::Verified));
        }
        if standing.is_none() {
            this.refuse_occupied().await?;
        }
        this.refuse_used().await?;
        migrations::bring_up(&this.connection).await.map_err(failed)?;
        let failed = |failure: Failure| unwritable(&failure);
        this.run(SESSION).await.map_err(failed)?;
        if let Some(standing) = standing {
            return Ok((this, standing));
        }
        this.run(TABLE).await.map_err(failed)?;
        this.claim(name.as_ref(), &origin.summary).await?;
        Ok((this, Standing::Unfinished(0)))
    }

    /// Writes rows of a table, and that `done` rows are there with them.
    ///
    /// # Errors
    /// When they cannot be written; then none of them is.
    pub async fn write(&self, table: &Table, page: &[Row], done: u64) -> Result<(), CopyError> {
        let written = async {
            self.connection.send("BEGIN");
            let columns = columns(table.columns.len(), table, page);
            rows::execute(&self.connection, &insertion(table), &parameters(&columns)).await?;
            rows::execute(&self.connection, DONE, &[&rows::int(done)]).await?;
            self.run("COMMIT").await
        };
        written.await.map_err(|failure| unwritable(&failure))
    }

    /// The rows that have the keys of `page`, in the order of the keys.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn rows_like(&self, table: &Table, page: &[Row]) -> Result<Vec<Row>, CopyError> {
        let keys = columns(table.key, table, page);
        let read = |row: &tokio_postgres::Row| {
            let kinds = table.columns.iter().map(|column| column.kind).enumerate();
            kinds.map(|(index, kind)| value(row, index, kind)).collect()
        };
        let (sql, keys) = (question(table), parameters(&keys));
        let found = rows::all(&self.connection, &sql, &keys, read).await;
        let mut found: Vec<Row> = found.map_err(|failure| unwritable(&failure))?;
        found.sort_unstable();
        Ok(found)
    }

    /// How many rows a table has.
    ///
    /// # Errors
    /// When they cannot be counted.
    pub async fn count(&self, table: &Table) -> Result<u64, CopyError> {
        let sql = format!("SELECT count(*) FROM {}", place(table));
        let counted = rows::query(&self.connection, &sql, &[]).await;
        let counted = counted.and_then(|found| match found.first() {
            Some(row) => rows::count(row, 0, "a count"),
            None => Ok(0),
        });
        counted.map_err(|failure| unwritable(&failure))
    }

    /// Gives the copy the secret of its origin: from now on it may be served.
    ///
    /// # Errors
    /// When that cannot be written; the copy is unfinished then.
    pub async fn finish(&self) -> Result<(), CopyError> {
        let finished = async {
            self.connection.send("BEGIN");
            rows::execute(&self.connection, GIVE_SECRET, &[&&self.secret[..]]).await?;
            rows::execute(&self.connection, VERIFIED, &[]).await?;
            self.run("COMMIT").await
        };
        finished.await.map_err(|failure| unwritable(&failure))
    }

    async fn lock(&self) -> Result<(), CopyError> {
        self.run(SESSION).await.map_err(|failure| unwritable(&failure))?;
        self.run(LOCK).await.map_err(|failure| match failure {
            Failure::Sql(error) if error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) => {
                CopyError::Running
            }
            other => unwritable(&other),
        })
    }

    /// How far the copy is, if one was begun.
    async fn standing(&self, name: &[u8], summary: &str) -> Result<Option<Standing>, CopyError> {
        let failed = |failure: Failure| unwritable(&failure);
        if !self.any(BEGAN).await? {
            return Ok(None);
        }
        let found = rows::query(&self.connection, FOUND, &[]).await.map_err(failed)?;
        let Some(row) = found.first() else {
            return Ok(None);
        };
        let read = || -> Result<_, Failure> {
            let source: &[u8] = rows::get(row, 0, "copies.source")?;
            let summary: &str = rows::get(row, 1, "copies.summary")?;
            let done = rows::count(row, 2, "copies.done")?;
            Ok((source, summary, done, rows::get::<bool>(row, 3, "copies.verified")?))
        };
        match read().map_err(failed)? {
            (source, ..) if source != name => Err(CopyError::Foreign),
            (_, _, _, true) => Ok(Some(Standing::Verified)),
            (_, began, ..) if began != summary => Err(CopyError::Moved),
            (_, _, done, false) => Ok(Some(Standing::Unfinished(done))),
        }
    }

    /// Tables that are not there yet have no rows.
    async fn refuse_occupied(&self) -> Result<(), CopyError> {
        for table in TABLES {
            let place = place(table);
            let there = format!("SELECT 1 WHERE to_regclass('{place}') IS NOT NULL");
            if self.any(&there).await?
                && self.any(&format!("SELECT 1 FROM {place} LIMIT 1")).await?
            {
                return Err(CopyError::Occupied(table.name));
            }
        }
        Ok(())
    }

    /// A node that has the database open would write beside the copy. Sessions of one that has just ended go by themselves.
    async fn refuse_used(&self) -> Result<(), CopyError> {
        for _ in 0..LOOKS {
            if !self.any(NODES).await? {
                return Ok(());
            }
            sleep(PAUSE).await;
        }
        Err(CopyError::Used)
    }

    /// Makes an empty database the target of this copy.
    async fn claim(&self, name: &[u8], summary: &str) -> Result<(), CopyError> {
        let claimed = async {
            self.connection.send("BEGIN");
            rows::execute(&self.connection, TAKE_SECRET, &[]).await?;
            rows::execute(&self.connection, BEGUN, &[&name, &summary]).await?;
            self.run("COMMIT").await
        };
        claimed.await.map_err(|failure: Failure| unwritable(&failure))
    }

    /// Whether a question has an answer.
    async fn any(&self, sql: &str) -> Result<bool, CopyError> {
        let found = rows::query(&self.connection, sql, &[]).await;
        found.map(|found| !found.is_empty()).map_err(|failure| unwritable(&failure))
    }

    async fn run(&self, sql: &str) -> Result<(), Failure> {
        Ok(self.connection.client()?.batch_execute(sql).await?)
    }
}

fn unwritable(failure: &Failure) -> CopyError {
    CopyError::Target(failure.to_string())
}
