//! The PostgreSQL database of Grelot: the ports of `grelot-store` over PostgreSQL 15 or later, by any number of nodes.
//!
//! Requests to notify are committed together: a committer takes what queued up while the last commit was being written,
//! and writes it with one statement a table (`committer`, `batch`). Every other write is a transaction of its own
//! (`writers`). A read answers from one snapshot (`readers`). Statements are all in `sql`; each port has a file of its
//! own, named as in `grelot-store`. What other programs write to the host's tables is written down by triggers (`queue`) and
//! adopted by any node (`adoption`); what was there before comes in afterwards (`joining`, `backfill`).
//!
//! Invariants:
//! - A write is answered after its commit and after the listener has heard of it. Of one inbox the listener hears in the
//!   order of `seq` (`turnstile`).
//! - Locks are taken in one order, so that nobody waits in a circle: inboxes by their ids, idempotency slots by their bytes, rows
//!   of notifications, contacts, deliveries. What is taken against this order (rows of `outside` and `backfill`, rows that
//!   are adopted or pruned) is taken with `SKIP LOCKED`, which waits for nobody.
//! - Where nobody can know whether a commit came through, the caller is told so and nothing is tried again.
//!
//! Not here: HTTP, streams, and what the domain decides (`grelot-core`).

mod adoption;
mod backfill;
mod batch;
mod categories;
mod choices;
mod columns;
mod committer;
mod connection;
mod copy;
mod copy_rows;
mod creations;
mod deliveries;
mod departures;
mod errand;
mod error;
mod flight;
mod ground;
mod idempotency;
mod inboxes;
mod intents;
mod joining;
mod keys;
mod lanes;
mod lenient;
mod listing;
mod maintenance;
mod migrate_error;
mod migrations;
mod moves;
mod nodes;
mod notify;
mod notify_bus;
mod options;
mod outbox;
mod outside;
#[cfg(test)]
mod plans;
mod preferences;
mod queue;
mod readers;
mod refusal;
mod replay;
mod retention;
mod rights;
mod rows;
mod snapshot;
mod sql;
mod store;
mod tls;
mod turnstile;
mod tx;
mod unit;
mod users;
mod writers;

pub use backfill::Backlog;
pub use copy::CopyTarget;
pub use error::OpenError;
pub use grelot_store_common::{Migration, MigrationReport, SchemaError};
pub use migrate_error::MigrateError;
pub use migrations::{migrate, usual_time_zone};
pub use notify_bus::NotifyBus;
pub use options::PostgresOptions;
pub use outside::Adopted;
pub use store::PostgresStore;

#[cfg(test)]
#[path = "../tests/it/cluster.rs"]
mod cluster;
