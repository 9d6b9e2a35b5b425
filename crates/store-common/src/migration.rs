//! The steps of a schema: what one is, and what a database has and lacks of them. Not here: the steps themselves, and how
//! they are applied (`migrations` of a backend).

use aws_lc_rs::digest::{SHA256, digest};
use thiserror::Error;

/// One step of a schema. One that was released never changes: databases remember its checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Migration {
    /// Its number, from 1.
    pub number: u32,
    /// What it does, in a word.
    pub name: &'static str,
    /// Its statements.
    pub sql: &'static str,
    /// The last step of the oldest program that may still serve once this one is applied.
    pub oldest: u32,
}

impl Migration {
    /// SHA-256 of the statements.
    pub fn checksum(&self) -> Vec<u8> {
        digest(&SHA256, self.sql.as_bytes()).as_ref().to_vec()
    }
}

/// A step as a database remembers it.
#[derive(Clone, Debug)]
pub struct Applied {
    /// Its number.
    pub number: u32,
    /// The checksum of its statements.
    pub checksum: Vec<u8>,
    /// What it said of the oldest program.
    pub oldest: u32,
}

/// What a database has and what it lacks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MigrationReport {
    /// The steps that the database had before.
    pub present: Vec<Migration>,
    /// The steps that it lacked: applied now, or only shown by a dry run.
    pub pending: Vec<Migration>,
    /// The numbers of steps of a newer version, beside which this one may serve.
    pub newer: Vec<u32>,
    /// What a migration of the host took away of columns, triggers and indexes on its tables, each in words.
    pub missing: Vec<String>,
    /// Statements that come before the pending steps and outside of their transaction: what would lock the host out of a
    /// large table for long.
    pub first: Vec<String>,
}

impl MigrationReport {
    /// Compares the steps that a database remembers with `steps`.
    ///
    /// # Errors
    /// When it is not for this program to serve it.
    pub fn new(
        steps: &[Migration],
        applied: impl IntoIterator<Item = Applied>,
    ) -> Result<Self, SchemaError> {
        let mut report = Self::default();
        let own = steps.iter().map(|step| step.number).max().unwrap_or_default();
        for Applied { number, checksum, oldest } in applied {
            match steps.iter().find(|step| step.number == number) {
                Some(step) if step.checksum() == checksum => report.present.push(*step),
                Some(_) => return Err(SchemaError::Changed(number)),
                None if own < oldest => return Err(SchemaError::Newer(number)),
                None => report.newer.push(number),
            }
        }
        let lacking = |step: &&Migration| !report.present.contains(step);
        report.pending = steps.iter().filter(lacking).copied().collect();
        Ok(report)
    }
}

/// Why it is not for this program to bring a schema up to date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SchemaError {
    /// The database has a step beside which this program cannot serve.
    #[error(
        "the database was migrated by a newer grelot (migration {0}), beside which this version cannot serve; use a newer one"
    )]
    Newer(u32),
    /// A step was applied in another wording.
    #[error("migration {0} of this database is not the one of this program")]
    Changed(u32),
    /// The system gave no random bytes for the secret.
    #[error("the system gave no random bytes")]
    Random,
}

/// A key for cursors and digests: random, and part of the database, so that a copy of it keeps every cursor good.
///
/// # Errors
/// When the system gives no random bytes.
pub fn new_secret() -> Result<[u8; 32], SchemaError> {
    let mut secret = [0_u8; 32];
    // The error says nothing that its kind does not.
    aws_lc_rs::rand::fill(&mut secret).map_err(|_unspecified| SchemaError::Random)?;
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Migration = Migration { number: 1, name: "one", sql: "one", oldest: 1 };
    const TWO: Migration = Migration { number: 2, name: "two", sql: "two", oldest: 1 };

    fn applied(step: &Migration) -> Applied {
        Applied { number: step.number, checksum: step.checksum(), oldest: step.oldest }
    }

    #[test]
    fn what_a_database_does_not_remember_is_pending() {
        let found = MigrationReport::new(&[ONE, TWO], [applied(&ONE)]).unwrap();
        assert_eq!((found.present, found.pending), (vec![ONE], vec![TWO]));
        let found = MigrationReport::new(&[ONE, TWO], []).unwrap();
        assert_eq!((found.present, found.pending), (vec![], vec![ONE, TWO]));
    }

    #[test]
    fn a_step_in_another_wording_is_refused() {
        let reworded = Migration { sql: "uno", ..ONE };
        let refused = MigrationReport::new(&[ONE], [applied(&reworded)]);
        assert_eq!(refused, Err(SchemaError::Changed(1)));
    }

    #[test]
    fn a_step_of_a_newer_version_says_whether_this_one_may_serve() {
        let found = MigrationReport::new(&[ONE], [applied(&ONE), applied(&TWO)]).unwrap();
        assert_eq!((found.present, found.pending, found.newer), (vec![ONE], vec![], vec![2]));
        let demanding = Migration { oldest: 2, ..TWO };
        let refused = MigrationReport::new(&[ONE], [applied(&ONE), applied(&demanding)]);
        assert_eq!(refused, Err(SchemaError::Newer(2)));
    }
}
