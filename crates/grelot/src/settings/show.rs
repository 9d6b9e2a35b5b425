//! What of a value may be shown.

use url::Url;

use super::definition::{Exposure, Setting};

/// What stands for what is hidden.
const MASK: &str = "********";

/// The value with its secrets masked.
pub(crate) fn masked(setting: Setting, text: &str) -> String {
    match setting.definition().exposure {
        Exposure::Plain => text.to_owned(),
        Exposure::Secret => MASK.to_owned(),
        Exposure::Url => masked_url(text),
    }
}

/// A URL without its password, and without its query, where some drivers look for one.
fn masked_url(text: &str) -> String {
    let Ok(mut url) = Url::parse(text) else {
        // What cannot be parsed cannot be masked in part.
        return if text.contains('@') { MASK.to_owned() } else { text.to_owned() };
    };
    // A name without a password is a token, where NATS is.
    let token = matches!(url.scheme(), "nats" | "tls")
        && url.password().is_none()
        && !url.username().is_empty();
    if token && url.set_username(MASK).is_err() {
        return MASK.to_owned();
    }
    let hidden = token || url.password().is_some() || url.query().is_some();
    if !hidden {
        return text.to_owned();
    }
    if url.password().is_some() && url.set_password(Some(MASK)).is_err() {
        return MASK.to_owned();
    }
    if url.query().is_some() {
        url.set_query(Some(MASK));
    }
    url.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_hidden_whole() {
        assert_eq!(masked(Setting::JwtSecret, "correct horse"), MASK);
    }

    #[test]
    fn a_password_is_hidden_and_the_rest_shown() {
        let shown = masked(Setting::SmtpUrl, "smtps://bell:hunter2@mail.example.com:465");
        assert_eq!(shown, "smtps://bell:********@mail.example.com:465");
        assert_eq!(masked(Setting::Bus, "nats://h:4222"), "nats://h:4222");
        assert_eq!(masked(Setting::Bus, "nats://hunter2@h:4222"), "nats://********@h:4222");
        assert_eq!(masked(Setting::Database, "sqlite:grelot.db"), "sqlite:grelot.db");
        assert!(!masked(Setting::JwtJwksUrl, "https://h/k?key=hunter2").contains("hunter2"));
        assert!(!masked(Setting::SmtpUrl, "smtp://a:hunter2@[h").contains("hunter2"));
    }
}
