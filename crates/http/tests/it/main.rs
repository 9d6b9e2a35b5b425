//! The whole HTTP surface against a real database, one module per concern. Requests go to the router itself; the accept
//! loop and the streams' sockets have tests of their own (`server`, and the whole program's).

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking, in its helpers too"
)]

mod access;
mod around;
mod bodies;
mod categories;
mod changes;
mod conventions;
mod database;
mod desk;
mod document;
mod engine;
mod engine_limits;
mod engine_takeover;
mod inbox;
mod isolation;
mod mails;
mod notify;
mod outbox;
mod preferences;
mod stream;
mod support;
mod unsubscribe;
mod users;
mod walking;
