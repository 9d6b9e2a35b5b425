//! The hub over a real store and real sockets. The wire is plain text here: one line an event.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod bounds;
mod fan_out;
mod life;
mod resume;
mod support;
