//! PostgreSQL servers for tests, made from the one that the system has installed.
//!
//! [`Database`] is a database of one test, on a server that tests share. [`Server`] is a server of one test, which may kill,
//! freeze and start it again. Needs `initdb` and root, or a user that may run it.
//!
//! Time zone and collation are not those of the program (UTC, bytes), so that nothing rests on either.

mod cluster;
mod command;
mod database;
mod server;

pub use database::Database;
pub use server::Server;
