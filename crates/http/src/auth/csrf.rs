//! Whether a request that changes state, authenticated by a cookie, was sent by our own origin or a listed one.
//! Not here: requests authenticated by a header, which no other site can make a browser send.

use http::HeaderMap;
use http::header::{HOST, HeaderName, HeaderValue, ORIGIN};

use super::origin::{AllowedOrigins, Origin};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The rule. A browser that sends `Sec-Fetch-Site` is believed; one that does not is judged by `Origin`. A request
/// with neither, or with a doubled header, comes from nowhere that we know.
pub(super) fn is_same_origin(headers: &HeaderMap, allowed: &AllowedOrigins) -> bool {
    let (Ok(site), Ok(origin)) = (single(headers, &SEC_FETCH_SITE), single(headers, &ORIGIN))
    else {
        return false;
    };
    let listed = origin.is_some_and(|origin| allowed.contains(origin));
    match site.map(HeaderValue::as_bytes) {
        Some(b"same-origin") => true,
        // The address bar, a bookmark: no page sent this, whatever the other headers say.
        Some(b"none") => false,
        Some(_) => listed,
        None => listed || origin.is_some_and(|origin| is_host(headers, origin)),
    }
}

/// Whether the origin's host and port are those that the request was sent to.
fn is_host(headers: &HeaderMap, origin: &HeaderValue) -> bool {
    let Ok(Some(host)) = single(headers, &HOST) else { return false };
    match (origin.to_str(), host.to_str()) {
        (Ok(origin), Ok(host)) => Origin::parse(origin).is_some_and(|origin| origin.is_host(host)),
        _ => false,
    }
}

/// A header that was sent more than once.
struct Doubled;

fn single<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> Result<Option<&'a HeaderValue>, Doubled> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (value, None) => Ok(value),
        _ => Err(Doubled),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: &str = "https://app.example";
    const LISTED: &str = "https://listed.example";
    const OTHER: &str = "https://evil.example";

    fn judge(site: Option<&'static str>, origin: Option<&'static str>) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_static("app.example"));
        if let Some(site) = site {
            headers.insert(SEC_FETCH_SITE, HeaderValue::from_static(site));
        }
        if let Some(origin) = origin {
            headers.insert(ORIGIN, HeaderValue::from_static(origin));
        }
        is_same_origin(&headers, &AllowedOrigins::parse(&[LISTED.to_owned()]).unwrap())
    }

    /// Every combination: a row per `Sec-Fetch-Site`, a column per `Origin` (none, ours, listed, another, `null`).
    #[rstest::rstest]
    #[case(None, [false, true, true, false, false])]
    #[case(Some("same-origin"), [true, true, true, true, true])]
    #[case(Some("same-site"), [false, false, true, false, false])]
    #[case(Some("cross-site"), [false, false, true, false, false])]
    #[case(Some("none"), [false, false, false, false, false])]
    #[case(Some("garbage"), [false, false, true, false, false])]
    #[case(Some(""), [false, false, true, false, false])]
    fn every_combination(#[case] site: Option<&'static str>, #[case] expected: [bool; 5]) {
        let origins = [None, Some(HERE), Some(LISTED), Some(OTHER), Some("null")];
        assert_eq!(origins.map(|origin| judge(site, origin)), expected);
    }

    #[test]
    fn a_doubled_header_is_refused() {
        for name in [SEC_FETCH_SITE, ORIGIN, HOST] {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, HeaderValue::from_static("app.example"));
            headers.insert(ORIGIN, HeaderValue::from_static(HERE));
            assert!(is_same_origin(&headers, &AllowedOrigins::default()));
            let value = headers.get(&name).cloned();
            let value = value.unwrap_or(HeaderValue::from_static("same-origin"));
            headers.insert(&name, value.clone());
            headers.append(&name, value);
            assert!(!is_same_origin(&headers, &AllowedOrigins::default()), "{name}");
        }
    }

    #[test]
    fn an_origin_without_a_host_is_refused() {
        let mut headers = HeaderMap::new();
        headers.insert(ORIGIN, HeaderValue::from_static(HERE));
        assert!(!is_same_origin(&headers, &AllowedOrigins::default()));
    }
}
