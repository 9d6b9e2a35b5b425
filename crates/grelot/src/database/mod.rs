//! The database, opened: the only place that knows which backend it is. Not here: what is made of it (`compose`).

mod url;

use std::sync::Arc;
use std::time::Duration;

use grelot_core::Clock;
use grelot_store::{Committed, MailPolicy, Nodes, Store, StoreError};
use grelot_store_postgres::{PostgresOptions, PostgresStore};
use grelot_store_sqlite::{SqliteOptions, SqliteStore};
use grelot_worker::Service;

use crate::error::BuildError;

pub(crate) use url::DatabaseUrl;

/// How long what works on the database may take to end.
const GRACE: Duration = Duration::from_secs(5);

/// An open database. Clones are one.
#[derive(Clone, Debug)]
pub(crate) enum Database {
    /// A file on this machine.
    Sqlite(Arc<SqliteStore>),
    /// A database on a server, which other nodes may use as well.
    Postgres(Arc<PostgresStore>),
}

impl Database {
    /// Opens the database to serve it, and brings its schema up to date; `listener` hears its commits.
    pub(crate) async fn open(
        url: DatabaseUrl,
        clock: Arc<dyn Clock>,
        listener: Arc<dyn Committed>,
    ) -> Result<Self, BuildError> {
        match url {
            DatabaseUrl::Sqlite(path) => {
                let options = SqliteOptions::new(path);
                off_thread(move || SqliteStore::open(options, clock, listener)).await
            }
            DatabaseUrl::Postgres(url) => {
                let options = PostgresOptions::new(url);
                Ok(Self::Postgres(PostgresStore::open(options, clock, listener).await?))
            }
        }
    }

    /// Opens the database for a command, beside a server or without one.
    #[cfg(feature = "cli")]
    pub(crate) async fn open_beside(
        url: DatabaseUrl,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, BuildError> {
        match url {
            DatabaseUrl::Sqlite(path) => {
                let options = SqliteOptions::new(path);
                off_thread(move || SqliteStore::open_beside(options, clock)).await
            }
            DatabaseUrl::Postgres(url) => {
                let options = PostgresOptions::new(url);
                Ok(Self::Postgres(PostgresStore::open_beside(options, clock).await?))
            }
        }
    }

    /// Everything that is asked of it.
    pub(crate) fn ports(&self) -> Arc<dyn Store> {
        match self {
            Self::Sqlite(store) => Arc::<SqliteStore>::clone(store),
            Self::Postgres(store) => Arc::<PostgresStore>::clone(store),
        }
    }

    /// What is asked of it where other nodes may use it as well.
    pub(crate) fn nodes(&self) -> Option<Arc<dyn Nodes>> {
        match self {
            Self::Sqlite(_) => None,
            Self::Postgres(store) => Some(Arc::<PostgresStore>::clone(store)),
        }
    }

    /// Whether an application kept its notifications here before Grelot came.
    pub(crate) async fn is_joined(&self) -> Result<bool, StoreError> {
        match self {
            Self::Sqlite(_) => Ok(false),
            Self::Postgres(store) => store.is_joined().await,
        }
    }

    /// Takes in what other programs write to the host's tables, where they can; `mail` is what becomes of emails.
    pub(crate) fn adoption(&self, mail: MailPolicy) -> Option<Service> {
        match self {
            Self::Sqlite(_) => None,
            Self::Postgres(store) => {
                let store = Arc::clone(store);
                Some(Service::new("adoption", GRACE, async move |shutdown| {
                    store.run_outside(mail, shutdown).await;
                    Ok(())
                }))
            }
        }
    }

    /// Resolves when the database is lost for good, with the reason. A server may always come back.
    pub(crate) async fn fatal(&self) -> Arc<str> {
        match self {
            Self::Sqlite(store) => store.fatal().await,
            Self::Postgres(store) => store.fatal().await,
        }
    }

    /// Commits what is queued, and closes. Everything is refused from its beginning.
    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite(store) => {
                let store = Arc::clone(store);
                // A panic inside is logged by its hook; the process is ending either way.
                let _closed = tokio::task::spawn_blocking(move || store.close()).await;
            }
            Self::Postgres(store) => store.close().await,
        }
    }
}

/// Opening reads, and perhaps migrates, a file: not on a thread that serves.
async fn off_thread<E: Send + 'static>(
    open: impl FnOnce() -> Result<Arc<SqliteStore>, E> + Send + 'static,
) -> Result<Database, BuildError>
where
    BuildError: From<E>,
{
    let opening = tokio::task::spawn_blocking(open);
    let opened = opening.await.map_err(|_cancelled| BuildError::Interrupted)?;
    Ok(Database::Sqlite(opened?))
}
