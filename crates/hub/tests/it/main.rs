//! The hub over a real store and real sockets. The wire is plain text here: one line an event.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod bounds;
mod fan_out;
mod interleavings;
mod life;
mod nodes;
mod pair;
mod resume;
mod support;
