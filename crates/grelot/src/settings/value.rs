//! What the value of each option may be. Messages say what to write, and never repeat the value: it may be a secret.

use grelot_bus_nats::NatsOptions;
use grelot_channels::{Mailbox, SmtpSettings};
use std::fmt;
use std::net::{IpAddr, SocketAddr};

use jsonwebtoken::DecodingKey;
use url::{Host, Url};

/// Text that is shown to nobody.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct SecretText(String);

impl SecretText {
    /// The text, for the one place that needs it.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(..)")
    }
}

/// An address to listen on: a host and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    /// The host, without brackets.
    pub(crate) host: String,
    /// The port; 0 asks the system for a free one.
    pub(crate) port: u16,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.parse::<IpAddr>() {
            Ok(ip) => SocketAddr::new(ip, self.port).fmt(f),
            Err(_) => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

/// How the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// For programs: one object a line.
    Json,
}

/// `HOST:PORT`.
pub(crate) fn address(text: &str) -> Result<Address, String> {
    let refuse = || "must be HOST:PORT, such as 127.0.0.1:4000".to_owned();
    if let Ok(address) = text.parse::<SocketAddr>() {
        return Ok(Address { host: address.ip().to_string(), port: address.port() });
    }
    let (host, port) = text.rsplit_once(':').ok_or_else(refuse)?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    // A number with dots that is no address (127.0.0.1.5, 256.0.0.1) is a slip, not a name to look up.
    let numeric = host.chars().all(|c| c.is_ascii_digit() || c == '.');
    if host.is_empty() || numeric || !host.chars().all(plain) {
        return Err(refuse());
    }
    let port = port.parse().map_err(|_malformed| refuse())?;
    Ok(Address { host: host.to_owned(), port })
}

/// `HOST:PORT`, or `off`.
pub(crate) fn address_or_off(text: &str) -> Result<Option<Address>, String> {
    if text == "off" {
        return Ok(None);
    }
    address(text).map(Some).map_err(|detail| format!("{detail}, or off"))
}

/// A secret that HS256 can use: RFC 7518, 3.2 asks for at least the size of the hash.
pub(crate) fn jwt_secret(text: &str) -> Result<SecretText, String> {
    if text.len() < 32 {
        let found = text.len();
        return Err(format!(
            "must be at least 32 bytes and is {found}; `openssl rand -base64 48` makes a good one"
        ));
    }
    Ok(SecretText(text.to_owned()))
}

/// An absolute `http:` or `https:` URL.
pub(crate) fn web_url(text: &str) -> Result<Url, String> {
    let refuse = || "must be an http: or https: URL".to_owned();
    let url = Url::parse(text).map_err(|_malformed| refuse())?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(refuse());
    }
    Ok(url)
}

/// Where public keys are published. Whoever can answer there can sign in as anybody, so that only a connection within
/// this machine may go without TLS.
pub(crate) fn jwks_url(text: &str) -> Result<Url, String> {
    let url = web_url(text)?;
    let here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    if url.scheme() == "http" && !here {
        return Err("must be an https: URL, or http: to this machine".to_owned());
    }
    Ok(url)
}

/// A public key, as PEM, of one of the algorithms that there are.
pub(crate) fn public_key_pem(pem: &[u8]) -> Result<(), String> {
    let readers = [DecodingKey::from_rsa_pem, DecodingKey::from_ec_pem, DecodingKey::from_ed_pem];
    if readers.iter().any(|read| read(pem).is_ok()) {
        return Ok(());
    }
    Err("must hold the public key of RS256, ES256 or EdDSA as PEM (BEGIN PUBLIC KEY)".to_owned())
}

/// A `nats:` or `tls:` URL. Kept secret: it may hold a password.
pub(crate) fn bus_url(text: &str) -> Result<SecretText, String> {
    NatsOptions::parse(text).map_err(|error| error.to_string())?;
    Ok(SecretText(text.to_owned()))
}

/// An `smtp:` or `smtps:` URL. Kept secret: it may hold a password.
pub(crate) fn smtp_url(text: &str) -> Result<SecretText, String> {
    match SmtpSettings::parse(text) {
        Ok(_) => Ok(SecretText(text.to_owned())),
        Err(error) => Err(error.to_string()),
    }
}

/// A mail address, alone or as `Name <address>`.
pub(crate) fn mail_address(text: &str) -> Result<String, String> {
    match Mailbox::parse(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err("must be a mail address, such as Grelot <bell@example.com>".to_owned()),
    }
}

/// Origins separated by commas, each as browsers write it in `Origin`.
pub(crate) fn origins(text: &str) -> Result<Vec<String>, String> {
    let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
    items.enumerate().map(|(index, item)| origin(item, index + 1)).collect()
}

fn origin(text: &str, position: usize) -> Result<String, String> {
    let refuse = || {
        format!(
            "number {position} must be an origin, such as https://app.example.com, without a path"
        )
    };
    let url = web_url(text).map_err(|_malformed| refuse())?;
    let bare = url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    if !bare {
        return Err(refuse());
    }
    Ok(url.origin().ascii_serialization())
}

/// A cookie's name: an RFC 9110 token.
pub(crate) fn cookie_name(text: &str) -> Result<String, String> {
    let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    if text.is_empty() || text.len() > 128 || !text.bytes().all(token) {
        return Err("must be a cookie name: letters, digits, - and _".to_owned());
    }
    Ok(text.to_owned())
}

/// A whole number within bounds.
pub(crate) fn number(text: &str, least: u32, most: u32) -> Result<u32, String> {
    text.parse()
        .ok()
        .filter(|number| (least..=most).contains(number))
        .ok_or_else(|| format!("must be a whole number from {least} to {most}"))
}

/// `text` or `json`.
pub(crate) fn log_format(text: &str) -> Result<LogFormat, String> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err("must be text or json".to_owned()),
    }
}

/// A filter of the log, as `tracing_subscriber::EnvFilter` reads it.
pub(crate) fn log_filter(text: &str) -> Result<String, String> {
    match tracing_subscriber::EnvFilter::try_new(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err("must be a filter, such as info or grelot=debug,warn".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_host_and_a_port() {
        for (text, shown) in [
            ("127.0.0.1:4000", "127.0.0.1:4000"),
            ("[::1]:0", "[::1]:0"),
            ("localhost:80", "localhost:80"),
        ] {
            assert_eq!(address(text).unwrap().to_string(), shown);
        }
        for text in ["", "4000", ":4000", "127.0.0.1", "127.0.0.1:70000", "256.0.0.1:80", "::1:80"]
        {
            assert!(address(text).is_err(), "{text}");
        }
    }

    #[test]
    fn metrics_can_be_off() {
        assert_eq!(address_or_off("off"), Ok(None));
        assert!(address_or_off("of").unwrap_err().ends_with("or off"));
    }

    #[test]
    fn a_short_secret_is_refused_without_being_shown() {
        let message = jwt_secret("hunter2").unwrap_err();
        assert!(message.contains("32 bytes") && !message.contains("hunter2"));
        assert!(jwt_secret(&"x".repeat(32)).is_ok());
        assert_eq!(format!("{:?}", jwt_secret(&"x".repeat(32)).unwrap()), "SecretText(..)");
    }

    #[test]
    fn keys_from_elsewhere_need_tls() {
        for good in ["https://id.example/keys", "http://localhost:8080/k", "http://[::1]/k"] {
            assert!(jwks_url(good).is_ok(), "{good}");
        }
        for bad in ["http://id.example/keys", "file:///etc/passwd", "keys"] {
            assert!(jwks_url(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn origins_are_written_as_browsers_write_them() {
        let list = "https://App.example.com:443/, http://localhost:3000,";
        assert_eq!(origins(list).unwrap(), ["https://app.example.com", "http://localhost:3000"]);
        for bad in ["*", "null", "app.example.com", "https://a/b", "https://u:p@a", "ftp://a"] {
            assert!(origins(bad).unwrap_err().contains("number 1"), "{bad}");
        }
    }

    #[test]
    fn a_mail_address_may_have_a_name() {
        for good in ["bell@example.com", "Grelot <bell@example.com>"] {
            assert!(mail_address(good).is_ok(), "{good}");
        }
        for bad in ["bell", "a@b@c", "Grelot <bell@example.com", "a @b", "a@b\r\nBcc: c@d", "@b"] {
            assert!(mail_address(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_number_has_bounds() {
        assert_eq!(number("30", 1, 3_600), Ok(30));
        for bad in ["0", "-1", "3601", "1.5", "", "thirty"] {
            assert!(number(bad, 1, 3_600).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_cookie_name_cannot_break_the_header() {
        assert!(cookie_name("__Host-grelot").is_ok());
        for bad in ["", "a b", "a=b", "a;b", "é"] {
            assert!(cookie_name(bad).is_err(), "{bad}");
        }
    }
}
