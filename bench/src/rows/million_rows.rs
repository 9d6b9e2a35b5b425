//! Inboxes of a million, written into the database of a server that is stopped, and how far housekeeping has come with one. Not
//! here: what is measured meanwhile (`million`).

use std::path::Path;

use anyhow::{Context as _, Result};
use rusqlite::Connection;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use tokio_postgres::Client;

use crate::database::{connect, runtime};
use crate::request;

/// Unread: read at once, then erased.
pub(super) const READER: &str = "u_reader";
/// Read three days ago.
pub(super) const OLD: &str = "u_old";
/// Unread, and more than it may hold.
pub(super) const FULL: &str = "u_full";

const AGE: i64 = 3 * 24 * 3_600 * 1_000;

/// Ids are as long as those of Grelot, and grow with time as those do.
const SQLITE: &str = r#"
    WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ?2)
    INSERT INTO notifications (id, userId, seq, type, category, title, body, link, data, createdAt, isRead, readAt)
    SELECT printf('c%013d%02d%09d', ?3, ?4, n), ?1, n, 'SUCCESS', 'billing', 'Invoice ready', 'March is ready.',
        '/invoices/42', '{"invoice":42}', ?3, ?5 IS NOT NULL, ?5 + n FROM n"#;
const SQLITE_INBOX: &str =
    "INSERT INTO inboxes (userId, seq, unread, prunedSeq, changedAt) VALUES (?1, ?2, ?3, 0, ?4)";
const SQLITE_OLDEST: &str = "SELECT min(seq) FROM notifications WHERE userId = ?1 AND isRead = ?2";

const POSTGRES: &str = r#"
    INSERT INTO public.notifications (id, "userId", seq, type, category, title, body, link, data, "createdAt", "readAt")
    SELECT 'c' || lpad($3::bigint::text, 13, '0') || lpad($4::bigint::text, 2, '0') || lpad(n::text, 9, '0'), $1, n, 'SUCCESS', 'billing',
        'Invoice ready', 'March is ready.', '/invoices/42', '{"invoice":42}', to_timestamp($3::bigint / 1000) AT TIME ZONE 'UTC',
        to_timestamp(($5::bigint + n) / 1000) AT TIME ZONE 'UTC' FROM generate_series(1, $2::bigint) AS n"#;
const POSTGRES_INBOX: &str =
    r#"INSERT INTO grelot.inboxes ("userId", seq, unread) VALUES ($1, $2, $3)"#;
const POSTGRES_OLDEST: [&str; 2] = [
    r#"SELECT seq FROM public.notifications WHERE "userId" = $1 AND "readAt" IS NULL AND seq > 0 ORDER BY seq LIMIT 1"#,
    r#"SELECT seq FROM public.notifications WHERE "userId" = $1 AND "readAt" IS NOT NULL AND seq > 0 ORDER BY seq LIMIT 1"#,
];

/// A look into the database beside the server.
pub(super) enum Books {
    /// A file.
    Sqlite(Connection),
    /// A server.
    Postgres {
        /// Where the connection is driven.
        runtime: Runtime,
        /// A connection.
        client: Client,
        /// What drives it.
        _driver: JoinSet<()>,
    },
}

impl Books {
    /// Opens the database that a server was started with.
    pub(super) fn open(database: &str) -> Result<Self> {
        if let Some(path) = database.strip_prefix("sqlite:") {
            return Ok(Self::Sqlite(Connection::open(Path::new(path))?));
        }
        let (runtime, mut tasks) = (runtime()?, JoinSet::new());
        let client = runtime.block_on(connect(database, &mut tasks))?;
        Ok(Self::Postgres { runtime, client, _driver: tasks })
    }

    /// Writes the three inboxes of `size`, while no server runs.
    pub(super) fn fill(&mut self, size: i64) -> Result<()> {
        let now = i64::try_from(request::now().as_millis())?;
        let inboxes = [(READER, None), (OLD, Some(now - AGE)), (FULL, None)];
        match self {
            Self::Sqlite(connection) => {
                let transaction = connection.transaction()?;
                for (number, (user, read_at)) in (0_i64..).zip(inboxes) {
                    let unread = if read_at.is_none() { size } else { 0 };
                    transaction
                        .execute(SQLITE, (user, size, now - AGE, number, read_at))
                        .context("filling an inbox")?;
                    transaction.execute(SQLITE_INBOX, (user, size, unread, now))?;
                }
                transaction.commit()?;
                connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
            }
            Self::Postgres { runtime, client, .. } => runtime.block_on(async {
                client.batch_execute("SET session_replication_role = replica").await?;
                for (number, (user, read_at)) in (0_i64..).zip(inboxes) {
                    let unread = if read_at.is_none() { size } else { 0 };
                    client
                        .execute(POSTGRES, &[&user, &size, &(now - AGE), &number, &read_at])
                        .await
                        .context("filling an inbox")?;
                    client.execute(POSTGRES_INBOX, &[&user, &size, &unread]).await?;
                }
                // What filling leaves to do is not to be done while others are measured.
                client.batch_execute("VACUUM ANALYZE").await?;
                client.batch_execute("CHECKPOINT").await?;
                anyhow::Ok(())
            })?,
        }
        Ok(())
    }

    /// The position of the oldest notification of `user` that is read, or unread.
    pub(super) fn oldest(&self, user: &str, read: bool) -> Result<Option<i64>> {
        match self {
            Self::Sqlite(connection) => {
                Ok(connection.query_row(SQLITE_OLDEST, (user, read), |row| row.get(0))?)
            }
            Self::Postgres { runtime, client, .. } => {
                let question = POSTGRES_OLDEST[usize::from(read)];
                let row = runtime.block_on(client.query_opt(question, &[&user]))?;
                Ok(row.map(|row| row.get(0)))
            }
        }
    }
}
