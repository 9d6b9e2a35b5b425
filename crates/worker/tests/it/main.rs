//! The delivery engine over a real store, with a clock that is moved by hand and a way out that does as it is told. Not here:
//! SMTP (`channels`), and what is due (`store`).

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod housekeeping;
mod life;
mod outbox;
mod support;
