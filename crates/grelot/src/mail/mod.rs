//! Mail: what a host says about it, and the two adapters between the rooms: the desk that `http` asks, and the postman
//! that the delivery engine sends. Not here: rendering and SMTP (`grelot-channels`), and when a mail goes out (`core`).

mod desk;
#[cfg(test)]
mod faults;
mod letter;
mod postman;

use std::sync::Arc;
use std::time::Duration;

use grelot_channels::{Email, MailSettings, Mailbox, Mailroom, SmtpSettings};
use grelot_http::{Secret, UnsubscribeTokens};
use grelot_store::MailPolicy;
use grelot_worker::OutboxSettings;
use url::Url;

pub(crate) use self::desk::Desk;
use self::postman::Postman;
use crate::error::BuildError;

/// What a host says about mail.
#[derive(Clone)]
pub(crate) struct MailOptions {
    /// The relay; may hold a password.
    pub(crate) smtp_url: Option<String>,
    pub(crate) from: Option<String>,
    pub(crate) public_url: Option<String>,
    pub(crate) app_url: Option<String>,
    /// How long a minute of delay lasts.
    pub(crate) minute: Duration,
    pub(crate) concurrency: usize,
    pub(crate) per_second: u32,
}

impl Default for MailOptions {
    fn default() -> Self {
        let OutboxSettings { concurrency, per_second, .. } = OutboxSettings::default();
        Self {
            smtp_url: None,
            from: None,
            public_url: None,
            app_url: None,
            minute: Duration::from_mins(1),
            concurrency,
            per_second,
        }
    }
}

impl std::fmt::Debug for MailOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MailOptions").field("from", &self.from).finish_non_exhaustive()
    }
}

/// Mail, ready: mails can be written without a relay, and sent with one.
pub(crate) struct Mail {
    pub(crate) policy: MailPolicy,
    pub(crate) room: Arc<Mailroom>,
    pub(crate) pace: OutboxSettings,
    email: Option<Arc<Email>>,
    public_url: Option<Url>,
}

impl Mail {
    /// Reads the options. Connects to nothing.
    pub(crate) fn set_up(options: &MailOptions) -> Result<Self, BuildError> {
        let refused = |what: &str, error: &dyn std::fmt::Display| {
            BuildError::Mail(format!("the {what} {error}"))
        };
        let url = |what: &str, text: &Option<String>| -> Result<Option<Url>, BuildError> {
            let Some(text) = text else { return Ok(None) };
            let parsed = Url::parse(text).ok();
            let web = parsed.filter(|url| matches!(url.scheme(), "http" | "https"));
            web.map(Some).ok_or_else(|| refused(what, &"must be an http: or https: URL"))
        };
        let public_url = url("public URL", &options.public_url)?;
        let app_url = match url("app URL", &options.app_url)?.or_else(|| public_url.clone()) {
            Some(url) => url,
            None => here()?,
        };
        let from = options.from.as_deref().map(Mailbox::parse).transpose();
        let from = from.map_err(|error| refused("sender", &error))?;
        let relay = options.smtp_url.as_deref().map(SmtpSettings::parse).transpose();
        let relay = relay.map_err(|error| refused("SMTP URL", &error))?;
        if relay.is_some() && (from.is_none() || public_url.is_none()) {
            let missing = "a relay needs a sender (`mail_from`) and a public URL (`public_url`)";
            return Err(BuildError::Mail(missing.to_owned()));
        }
        let from = match from {
            Some(from) => from,
            // Only previews have it.
            None => Mailbox::parse("Grelot <grelot@localhost.localdomain>")
                .map_err(|error| refused("sender", &error))?,
        };
        let settings = MailSettings { from, app_url, app_name: None, preferences_url: None };
        let room = Arc::new(Mailroom::new(settings));
        let email = match relay {
            None => None,
            Some(mut relay) => {
                if let Some(path) = relay.ca_file() {
                    let pem = std::fs::read(path);
                    relay.ca_pem = Some(pem.map_err(|error| refused("CA file", &error))?);
                }
                relay.connections = options.concurrency;
                let email = Email::new(relay, Arc::clone(&room));
                Some(Arc::new(email.map_err(|error| refused("relay", &error))?))
            }
        };
        let policy = match email {
            None => MailPolicy::Off,
            Some(_) => MailPolicy::On { minute: options.minute },
        };
        let pace = OutboxSettings {
            concurrency: options.concurrency,
            per_second: options.per_second,
            ..OutboxSettings::default()
        };
        Ok(Self { policy, room, pace, email, public_url })
    }

    /// Connects to the relay as a delivery does, if there is one; what it answers.
    #[cfg(feature = "cli")]
    pub(crate) async fn check(&self) -> Option<Result<String, grelot_channels::RelayError>> {
        Some(self.email.as_ref()?.check().await)
    }

    /// Who hands mails to the relay, if there is one.
    pub(crate) fn postman(&self, secret: &Secret) -> Option<Postman> {
        let email = self.email.clone()?;
        let public_url = self.public_url.clone()?;
        Some(Postman::new(email, public_url, UnsubscribeTokens::new(secret)))
    }
}

fn here() -> Result<Url, BuildError> {
    Url::parse("http://localhost:4000").map_err(|error| BuildError::Mail(error.to_string()))
}
