//! The source of a copy to another backend: every table in pages, of one state that is held to the end.
//!
//! Nobody may serve the database meanwhile, so that nothing is left behind in it. Not here: `backup`, which copies the file.

use std::path::Path;

use grelot_store::copy::{CopyError, Kind, Origin, Row, TABLES, Table, Value};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, params_from_iter, types};

use crate::connection;
use crate::error::{Failure, OpenError};
use crate::lock::ServerLock;
use crate::migrations;

/// What had no count yet when it was recorded cannot be replayed elsewhere: a reader who is that far behind gets a reset.
const PRUNED: &str = "max(prunedSeq, coalesce((SELECT max(seq) FROM changes
    WHERE changes.userId = inboxes.userId AND unreadBefore IS NULL), 0))";

/// A database that is read as a whole. No server gets in while this lives.
#[derive(Debug)]
pub struct CopySource {
    connection: Connection,
    _lock: ServerLock,
}

impl CopySource {
    /// Takes the server's lock of the database at `path`, brings its schema up to date, and holds its state.
    ///
    /// # Errors
    /// When a server runs on it, or it cannot be opened, migrated or locked.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let lock = ServerLock::take(path)?;
        let refused =
            |error: rusqlite::Error| OpenError::Database(path.to_owned(), error.to_string());
        migrations::migrate(path, false)?;
        let connection = connection::visitor(path).map_err(refused)?;
        // The first read takes the state.
        connection.execute_batch("BEGIN; SELECT count(*) FROM sqlite_schema;").map_err(refused)?;
        Ok(Self { connection, _lock: lock })
    }

    /// Which database this is.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn origin(&self) -> Result<Origin, CopyError> {
        let ask = || -> rusqlite::Result<Origin> {
            let secret = "SELECT value FROM secrets WHERE name = 'root'";
            let secret = self.connection.query_row(secret, [], |row| row.get(0))?;
            let moved = "SELECT coalesce(sum(seq), 0), coalesce(max(changedAt), 0) FROM inboxes";
            let (sum, last): (i64, i64) =
                self.connection.query_row(moved, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
            let mut summary = format!("{sum} {last}");
            for table in TABLES {
                summary.push(' ');
                summary.push_str(&self.rows_of(table)?.to_string());
            }
            Ok(Origin { secret, summary })
        };
        ask().map_err(|error| unreadable(&error.into()))
    }

    /// How many rows of a table there are to copy.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn count(&self, table: &Table) -> Result<u64, CopyError> {
        self.rows_of(table).map_err(|error| unreadable(&error.into()))
    }

    /// The first `limit` rows after the row `after`, in the order of their keys.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn page(
        &self,
        table: &Table,
        after: Option<&Row>,
        limit: usize,
    ) -> Result<Vec<Row>, CopyError> {
        let after = after.map_or(&[][..], |row| row.get(..table.key).unwrap_or_default());
        self.read(table, after, limit).map_err(|failure| unreadable(&failure))
    }

    fn rows_of(&self, table: &Table) -> rusqlite::Result<u64> {
        let sql = format!("SELECT count(*) FROM {} WHERE {}", place(table), filter(table));
        self.connection.query_row(&sql, [], |row| Ok(row.get::<_, i64>(0)?.unsigned_abs()))
    }

    fn read(&self, table: &Table, after: &[Value], limit: usize) -> Result<Vec<Row>, Failure> {
        let mut statement = self.connection.prepare_cached(&statement(table, after, limit))?;
        let mut found = statement.query(params_from_iter(after.iter().map(parameter)))?;
        let mut rows = Vec::new();
        while let Some(row) = found.next()? {
            let columns = table.columns.iter().enumerate();
            let values = columns.map(|(index, column)| value(column.kind, row.get_ref(index)?));
            rows.push(values.collect::<Result<Row, Failure>>()?);
        }
        Ok(rows)
    }
}

fn unreadable(failure: &Failure) -> CopyError {
    CopyError::Source(failure.to_string())
}

/// Where the rows of a table are: here the choices about mail are columns of the preferences.
fn place(table: &Table) -> &'static str {
    if table.name == "mail_preferences" { "notification_preferences" } else { table.name }
}

fn filter(table: &Table) -> &'static str {
    if table.name == "changes" { "unreadBefore IS NOT NULL" } else { "true" }
}

fn statement(table: &Table, after: &[Value], limit: usize) -> String {
    let column = |name: &'static str| match (table.name, name) {
        ("inboxes", "prunedSeq") => PRUNED,
        ("inboxes", "historyAt") => "changedAt",
        _ => name,
    };
    let columns: Vec<&str> = table.columns.iter().map(|one| column(one.name)).collect();
    let keys: Vec<&str> = table.columns.iter().take(table.key).map(|one| one.name).collect();
    let (columns, keys) = (columns.join(", "), keys.join(", "));
    let beyond = match after.len() {
        0 => String::new(),
        count => format!(" AND ({keys}) > ({})", vec!["?"; count].join(", ")),
    };
    let (place, filter) = (place(table), filter(table));
    format!("SELECT {columns} FROM {place} WHERE {filter}{beyond} ORDER BY {keys} LIMIT {limit}")
}

fn parameter(value: &Value) -> types::Value {
    match value {
        Value::Null => types::Value::Null,
        Value::Number(number) => types::Value::Integer(*number),
        Value::Text(text) => types::Value::Text(text.clone()),
        Value::Bytes(bytes) => types::Value::Blob(bytes.clone()),
    }
}

fn value(kind: Kind, found: ValueRef<'_>) -> Result<Value, Failure> {
    Ok(match found {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Number(number),
        ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
        ValueRef::Text(bytes) => {
            let text = std::str::from_utf8(bytes).map_err(|_broken| Failure::Corrupt("a text"))?;
            Value::Text(if kind == Kind::Object { plain(text)? } else { text.to_owned() })
        }
        ValueRef::Real(_) => return Err(Failure::Corrupt("a number")),
    })
}

/// JSON without blanks, its keys in order.
fn plain(text: &str) -> Result<String, Failure> {
    let json: serde_json::Value = serde_json::from_str(text)
        .map_err(|_no_json| Failure::Corrupt("notification_preferences.categories"))?;
    Ok(json.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_is_read_along_an_index() {
        let directory = tempfile::TempDir::new().unwrap();
        let source = CopySource::open(&directory.path().join("grelot.db")).unwrap();
        for table in TABLES {
            for after in [0, table.key] {
                let sql = statement(table, &vec![Value::Null; after], 10);
                let plan = format!("EXPLAIN QUERY PLAN {sql}");
                let mut statement = source.connection.prepare(&plan).unwrap();
                let steps = statement
                    .query_map(params_from_iter(vec![0; after]), |row| row.get::<_, String>(3));
                let steps: Vec<String> = steps.unwrap().collect::<Result<_, _>>().unwrap();
                assert!(!steps.iter().any(|step| step.contains("TEMP B-TREE")), "{sql}: {steps:?}");
                let found = after == 0 || steps[0].starts_with("SEARCH");
                assert!(found, "{sql}: {steps:?}");
            }
        }
    }

    #[test]
    fn history_without_counts_stays_behind_and_is_no_longer_replayed() {
        let directory = tempfile::TempDir::new().unwrap();
        let path = directory.path().join("grelot.db");
        migrations::migrate(&path, false).unwrap();
        let writer = connection::writer(&path, None).unwrap();
        writer
            .execute_batch(
                "INSERT INTO inboxes VALUES ('ann', 9, 0, 1, 0), ('bob', 9, 0, 5, 0);
                 INSERT INTO changes (userId, seq, kind, createdAt, unreadBefore)
                 VALUES ('ann', 2, 'read', 0, NULL), ('ann', 3, 'read', 0, NULL), ('ann', 4, 'read', 0, 1)",
            )
            .unwrap();
        drop(writer);
        let source = CopySource::open(&path).unwrap();
        let rows = |name, column: &str| -> Vec<Value> {
            let table = TABLES.iter().find(|table| table.name == name).unwrap();
            let index = table.columns.iter().position(|one| one.name == column).unwrap();
            let page = source.page(table, None, 10).unwrap();
            assert_eq!(source.count(table).unwrap(), page.len() as u64);
            page.iter().map(|row| row[index].clone()).collect()
        };
        assert_eq!(rows("changes", "seq"), [Value::Number(4)]);
        assert_eq!(rows("inboxes", "prunedSeq"), [Value::Number(3), Value::Number(5)]);
    }
}
