//! One named cookie of a request. Not here: what its value means.

use http::HeaderMap;
use http::header::COOKIE;

/// What the request's cookies say under one name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cookie<'a> {
    /// There is none, or it is empty, which is how some hosts sign out.
    None,
    /// Its value.
    Value(&'a str),
    /// There are several that differ, or it is no text: a neighbour's cookie may shadow ours (RFC 6265, 8.6).
    Ambiguous,
}

impl<'a> Cookie<'a> {
    pub(super) fn named(headers: &'a HeaderMap, name: &str) -> Self {
        let pairs = headers
            .get_all(COOKIE)
            .iter()
            .flat_map(|header| header.as_bytes().split(|&b| b == b';'));
        let mut found: Option<&[u8]> = None;
        for pair in pairs {
            let Some(value) = value_of(pair, name.as_bytes()) else { continue };
            if found.is_some_and(|earlier| earlier != value) {
                return Self::Ambiguous;
            }
            found = Some(value);
        }
        match found {
            None | Some([]) => Self::None,
            Some(value) => std::str::from_utf8(value).map_or(Self::Ambiguous, Self::Value),
        }
    }
}

/// The value of `name=value`, without quotes, if this pair has that name.
fn value_of<'a>(pair: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let value = pair.trim_ascii().strip_prefix(name)?.strip_prefix(b"=")?;
    let unquoted = value.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\""));
    Some(unquoted.unwrap_or(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    /// Bars stand between headers.
    #[rstest::rstest]
    #[case(b"", Cookie::None)]
    #[case(b"other=1", Cookie::None)]
    #[case(b"xt=1; t2=2; T=3; t", Cookie::None)]
    #[case(b"t=", Cookie::None)]
    #[case(b"t=abc", Cookie::Value("abc"))]
    #[case(b"a=1;t=abc; b=\xff", Cookie::Value("abc"))]
    #[case(b"t=\"abc\"", Cookie::Value("abc"))]
    #[case(b"t=a=b", Cookie::Value("a=b"))]
    #[case(b"a=1|t=abc", Cookie::Value("abc"))]
    #[case(b"t=abc; t=abc", Cookie::Value("abc"))]
    #[case(b"t=abc; t=def", Cookie::Ambiguous)]
    #[case(b"t=abc|t=", Cookie::Ambiguous)]
    #[case(b"t=\xff", Cookie::Ambiguous)]
    fn the_cookie_with_the_name(#[case] values: &[u8], #[case] expected: Cookie<'_>) {
        let mut headers = HeaderMap::new();
        for value in values.split(|&b| b == b'|') {
            headers.append(COOKIE, HeaderValue::from_bytes(value).unwrap());
        }
        assert_eq!(Cookie::named(&headers, "t"), expected);
    }
}
