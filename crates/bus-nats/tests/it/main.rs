//! The bus through real NATS servers: what arrives, what happens while a server is away, and whom it trusts.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod away;
mod support;
mod trust;
mod words;
