//! The HTTP surface of Grelot.
//!
//! Reading order: [`router()`] (every route on one page), `routes` (one file per group of operations), `auth` (who is
//! asking, as extractors), `json` (strict parsing) and `wire` (what requests and answers look like), [`problem`] (the
//! one shape of every error), `cursor`, `language`, [`unsubscribe`] (the token in a mail's link) and `page` (what a reader of that mail
//! sees), [`mail`] (who checks templates), `openapi`, [`server`] (the accept loop, and how a stream leaves the HTTP engine),
//! `middleware`, [`metrics`], [`state`].
//!
//! Invariants:
//! - Nothing invalid goes deeper: a handler holds domain types before it calls the store.
//! - A handler of the user plane takes its user from an extractor and from nowhere else.
//! - An error never carries an internal cause to the caller.
//!
//! Not here: SQL, SMTP, NATS, settings, and long-running tasks, which the composition root owns.

pub mod auth;
mod cursor;
mod json;
mod language;
pub mod mail;
pub mod metrics;
pub mod middleware;
mod openapi;
mod page;
pub mod problem;
pub mod router;
mod routes;
pub mod server;
pub mod state;
pub mod unsubscribe;
mod wire;

pub use mail::MailDesk;
pub use openapi::openapi_json;
pub use problem::Problem;
pub use router::router;
pub use state::{AppState, Readiness, Secret};
pub use unsubscribe::UnsubscribeTokens;
pub use wire::encode::EventEncoder;
