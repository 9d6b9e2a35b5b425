//! What `grelot demo` adds to a service: users who are signed in, a page, categories, example notifications, and a mailbox.
//!
//! Reading order: this file (the routes), `examples` (what is there and what the buttons send), `page` (the page's files),
//! `mailbox` (a relay that keeps what it takes; `session` speaks SMTP), `mails` (the routes that show them).
//! Not here: the command (`cli::demo`), the page itself (`apps/demo`).

mod examples;
mod mailbox;
mod mails;
mod page;
mod session;

use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use grelot_core::UserId;
use grelot_http::Problem;
use grelot_http::auth::SameOrigin;
use serde::Deserialize;
use tokio::task::JoinSet;

use crate::builder::DEFAULT_COOKIE;
use crate::grelot::Grelot;

pub(crate) use examples::fill;
pub(crate) use mailbox::Mailbox;

/// How long a token of the demo is good.
pub(crate) const TOKEN_LIFE: Duration = Duration::from_hours(12);

/// Who can be signed in: the first, unless the other is asked for.
const USERS: [&str; 2] = ["demo", "camille"];

/// The most that a button sends at once.
const STORM: u16 = 500;

/// Scripts, styles, pictures and mails of this origin, and nothing else; no text becomes markup or a script.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
    frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

/// What the page needs.
#[derive(Clone, Debug)]
struct Page {
    grelot: Grelot,
    html: String,
}

/// The whole demo: the service, and the page at its root. `command` is shown on the page.
pub(crate) fn router(grelot: &Grelot, mailbox: Mailbox, command: &str) -> Router {
    let (html, files) = page::chosen();
    let page = Page { grelot: grelot.clone(), html: html.replace("{{curl}}", &escaped(command)) };
    let sending = Router::new()
        .route("/demo/notify", post(send))
        .layer(axum::Extension(grelot.clone()))
        .with_state(grelot.state().clone());
    files
        .iter()
        .fold(Router::new(), |router, file| {
            router.route(&format!("/demo/{}", file.name), get(async || file.response()))
        })
        .route("/", get(index))
        .route("/favicon.ico", get(async || StatusCode::NO_CONTENT))
        .with_state(page)
        .merge(sending)
        .merge(mails::routes(mailbox, grelot.state().clone()))
        .merge(grelot.whole_router())
}

/// Who is asked for.
#[derive(Debug, Deserialize)]
struct Visitor {
    user: Option<String>,
}

/// The page; whoever opens it is the demo's user from then on, or the other one.
async fn index(State(page): State<Page>, Query(visitor): Query<Visitor>) -> Response {
    let asked = visitor.user.as_deref();
    let name = USERS.into_iter().find(|name| asked == Some(*name)).unwrap_or(USERS[0]);
    let token =
        UserId::parse(name).ok().and_then(|id| page.grelot.mint_token(&id, TOKEN_LIFE).ok());
    let Some(token) = token else {
        return Problem::internal().into_response();
    };
    let name = DEFAULT_COOKIE;
    let life = TOKEN_LIFE.as_secs();
    let cookie = format!("{name}={token}; Path=/; Max-Age={life}; HttpOnly; SameSite=Lax");
    let Ok(cookie) = HeaderValue::try_from(cookie) else {
        return Problem::internal().into_response();
    };
    let mut response = page.html.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::SET_COOKIE, cookie);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// Which example a button asks for, for whom (else whoever is signed in), and how many.
#[derive(Debug, Deserialize)]
struct Send {
    example: String,
    to: Option<String>,
    count: Option<u16>,
}

/// Sends examples by the call that an embedding application makes. A page of another origin cannot ask for it.
async fn send(
    SameOrigin(session): SameOrigin,
    axum::Extension(grelot): axum::Extension<Grelot>,
    Json(Send { example, to, count }): Json<Send>,
) -> Result<StatusCode, Problem> {
    let to = to.as_deref().and_then(|to| USERS.into_iter().find(|name| *name == to));
    let to = to.unwrap_or_else(|| session.user.as_str());
    let notification = examples::named(&example, to).ok_or_else(Problem::not_found)?;
    let mut sending = JoinSet::new();
    for _ in 0..count.unwrap_or(1).clamp(1, STORM) {
        let (grelot, notification) = (grelot.clone(), notification.clone());
        sending.spawn(async move { grelot.notify(notification).await });
    }
    while let Some(sent) = sending.join_next().await {
        let sent = sent.map_err(|_panicked| Problem::internal())?;
        sent.map_err(|error| Problem::unavailable(1).caused_by(error))?;
    }
    Ok(StatusCode::NO_CONTENT)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_is_text_on_the_page() {
        assert_eq!(escaped("a && b <c>"), "a &amp;&amp; b &lt;c&gt;");
    }
}
