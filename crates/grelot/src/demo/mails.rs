//! The routes that show the demo's mails to whoever is signed in. Not here: how mails come (`mailbox`).

use axum::extract::{Extension, Path};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use grelot_http::auth::SignedIn;
use grelot_http::{AppState, Problem};

use super::mailbox::Mailbox;

/// A mail is a stranger's markup: nothing runs, nothing is fetched, and only the page may frame it.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

pub(super) fn routes(mailbox: Mailbox, state: AppState) -> Router {
    Router::new()
        .route("/demo/mails", get(list))
        .route("/demo/mails/{file}", get(html))
        .layer(Extension(mailbox))
        .with_state(state)
}

/// All of them, the newest first. The page asks every second: what it has already is not sent again.
async fn list(_: SignedIn, Extension(mailbox): Extension<Mailbox>, asked: HeaderMap) -> Response {
    // Read first: a mail that comes in between is at worst sent twice.
    let version = mailbox.version();
    let known = asked.get(header::IF_NONE_MATCH).is_some_and(|known| known == version.as_str());
    let headers =
        [(header::ETAG, version), (header::CACHE_CONTROL, "private, no-cache".to_owned())];
    if known {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    (headers, Json(mailbox.mails())).into_response()
}

/// A mail as its reader sees it, at `ID.html`.
async fn html(
    _: SignedIn,
    Extension(mailbox): Extension<Mailbox>,
    Path(file): Path<String>,
) -> Result<Response, Problem> {
    let id = file.strip_suffix(".html").ok_or_else(Problem::not_found)?;
    let mail = mailbox.find(id).ok_or_else(Problem::not_found)?;
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    let headers = headers.map(|(name, value)| (name, HeaderValue::from_static(value)));
    Ok((headers, mail.html).into_response())
}
