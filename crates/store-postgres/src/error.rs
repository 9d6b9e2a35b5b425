//! What PostgreSQL reports, sorted by what follows from it. Not here: domain refusals, which each port names itself.

use grelot_store::{Refusal, StoreError};
use thiserror::Error;
use tokio_postgres::error::{DbError, SqlState};

use crate::migrate_error::MigrateError;
use crate::refusal;

/// Why a database could not be opened.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The URL is not one of a database that can be used.
    #[error("the database URL cannot be used: {0}")]
    Url(String),
    /// The certificates that are to be trusted could not be read.
    #[error("the certificates of sslrootcert cannot be used: {0}")]
    Certificates(String),
    /// No connection came about, or the server refused a statement.
    #[error("the database cannot be reached: {0}")]
    Database(String),
    /// A copy to it was interrupted, and nothing else may happen to it before that is done.
    #[error(
        "the database holds an unfinished copy of another one: run the same `grelot copy` again"
    )]
    Unfinished,
    /// Its schema could not be brought up to date.
    #[error(transparent)]
    Migrate(#[from] MigrateError),
}

/// Why a unit of work did not come through. It was rolled back, unless nobody can know.
#[derive(Debug, Error)]
pub(crate) enum Failure {
    /// PostgreSQL said so, or the connection to it ended.
    #[error("{}", explain(.0))]
    Sql(#[from] tokio_postgres::Error),
    /// There was no connection to be had.
    #[error("no connection: {0}")]
    Connection(String),
    /// A row that this program did not write so; names the column and never its value.
    #[error("{0}")]
    Corrupt(&'static str),
    /// Another node was faster; the work may be done again from its beginning.
    #[error("another node was faster")]
    Overtaken,
    /// A trigger of another program lets no such row in.
    #[error("a trigger on the table notifications, which is not Grelot's, keeps a row out of it")]
    KeptOut,
    /// A rule of the host's table lets it in neither now nor later; and what PostgreSQL said, for the log.
    #[error("{0}: {1}")]
    Refused(Refusal, String),
    /// The server did not answer in time.
    #[error("the database did not answer in time")]
    Late,
}

impl Failure {
    /// Whether the work left nothing behind for certain, so that it may be done again. After a commit whose answer never
    /// came nobody knows.
    pub(crate) fn is_certain(&self) -> bool {
        match self {
            Self::Sql(error) => error.as_db_error().is_some_and(|refusal| !ends_session(refusal)),
            Self::Connection(_)
            | Self::Corrupt(_)
            | Self::Overtaken
            | Self::KeptOut
            | Self::Refused(..) => true,
            Self::Late => false,
        }
    }

    /// Of a unit of work that writes: what the host's tables do not take is final.
    pub(crate) fn or_refused(self) -> Self {
        let refusal = match &self {
            Self::Sql(error) => error.as_db_error().and_then(refusal::of),
            _ => None,
        };
        match refusal {
            Some(refusal) => Self::Refused(refusal, self.to_string()),
            None => self,
        }
    }

    /// Of the statement that checks whether all its rows are there: it has nothing else to divide by.
    pub(crate) fn or_kept_out(self) -> Self {
        match &self {
            Self::Sql(error) if error.code() == Some(&SqlState::DIVISION_BY_ZERO) => Self::KeptOut,
            _ => self,
        }
    }

    /// Whether the session is as good as before: what failed was this work, and not what the session holds to be true.
    pub(crate) fn spares_session(&self) -> bool {
        match self {
            Self::Corrupt(_) | Self::Overtaken | Self::KeptOut | Self::Refused(..) => true,
            Self::Sql(error) => error
                .as_db_error()
                .is_some_and(|refusal| !ends_session(refusal) && is_of_the_work(refusal.code())),
            Self::Connection(_) | Self::Late => false,
        }
    }

    /// Whether every session that is as old holds the same to be true that is so no more: how the rows of a statement look,
    /// what it has prepared, or that the server takes writes.
    pub(crate) fn dooms_others(&self) -> bool {
        let stale = [
            SqlState::FEATURE_NOT_SUPPORTED, // cached plan must not change result type
            SqlState::INVALID_SQL_STATEMENT_NAME,
            SqlState::READ_ONLY_SQL_TRANSACTION,
        ];
        match self {
            Self::Sql(error) => error.code().is_some_and(|code| stale.contains(code)),
            _ => false,
        }
    }

    /// What a caller is told: never SQL, a host or a value.
    pub(crate) fn to_store_error(&self) -> StoreError {
        match self {
            Self::Corrupt(column) => StoreError::Corrupt((*column).to_owned()),
            Self::Sql(error) => match error.as_db_error() {
                Some(refusal) => from_refusal(refusal),
                None => StoreError::Unavailable("the connection to the database ended".to_owned()),
            },
            Self::Connection(_) => {
                StoreError::Unavailable("the database cannot be reached".to_owned())
            }
            Self::KeptOut => StoreError::Refused(Refusal { column: None, rule: self.to_string() }),
            Self::Refused(refusal, _) => StoreError::Refused(refusal.clone()),
            Self::Overtaken | Self::Late => StoreError::Unavailable(self.to_string()),
        }
    }
}

fn from_refusal(refusal: &DbError) -> StoreError {
    let code = refusal.code();
    if *code == SqlState::LOCK_NOT_AVAILABLE || *code == SqlState::TOO_MANY_CONNECTIONS {
        return StoreError::Busy;
    }
    if *code == SqlState::DATA_CORRUPTED || *code == SqlState::INDEX_CORRUPTED {
        return StoreError::Corrupt("the database is damaged".to_owned());
    }
    StoreError::Unavailable(format!("the database refused a statement (SQLSTATE {})", code.code()))
}

/// Whether the same session would do other work, or the same again later: a value, a constraint, two transactions that are
/// in each other's way, a lock, a statement that took too long.
fn is_of_the_work(code: &SqlState) -> bool {
    let classes = ["22", "23", "40", "55"];
    *code == SqlState::QUERY_CANCELED || classes.iter().any(|class| code.code().starts_with(class))
}

/// Whether the server ended the session with this message, so that a commit may have come through before it.
fn ends_session(refusal: &DbError) -> bool {
    use tokio_postgres::error::Severity;
    !matches!(refusal.parsed_severity(), Some(Severity::Error))
}

/// An error with its cause, for the log and for who opens a database.
pub(crate) fn explain(error: &tokio_postgres::Error) -> String {
    match (error.as_db_error(), std::error::Error::source(error)) {
        (Some(refusal), _) => format!("{} (SQLSTATE {})", refusal.message(), refusal.code().code()),
        (None, Some(cause)) => {
            let cause = cause.to_string();
            let hint = if cause.contains("UnknownIssuer") {
                "; if its authority is your own, name its certificate with sslrootcert=FILE"
            } else {
                ""
            };
            format!("{error}: {cause}{hint}")
        }
        (None, None) => error.to_string(),
    }
}
