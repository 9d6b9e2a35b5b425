//! Letters to mails, and mails to a relay that a test plays.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod connections;
mod headers;
mod hostile;
mod pictures;
mod refusals;
mod rendering;
mod support;
mod templates;
mod tls;
