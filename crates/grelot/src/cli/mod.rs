//! The command line of the `grelot` binary.
//!
//! Reading order: `args` (what can be asked), this file (who answers), then a file per command; `flags` (settings as
//! flags), `failure` (exit statuses), `output`, and `client` and `events` for the commands that are clients.
//!
//! Standard output has what a script wants and nothing else; everything said to people goes to standard error.

mod args;
mod backup;
mod client;
mod config;
mod copy;
mod deliveries;
mod demo;
mod doctor;
mod events;
mod failure;
mod flags;
mod keys;
mod mail;
mod migrate;
mod notify;
mod openapi;
mod output;
mod serve;
mod tail;
mod tail_line;
mod token;

use std::ffi::OsString;
use std::future::Future;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Parser as _;
use clap::error::ErrorKind;

use args::{Arguments, Command, ConfigCommand, DeliveriesCommand, KeysCommand, MailCommand};
use failure::Failure;

use crate::clock::SystemClock;
use crate::database::Database;
use crate::process;
pub use crate::settings::Environment;
use crate::settings::{self, Flags, Purpose, Settings};

/// Does what `arguments` ask (the first is the program's name). The status is 0 when it was done, 1 when it did not
/// work, 2 when what was asked is wrong.
pub fn main<A>(arguments: impl IntoIterator<Item = A>, environment: &Environment) -> ExitCode
where
    A: Into<OsString> + Clone,
{
    process::install_crypto();
    let outcome = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => run(arguments.command, environment),
        Err(error) => return usage(&error),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let message = failure.to_string();
            if !message.is_empty() {
                output::note(format!("grelot: {message}"));
            }
            ExitCode::from(failure.status())
        }
    }
}

/// Help and version are answers; the rest is a wrong call.
fn usage(error: &clap::Error) -> ExitCode {
    let _unread = error.print();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => ExitCode::SUCCESS,
        _ => ExitCode::from(2),
    }
}

fn run(command: Command, environment: &Environment) -> Result<(), Failure> {
    match command {
        Command::Serve { flags } => serve::run(&flags.given, environment),
        Command::Demo { flags } => demo::run(&flags.given, environment),
        Command::Keys(command) => keys(command, environment),
        Command::Token(arguments) => token::run(arguments, environment),
        Command::Notify(arguments) => block_on(notify::run(arguments, environment)),
        Command::Tail(arguments) => block_on(tail::run(arguments, environment)),
        Command::Deliveries(command) => deliveries(command, environment),
        Command::Mail(MailCommand::Preview { category, locale, text, flags }) => {
            let settings = database_settings(&flags.given, environment)?;
            block_on(mail::preview(&settings, &category, &locale, text))
        }
        Command::Backup { file, flags } => {
            backup::run(&database_settings(&flags.given, environment)?, &file)
        }
        Command::Copy { from, to } => {
            let (from, to) = copy::ends(&from, to.as_deref(), environment)?;
            block_on(copy::run(&from, &to))
        }
        Command::Migrate { dry_run, flags } => {
            block_on(migrate::run(&database_settings(&flags.given, environment)?, dry_run))
        }
        Command::Config(ConfigCommand::Check { flags }) => config::check(&flags.given, environment),
        Command::Openapi => openapi::run(),
        Command::Doctor(arguments) => block_on(doctor::run(arguments, environment)),
    }
}

fn keys(command: KeysCommand, environment: &Environment) -> Result<(), Failure> {
    let (action, flags) = match command {
        KeysCommand::Create { name, scopes, flags } => (keys::Action::Create(name, scopes), flags),
        KeysCommand::List { flags } => (keys::Action::List, flags),
        KeysCommand::Revoke { id, flags } => (keys::Action::Revoke(id), flags),
    };
    block_on(keys::run(&database_settings(&flags.given, environment)?, action))
}

fn deliveries(command: DeliveriesCommand, environment: &Environment) -> Result<(), Failure> {
    let (action, flags) = match command {
        DeliveriesCommand::List { state, limit, flags } => {
            (deliveries::Action::List(state, limit.into()), flags)
        }
        DeliveriesCommand::Show { id, flags } => (deliveries::Action::Show(id), flags),
        DeliveriesCommand::Retry { id, flags, .. } => (deliveries::Action::Retry(id), flags),
    };
    block_on(deliveries::run(&database_settings(&flags.given, environment)?, action))
}

/// The database of the settings, beside a running `serve` or without one.
async fn open_beside(settings: &Settings) -> Result<Database, Failure> {
    let opened = Database::open_beside(settings.database.clone(), Arc::new(SystemClock));
    Ok(opened.await.context("the database cannot be used")?)
}

fn database_settings(flags: &Flags, environment: &Environment) -> Result<Settings, Failure> {
    let loaded = settings::load(flags, environment, Path::new(""), Purpose::Database)?;
    for warning in &loaded.warnings {
        output::note(format!("warning: {warning}"));
    }
    Ok(loaded.settings)
}

fn block_on(command: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    process::command_runtime().context("the runtime cannot be started")?.block_on(command)
}
