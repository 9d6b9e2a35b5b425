//! Why a schema could not be brought up to date, and what the person does about it. Not here: bringing it up to date
//! (`migrations`).

use grelot_store_common::SchemaError;
use thiserror::Error;
use tokio_postgres::error::SqlState;

use crate::error::Failure;

/// Why a schema could not be brought up to date. No step was applied; the host's table may have got columns and indexes,
/// which are made before and harm nobody.
#[derive(Debug, Error)]
pub enum MigrateError {
    /// It is not for this program to do, or there is no secret to be had.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// Prisma manages the module's tables, and would take columns for drift that it did not add itself.
    #[error(
        "Prisma manages the table notifications, which lacks columns of Grelot: add these lines to the model \
         Notification and migrate, then start again:\n{PRISMA_LINES}"
    )]
    Prisma,
    /// The host's tables are not as Grelot reads and writes them.
    #[error(
        "the tables of the application are not as Grelot needs them; change this, then start again:\n  {0}"
    )]
    Unfit(String),
    /// The module's tables are where Grelot does not look, and it would make a second pair.
    #[error(
        "there is a table notifications in the schema {0}, and Grelot works with the one in public: ALTER TABLE \
         {0}.notifications SET SCHEMA public moves it (so for notification_preferences and the type \
         \"NotificationType\"); if it is another program's, CREATE SCHEMA grelot says so, and Grelot makes tables of its own"
    )]
    Elsewhere(String),
    /// The application never let go of its tables long enough.
    #[error(
        "a transaction of the application has held its tables all the time; end those that stay open, then start again"
    )]
    Held,
    /// The role may not do what has to be done.
    #[error("the role may not migrate the database: {0}; see \"Rights\" in docs/postgresql.md")]
    Denied(String),
    /// The role lacks rights, which these lines give.
    #[error(
        "the role may not migrate the database: {why}; let whoever owns it run this, then start again:\n  {lines}"
    )]
    Rights {
        /// What PostgreSQL said.
        why: String,
        /// What gives the rights, a statement a line.
        lines: String,
    },
    /// PostgreSQL could not be reached, or refused.
    #[error("the database cannot be migrated: {0}")]
    Database(String),
}

/// What a host that uses Prisma adds to its model.
const PRISMA_LINES: &str =
    "  category String?\n  data     Json?   @db.Json\n  seq      BigInt?\n  stateSeq BigInt?";

impl From<Failure> for MigrateError {
    fn from(failure: Failure) -> Self {
        match &failure {
            Failure::Sql(error) if error.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE) => {
                Self::Denied(failure.to_string())
            }
            _ => Self::Database(failure.to_string()),
        }
    }
}

impl From<tokio_postgres::Error> for MigrateError {
    fn from(error: tokio_postgres::Error) -> Self {
        Failure::from(error).into()
    }
}
