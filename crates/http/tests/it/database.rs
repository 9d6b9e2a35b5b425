//! The database under the application: a file of its own; or, where `GRELOT_TEST_STORE` is `postgres`, a database of its own
//! on the server that tests share.

use std::sync::Arc;

use grelot_core::Clock;
use grelot_hub::Publisher;
use grelot_store::Store;
use grelot_store_postgres::{PostgresOptions, PostgresStore};
use grelot_store_sqlite::{SqliteOptions, SqliteStore};
use grelot_testkit::postgres;
use tempfile::TempDir;

/// An open database, which goes away with this.
pub(crate) enum Database {
    Sqlite(Arc<SqliteStore>, #[expect(dead_code, reason = "holds the file")] TempDir),
    Postgres(
        Arc<PostgresStore>,
        #[expect(dead_code, reason = "is dropped after")] postgres::Database,
    ),
}

impl Database {
    pub(crate) async fn open(clock: Arc<dyn Clock>, publisher: Arc<Publisher>) -> Self {
        let Some(database) = postgres::Database::if_asked() else {
            let directory = tempfile::tempdir().unwrap();
            let options = SqliteOptions::new(directory.path().join("test.db"));
            let store = SqliteStore::open(options, clock, publisher).unwrap();
            return Self::Sqlite(store, directory);
        };
        let options = PostgresOptions::new(database.url());
        let store = PostgresStore::open(options, clock, publisher).await.unwrap();
        Self::Postgres(store, database)
    }

    /// Everything that is asked of it.
    pub(crate) fn ports(&self) -> Arc<dyn Store> {
        match self {
            Self::Sqlite(store, _) => Arc::<SqliteStore>::clone(store),
            Self::Postgres(store, _) => Arc::<PostgresStore>::clone(store),
        }
    }

    /// From here on it refuses everything.
    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite(store, _) => store.close(),
            Self::Postgres(store, _) => store.close().await,
        }
    }
}
