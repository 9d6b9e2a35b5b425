//! The check of the relay for mails, from here: connection, encryption, certificate, login. No mail is sent. Not here: what a relay is
//! (`grelot-channels`).

use super::finding::Finding;
use crate::mail::{Mail, MailOptions};
use crate::settings::Environment;

/// Connects as the service would, if the environment names a relay.
pub(super) async fn check(environment: &Environment) -> Option<Finding> {
    let what = "relay";
    let url = environment.text("GRELOT_SMTP_URL")?;
    let options = MailOptions {
        smtp_url: Some(url.to_owned()),
        // Nothing is sent, so that any will do.
        from: Some("grelot@localhost.localdomain".to_owned()),
        public_url: Some("http://localhost".to_owned()),
        ..MailOptions::default()
    };
    let mail = match Mail::set_up(&options) {
        Ok(mail) => mail,
        Err(error) => return Some(Finding::fail(what, error.to_string())),
    };
    Some(match mail.check().await? {
        Ok(answer) => {
            Finding::ok(what, format!("takes us: {}", crate::cli::output::printable(&answer)))
        }
        Err(error) => {
            let error = crate::cli::output::printable(&error.to_string());
            Finding::fail(what, format!("{error}; see docs/mail.md about GRELOT_SMTP_URL"))
        }
    })
}
