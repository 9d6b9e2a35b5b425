//! The binary and the library as their users meet them: arguments, environment, output, exit statuses, signals.

mod clients;
mod config;
mod database;
mod demo;
mod keys;
mod library;
mod serve;
mod support;
