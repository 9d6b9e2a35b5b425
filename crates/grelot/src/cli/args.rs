//! What can be asked on the command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use grelot_core::{CategoryKey, DeliveryId, DeliveryState, NotificationType, Scope, UserId};

use super::flags::{DatabaseOptions, DemoOptions, Everything, SettingFlags, TokenOptions};

/// The notification centre that any application drops in.
#[derive(Debug, Parser)]
#[command(
    name = "grelot",
    version,
    about,
    after_help = "Start with `grelot demo`. Every setting is a flag, an environment variable and a key of grelot.toml; `grelot serve --help` lists them.",
    max_term_width = 100
)]
pub(crate) struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve
    Serve {
        /// Its settings.
        #[command(flatten)]
        flags: SettingFlags<Everything>,
    },
    /// Serve with a throw-away database, a signed-in user, a page and example notifications
    Demo {
        /// Its settings.
        #[command(flatten)]
        flags: SettingFlags<DemoOptions>,
    },
    /// Make, list and revoke API keys; works beside a running serve
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Print a token for a user (HS256 mode)
    Token(TokenArguments),
    /// Send a notification to a running service
    Notify(NotifyArguments),
    /// Follow the stream of a user
    Tail(TailArguments),
    /// Look after emails that were sent, wait, or were given up; works beside a running serve
    #[command(subcommand)]
    Deliveries(DeliveriesCommand),
    /// Look at mails without sending them
    #[command(subcommand)]
    Mail(MailCommand),
    /// Copy the database while it is in use
    Backup {
        /// Where to; must not be there yet.
        file: PathBuf,
        /// Its settings.
        #[command(flatten)]
        flags: SettingFlags<DatabaseOptions>,
    },
    /// Copy everything from SQLite to PostgreSQL, and verify it; goes on where it was interrupted
    Copy {
        /// The database to copy, which no server may use meanwhile: sqlite:PATH.
        #[arg(long, value_name = "URL")]
        from: String,
        /// An empty database: postgres://USER@HOST/DATABASE [default: the one of GRELOT_DATABASE].
        #[arg(long, value_name = "URL")]
        to: Option<String>,
    },
    /// Bring the schema of the database up to date
    Migrate {
        /// Only print the SQL that would run.
        #[arg(long)]
        dry_run: bool,
        /// Its settings.
        #[command(flatten)]
        flags: SettingFlags<DatabaseOptions>,
    },
    /// Look at the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Print the OpenAPI document of the service
    Openapi,
    /// Check a running service from here, through whatever stands before it
    Doctor(DoctorArguments),
}

/// What to do with API keys.
#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Make a key and print it, this once
    Create {
        /// What it is for.
        #[arg(long, value_parser = key_name)]
        name: String,
        /// What it may do; repeat for several; without it everything.
        #[arg(long = "scope", value_name = "SCOPE", value_parser = scope)]
        scopes: Vec<Scope>,
        /// Its settings.
        #[command(flatten)]
        flags: SettingFlags<DatabaseOptions>,
    },
    /// List the keys, without their secrets
    List {
        /// Its settings.
        #[command(flatten)]
        flags: SettingFlags<DatabaseOptions>,
    },
    /// Revoke a key
    Revoke {
        /// The first column of `keys list`.
        id: String,
        /// Its settings.
        #[command(flatten)]
        flags: SettingFlags<DatabaseOptions>,
    },
}

/// What to do with deliveries.
#[derive(Debug, Subcommand)]
pub(crate) enum DeliveriesCommand {
    /// List them, newest first
    List {
        /// Only those that are pending, sending, collected, sent, skipped or dead.
        #[arg(long, value_name = "STATE", value_parser = delivery_state)]
        state: Option<DeliveryState>,
        /// How many at most.
        #[arg(long, value_name = "COUNT", default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=10_000))]
        limit: u16,
        /// Its settings.
        #[command(flatten)]
        flags: SettingFlags<DatabaseOptions>,
    },
    /// Show one with all its attempts
    Show {
        /// The first column of `deliveries list`.
        #[arg(value_parser = delivery_id)]
        id: DeliveryId,
        /// Its settings.
        #[command(flatten)]
        flags: SettingFlags<DatabaseOptions>,
    },
    /// Send a dead letter again, with a whole schedule of retries before it
    Retry {
        /// Which one.
        #[arg(value_parser = delivery_id, required_unless_present = "all", conflicts_with = "all")]
        id: Option<DeliveryId>,
        /// Every dead letter.
        #[arg(long)]
        all: bool,
        /// Its settings.
        #[command(flatten)]
        flags: SettingFlags<DatabaseOptions>,
    },
}

/// What to do with mails.
#[derive(Debug, Subcommand)]
pub(crate) enum MailCommand {
    /// Print the HTML of a sample mail of a category
    Preview {
        /// The category.
        #[arg(long, value_name = "KEY", value_parser = category)]
        category: CategoryKey,
        /// The language of the reader.
        #[arg(long, value_name = "TAG", default_value = "en")]
        locale: String,
        /// Print the text part instead.
        #[arg(long)]
        text: bool,
        /// Its settings.
        #[command(flatten)]
        flags: SettingFlags<DatabaseOptions>,
    },
}

/// What to do with the configuration.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print every setting and where it came from, or everything that is wrong
    Check {
        /// Its settings.
        #[command(flatten)]
        flags: SettingFlags<Everything>,
    },
}

/// For whom a token is.
#[derive(Debug, Args)]
pub(crate) struct TokenArguments {
    /// The user.
    #[arg(long, value_name = "ID", value_parser = user)]
    pub(crate) user: UserId,
    /// How long it is good, such as 90s, 15m, 1h or 7d.
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = duration)]
    pub(crate) ttl: Duration,
    /// Its settings.
    #[command(flatten)]
    pub(crate) flags: SettingFlags<TokenOptions>,
}

/// Which service, for commands that are its clients.
#[derive(Debug, Args)]
pub(crate) struct ServiceArguments {
    /// Where the service is [env: GRELOT_URL] [default: http://127.0.0.1:4000].
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
}

/// What to send.
#[derive(Debug, Args)]
pub(crate) struct NotifyArguments {
    /// Which service; the API key is taken from GRELOT_API_KEY.
    #[command(flatten)]
    pub(crate) service: ServiceArguments,
    /// The user; repeat for several.
    #[arg(long = "user", value_name = "ID", required = true, value_parser = user)]
    pub(crate) users: Vec<UserId>,
    /// The headline.
    #[arg(long)]
    pub(crate) title: String,
    /// INFO, SUCCESS, WARNING or ERROR.
    #[arg(long = "type", value_name = "TYPE", default_value = "INFO", value_parser = kind)]
    pub(crate) kind: NotificationType,
    /// The category.
    #[arg(long, value_name = "KEY")]
    pub(crate) category: Option<String>,
    /// The text below the headline.
    #[arg(long)]
    pub(crate) body: Option<String>,
    /// Where it leads.
    #[arg(long)]
    pub(crate) link: Option<String>,
    /// What the application's own components need: a JSON object.
    #[arg(long, value_name = "JSON")]
    pub(crate) data: Option<String>,
    /// Makes a repetition harmless.
    #[arg(long, value_name = "KEY")]
    pub(crate) idempotency_key: Option<String>,
}

/// Whose stream to follow.
#[derive(Debug, Args)]
pub(crate) struct TailArguments {
    /// Which service.
    #[command(flatten)]
    pub(crate) service: ServiceArguments,
    /// The user, for whom a token is made with GRELOT_JWT_SECRET.
    #[arg(long, value_name = "ID", value_parser = user)]
    pub(crate) user: Option<UserId>,
    /// A token of the user, instead [env: GRELOT_TOKEN].
    #[arg(long, value_name = "JWT")]
    pub(crate) token: Option<String>,
    /// Begin after this change; 0 is the beginning; without it, now.
    #[arg(long, value_name = "SEQ")]
    pub(crate) since: Option<u64>,
    /// One JSON object an event.
    #[arg(long)]
    pub(crate) json: bool,
    /// Its settings.
    #[command(flatten)]
    pub(crate) flags: SettingFlags<TokenOptions>,
}

/// What to check.
#[derive(Debug, Args)]
pub(crate) struct DoctorArguments {
    /// Where browsers reach the service.
    pub(crate) url: String,
    /// A user's token, to check the stream as well [env: GRELOT_TOKEN].
    #[arg(long, value_name = "JWT")]
    pub(crate) token: Option<String>,
}

fn user(text: &str) -> Result<UserId, String> {
    UserId::parse(text).map_err(|violation| violation.detail().to_owned())
}

fn category(text: &str) -> Result<CategoryKey, String> {
    CategoryKey::parse(text).map_err(|violation| violation.detail().to_owned())
}

fn delivery_id(text: &str) -> Result<DeliveryId, String> {
    DeliveryId::parse(text)
        .ok_or_else(|| "must be an id that `grelot deliveries list` shows".to_owned())
}

fn delivery_state(text: &str) -> Result<DeliveryState, String> {
    DeliveryState::parse(text).ok_or_else(|| {
        let names: Vec<&str> = DeliveryState::ALL.iter().map(|state| state.name()).collect();
        format!("must be one of {}", names.join(", "))
    })
}

fn scope(text: &str) -> Result<Scope, String> {
    Scope::parse(text).map_err(|violation| violation.detail().to_owned())
}

fn kind(text: &str) -> Result<NotificationType, String> {
    NotificationType::parse(text).map_err(|violation| violation.detail().to_owned())
}

fn key_name(text: &str) -> Result<String, String> {
    let length = text.chars().count();
    if !(1..=100).contains(&length) || text.contains(char::is_control) {
        return Err("must be 1 to 100 printable characters".to_owned());
    }
    Ok(text.to_owned())
}

/// A whole number and a unit; without a unit, seconds.
fn duration(text: &str) -> Result<Duration, String> {
    const YEAR: u64 = 366 * 86_400;
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err("must have a unit of s, m, h or d".to_owned()),
    };
    let seconds = digits.parse::<u64>().ok().and_then(|number| number.checked_mul(unit));
    seconds
        .filter(|seconds| (1..=YEAR).contains(seconds))
        .map(Duration::from_secs)
        .ok_or_else(|| "must be from 1s to 366d, such as 90s, 15m, 1h or 7d".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commands_are_consistent() {
        use clap::CommandFactory;
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_duration_has_a_unit() {
        for (text, seconds) in
            [("90", 90), ("90s", 90), ("15m", 900), ("1h", 3_600), ("7d", 604_800)]
        {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for bad in ["", "0", "-1h", "1y", "1.5h", "h", "999999999999d", "1h30m"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }
}
