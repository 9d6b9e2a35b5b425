//! Where the relay is and how to speak with it, from one URL. Not here: reading the file of a CA, which is the composition root's.

use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use percent_encoding::percent_decode_str;
use url::Url;

/// Why a URL does not say where a relay is. The URL itself, which may hold a password, is never in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SmtpUrlError {
    /// It is no URL.
    #[error(
        "must be a URL such as smtps://user:password@mail.example.com or smtp://127.0.0.1:2525 (percent-encode what is special in a password)"
    )]
    Invalid,
    /// Its scheme.
    #[error("must begin with smtp:// or smtps://")]
    Scheme,
    /// It has no host.
    #[error("must name a host")]
    Host,
    /// It has a path or a fragment.
    #[error("must have nothing behind the host but ?tls=, &ca= and &helo=")]
    Path,
    /// A parameter that is none of ours, or twice.
    #[error("has a parameter that is unknown or there twice: only tls, ca and helo are known")]
    Parameter,
    /// The value of `tls`.
    #[error("must have tls=required, tls=opportunistic or tls=none (and smtps:// none of them)")]
    Tls,
    /// A CA where no TLS is.
    #[error("has a ca, but tls=none never uses it")]
    Ca,
    /// The value of `helo`.
    #[error("must have a helo that is a host name")]
    Helo,
    /// A user without password, or the other way round, or one that is not UTF-8 or has control characters.
    #[error("must have both a user and a password, or none of them, without control characters")]
    Credentials,
    /// A password for a connection that anybody can read.
    #[error("would send the password unencrypted: use smtps://, or smtp:// with tls=required")]
    Exposed,
}

/// How a connection is encrypted. A certificate is verified whenever there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte (`smtps://`).
    Implicit,
    /// STARTTLS, without which no letter and no password is sent.
    Required,
    /// STARTTLS where the relay offers it; somebody in between can hide that it does.
    Opportunistic,
    /// No TLS.
    None,
}

/// Where the relay is and how to speak with it.
#[derive(Clone, PartialEq, Eq)]
pub struct SmtpSettings {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) security: Security,
    pub(crate) credentials: Option<(String, String)>,
    pub(crate) helo: Option<String>,
    ca_file: Option<PathBuf>,
    /// The text of [`ca_file`](Self::ca_file): certificates in PEM that are trusted besides those of the system.
    pub ca_pem: Option<Vec<u8>>,
    /// How many letters are on their way at a time, each on a connection of its own; more wait.
    pub connections: usize,
    /// How long one step may take: to connect, to shake hands, to answer one command. 30 s.
    pub timeout: Duration,
    /// How long the answer to a whole message may take: one that is given up too early is a mail that comes twice (RFC 5321,
    /// 4.5.3.2.6). 10 min.
    pub patience: Duration,
    /// How long one delivery may take in all, waiting for a connection included. 14 min.
    pub deadline: Duration,
}

impl SmtpSettings {
    /// How many connections there are when nobody says.
    pub const CONNECTIONS: usize = 4;

    /// Parses `smtp[s]://[user:password@]host[:port][?tls=…][&ca=…][&helo=…]`; `docs/mail.md` has the forms.
    ///
    /// # Errors
    /// A [`SmtpUrlError`] that says what to write instead.
    pub fn parse(text: &str) -> Result<Self, SmtpUrlError> {
        let url = Url::parse(text).map_err(|_invalid| SmtpUrlError::Invalid)?;
        let implicit = match url.scheme() {
            "smtps" => true,
            "smtp" => false,
            _ => return Err(SmtpUrlError::Scheme),
        };
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(SmtpUrlError::Host)?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
            return Err(SmtpUrlError::Path);
        }
        let [tls, ca, helo] = parameters(&url)?;
        let local = is_loopback(&host);
        let security = match (implicit, tls.as_deref()) {
            (true, None) => Security::Implicit,
            (false, None) if local => Security::None,
            (false, None | Some("required")) => Security::Required,
            (false, Some("opportunistic")) => Security::Opportunistic,
            (false, Some("none")) => Security::None,
            _ => return Err(SmtpUrlError::Tls),
        };
        if ca.is_some() && security == Security::None {
            return Err(SmtpUrlError::Ca);
        }
        if helo.as_deref().is_some_and(|helo| !is_host_name(helo)) {
            return Err(SmtpUrlError::Helo);
        }
        let credentials = credentials(&url)?;
        let exposed = matches!(security, Security::None | Security::Opportunistic);
        if credentials.is_some() && exposed && !local {
            return Err(SmtpUrlError::Exposed);
        }
        Ok(Self {
            host,
            port: url.port().unwrap_or(if implicit { 465 } else { 587 }),
            security,
            credentials,
            helo,
            ca_file: ca.map(PathBuf::from),
            ca_pem: None,
            connections: Self::CONNECTIONS,
            timeout: Duration::from_secs(30),
            patience: Duration::from_mins(10),
            deadline: Duration::from_mins(14),
        })
    }

    /// The host and port, which may be shown.
    pub fn address(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    /// How a connection is encrypted.
    pub const fn security(&self) -> Security {
        self.security
    }

    /// The file to read into [`ca_pem`](Self::ca_pem), if there is one.
    pub fn ca_file(&self) -> Option<&Path> {
        self.ca_file.as_deref()
    }
}

impl fmt::Debug for SmtpSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpSettings")
            .field("address", &self.address())
            .field("security", &self.security)
            .field("authenticates", &self.credentials.is_some())
            .field("ca_file", &self.ca_file)
            .field("connections", &self.connections)
            .field("timeout", &self.timeout)
            .field("patience", &self.patience)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}

/// The values of `tls`, `ca` and `helo`.
fn parameters(url: &Url) -> Result<[Option<String>; 3], SmtpUrlError> {
    let mut found = [None, None, None];
    for (name, value) in url.query_pairs() {
        let position = ["tls", "ca", "helo"].iter().position(|known| *known == name);
        let slot = position.and_then(|at| found.get_mut(at)).ok_or(SmtpUrlError::Parameter)?;
        if slot.replace(value.into_owned()).is_some() {
            return Err(SmtpUrlError::Parameter);
        }
    }
    Ok(found)
}

fn credentials(url: &Url) -> Result<Option<(String, String)>, SmtpUrlError> {
    let decode = |text: &str| {
        let text =
            percent_decode_str(text).decode_utf8().map_err(|_no| SmtpUrlError::Credentials)?;
        if text.is_empty() || text.chars().any(char::is_control) {
            return Err(SmtpUrlError::Credentials);
        }
        Ok(text.into_owned())
    };
    match (url.username(), url.password()) {
        ("", None) => Ok(None),
        (user, Some(password)) => Ok(Some((decode(user)?, decode(password)?))),
        (_, None) => Err(SmtpUrlError::Credentials),
    }
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn is_host_name(text: &str) -> bool {
    (1..=253).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("smtps://mail.example.com", "mail.example.com:465", Security::Implicit)]
    #[case("smtps://mail.example.com:2465", "mail.example.com:2465", Security::Implicit)]
    #[case("smtp://mail.example.com", "mail.example.com:587", Security::Required)]
    #[case("smtp://mail.example.com:25?tls=required", "mail.example.com:25", Security::Required)]
    #[case(
        "smtp://mail.example.com?tls=opportunistic",
        "mail.example.com:587",
        Security::Opportunistic
    )]
    #[case("smtp://mail.example.com/?tls=none", "mail.example.com:587", Security::None)]
    #[case("smtp://127.0.0.1:2525", "127.0.0.1:2525", Security::None)]
    #[case("smtp://localhost:2525?tls=required", "localhost:2525", Security::Required)]
    #[case("smtp://[::1]:2525", "[::1]:2525", Security::None)]
    #[case("smtp://10.0.0.1", "10.0.0.1:587", Security::Required)]
    fn a_url_says_where_and_how_safely(
        #[case] url: &str,
        #[case] address: &str,
        #[case] security: Security,
    ) {
        let settings = SmtpSettings::parse(url).unwrap();
        assert_eq!((settings.address().as_str(), settings.security()), (address, security));
    }

    #[rstest::rstest]
    #[case("mail.example.com", SmtpUrlError::Invalid)]
    #[case("http://mail.example.com", SmtpUrlError::Scheme)]
    #[case("smtp:///", SmtpUrlError::Host)]
    #[case("smtp://mail.example.com/helo", SmtpUrlError::Path)]
    #[case("smtp://mail.example.com?TLS=none", SmtpUrlError::Parameter)]
    #[case("smtp://mail.example.com?tls=none&tls=required", SmtpUrlError::Parameter)]
    #[case("smtp://mail.example.com?tls=off", SmtpUrlError::Tls)]
    #[case("smtps://mail.example.com?tls=none", SmtpUrlError::Tls)]
    #[case("smtp://127.0.0.1?ca=/ca.pem", SmtpUrlError::Ca)]
    #[case("smtp://mail.example.com?helo=a%0d%0ab", SmtpUrlError::Helo)]
    #[case("smtps://user@mail.example.com", SmtpUrlError::Credentials)]
    #[case("smtps://:password@mail.example.com", SmtpUrlError::Credentials)]
    #[case("smtps://user:a%00b@mail.example.com", SmtpUrlError::Credentials)]
    #[case("smtps://user:%ff@mail.example.com", SmtpUrlError::Credentials)]
    #[case("smtp://user:password@mail.example.com?tls=none", SmtpUrlError::Exposed)]
    #[case("smtp://user:password@mail.example.com?tls=opportunistic", SmtpUrlError::Exposed)]
    fn a_url_that_is_wrong_is_refused(#[case] url: &str, #[case] error: SmtpUrlError) {
        assert_eq!(SmtpSettings::parse(url), Err(error));
        assert!(!error.to_string().contains("password@mail.example.com?"));
    }

    #[test]
    fn what_is_special_in_a_password_is_percent_encoded() {
        let settings = SmtpSettings::parse("smtps://a%40b:p%2F%3A%25@mail.example.com").unwrap();
        assert_eq!(settings.credentials, Some(("a@b".to_owned(), "p/:%".to_owned())));
    }

    #[test]
    fn a_ca_and_a_name_can_be_given() {
        let url = "smtp://mail.internal?tls=required&ca=/etc/ca.pem&helo=app.example.com";
        let settings = SmtpSettings::parse(url).unwrap();
        assert_eq!(settings.ca_file(), Some(Path::new("/etc/ca.pem")));
        assert_eq!(settings.helo.as_deref(), Some("app.example.com"));
    }

    #[test]
    fn a_debug_shows_no_credentials() {
        let settings = SmtpSettings::parse("smtps://ada:hunter2@mail.example.com").unwrap();
        let debug = format!("{settings:?}");
        assert!(!debug.contains("hunter2") && !debug.contains("ada"), "{debug}");
    }
}
