//! Every option of the program, in one table: its flag, its variable, its key in the file. Not here: what a value may
//! be (`value`), and which of several values wins (`layers`).

/// An option.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Setting {
    Bind,
    Database,
    Bus,
    JwtSecret,
    JwtJwksUrl,
    JwtPublicKeyFile,
    JwtIssuer,
    JwtAudience,
    CookieName,
    AllowedOrigins,
    SmtpUrl,
    MailFrom,
    PublicUrl,
    AppUrl,
    MailConcurrency,
    MailRate,
    PingSeconds,
    StreamsPerUser,
    RetentionDays,
    InboxMax,
    MetricsBind,
    Log,
    LogFormat,
}

/// How much of a value may be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exposure {
    /// All of it.
    Plain,
    /// All but the password of the URL.
    Url,
    /// Nothing.
    Secret,
}

/// What is known about an option.
#[derive(Debug)]
pub(crate) struct Definition {
    /// Which option.
    pub(crate) setting: Setting,
    /// Its flag, without the dashes.
    pub(crate) flag: &'static str,
    /// Its environment variable, which is also its name in messages.
    pub(crate) variable: &'static str,
    /// Its key in `grelot.toml`.
    pub(crate) key: &'static str,
    /// What stands for the value in the help.
    pub(crate) value_name: &'static str,
    /// What it is when nobody sets it.
    pub(crate) default: Option<&'static str>,
    /// How much of it may be shown.
    pub(crate) exposure: Exposure,
    /// One line of help.
    pub(crate) help: &'static str,
}

impl Setting {
    /// What is known about this option.
    pub(crate) const fn definition(self) -> &'static Definition {
        // The table is in the order of the enum; a test holds that.
        &DEFINITIONS[self as usize]
    }

    /// Its environment variable.
    pub(crate) const fn variable(self) -> &'static str {
        self.definition().variable
    }
}

/// The variables of the clients (`notify`, `tail`, `doctor`), which are no settings of the service.
pub(crate) const CLIENT_VARIABLES: [&str; 3] = ["GRELOT_URL", "GRELOT_API_KEY", "GRELOT_TOKEN"];

/// The variable that names the file, which is why it has no key in it.
pub(crate) const CONFIG_VARIABLE: &str = "GRELOT_CONFIG";

/// The file that is read when it is there and none is named.
pub(crate) const CONFIG_FILE: &str = "grelot.toml";

const fn plain(
    setting: Setting,
    names: (&'static str, &'static str, &'static str),
    value_name: &'static str,
    default: Option<&'static str>,
    help: &'static str,
) -> Definition {
    let (flag, variable, key) = names;
    Definition {
        setting,
        flag,
        variable,
        key,
        value_name,
        default,
        exposure: Exposure::Plain,
        help,
    }
}

impl Definition {
    const fn url(mut self) -> Self {
        self.exposure = Exposure::Url;
        self
    }

    const fn secret(mut self) -> Self {
        self.exposure = Exposure::Secret;
        self
    }
}

/// Every option, in the order of [`Setting`].
pub(crate) const DEFINITIONS: [Definition; 23] = [
    plain(
        Setting::Bind,
        ("bind", "GRELOT_BIND", "bind"),
        "HOST:PORT",
        Some("127.0.0.1:4000"),
        "Where the service listens",
    ),
    plain(
        Setting::Database,
        ("database", "GRELOT_DATABASE", "database"),
        "URL",
        Some("sqlite:grelot.db"),
        "The database, as sqlite:PATH or postgres://USER@HOST/DATABASE",
    )
    .url(),
    plain(
        Setting::Bus,
        ("bus", "GRELOT_BUS", "bus"),
        "URL",
        None,
        "The NATS between several nodes, as nats://HOST:4222; else PostgreSQL tells them",
    )
    .url(),
    plain(
        Setting::JwtSecret,
        ("jwt-secret", "GRELOT_JWT_SECRET", "jwt_secret"),
        "SECRET",
        None,
        "The HS256 secret of users' tokens, at least 32 bytes (other users of the machine can read flags: prefer the variable)",
    )
    .secret(),
    plain(
        Setting::JwtJwksUrl,
        ("jwt-jwks-url", "GRELOT_JWT_JWKS_URL", "jwt_jwks_url"),
        "URL",
        None,
        "Where the public keys of users' tokens are published (RS256, ES256, EdDSA)",
    )
    .url(),
    plain(
        Setting::JwtPublicKeyFile,
        ("jwt-public-key-file", "GRELOT_JWT_PUBLIC_KEY_FILE", "jwt_public_key_file"),
        "FILE",
        None,
        "A PEM file with the public key of users' tokens",
    ),
    plain(
        Setting::JwtIssuer,
        ("jwt-issuer", "GRELOT_JWT_ISSUER", "jwt_issuer"),
        "TEXT",
        None,
        "The issuer that tokens must name",
    ),
    plain(
        Setting::JwtAudience,
        ("jwt-audience", "GRELOT_JWT_AUDIENCE", "jwt_audience"),
        "TEXT",
        None,
        "The audience that tokens must name",
    ),
    plain(
        Setting::CookieName,
        ("cookie-name", "GRELOT_COOKIE_NAME", "cookie_name"),
        "NAME",
        Some("grelot_token"),
        "The cookie that may hold the token",
    ),
    plain(
        Setting::AllowedOrigins,
        ("allowed-origins", "GRELOT_ALLOWED_ORIGINS", "allowed_origins"),
        "ORIGIN,...",
        None,
        "Other origins whose pages may call the service, separated by commas",
    ),
    plain(
        Setting::SmtpUrl,
        ("smtp-url", "GRELOT_SMTP_URL", "smtp_url"),
        "URL",
        None,
        "The relay that takes mails, such as smtps://user:password@mail.example.com; without it no mail is sent",
    )
    .url(),
    plain(
        Setting::MailFrom,
        ("mail-from", "GRELOT_MAIL_FROM", "mail_from"),
        "ADDRESS",
        None,
        "The sender of mails, such as Example <bell@example.com>",
    ),
    plain(
        Setting::PublicUrl,
        ("public-url", "GRELOT_PUBLIC_URL", "public_url"),
        "URL",
        None,
        "Where browsers reach the service",
    )
    .url(),
    plain(
        Setting::AppUrl,
        ("app-url", "GRELOT_APP_URL", "app_url"),
        "URL",
        None,
        "What relative links lead to, in mails",
    )
    .url(),
    plain(
        Setting::MailConcurrency,
        ("mail-concurrency", "GRELOT_MAIL_CONCURRENCY", "mail_concurrency"),
        "COUNT",
        Some("8"),
        "How many mails are on their way at a time",
    ),
    plain(
        Setting::MailRate,
        ("mail-rate", "GRELOT_MAIL_RATE", "mail_rate"),
        "COUNT",
        Some("50"),
        "How many mails begin a second",
    ),
    plain(
        Setting::PingSeconds,
        ("ping-seconds", "GRELOT_PING_SECONDS", "ping_seconds"),
        "SECONDS",
        Some("30"),
        "Between two pings of a stream",
    ),
    plain(
        Setting::StreamsPerUser,
        ("streams-per-user", "GRELOT_STREAMS_PER_USER", "streams_per_user"),
        "COUNT",
        Some("32"),
        "How many streams a user may hold",
    ),
    plain(
        Setting::RetentionDays,
        ("retention-days", "GRELOT_RETENTION_DAYS", "retention_days"),
        "DAYS",
        Some("0"),
        "How long notifications are kept after they were read; 0 is for ever",
    ),
    plain(
        Setting::InboxMax,
        ("inbox-max", "GRELOT_INBOX_MAX", "inbox_max"),
        "COUNT",
        Some("10000"),
        "How many notifications an inbox may hold; 0 is any number",
    ),
    plain(
        Setting::MetricsBind,
        ("metrics-bind", "GRELOT_METRICS_BIND", "metrics_bind"),
        "HOST:PORT|off",
        Some("127.0.0.1:9464"),
        "Where the metrics are served",
    ),
    plain(
        Setting::Log,
        ("log", "GRELOT_LOG", "log"),
        "FILTER",
        Some("info"),
        "What is logged, such as info or grelot=debug,warn",
    ),
    plain(
        Setting::LogFormat,
        ("log-format", "GRELOT_LOG_FORMAT", "log_format"),
        "text|json",
        None,
        "How it is logged; text on a terminal, else json",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_enum() {
        for (index, definition) in DEFINITIONS.iter().enumerate() {
            assert_eq!(definition.setting as usize, index, "{}", definition.variable);
        }
    }

    #[test]
    fn flag_variable_and_key_are_one_name() {
        for definition in &DEFINITIONS {
            let key = definition.key;
            assert_eq!(definition.flag, key.replace('_', "-"));
            assert_eq!(definition.variable, format!("GRELOT_{}", key.to_uppercase()));
        }
    }

    #[test]
    fn what_may_hold_a_password_is_never_plain() {
        for definition in &DEFINITIONS {
            let name = definition.key;
            if name.contains("secret") || name.ends_with("url") || name == "database" {
                assert_ne!(definition.exposure, Exposure::Plain, "{name}");
            }
        }
    }
}
