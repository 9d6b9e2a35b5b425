//! What `grelot demo` adds to a service: a user who is signed in, a page, categories and example notifications.
//!
//! Reading order: this file (the routes), `examples` (what is there and what the buttons send), `page/` (the page).
//! Not here: the command (`cli::demo`).

mod examples;

use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use grelot_core::UserId;
use grelot_http::Problem;
use grelot_http::auth::SameOrigin;
use serde::Deserialize;

use crate::builder::DEFAULT_COOKIE;
use crate::grelot::Grelot;

pub(crate) use examples::fill;

/// How long a token of the demo is good.
pub(crate) const TOKEN_LIFE: Duration = Duration::from_hours(12);

/// Scripts, styles and pictures of this origin, and nothing else.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What the page needs.
#[derive(Clone, Debug)]
struct Page {
    grelot: Grelot,
    user: UserId,
    html: String,
}

/// The whole demo: the service, and the page at its root. `command` is shown on the page.
pub(crate) fn router(grelot: &Grelot, user: UserId, command: &str) -> Router {
    let html = include_str!("page/page.html").replace("{{curl}}", &escaped(command));
    let page = Page { grelot: grelot.clone(), user, html };
    let sending = Router::new()
        .route("/demo/notify", post(send))
        .layer(axum::Extension(grelot.clone()))
        .with_state(grelot.state().clone());
    Router::new()
        .route("/", get(index))
        .route("/demo/page.css", get(async || asset("text/css", include_str!("page/page.css"))))
        .route(
            "/demo/page.js",
            get(async || asset("text/javascript", include_str!("page/page.js"))),
        )
        .route(
            "/demo/bell.svg",
            get(async || asset("image/svg+xml", include_str!("page/bell.svg"))),
        )
        .route("/favicon.ico", get(async || StatusCode::NO_CONTENT))
        .with_state(page)
        .merge(sending)
        .merge(grelot.whole_router())
}

/// The page; whoever opens it is the demo's user from then on.
async fn index(State(page): State<Page>) -> Response {
    let Ok(token) = page.grelot.mint_token(&page.user, TOKEN_LIFE) else {
        return Problem::internal().into_response();
    };
    let name = DEFAULT_COOKIE;
    let life = TOKEN_LIFE.as_secs();
    let cookie = format!("{name}={token}; Path=/; Max-Age={life}; HttpOnly; SameSite=Lax");
    let Ok(cookie) = HeaderValue::try_from(cookie) else {
        return Problem::internal().into_response();
    };
    let mut response = asset("text/html", page.html);
    let headers = response.headers_mut();
    headers.insert(header::SET_COOKIE, cookie);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

fn asset(kind: &'static str, body: impl IntoResponse) -> Response {
    let kind = match kind {
        "text/html" => "text/html; charset=utf-8",
        "text/css" => "text/css; charset=utf-8",
        "text/javascript" => "text/javascript; charset=utf-8",
        kind => kind,
    };
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "no-cache"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, body).into_response()
}

/// Which example a button asks for.
#[derive(Debug, Deserialize)]
struct Send {
    example: String,
}

/// Sends an example to whoever is signed in, by the call that an embedding application makes. A page of another origin
/// cannot ask for it.
async fn send(
    SameOrigin(user): SameOrigin,
    axum::Extension(grelot): axum::Extension<Grelot>,
    Json(Send { example }): Json<Send>,
) -> Result<StatusCode, Problem> {
    let notification =
        examples::named(&example, user.user.as_str()).ok_or_else(Problem::not_found)?;
    let sent = grelot.notify(notification).await;
    sent.map(|_| StatusCode::NO_CONTENT).map_err(|error| Problem::unavailable(1).caused_by(error))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = include_str!("page/page.html");
    const SCRIPT: &str = include_str!("page/page.js");

    #[test]
    fn the_page_keeps_its_own_policy() {
        for forbidden in ["<style", " style=", " onclick=", "javascript:", "http://", "https://"] {
            let html = PAGE.replace("http://www.w3.org", "");
            assert!(!html.contains(forbidden), "{forbidden}");
        }
        for forbidden in ["innerHTML", "eval(", "document.write", ".style"] {
            assert!(!SCRIPT.contains(forbidden), "{forbidden}");
        }
    }

    #[test]
    fn every_button_sends_an_example_that_is_there() {
        let names: Vec<&str> = PAGE
            .split("data-example=\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .collect();
        assert_eq!(names.len(), examples::EXAMPLES.len());
        for name in names {
            assert!(examples::named(name, "demo").is_some(), "{name}");
        }
    }

    #[test]
    fn the_command_is_text_on_the_page() {
        assert_eq!(escaped("a && b <c>"), "a &amp;&amp; b &lt;c&gt;");
    }
}
