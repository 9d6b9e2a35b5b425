//! The link in a mail (RFC 8058): whoever follows it sees a page with a button; what posts to it stops such mails. Not
//! here: who may (`auth::Unsubscriber`), and what the pages say (`page`).

#![expect(unused_qualifications, reason = "what utoipa's macro makes of `params`")]

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use grelot_core::category::Categories;
use grelot_core::delivery::is_mandatory;
use grelot_core::{Category, CategoryKey, Channel, PreferencesUpdate, resolve};
use grelot_store::PreferencesError;
use http::StatusCode;
use utoipa::IntoParams;

use super::query::Query;
use crate::auth::Unsubscriber;
use crate::json::IgnoredBody;
use crate::page::{Form, Language, Page, Saying, Stillness};
use crate::problem::Problem;
use crate::state::AppState;

/// The schema of the query.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "a schema alone")]
struct TokenParam {
    /// The token of the mail's link: opaque, and never out of date.
    #[param(max_length = 800)]
    token: String,
}

/// The schema of the query.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "a schema alone")]
struct UndoParam {
    /// Whether to take it back: such mails go out again.
    #[param(nullable = false)]
    undo: Option<bool>,
}

/// Show the page of a mail's link
///
/// Changes nothing, since programs that look for malware follow links too: its button posts to the same address. Needs no
/// session. In the language of the user's contact, else of `Accept-Language`; English and French.
#[utoipa::path(get, path = "/api/notifications/unsubscribe", operation_id = "unsubscribePage", tag = "Preferences",
    params(TokenParam),
    responses(
        (status = 200, description = "A page", content_type = "text/html", body = String),
        (status = 404, description = "The link means nothing, as a page", content_type = "text/html", body = String),
    ))]
pub(crate) async fn ask(
    State(state): State<AppState>,
    link: Unsubscriber,
) -> Result<Response, Problem> {
    let categories = state.store.categories().await?;
    let language = Language::of(link.languages.iter().map(String::as_str));
    let label = label(&link, &categories);
    let category = link.category.as_ref().and_then(|key| categories.get(key));
    Ok(match label {
        Some(label) if is_mandatory(Channel::Email, category) => {
            Page::new(language, &Saying::Mandatory(label)).into_response()
        }
        label => {
            let form = Form { token: &link.token, undo: false };
            Page::new(language, &Saying::Ask(label)).with_form(form).into_response()
        }
    })
}

/// Unsubscribe by a mail's link
///
/// One click (RFC 8058): needs no session and no cookie, reads nothing of the body (at most 64 KiB), and redirects nowhere. It is
/// the same as switching email off in the preferences, for the mail's category or as a whole, and open tabs hear of it.
#[utoipa::path(post, path = "/api/notifications/unsubscribe", operation_id = "unsubscribe", tag = "Preferences",
    params(TokenParam, UndoParam),
    request_body(content = Object, content_type = "application/x-www-form-urlencoded",
        description = "Ignored, in whatever form; mail programs send `List-Unsubscribe=One-Click`"),
    responses(
        (status = 200, description = "It is done, as a page", content_type = "text/html", body = String),
        (status = 404, description = "The link means nothing, as a page", content_type = "text/html", body = String),
        (status = 409, description = "Such mails cannot be stopped, as a page", content_type = "text/html", body = String),
    ))]
pub(crate) async fn act(
    State(state): State<AppState>,
    link: Unsubscriber,
    query: Query,
    _body: IgnoredBody,
) -> Result<Response, Problem> {
    let undo = query.get("undo", "must be true or false", |text| text.parse::<bool>().ok())?;
    let undo = undo.unwrap_or_default();
    let language = Language::of(link.languages.iter().map(String::as_str));
    let view = match state.store.update_preferences(&link.user, &update(&link, undo)).await {
        Ok(view) => view,
        Err(PreferencesError::Store(error)) => return Err(error.into()),
        Err(PreferencesError::Refused(_locked)) => {
            let label = label(&link, &*state.store.categories().await?).unwrap_or_default();
            let saying = Saying::Mandatory(label);
            let page = Page::new(language, &saying).with_status(StatusCode::CONFLICT);
            return Ok(page.into_response());
        }
    };
    let label = label(&link, &view.categories);
    if !undo {
        let form = Form { token: &link.token, undo: true };
        let saying = Saying::Stopped(label);
        return Ok(Page::new(language, &saying).with_form(form).into_response());
    }
    let category = link.category.as_ref().and_then(|key| view.categories.get(key));
    let on = resolve(Channel::Email, category, &view.preferences).enabled;
    let stillness = if on { Stillness::Over } else { Stillness::GoesOn };
    Ok(Page::new(language, &Saying::Resumed(label, stillness)).into_response())
}

/// What the link changes: one choice, or the switch.
fn update(link: &Unsubscriber, on: bool) -> PreferencesUpdate {
    match link.category.clone() {
        Some(key) => PreferencesUpdate {
            choice: Some((key, Channel::Email, on)),
            ..PreferencesUpdate::default()
        },
        None => PreferencesUpdate { email: Some(on), ..PreferencesUpdate::default() },
    }
}

/// What the link's category is called in the reader's language; its key, if there is no such category any more.
fn label(link: &Unsubscriber, categories: &Categories) -> Option<String> {
    let key = link.category.as_ref()?;
    let languages = link.languages.iter();
    // `fr-CA` is content with `fr`.
    let wanted: Vec<&str> =
        languages.flat_map(|tag| [Some(&**tag), tag.split('-').next()]).flatten().collect();
    let label = categories.get(key).and_then(|category: &Category| category.label.pick(&wanted));
    Some(label.unwrap_or(CategoryKey::as_str(key)).to_owned())
}
