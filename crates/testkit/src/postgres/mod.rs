//! PostgreSQL servers for tests, made from the one that the system has installed.
//!
//! [`Server`] is a server of one test, which may kill, freeze and start it again. Not here: the server that tests share
//! when they only need a database.
//!
//! Time zone and collation are not those of the program (UTC, bytes), so that nothing rests on either.

mod command;
mod server;

pub use server::Server;
