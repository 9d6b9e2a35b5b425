//! The `Authorization` header of a request. Not here: whether its credential is any good.

use http::HeaderMap;
use http::header::AUTHORIZATION;

/// What a request's `Authorization` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Authorization<'a> {
    /// There is none, or it is of a scheme that is none of our business.
    None,
    /// A bearer credential.
    Bearer(&'a str),
    /// There are several, or it is a bearer credential that cannot be one.
    Malformed,
}

impl<'a> Authorization<'a> {
    pub(super) fn of(headers: &'a HeaderMap) -> Self {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let Some(value) = values.next() else { return Self::None };
        if values.next().is_some() {
            return Self::Malformed;
        }
        let bytes = value.as_bytes();
        let end = bytes.iter().position(|b| matches!(b, b' ' | b'\t')).unwrap_or(bytes.len());
        let (scheme, rest) = bytes.split_at(end);
        if !scheme.eq_ignore_ascii_case(b"bearer") {
            return Self::None;
        }
        match std::str::from_utf8(rest.trim_ascii()) {
            Ok(text) if is_token68(text) => Self::Bearer(text),
            _ => Self::Malformed,
        }
    }
}

/// The characters of a bearer credential (RFC 6750, 2.1).
fn is_token68(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b);
    !text.is_empty() && text.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn of(values: &[&[u8]]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, HeaderValue::from_bytes(value).unwrap());
        }
        headers
    }

    #[rstest::rstest]
    #[case(b"Bearer abc.def-_~+/=", Authorization::Bearer("abc.def-_~+/="))]
    #[case(b"bEARER   abc ", Authorization::Bearer("abc"))]
    #[case(b"Bearer\tabc", Authorization::Bearer("abc"))]
    #[case(b"Basic dXNlcjpwYXNz", Authorization::None)]
    #[case(b"Bearerabc", Authorization::None)]
    #[case(b"", Authorization::None)]
    #[case(b"Bearer", Authorization::Malformed)]
    #[case(b"Bearer ", Authorization::Malformed)]
    #[case(b"Bearer a b", Authorization::Malformed)]
    #[case(b"Bearer a, Basic b", Authorization::Malformed)]
    #[case(b"Bearer \xff", Authorization::Malformed)]
    fn one_header(#[case] value: &[u8], #[case] expected: Authorization<'_>) {
        assert_eq!(Authorization::of(&of(&[value])), expected);
    }

    #[test]
    fn no_header_is_none() {
        assert_eq!(Authorization::of(&HeaderMap::new()), Authorization::None);
    }

    #[test]
    fn several_headers_are_malformed_whatever_they_say() {
        assert_eq!(Authorization::of(&of(&[b"Bearer a", b"Bearer a"])), Authorization::Malformed);
        assert_eq!(Authorization::of(&of(&[b"Basic a", b"Bearer a"])), Authorization::Malformed);
    }
}
