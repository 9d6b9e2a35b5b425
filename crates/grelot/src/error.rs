//! What can go wrong for a host, each with what to do.

use std::fmt;
use std::sync::Arc;

use grelot_http::auth::AuthSettingsError;
use grelot_store::StoreError;
use grelot_store_sqlite::OpenError;
use grelot_worker::Failure;
use thiserror::Error;

/// Why no Grelot could be built.
#[derive(Debug, Error)]
pub enum BuildError {
    /// The database's address cannot be one.
    #[error("the database {0}")]
    Database(String),
    /// The database cannot be served.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The PostgreSQL database cannot be served.
    #[error(transparent)]
    OpenPostgres(#[from] grelot_store_postgres::OpenError),
    /// The database was opened, and then did not answer.
    #[error("the database cannot be served: {0}")]
    Store(#[source] StoreError),
    /// The bus between nodes cannot be used.
    #[error(transparent)]
    Bus(#[from] grelot_bus_nats::NatsError),
    /// Users' tokens cannot be checked.
    #[error(transparent)]
    Authentication(#[from] AuthSettingsError),
    /// No key was given to check users' tokens with.
    #[error(
        "users' tokens cannot be checked: give a `jwt_secret`, a `jwt_jwks_url` or a `jwt_public_key_pem`"
    )]
    NoKeys,
    /// Mail cannot be set up.
    #[error("mail cannot be sent: {0}")]
    Mail(String),
    /// A setting is out of its bounds.
    #[error("{0}")]
    Setting(&'static str),
    /// The opening of the database was cut short, as when the runtime ends.
    #[error("the database was not opened: the runtime is ending")]
    Interrupted,
}

/// One thing that is wrong with a notification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidField {
    /// Which part of it.
    pub field: &'static str,
    /// What it must be instead.
    pub detail: &'static str,
}

/// Why nothing was sent.
#[derive(Debug, Error)]
pub enum NotifyError {
    /// The notification is not one; everything that is wrong with it is named.
    #[error("the notification is invalid: {}", Listed(.0))]
    Invalid(Vec<InvalidField>),
    /// The category does not exist; `put_category` makes it.
    #[error("the category does not exist; make it first, with `put_category` or over HTTP")]
    UnknownCategory,
    /// The idempotency key was used for another notification.
    #[error("the idempotency key was used for another notification; use a new key")]
    IdempotencyMismatch,
    /// The same notification is being sent.
    #[error("a notification with the same idempotency key is being sent; try again in a moment")]
    InFlight,
    /// It is unknown whether it was sent; repeat it with the same idempotency key.
    #[error("{0}; repeat with the same idempotency key")]
    Store(#[source] StoreError),
}

impl From<grelot_store::NotifyError> for NotifyError {
    fn from(error: grelot_store::NotifyError) -> Self {
        match error {
            grelot_store::NotifyError::UnknownCategory => Self::UnknownCategory,
            grelot_store::NotifyError::IdempotencyMismatch => Self::IdempotencyMismatch,
            grelot_store::NotifyError::InFlight => Self::InFlight,
            grelot_store::NotifyError::Store(error) => Self::Store(error),
        }
    }
}

/// Why a service ended although nobody asked it to.
#[derive(Debug, Error)]
pub enum RunError {
    /// One of its long-running tasks ended; the database's, when a sync to disk failed.
    #[error(transparent)]
    Service(#[from] Arc<Failure>),
    /// It was shut down before.
    #[error("it was shut down already; build another one")]
    ShutDown,
}

struct Listed<'a>(&'a [InvalidField]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, InvalidField { field, detail }) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{field} {detail}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invalid_notification_says_what_to_change() {
        let field = |field| InvalidField { field, detail: "must be 1 to 200 characters" };
        let error = NotifyError::Invalid(vec![field("title"), field("body")]);
        assert_eq!(
            error.to_string(),
            "the notification is invalid: title must be 1 to 200 characters; body must be 1 to 200 characters"
        );
    }
}
