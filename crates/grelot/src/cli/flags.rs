//! The options of the settings table as flags of a command. Not here: what wins over what (`settings`).

use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;
use std::path::PathBuf;

use clap::{Arg, ArgMatches, Command, FromArgMatches};

use crate::settings::{CONFIG_VARIABLE, DEFINITIONS, Flags, Purpose, Setting};

/// Which options a command has flags for.
pub(crate) trait Subset: Clone {
    /// Whether this one.
    fn includes(setting: Setting) -> bool;
}

/// Every option: what `serve` takes.
#[derive(Clone, Debug)]
pub(crate) struct Everything;

/// What `demo` takes: it has a database and a secret of its own.
#[derive(Clone, Debug)]
pub(crate) struct DemoOptions;

/// What a command that works on the database takes.
#[derive(Clone, Debug)]
pub(crate) struct DatabaseOptions;

/// What a command that makes tokens takes.
#[derive(Clone, Debug)]
pub(crate) struct TokenOptions;

impl Subset for Everything {
    fn includes(_: Setting) -> bool {
        true
    }
}

impl Subset for DemoOptions {
    fn includes(setting: Setting) -> bool {
        Purpose::Demo.includes(setting)
    }
}

impl Subset for DatabaseOptions {
    fn includes(setting: Setting) -> bool {
        matches!(setting, Setting::Database)
    }
}

impl Subset for TokenOptions {
    fn includes(setting: Setting) -> bool {
        matches!(setting, Setting::JwtSecret | Setting::JwtIssuer | Setting::JwtAudience)
    }
}

/// The flags that were given, of those that `S` includes.
#[derive(Clone)]
pub(crate) struct SettingFlags<S> {
    /// The flags.
    pub(crate) given: Flags,
    subset: PhantomData<S>,
}

impl<S> fmt::Debug for SettingFlags<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Values may be secrets.
        f.debug_struct("SettingFlags").finish_non_exhaustive()
    }
}

impl<S: Subset> clap::Args for SettingFlags<S> {
    fn augment_args(command: Command) -> Command {
        let config = Arg::new("config")
            .long("config")
            .value_name("FILE")
            .value_parser(clap::value_parser!(PathBuf))
            .help_heading("Settings")
            .help(format!(
                "The file of settings [env: {CONFIG_VARIABLE}] [default: grelot.toml, if there]"
            ));
        let included = DEFINITIONS.iter().filter(|definition| S::includes(definition.setting));
        included.fold(command.arg(config), |command, definition| {
            let mut help = format!("{} [env: {}]", definition.help, definition.variable);
            if let Some(default) = definition.default {
                help.push_str(" [default: ");
                help.push_str(default);
                help.push(']');
            }
            command.arg(
                Arg::new(definition.flag)
                    .long(definition.flag)
                    .value_name(definition.value_name)
                    .help_heading("Settings")
                    .help(help),
            )
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<S: Subset> FromArgMatches for SettingFlags<S> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let included = DEFINITIONS.iter().filter(|definition| S::includes(definition.setting));
        let values: HashMap<Setting, String> = included
            .filter_map(|definition| {
                let value = matches.get_one::<String>(definition.flag)?;
                Some((definition.setting, value.clone()))
            })
            .collect();
        let config = matches.get_one::<PathBuf>("config").cloned();
        Ok(Self { given: Flags { config, values }, subset: PhantomData })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
