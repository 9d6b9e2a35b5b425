//! The texts of a notification: what each may hold. Not here: JSON parsing, which belongs to `http`.

use std::fmt;
use std::sync::Arc;

/// Why a value was refused, as a sentence that tells the caller what to send instead ("must be ...").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation(&'static str);

impl Violation {
    /// A violation with its sentence.
    pub const fn new(detail: &'static str) -> Self {
        Self(detail)
    }

    /// The sentence, without a subject.
    pub const fn detail(&self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Violation {}

const NUL: Violation = Violation::new("must not contain U+0000");

/// Refuses U+0000, which PostgreSQL cannot hold, and more scalars than `max`.
fn check(text: &str, min: usize, max: usize, length: Violation) -> Result<(), Violation> {
    if text.contains('\0') {
        return Err(NUL);
    }
    // A scalar has one to four bytes: most texts are decided without counting.
    let fits = text.len() <= max || text.chars().take(max + 1).count() <= max;
    if !fits || text.len() < min {
        return Err(length);
    }
    Ok(())
}

macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $min:literal..=$max:literal, $message:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The most Unicode scalars.
            pub const MAX_CHARS: usize = $max;

            /// Parses the text; line breaks and every character but U+0000 are kept.
            ///
            /// # Errors
            /// A [`Violation`] when it is too short, too long, or contains U+0000.
            pub fn parse(text: &str) -> Result<Self, Violation> {
                check(text, $min, $max, Violation::new($message))?;
                Ok(Self(Arc::from(text)))
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
    };
}

text!(
    /// The title of a notification: 1 to 200 Unicode scalars.
    Title, 1..=200, "must be 1 to 200 characters"
);
text!(
    /// The body of a notification: up to 4,000 Unicode scalars.
    Body, 0..=4000, "must be at most 4000 characters"
);

/// Where a notification leads: a same-origin path (`/invoices/1`) or an absolute `https:`, `http:` or `mailto:` URL,
/// up to 2,048 Unicode scalars.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link(Arc<str>);

impl Link {
    /// The most Unicode scalars.
    pub const MAX_CHARS: usize = 2048;

    /// Parses a link.
    ///
    /// A browser drops tabs and line breaks inside a URL and takes `\` for `/`, so that `/\t/host` or `/\host` leads to
    /// another site: control characters and white space are refused anywhere, and `\` and `/` after the first `/`.
    ///
    /// # Errors
    /// A [`Violation`] that says what a link is.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        const MESSAGE: Violation = Violation::new(
            "must be a path such as /invoices/1, or an absolute https:, http: or mailto: URL, without white space",
        );
        check(text, 1, Self::MAX_CHARS, Violation::new("must be 1 to 2048 characters"))?;
        if text.chars().any(|c| c.is_control() || c.is_whitespace() || c == '\u{feff}') {
            return Err(MESSAGE);
        }
        if is_path(text) || is_absolute(text) {
            return Ok(Self(Arc::from(text)));
        }
        Err(MESSAGE)
    }

    /// The link as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_path(text: &str) -> bool {
    text.strip_prefix('/').is_some_and(|rest| !rest.starts_with(['/', '\\']))
}

/// Whether `text` is an absolute URL of an allowed scheme, with a host where the scheme needs one.
fn is_absolute(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else {
        return false;
    };
    if scheme.eq_ignore_ascii_case("mailto") {
        return !rest.is_empty() && !rest.starts_with('/');
    }
    if !scheme.eq_ignore_ascii_case("https") && !scheme.eq_ignore_ascii_case("http") {
        return false;
    }
    let Some(authority) = rest.strip_prefix("//") else {
        return false;
    };
    let authority = authority.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    !host.is_empty() && !host.starts_with(':')
}

/// The structured part of a notification: a JSON object as compact text, up to 16 KiB and 32 levels deep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Data(Arc<str>);

impl Data {
    /// The most bytes of the compact text.
    pub const MAX_BYTES: usize = 16 * 1024;
    /// The most levels of objects and arrays; the object itself is the first.
    pub const MAX_DEPTH: usize = 32;

    /// Takes `compact`, which a JSON writer made: this checks its size, its depth and that it is an object, and trusts
    /// that it is JSON.
    ///
    /// # Errors
    /// A [`Violation`] when it is no object, too large, too deep, or contains U+0000.
    pub fn from_compact_json(compact: &str) -> Result<Self, Violation> {
        if compact.len() > Self::MAX_BYTES {
            return Err(Violation::new("must be at most 16384 bytes as compact JSON"));
        }
        if !compact.starts_with('{') {
            return Err(Violation::new("must be an object"));
        }
        if depth(compact)? > Self::MAX_DEPTH {
            return Err(Violation::new("must be at most 32 levels deep"));
        }
        Ok(Self(Arc::from(compact)))
    }

    /// The compact JSON text.
    pub fn as_json(&self) -> &str {
        &self.0
    }
}

/// How deep the JSON text nests; refuses U+0000, which a JSON text can only hold escaped.
fn depth(json: &str) -> Result<usize, Violation> {
    let (mut depth, mut deepest, mut in_string) = (0_usize, 0, false);
    let mut bytes = json.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' if in_string => {
                let escaped = bytes.next();
                if escaped == Some(b'u') && bytes.clone().take(4).eq(*b"0000") {
                    return Err(NUL);
                }
            }
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Ok(deepest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_count_scalars_and_not_bytes() {
        assert!(Title::parse(&"🔔".repeat(200)).is_ok());
        assert!(Title::parse(&"🔔".repeat(201)).is_err());
        assert!(Title::parse("").is_err());
        assert!(Body::parse("").is_ok());
        assert!(Body::parse(&"é".repeat(4000)).is_ok());
        assert!(Body::parse(&"é".repeat(4001)).is_err());
    }

    #[test]
    fn line_breaks_are_kept_and_nul_is_refused() {
        assert_eq!(Title::parse("a\r\nb\u{85}").unwrap().as_str(), "a\r\nb\u{85}");
        assert_eq!(Title::parse("a\0b"), Err(NUL));
    }

    #[rstest::rstest]
    #[case("/")]
    #[case("/invoices/1?a=b#c")]
    #[case("/a//b")]
    #[case("https://example.com")]
    #[case("HTTPS://example.com/a\\b")]
    #[case("http://user@example.com:8080/")]
    #[case("http://[::1]/")]
    #[case("mailto:a@example.com")]
    #[case("/caf\u{e9}")]
    fn a_safe_link_is_accepted(#[case] link: &str) {
        assert!(Link::parse(link).is_ok(), "{link}");
    }

    #[rstest::rstest]
    #[case("")]
    #[case("invoices/1")]
    #[case("//evil.example")]
    #[case("/\\evil.example")]
    #[case("/\t/evil.example")]
    #[case("\\\\evil.example")]
    #[case("javascript:alert(1)")]
    #[case("JaVaScRiPt:alert(1)")]
    #[case(" javascript:alert(1)")]
    #[case("java\nscript:alert(1)")]
    #[case("data:text/html,x")]
    #[case("vbscript:x")]
    #[case("blob:https://a/b")]
    #[case("file:///etc/passwd")]
    #[case("https:evil.example")]
    #[case("https:/evil.example")]
    #[case("https://")]
    #[case("https:///path")]
    #[case("https://:80/")]
    #[case("https://user@/")]
    #[case("mailto:")]
    #[case("ftp://example.com")]
    #[case("\u{1}https://example.com")]
    #[case("/a\0b")]
    fn an_unsafe_link_is_refused(#[case] link: &str) {
        assert!(Link::parse(link).is_err(), "{link:?}");
    }

    #[test]
    fn a_link_has_at_most_2048_scalars() {
        assert!(Link::parse(&format!("/{}", "é".repeat(2047))).is_ok());
        assert!(Link::parse(&format!("/{}", "é".repeat(2048))).is_err());
    }

    #[test]
    fn data_is_bounded_in_size_and_depth() {
        let nested = |levels: usize| {
            format!("{{\"a\":{}{}}}", "[".repeat(levels - 1), "]".repeat(levels - 1))
        };
        assert!(Data::from_compact_json(&nested(32)).is_ok());
        assert!(Data::from_compact_json(&nested(33)).is_err());
        let sized = |bytes: usize| format!("{{\"a\":\"{}\"}}", "x".repeat(bytes - 8));
        assert!(Data::from_compact_json(&sized(16384)).is_ok());
        assert!(Data::from_compact_json(&sized(16385)).is_err());
        assert!(Data::from_compact_json("[]").is_err());
    }

    #[test]
    fn brackets_inside_strings_do_not_count_as_depth() {
        let json = format!("{{\"a\":\"\\\"{}\"}}", "[".repeat(100));
        assert!(Data::from_compact_json(&json).is_ok());
    }

    #[test]
    fn an_escaped_nul_in_data_is_refused() {
        assert_eq!(Data::from_compact_json(r#"{"a":"\u0000"}"#), Err(NUL));
        assert!(Data::from_compact_json(r#"{"a":"\\u0000"}"#).is_ok());
        assert!(Data::from_compact_json(r#"{"a":"\u00001"}"#).is_err());
        assert!(Data::from_compact_json(r#"{"a":"\u0001"}"#).is_ok());
    }
}
