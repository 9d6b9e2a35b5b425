//! Web origins: parsing, comparing, and the list of allowed ones. Not here: what an allowed origin may do (`csrf`,
//! `middleware`).

use std::sync::Arc;

use http::HeaderValue;
use http::uri::Authority;

/// An origin that a browser sent: scheme, host and port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Origin<'a> {
    host: &'a str,
    port: u16,
    default_port: u16,
}

impl<'a> Origin<'a> {
    /// Parses `scheme://host[:port]` as browsers serialise it; `None` for anything else, `null` included.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let default_port = match scheme {
            "https" => 443,
            "http" => 80,
            _ => return None,
        };
        let (host, port) = split(rest)?;
        Some(Self { host, port: port.unwrap_or(default_port), default_port })
    }

    /// Whether a request whose `Host` is `text` was sent to this origin's host and port. A `Host` without port means
    /// the default port of the origin's scheme: TLS may have ended at a proxy.
    pub(super) fn is_host(&self, text: &str) -> bool {
        split(text).is_some_and(|(host, port)| {
            host.eq_ignore_ascii_case(self.host) && port.unwrap_or(self.default_port) == self.port
        })
    }
}

/// Splits `host[:port]`. User information, an empty host or a bad port is `None`.
fn split(text: &str) -> Option<(&str, Option<u16>)> {
    // Parsing checks the characters and the brackets; splitting by hand keeps the borrow.
    text.parse::<Authority>().ok()?;
    let end = text.rfind(']').map_or(0, |bracket| bracket + 1);
    let (host, port) = match text[end..].find(':') {
        Some(colon) => (&text[..end + colon], Some(text[end + colon + 1..].parse().ok()?)),
        None => (text, None),
    };
    (!host.is_empty() && !host.contains('@')).then_some((host, port))
}

/// The origins that may use the user plane from elsewhere, as browsers write them.
#[derive(Clone, Debug, Default)]
pub struct AllowedOrigins(Arc<[String]>);

impl AllowedOrigins {
    /// Takes a list; the error holds those that are no origins. `null` and `*` are none: an allowed origin is sent
    /// credentials, so each is named.
    ///
    /// # Errors
    /// What cannot be an origin.
    pub fn parse(origins: &[String]) -> Result<Self, Vec<String>> {
        let well_formed = |text: &str| {
            Origin::parse(text).is_some_and(|origin| {
                !text.contains(char::is_uppercase)
                    && !text.ends_with(&format!(":{}", origin.default_port))
            })
        };
        let bad: Vec<String> =
            origins.iter().filter(|origin| !well_formed(origin)).cloned().collect();
        if bad.is_empty() { Ok(Self(origins.into())) } else { Err(bad) }
    }

    /// Whether the value of an `Origin` header is listed.
    pub fn contains(&self, origin: &HeaderValue) -> bool {
        self.0.iter().any(|listed| listed.as_bytes() == origin.as_bytes())
    }

    /// Whether none is listed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("https://app.example", "app.example", true)]
    #[case("https://app.example", "APP.example", true)]
    #[case("https://app.example", "app.example:443", true)]
    #[case("http://app.example:80", "app.example", true)]
    #[case("http://localhost:4000", "localhost:4000", true)]
    #[case("http://[::1]:4000", "[::1]:4000", true)]
    #[case("http://[::1]", "[::1]", true)]
    #[case("https://app.example", "app.example:80", false)]
    #[case("https://app.example:8443", "app.example", false)]
    #[case("https://app.example", "example", false)]
    #[case("https://app.example", "app.example.evil.test", false)]
    #[case("https://app.example", "user@app.example", false)]
    #[case("https://app.example", "app.example:", false)]
    #[case("https://app.example", "app.example:x", false)]
    #[case("https://app.example", "", false)]
    fn an_origin_matches_its_host(#[case] origin: &str, #[case] host: &str, #[case] same: bool) {
        assert_eq!(Origin::parse(origin).unwrap().is_host(host), same);
    }

    #[rstest::rstest]
    #[case("null")]
    #[case("*")]
    #[case("")]
    #[case("app.example")]
    #[case("ftp://app.example")]
    #[case("https://")]
    #[case("https://app.example/")]
    #[case("https://app.example/path")]
    #[case("https://user@app.example")]
    #[case("https://app.example:port")]
    #[case("https://app.example:99999")]
    #[case("https://a b")]
    fn what_is_no_origin_does_not_parse(#[case] text: &str) {
        assert_eq!(Origin::parse(text), None);
        assert_eq!(AllowedOrigins::parse(&[text.to_owned()]).unwrap_err(), [text]);
    }

    #[test]
    fn a_listed_origin_is_compared_as_a_browser_writes_it() {
        let listed = ["https://app.example".to_owned(), "http://localhost:3000".to_owned()];
        let allowed = AllowedOrigins::parse(&listed).unwrap();
        assert!(allowed.contains(&HeaderValue::from_static("https://app.example")));
        assert!(!allowed.contains(&HeaderValue::from_static("https://app.example:8443")));
        assert!(!allowed.contains(&HeaderValue::from_static("http://app.example")));
        assert!(!allowed.contains(&HeaderValue::from_static("null")));
        // No browser ever sends these forms, so listing one is a mistake to report.
        assert!(AllowedOrigins::parse(&["https://App.example".to_owned()]).is_err());
        assert!(AllowedOrigins::parse(&["https://app.example:443".to_owned()]).is_err());
    }
}
