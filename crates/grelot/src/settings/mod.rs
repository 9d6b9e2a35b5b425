//! Settings: every option by flag, environment variable and key of `grelot.toml`.
//!
//! Reading order: `definition` (the table of options), `environment` and `layers` (where values come from and which
//! wins), `value` (what each may be), `problem` (all that is wrong, together), `show` (what may be shown).
//!
//! This is the only place of the program that reads the environment and the file. Not here: what the service does
//! with its settings.

mod definition;
mod environment;
mod layers;
mod problem;
mod show;
mod value;

use std::path::Path;
use std::time::Duration;

use crate::builder::InboxMax;
use grelot_http::auth::AuthSettings;
use url::Url;

pub(crate) use definition::{CONFIG_VARIABLE, DEFINITIONS, Setting};
pub use environment::Environment;
pub(crate) use layers::{Flags, Layers};
pub(crate) use problem::{Problem, Problems};
pub(crate) use show::masked;
pub(crate) use value::{Address, LogFormat, SecretText};

use crate::database::DatabaseUrl;
use crate::mail::MailOptions;

const DAY: Duration = Duration::from_hours(24);

/// Every setting, valid.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// Where the service listens.
    pub(crate) bind: Address,
    /// Whether somebody chose that address.
    pub(crate) bind_chosen: bool,
    /// The database.
    pub(crate) database: DatabaseUrl,
    /// The NATS between nodes.
    pub(crate) bus: Option<SecretText>,
    /// How users' tokens are checked.
    pub(crate) jwt: JwtSettings,
    /// The cookie that may hold the token.
    pub(crate) cookie_name: String,
    /// Other origins whose pages may call the service.
    pub(crate) allowed_origins: Vec<String>,
    /// Mail.
    pub(crate) mail: MailOptions,
    /// Between two pings of a stream.
    pub(crate) ping: Duration,
    /// How many streams a user may hold.
    pub(crate) streams_per_user: usize,
    /// Which notifications are kept.
    pub(crate) keep_read: Option<Duration>,
    /// How many notifications an inbox may hold.
    pub(crate) inbox_max: InboxMax,
    /// Where metrics are served; `None` is nowhere.
    pub(crate) metrics: Option<Address>,
    /// Whether somebody chose that address.
    pub(crate) metrics_chosen: bool,
    /// What is logged.
    pub(crate) log: String,
    /// Whether somebody chose that.
    pub(crate) log_chosen: bool,
    /// How it is logged, when somebody chose.
    pub(crate) log_format: Option<LogFormat>,
}

/// How users' tokens are checked.
#[derive(Clone, Debug)]
pub(crate) struct JwtSettings {
    /// The HS256 secret.
    pub(crate) secret: Option<SecretText>,
    /// Where public keys are published.
    pub(crate) jwks_url: Option<Url>,
    /// A public key as PEM.
    pub(crate) public_key_pem: Option<Vec<u8>>,
    /// The issuer that tokens must name.
    pub(crate) issuer: Option<String>,
    /// The audience that tokens must name.
    pub(crate) audience: Option<String>,
}

impl Settings {
    /// How users are recognised, as the service takes it.
    pub(crate) fn auth(&self) -> AuthSettings {
        AuthSettings {
            hs256_secret: self.jwt.secret.as_ref().map(|secret| secret.reveal().into()),
            public_key_pem: self.jwt.public_key_pem.clone(),
            jwks_url: self.jwt.jwks_url.as_ref().map(ToString::to_string),
            issuer: self.jwt.issuer.clone(),
            audience: self.jwt.audience.clone(),
            cookie_name: self.cookie_name.clone(),
            allowed_origins: self.allowed_origins.clone(),
        }
    }
}

/// What a command needs of its settings, beyond that none is invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To serve: some way to check users' tokens.
    Serve,
    /// To mint tokens: the HS256 secret.
    Mint,
    /// To work on the database.
    Database,
    /// To show a demo, which has a database and a secret of its own.
    Demo,
}

impl Purpose {
    /// Whether the setting counts for it.
    pub(crate) const fn includes(self, setting: Setting) -> bool {
        match self {
            Self::Demo => matches!(
                setting,
                Setting::Bind
                    | Setting::PingSeconds
                    | Setting::StreamsPerUser
                    | Setting::MetricsBind
                    | Setting::Log
                    | Setting::LogFormat
            ),
            Self::Serve | Self::Mint | Self::Database => true,
        }
    }
}

/// What was read: the settings, and what was only suspicious.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// The settings.
    pub(crate) settings: Settings,
    /// Warnings for people, one a line.
    pub(crate) warnings: Vec<String>,
}

/// Reads every source and parses every value.
///
/// # Errors
/// All problems together.
pub(crate) fn load(
    flags: &Flags,
    environment: &Environment,
    directory: &Path,
    purpose: Purpose,
) -> Result<Loaded, Problems> {
    let mut reader = Reader { layers: Layers::collect(flags, environment, directory, purpose) };
    let settings = reader.settings(directory);
    reader.require(purpose);
    let Layers { problems, warnings, .. } = reader.layers;
    match settings {
        Some(settings) if problems.is_empty() => Ok(Loaded { settings, warnings }),
        _ => Err(Problems { problems, warnings }),
    }
}

struct Reader {
    layers: Layers,
}

impl Reader {
    /// Parses the value if there is one; a refusal is kept, and the rest is parsed all the same.
    fn take<T>(
        &mut self,
        setting: Setting,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let given = self.layers.values.get(&setting)?;
        match parse(&given.text) {
            Ok(value) => Some(value),
            Err(detail) => {
                self.layers.problems.push(Problem::of(setting, detail));
                None
            }
        }
    }

    fn chosen(&self, setting: Setting) -> bool {
        self.layers
            .values
            .get(&setting)
            .is_some_and(|given| given.origin != layers::Origin::Default)
    }

    /// Parses everything before it gives up, so that all problems are found.
    fn settings(&mut self, directory: &Path) -> Option<Settings> {
        let bind = self.take(Setting::Bind, value::address);
        let database = self.take(Setting::Database, DatabaseUrl::parse);
        let bus = self.take(Setting::Bus, value::bus_url);
        if bus.is_some() && matches!(database, Some(DatabaseUrl::Sqlite(_))) {
            let detail = "connects several nodes, which need PostgreSQL: set GRELOT_DATABASE to postgres://..., or \
                leave the bus out";
            self.layers.problems.push(Problem::of(Setting::Bus, detail.to_owned()));
        }
        let jwt = self.jwt(directory);
        let cookie_name = self.take(Setting::CookieName, value::cookie_name);
        let allowed_origins = self.take(Setting::AllowedOrigins, value::origins);
        let mail = self.mail();
        let ping = self.take(Setting::PingSeconds, |text| value::number(text, 1, 3_600));
        let streams = self.take(Setting::StreamsPerUser, |text| value::number(text, 1, 1_000_000));
        let days = self.take(Setting::RetentionDays, |text| value::number(text, 0, 36_500));
        let inbox_max = self.take(Setting::InboxMax, |text| value::number(text, 0, 1_000_000_000));
        let metrics = self.take(Setting::MetricsBind, value::address_or_off);
        let log = self.take(Setting::Log, value::log_filter);
        let log_format = self.take(Setting::LogFormat, value::log_format);
        Some(Settings {
            bind: bind?,
            bind_chosen: self.chosen(Setting::Bind),
            database: database?,
            bus,
            jwt,
            cookie_name: cookie_name?,
            allowed_origins: allowed_origins.unwrap_or_default(),
            mail,
            ping: Duration::from_secs(ping?.into()),
            streams_per_user: usize::try_from(streams?).ok()?,
            keep_read: days.filter(|days| *days > 0).map(|days| DAY.saturating_mul(days)),
            inbox_max: match inbox_max {
                _ if !self.chosen(Setting::InboxMax) => InboxMax::Usual,
                None | Some(0) => InboxMax::Any,
                Some(max) => InboxMax::Most(max.into()),
            },
            metrics: metrics?,
            metrics_chosen: self.chosen(Setting::MetricsBind),
            log: log?,
            log_chosen: self.chosen(Setting::Log),
            log_format,
        })
    }

    fn mail(&mut self) -> MailOptions {
        let built_in = MailOptions::default();
        let smtp_url = self.take(Setting::SmtpUrl, value::smtp_url);
        let number = |text: &str| value::number(text, 1, 1_000);
        let rate = self.take(Setting::MailRate, |text| value::number(text, 1, 100_000));
        MailOptions {
            smtp_url: smtp_url.map(|secret| secret.reveal().to_owned()),
            from: self.take(Setting::MailFrom, value::mail_address),
            public_url: self.take(Setting::PublicUrl, value::web_url).map(String::from),
            app_url: self.take(Setting::AppUrl, value::web_url).map(String::from),
            concurrency: self
                .take(Setting::MailConcurrency, number)
                .and_then(|count| usize::try_from(count).ok())
                .unwrap_or(built_in.concurrency),
            per_second: rate.unwrap_or(built_in.per_second),
            minute: built_in.minute,
        }
    }

    fn jwt(&mut self, directory: &Path) -> JwtSettings {
        let text = |text: &str| Ok::<_, String>(text.to_owned());
        JwtSettings {
            secret: self.take(Setting::JwtSecret, value::jwt_secret),
            jwks_url: self.take(Setting::JwtJwksUrl, value::jwks_url),
            public_key_pem: self.take(Setting::JwtPublicKeyFile, |path| {
                let pem = std::fs::read(directory.join(path))
                    .map_err(|error| format!("cannot be read: {error}"))?;
                value::public_key_pem(&pem).map(|()| pem)
            }),
            issuer: self.take(Setting::JwtIssuer, text),
            audience: self.take(Setting::JwtAudience, text),
        }
    }

    fn require(&mut self, purpose: Purpose) {
        self.require_mail();
        let given = |setting| self.layers.values.contains_key(&setting);
        let keys = given(Setting::JwtSecret)
            || given(Setting::JwtJwksUrl)
            || given(Setting::JwtPublicKeyFile);
        let missing = match purpose {
            Purpose::Serve if !keys => {
                "users' tokens cannot be checked: set this (at least 32 bytes), or GRELOT_JWT_JWKS_URL, or GRELOT_JWT_PUBLIC_KEY_FILE"
            }
            Purpose::Mint if !given(Setting::JwtSecret) => {
                "tokens are made with it: set it to the secret that the service has"
            }
            _ => return,
        };
        self.layers.problems.push(Problem::of(Setting::JwtSecret, missing));
    }

    /// A relay is of no use without a sender, and every mail has a link to the service.
    fn require_mail(&mut self) {
        if !self.layers.values.contains_key(&Setting::SmtpUrl) {
            return;
        }
        for (setting, detail) in [
            (
                Setting::MailFrom,
                "mails need a sender: set this, such as Example <bell@example.com>",
            ),
            (Setting::PublicUrl, "mails link to the service: set this to where browsers reach it"),
        ] {
            if !self.layers.values.contains_key(&setting) {
                self.layers.problems.push(Problem::of(setting, detail));
            }
        }
    }
}
