//! The schema, as numbered steps that are applied once each. Not here: what the tables mean (`migrations/*.sql`).

use std::path::Path;

use aws_lc_rs::digest;
use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior};
use thiserror::Error;

use crate::connection;

/// One step of the schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Migration {
    /// Its number, from 1.
    pub number: u32,
    /// What it does, in a word.
    pub name: &'static str,
    /// Its statements.
    pub sql: &'static str,
}

/// Every step, in order. A step that was released never changes: databases remember its checksum.
const MIGRATIONS: &[Migration] = &[
    Migration { number: 1, name: "initial", sql: include_str!("../migrations/0001_initial.sql") },
    Migration { number: 2, name: "outbox", sql: include_str!("../migrations/0002_outbox.sql") },
    Migration { number: 3, name: "counts", sql: include_str!("../migrations/0003_counts.sql") },
    Migration {
        number: 4,
        name: "retention",
        sql: include_str!("../migrations/0004_retention.sql"),
    },
];

/// What a database has and what it lacks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MigrationReport {
    /// The steps that the database had before.
    pub present: Vec<Migration>,
    /// The steps that it lacked: applied now, or only shown by a dry run.
    pub pending: Vec<Migration>,
}

/// Why a schema could not be brought up to date. Nothing was changed.
#[derive(Debug, Error)]
pub enum MigrateError {
    /// The database has a step that this program does not know.
    #[error("the database was migrated by a newer grelot (migration {0}); use that version")]
    Newer(u32),
    /// A step was applied in another wording.
    #[error("migration {0} of this database is not the one of this program")]
    Changed(u32),
    /// SQLite could not read or write it.
    #[error("the database cannot be migrated: {0}")]
    Database(#[from] rusqlite::Error),
    /// The system gave no random bytes for the secret.
    #[error("the system gave no random bytes")]
    Random,
}

/// Brings the database at `path` up to date, and says what that took. A dry run only says what it would take: it
/// changes nothing, and makes no file when there is none.
pub fn migrate(path: &Path, dry_run: bool) -> Result<MigrationReport, MigrateError> {
    if !dry_run {
        return apply(&mut connection::writer(path, None)?);
    }
    if !path.exists() {
        return Ok(MigrationReport { present: Vec::new(), pending: MIGRATIONS.to_vec() });
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
            (step.number, step.name, checksum(step).as_ref()),
        )?;
        if step.number == 1 {
            make_secret(&tx)?;
        }
    }
    tx.commit()?;
    Ok(found)
}

/// The key for cursors and digests: random, and part of the database, so that a copy of it keeps every cursor good.
fn make_secret(connection: &Connection) -> Result<(), MigrateError> {
    let mut secret = [0_u8; 32];
    // The error says nothing that its kind does not.
    aws_lc_rs::rand::fill(&mut secret).map_err(|_unspecified| MigrateError::Random)?;
    connection
        .execute("INSERT INTO secrets (name, value) VALUES ('root', ?1)", [secret.as_slice()])?;
    Ok(())
}

/// Compares the steps that the database remembers with `steps`.
fn report(connection: &Connection, steps: &[Migration]) -> Result<MigrationReport, MigrateError> {
    let mut report = MigrationReport::default();
    let known = connection
        .query_row(
            "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'migrations'",
            [],
            |_| Ok(()),
        )
        .optional()?;
    let mut applied = Vec::new();
    if known.is_some() {
        let mut query =
            connection.prepare("SELECT number, checksum FROM migrations ORDER BY number")?;
        let rows =
            query.query_map([], |row| Ok((row.get::<_, u32>(0)?, row.get::<_, Vec<u8>>(1)?)))?;
        applied = rows.collect::<Result<Vec<_>, _>>()?;
    }
    for (number, sum) in &applied {
        let Some(step) = steps.iter().find(|step| step.number == *number) else {
            return Err(MigrateError::Newer(*number));
        };
        if checksum(step).as_ref() != sum.as_slice() {
            return Err(MigrateError::Changed(*number));
        }
        report.present.push(*step);
    }
    let lacking = |step: &&Migration| !applied.iter().any(|(number, _)| *number == step.number);
    report.pending = steps.iter().filter(lacking).copied().collect();
    Ok(report)
}

fn checksum(step: &Migration) -> digest::Digest {
    digest::digest(&digest::SHA256, step.sql.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTE: Migration =
        Migration { number: 900, name: "note", sql: "CREATE TABLE note (text TEXT) STRICT;" };

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
        assert!(matches!(refused, Err(MigrateError::Changed(900))));
    }

    #[test]
    fn a_database_of_a_newer_version_is_refused() {
        let mut connection = memory();
        apply_steps(&mut connection, &[MIGRATIONS[0], NOTE]).unwrap();
        assert!(matches!(apply(&mut connection), Err(MigrateError::Newer(900))));
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
