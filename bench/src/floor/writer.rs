//! The floor of the write path: one thread that does Grelot's statements on Grelot's schema, in large transactions,
//! each on disk before the next. No HTTP, no JSON, no queue, no preferences decided, nobody told.
//! Not here: the schema, which `grelot` itself has made.

use std::fmt::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;
use rusqlite::{Connection, params};

use crate::request::{self, user};

/// As Grelot's writer sets its connection.
const SETTINGS: &str =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;
    PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = 33554432; PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF;";
/// A floor does not save memory: with all of its pages at hand it is a third faster.
const CACHE: &str = "PRAGMA cache_size = -131072;";
/// When Grelot copies its log into the database.
const CHECKPOINT_PAGES: i64 = 2_000;

// What Grelot does for one notification that its user wants.
const PREFERENCES: &str = "SELECT inApp, email, categories, quietHours, emailDigest, emailDigestHour FROM notification_preferences WHERE userId = ?1";
const INBOX_CREATED: &str =
    "UPDATE inboxes SET seq = seq + 1, unread = unread + 1, changedAt = max(changedAt, ?2)
    WHERE userId = ?1 RETURNING seq, unread";
const NOTIFICATION_INSERT: &str = "INSERT INTO notifications
    (id, userId, seq, type, category, title, body, link, data, createdAt)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
// And once for a user.
const INBOX_PUT: &str = "INSERT INTO inboxes (userId, seq, unread, prunedSeq, changedAt) VALUES (?1, ?2, ?3, ?4, ?5)
    ON CONFLICT (userId) DO UPDATE SET seq = excluded.seq, unread = excluded.unread,
    prunedSeq = excluded.prunedSeq, changedAt = max(changedAt, excluded.changedAt) RETURNING changedAt";

/// A bare writer.
pub(crate) struct Writer {
    connection: Connection,
    users: Vec<String>,
    written: u64,
}

impl Writer {
    /// Opens a database that `grelot` has made, and gives `users` users an inbox.
    pub(crate) fn open(database: &Path, users: usize) -> Result<Self> {
        let connection = Connection::open(database)?;
        connection.execute_batch(SETTINGS)?;
        connection.execute_batch(CACHE)?;
        let users: Vec<String> = (0..users).map(user).collect();
        connection.execute_batch("BEGIN IMMEDIATE")?;
        for name in &users {
            let mut statement = connection.prepare_cached(INBOX_PUT)?;
            statement.query_row(params![name, 0, 0, 0, 0], |row| row.get::<_, i64>(0))?;
        }
        connection.execute_batch("COMMIT")?;
        Ok(Self { connection, users, written: 0 })
    }

    /// Writes transactions of `batch` notifications for `time`; returns how many rows a second.
    pub(crate) fn run(&mut self, batch: usize, time: Duration) -> Result<f64> {
        let begin = Instant::now();
        let before = self.written;
        while begin.elapsed() < time {
            self.transaction(batch)?;
            self.checkpoint()?;
        }
        Ok((self.written - before) as f64 / begin.elapsed().as_secs_f64())
    }

    fn transaction(&mut self, batch: usize) -> Result<()> {
        let connection = &self.connection;
        let mut preferences = connection.prepare_cached(PREFERENCES)?;
        let mut inbox = connection.prepare_cached(INBOX_CREATED)?;
        let mut insert = connection.prepare_cached(NOTIFICATION_INSERT)?;
        let now = i64::try_from(request::now().as_millis())?;
        let mut id = String::with_capacity(25);
        connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        for _ in 0..batch {
            let user = &self.users[usize::try_from(self.written)? % self.users.len()];
            let chosen = preferences.query(params![user])?.next()?.is_some();
            let (seq, _unread) = inbox.query_row(params![user, now], |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))
            })?;
            id.clear();
            // As long as a cuid, and sorted by creation as those are.
            write!(id, "c{now:014}{:010}", self.written)?;
            insert.execute(params![
                id,
                user,
                seq,
                if chosen { "INFO" } else { "SUCCESS" },
                "billing",
                "Invoice ready",
                "March is ready.",
                "/invoices/42",
                r#"{"invoice":42}"#,
                now,
            ])?;
            self.written += 1;
        }
        connection.prepare_cached("COMMIT")?.execute([])?;
        Ok(())
    }

    fn checkpoint(&self) -> Result<()> {
        let mut pages = self.connection.prepare_cached("PRAGMA wal_checkpoint(NOOP)")?;
        let log: i64 = pages.query_row([], |row| row.get(1))?;
        if log >= CHECKPOINT_PAGES {
            let mut copy = self.connection.prepare_cached("PRAGMA wal_checkpoint(PASSIVE)")?;
            copy.query_row([], |_| Ok(()))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> String {
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_statements_are_those_of_grelot() {
        let theirs = words(include_str!("../../../crates/store-sqlite/src/sql.rs"));
        for statement in [PREFERENCES, INBOX_CREATED, NOTIFICATION_INSERT, INBOX_PUT] {
            assert!(theirs.contains(&words(statement)), "Grelot no longer does {statement}");
        }
        let theirs = words(include_str!("../../../crates/store-sqlite/src/connection.rs"));
        for setting in SETTINGS.split(';').map(words).filter(|setting| !setting.is_empty()) {
            assert!(theirs.contains(&setting), "Grelot no longer sets {setting}");
        }
    }

    #[test]
    fn the_inbox_counts_what_was_written() {
        let path = std::env::temp_dir().join(format!("grelot-bench-{}.db", std::process::id()));
        let database = Connection::open(&path).unwrap();
        for schema in [
            include_str!("../../../crates/store-sqlite/migrations/0001_initial.sql"),
            include_str!("../../../crates/store-sqlite/migrations/0002_outbox.sql"),
        ] {
            database.execute_batch(schema).unwrap();
        }
        drop(database);
        let mut writer = Writer::open(&path, 3).unwrap();
        writer.transaction(7).unwrap();
        writer.checkpoint().unwrap();
        let count = "SELECT count(*), (SELECT sum(unread) FROM inboxes) FROM notifications";
        let counted: (i64, i64) =
            writer.connection.query_row(count, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        assert_eq!(counted, (7, 7));
        drop(writer);
        for suffix in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{suffix}", path.display()));
        }
    }
}
