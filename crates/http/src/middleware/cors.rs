//! Cross-origin requests (Fetch, 3.2): listed origins may use the service with credentials, everybody else gets no
//! permission at all, and their browser refuses. Not here: what the server itself refuses (`auth::csrf`).

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

use crate::auth::AllowedOrigins;

const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, PUT, DELETE");
const REQUEST_HEADERS: HeaderValue =
    HeaderValue::from_static("authorization, content-type, last-event-id, x-request-id");
/// Every header of an answer that a client may want and that Fetch keeps from it otherwise.
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "grelot-user, grelot-ping, x-request-id, idempotency-replayed, retry-after, www-authenticate, allow",
);
/// Seconds for which a browser may keep a permission; Chromium keeps none longer.
const MAX_AGE: HeaderValue = HeaderValue::from_static("7200");

/// The origin of the request, if it is a listed one.
pub(super) fn listed(headers: &HeaderMap, allowed: &AllowedOrigins) -> Option<HeaderValue> {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let origin = origins.next().filter(|_| origins.next().is_none())?;
    allowed.contains(origin).then(|| origin.clone())
}

/// Whether this asks for permission, before the request proper.
pub(super) fn is_preflight(method: &Method, headers: &HeaderMap) -> bool {
    method == Method::OPTIONS
        && headers.contains_key(header::ORIGIN)
        && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// The answer to a preflight of a listed origin.
pub(super) fn preflight() -> Response {
    let headers = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, METHODS),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS),
        (header::ACCESS_CONTROL_MAX_AGE, MAX_AGE),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

/// Says on an answer who may read it. The answer depends on the origin as soon as any is listed, and caches must know.
pub(super) fn permit(
    headers: &mut HeaderMap,
    origin: Option<HeaderValue>,
    allowed: &AllowedOrigins,
) {
    if allowed.is_empty() {
        return;
    }
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    if let Some(origin) = origin {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        let yes = HeaderValue::from_static("true");
        headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, yes);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        let shared = HeaderValue::from_static("cross-origin");
        headers.insert("cross-origin-resource-policy", shared);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed() -> AllowedOrigins {
        AllowedOrigins::parse(&["https://app.example".to_owned()]).unwrap()
    }

    fn from(origins: &[&'static str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for origin in origins {
            headers.append(header::ORIGIN, HeaderValue::from_static(origin));
        }
        headers
    }

    #[rstest::rstest]
    #[case(&["https://app.example"], true)]
    #[case(&["https://app.example:8443"], false)]
    #[case(&["http://app.example"], false)]
    #[case(&["https://app.example.evil.test"], false)]
    #[case(&["null"], false)]
    #[case(&["*"], false)]
    #[case(&[], false)]
    #[case(&["https://app.example", "https://app.example"], false)]
    fn an_origin_is_listed_exactly_or_not(#[case] origins: &[&'static str], #[case] is: bool) {
        assert_eq!(listed(&from(origins), &allowed()).is_some(), is);
    }

    #[test]
    fn a_listed_origin_is_named_and_an_answer_varies() {
        let mut headers = HeaderMap::new();
        permit(&mut headers, Some(HeaderValue::from_static("https://app.example")), &allowed());
        assert_eq!(headers[header::ACCESS_CONTROL_ALLOW_ORIGIN], "https://app.example");
        assert_eq!(headers[header::ACCESS_CONTROL_ALLOW_CREDENTIALS], "true");
        assert_eq!(headers[header::VARY], "origin");
    }

    #[test]
    fn another_origin_gets_no_permission() {
        let mut headers = HeaderMap::new();
        permit(&mut headers, None, &allowed());
        assert!(!headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN));
        assert_eq!(headers[header::VARY], "origin");
        let mut headers = HeaderMap::new();
        permit(&mut headers, None, &AllowedOrigins::default());
        assert!(headers.is_empty());
    }
}
