//! The page that shows the OpenAPI document: three files of our own, nothing from elsewhere.

use axum::response::{IntoResponse, Response};
use http::{HeaderName, header};

const HTML: &str = include_str!("../docs/docs.html");
const CSS: &str = include_str!("../docs/docs.css");
const JS: &str = include_str!("../docs/docs.js");

/// Nothing inline, nothing from elsewhere, in nobody's frame.
const POLICY: &str = "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
                      object-src 'none'";

/// The API's documentation as a page
#[utoipa::path(get, path = "/docs", operation_id = "docs", tag = "Operations",
    responses((status = 200, description = "A page", content_type = "text/html", body = String)))]
pub(crate) async fn page() -> Response {
    asset("text/html; charset=utf-8", HTML)
}

pub(crate) async fn css() -> Response {
    asset("text/css; charset=utf-8", CSS)
}

pub(crate) async fn js() -> Response {
    asset("text/javascript; charset=utf-8", JS)
}

fn asset(content_type: &'static str, text: &'static str) -> Response {
    let headers: [(HeaderName, &str); 3] = [
        (header::CONTENT_TYPE, content_type),
        (header::CACHE_CONTROL, "no-cache"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
    ];
    (headers, text).into_response()
}
