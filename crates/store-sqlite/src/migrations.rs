//! The schema, as numbered steps that are applied once each. Not here: what the tables mean (`migrations/*.sql`).

use std::path::Path;

use grelot_store_common::{Applied, Migration, MigrationReport, SchemaError, new_secret};
use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior};
use thiserror::Error;

use crate::connection;

/// Every step, in order.
const MIGRATIONS: &[Migration] = &[
    step(1, "initial", include_str!("../migrations/0001_initial.sql")),
    step(2, "outbox", include_str!("../migrations/0002_outbox.sql")),
    step(3, "counts", include_str!("../migrations/0003_counts.sql")),
    step(4, "retention", include_str!("../migrations/0004_retention.sql")),
];

/// A file has one server at a time: none that is older need serve what a newer one has migrated.
const fn step(number: u32, name: &'static str, sql: &'static str) -> Migration {
    Migration { number, name, sql, oldest: number }
}

/// Why a schema could not be brought up to date. Nothing was changed.
#[derive(Debug, Error)]
pub enum MigrateError {
    /// It is not for this program to do, or there is no secret to be had.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// SQLite could not read or write it.
    #[error("the database cannot be migrated: {0}")]
    Database(#[from] rusqlite::Error),
}

/// Brings the database at `path` up to date, and says what that took. A dry run only says what it would take: it
/// changes nothing, and makes no file when there is none.
pub fn migrate(path: &Path, dry_run: bool) -> Result<MigrationReport, MigrateError> {
    if !dry_run {
        return apply(&mut connection::writer(path, None)?);
    }
    if !path.exists() {
        return Ok(MigrationReport::new(MIGRATIONS, [])?);
    }
    report(&connection::visitor(path)?, MIGRATIONS)
}

/// Applies what is pending, in one transaction that other processes wait for.
pub(crate) fn apply(connection: &mut Connection) -> Result<MigrationReport, MigrateError> {
    apply_steps(connection, MIGRATIONS)
}

fn apply_steps(
    connection: &mut Connection,
    steps: &[Migration],
) -> Result<MigrationReport, MigrateError> {
    let found = report(connection, steps)?;
    if found.pending.is_empty() {
        return Ok(found);
    }
    let tx = connection.transaction_with_behavior(TransactionBehavior::Exclusive)?;
    tx.execute_batch(
        "CREATE TABLE IF NOT EXISTS migrations (
             number INTEGER NOT NULL PRIMARY KEY,
             name TEXT NOT NULL,
             checksum BLOB NOT NULL
         ) STRICT;",
    )?;
    // Once more under the lock: another process may have been faster.
    let found = report(&tx, steps)?;
    for step in &found.pending {
        tx.execute_batch(step.sql)?;
        tx.execute(
            "INSERT INTO migrations (number, name, checksum) VALUES (?1, ?2, ?3)",
            (step.number, step.name, step.checksum()),
        )?;
        if step.number == 1 {
            let statement = "INSERT INTO secrets (name, value) VALUES ('root', ?1)";
            tx.execute(statement, [new_secret()?.as_slice()])?;
        }
    }
    tx.commit()?;
    Ok(found)
}

/// Compares the steps that the database remembers with `steps`.
fn report(connection: &Connection, steps: &[Migration]) -> Result<MigrationReport, MigrateError> {
    let known = connection
        .query_row(
            "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'migrations'",
            [],
            |_| Ok(()),
        )
        .optional()?;
    let mut applied: Vec<Applied> = Vec::new();
    if known.is_some() {
        let mut query =
            connection.prepare("SELECT number, checksum FROM migrations ORDER BY number")?;
        let rows = query.query_map([], |row| {
            let number = row.get(0)?;
            Ok(Applied { number, checksum: row.get(1)?, oldest: number })
        })?;
        applied = rows.collect::<Result<_, _>>()?;
    }
    Ok(MigrationReport::new(steps, applied)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTE: Migration = step(900, "note", "CREATE TABLE note (text TEXT) STRICT;");

    fn memory() -> Connection {
        Connection::open_in_memory().unwrap()
    }

    #[test]
    fn steps_are_numbered_from_one_without_a_gap() {
        let numbers: Vec<u32> = MIGRATIONS.iter().map(|step| step.number).collect();
        assert!(numbers.into_iter().eq(1..=u32::try_from(MIGRATIONS.len()).unwrap()));
    }

    #[test]
    fn each_step_is_applied_once() {
        let mut connection = memory();
        let steps = [MIGRATIONS[0], MIGRATIONS[1], NOTE];
        assert_eq!(apply_steps(&mut connection, &steps[..2]).unwrap().pending, steps[..2]);
        let second = apply_steps(&mut connection, &steps).unwrap();
        assert_eq!((second.present, second.pending), (steps[..2].to_vec(), steps[2..].to_vec()));
        assert!(apply_steps(&mut connection, &steps).unwrap().pending.is_empty());
    }

    #[test]
    fn a_step_in_another_wording_is_refused() {
        let mut connection = memory();
        apply_steps(&mut connection, &[MIGRATIONS[0], NOTE]).unwrap();
        let reworded = Migration { sql: "CREATE TABLE note (text BLOB) STRICT;", ..NOTE };
        let refused = apply_steps(&mut connection, &[MIGRATIONS[0], reworded]);
        assert!(matches!(refused, Err(MigrateError::Schema(SchemaError::Changed(900)))));
    }

    #[test]
    fn a_database_of_a_newer_version_is_refused() {
        let mut connection = memory();
        apply_steps(&mut connection, &[MIGRATIONS[0], NOTE]).unwrap();
        assert!(matches!(
            apply(&mut connection),
            Err(MigrateError::Schema(SchemaError::Newer(900)))
        ));
    }

    #[test]
    fn a_step_that_fails_leaves_nothing_of_the_others() {
        let mut connection = memory();
        let broken = Migration { sql: "CREATE TABLE broken (", ..NOTE };
        assert!(apply_steps(&mut connection, &[MIGRATIONS[0], broken]).is_err());
        let tables: u32 = connection
            .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
            .unwrap();
        assert_eq!(tables, 0);
    }

    #[test]
    fn every_database_has_a_secret_of_its_own() {
        let secret = || {
            let mut connection = memory();
            apply(&mut connection).unwrap();
            connection
                .query_row("SELECT value FROM secrets WHERE name = 'root'", [], |row| {
                    row.get::<_, [u8; 32]>(0)
                })
                .unwrap()
        };
        assert_ne!(secret(), secret());
    }
}
