//! How a host describes the Grelot that it wants. Not here: putting it together (`compose`).

use std::time::Duration;

use grelot_http::auth::AuthSettings;
use grelot_worker::Retention;

use crate::database::DatabaseUrl;
use crate::error::BuildError;
use crate::grelot::Grelot;
use crate::mail::MailOptions;

/// The cookie that may hold the token, when nobody names another.
pub(crate) const DEFAULT_COOKIE: &str = "grelot_token";

/// How many notifications an inbox may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InboxMax {
    /// Nobody said: the rows of an application that had them before Grelot came are not removed, others are beyond 10,000.
    Usual,
    /// So many.
    Most(u64),
    /// Any number.
    Any,
}

impl InboxMax {
    /// The number, where the database has rows of an application or not.
    pub(crate) fn over(self, joined: bool) -> Option<u64> {
        match self {
            Self::Usual if joined => None,
            Self::Usual => Retention::default().inbox_max,
            Self::Most(max) => Some(max),
            Self::Any => None,
        }
    }
}

/// Describes a [`Grelot`]. It needs a way to check users' tokens; all else has a default.
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `build`"]
pub struct Builder {
    pub(crate) database: String,
    pub(crate) bus: Option<String>,
    pub(crate) auth: AuthSettings,
    pub(crate) ping: Duration,
    pub(crate) streams_per_user: usize,
    pub(crate) mail: MailOptions,
    pub(crate) keep_read: Option<Duration>,
    pub(crate) inbox_max: InboxMax,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            database: "sqlite:grelot.db".to_owned(),
            bus: None,
            auth: AuthSettings {
                cookie_name: DEFAULT_COOKIE.to_owned(),
                ..AuthSettings::default()
            },
            ping: Duration::from_secs(30),
            streams_per_user: 32,
            mail: MailOptions::default(),
            keep_read: None,
            inbox_max: InboxMax::Usual,
        }
    }
}

impl Builder {
    /// The database, as `sqlite:PATH` or `postgres://USER@HOST/DATABASE`; `sqlite:grelot.db` without this. A file is made
    /// when it is missing.
    pub fn database(mut self, url: impl Into<String>) -> Self {
        self.database = url.into();
        self
    }

    /// The NATS over which several nodes tell each other of changes, as `nats://HOST:4222` or `tls://...`; without this they do
    /// so over PostgreSQL itself.
    pub fn bus(mut self, url: impl Into<String>) -> Self {
        self.bus = Some(url.into());
        self
    }

    /// The secret with which your application signs users' tokens (HS256): at least 32 bytes.
    pub fn jwt_secret(mut self, secret: impl Into<Vec<u8>>) -> Self {
        self.auth.hs256_secret = Some(secret.into());
        self
    }

    /// The public key, as PEM, of users' tokens (RS256, ES256 or EdDSA).
    pub fn jwt_public_key_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.auth.public_key_pem = Some(pem.into());
        self
    }

    /// Where the public keys of users' tokens are published.
    pub fn jwt_jwks_url(mut self, url: impl Into<String>) -> Self {
        self.auth.jwks_url = Some(url.into());
        self
    }

    /// The issuer that tokens must name.
    pub fn jwt_issuer(mut self, issuer: impl Into<String>) -> Self {
        self.auth.issuer = Some(issuer.into());
        self
    }

    /// The audience that tokens must name.
    pub fn jwt_audience(mut self, audience: impl Into<String>) -> Self {
        self.auth.audience = Some(audience.into());
        self
    }

    /// The cookie that may hold the token; `grelot_token` without this.
    pub fn cookie_name(mut self, name: impl Into<String>) -> Self {
        self.auth.cookie_name = name.into();
        self
    }

    /// Other origins whose pages may call the service, such as `https://app.example.com`.
    pub fn allowed_origins<O: Into<String>>(
        mut self,
        origins: impl IntoIterator<Item = O>,
    ) -> Self {
        self.auth.allowed_origins = origins.into_iter().map(Into::into).collect();
        self
    }

    /// Between two pings of a stream: 1 s to 1 h, 30 s without this. Keep it below the idle timeout of your proxy.
    pub fn ping(mut self, interval: Duration) -> Self {
        self.ping = interval;
        self
    }

    /// How many streams a user may hold, 32 without this; the oldest gives way.
    pub fn streams_per_user(mut self, most: usize) -> Self {
        self.streams_per_user = most;
        self
    }

    /// How long notifications are kept after they were read; for ever without this. Nobody is told when they go.
    pub fn retention(mut self, kept: Duration) -> Self {
        self.keep_read = Some(kept);
        self
    }

    /// How many notifications an inbox may hold; `None` is any number. Without this 10,000, and any number in a PostgreSQL
    /// database whose application had notifications before. What is too much goes within minutes: first
    /// the oldest that were read, then the oldest, which readers see deleted.
    pub fn inbox_max(mut self, max: impl Into<Option<u64>>) -> Self {
        self.inbox_max = max.into().map_or(InboxMax::Any, InboxMax::Most);
        self
    }

    /// The relay that takes mails, as `smtps://user:password@host` or `smtp://host:port`; without this no mail is sent.
    /// It needs [`mail_from`](Self::mail_from) and [`public_url`](Self::public_url).
    pub fn smtp_url(mut self, url: impl Into<String>) -> Self {
        self.mail.smtp_url = Some(url.into());
        self
    }

    /// Whom mails come from, such as `Example <bell@example.com>`.
    pub fn mail_from(mut self, from: impl Into<String>) -> Self {
        self.mail.from = Some(from.into());
        self
    }

    /// Where browsers reach the service: links that unsubscribe lead there.
    pub fn public_url(mut self, url: impl Into<String>) -> Self {
        self.mail.public_url = Some(url.into());
        self
    }

    /// What relative links in mails lead to; the public URL without this.
    pub fn app_url(mut self, url: impl Into<String>) -> Self {
        self.mail.app_url = Some(url.into());
        self
    }

    /// How many mails are on their way at a time, 8 without this, and how many begin a second, 50 without this. More wait.
    pub fn mail_pace(mut self, concurrency: usize, per_second: u32) -> Self {
        self.mail.concurrency = concurrency.max(1);
        self.mail.per_second = per_second.max(1);
        self
    }

    /// How long a minute of a mail's delay lasts, for a demo that nobody watches for five of them.
    #[cfg(feature = "cli")]
    pub(crate) fn mail_minute(mut self, minute: Duration) -> Self {
        self.mail.minute = minute;
        self
    }

    /// Opens the database and starts what works behind the scenes, on the present Tokio runtime.
    ///
    /// # Errors
    /// A [`BuildError`], when the settings are no good or another process serves the database.
    pub async fn build(self) -> Result<Grelot, BuildError> {
        self.check()?;
        let database = DatabaseUrl::parse(&self.database).map_err(BuildError::Database)?;
        crate::compose::compose(self, database).await
    }

    fn check(&self) -> Result<(), BuildError> {
        let auth = &self.auth;
        if auth.hs256_secret.is_none() && auth.public_key_pem.is_none() && auth.jwks_url.is_none() {
            return Err(BuildError::NoKeys);
        }
        if auth.hs256_secret.as_ref().is_some_and(|secret| secret.len() < 32) {
            return Err(BuildError::Setting("the `jwt_secret` must be at least 32 bytes"));
        }
        if !(Duration::from_secs(1)..=Duration::from_hours(1)).contains(&self.ping) {
            return Err(BuildError::Setting("the `ping` must be from one second to one hour"));
        }
        if self.streams_per_user == 0 {
            return Err(BuildError::Setting("`streams_per_user` must be at least 1"));
        }
        Ok(())
    }
}
