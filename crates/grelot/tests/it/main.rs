//! The binary and the library as their users meet them: arguments, environment, output, exit statuses, signals.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests fail like tests")]

mod clients;
mod config;
mod copy;
mod database;
mod demo;
mod filled;
mod keys;
mod library;
mod serve;
mod support;
