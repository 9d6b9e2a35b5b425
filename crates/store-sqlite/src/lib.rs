//! The embedded database of Grelot: the ports of `grelot-store` over one SQLite file.
//!
//! One thread writes: it commits together what queued up while the last commit was being written (`committer`), so that
//! a durable write costs a fraction of a sync to disk. Several threads read, each answer from one consistent state
//! (`readers`). Statements are all in `sql`; each port has a file of its own, named as in `grelot-store`.
//!
//! Invariants:
//! - A write is answered after its commit is on disk and the listener has heard of it; a unit of work may run twice, but
//!   is committed at most once.
//! - A failed sync to disk is never tried again: the store gives up, and says so by [`SqliteStore::fatal`].
//! - The database file is opened by SQLite alone, and by one server at a time.
//!
//! Not here: HTTP, streams, and what the domain decides (`grelot-core`).

mod backup;
mod categories;
mod committer;
mod connection;
mod copy;
mod deliveries;
mod departures;
mod errand;
mod error;
mod idempotency;
mod inboxes;
mod keys;
mod listing;
mod lock;
mod log;
mod maintenance;
mod migrations;
mod notify;
mod options;
mod outbox;
mod preferences;
mod readers;
mod replay;
mod retention;
mod rows;
mod snapshot;
mod sql;
mod store;
mod tx;
mod unit;
mod users;

pub use backup::{BackupError, backup};
pub use copy::CopySource;
pub use error::OpenError;
pub use grelot_store_common::{Migration, MigrationReport, SchemaError};
pub use migrations::{MigrateError, migrate};
pub use options::SqliteOptions;
pub use store::SqliteStore;
