//! What users choose.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use grelot_core::Contact;
use grelot_core::preference::PreferencesRefusal;
use grelot_store::{PreferencesError, PreferencesView};
use http::{HeaderMap, HeaderValue, header};

use crate::auth::{SameOrigin, SignedIn};
use crate::json::{Errors, UserBody};
use crate::language::wanted;
use crate::problem::Problem;
use crate::state::AppState;
use crate::wire::preferences::{PreferencesIn, PreferencesOut, PreferencesSchema};

/// Get the preferences
///
/// `effective` says for each category and channel what follows, and the rule that decided. Labels are in the language
/// of `Accept-Language`, else English, else the first, else the key.
#[utoipa::path(get, path = "/api/notifications/preferences", operation_id = "getPreferences", tag = "Preferences",
    params(("accept-language" = Option<String>, Header, nullable = false, description = "The languages of labels", example = "fr")),
    responses((status = 200, description = "The preferences", body = PreferencesOut<'static>)))]
pub(crate) async fn get(
    State(state): State<AppState>,
    session: SignedIn,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let view = state.store.preferences(&session.user).await?;
    let contact = state.store.contact(&session.user).await?;
    Ok(answer(&view, contact.as_ref(), &headers))
}

/// Change the preferences
///
/// An absent member keeps its value; `categories` replaces the choices that GET shows. Switching a channel off and on
/// again keeps the choices per category.
#[utoipa::path(put, path = "/api/notifications/preferences", operation_id = "updatePreferences", tag = "Preferences",
    params(("accept-language" = Option<String>, Header, nullable = false, description = "The languages of labels", example = "fr")),
    request_body = PreferencesSchema,
    responses((status = 200, description = "The preferences as they are now", body = PreferencesOut<'static>)))]
pub(crate) async fn put(
    State(state): State<AppState>,
    SameOrigin(session): SameOrigin,
    headers: HeaderMap,
    UserBody(PreferencesIn(update)): UserBody<PreferencesIn>,
) -> Result<Response, Problem> {
    // Before the change, so that a failure here is one that changed nothing.
    let contact = state.store.contact(&session.user).await?;
    match state.store.update_preferences(&session.user, &update).await {
        Ok(view) => Ok(answer(&view, contact.as_ref(), &headers)),
        Err(PreferencesError::Refused(refusals)) => Err(refused(&refusals)),
        Err(PreferencesError::Store(error)) => Err(error.into()),
    }
}

fn answer(view: &PreferencesView, contact: Option<&Contact>, headers: &HeaderMap) -> Response {
    let mut response = Json(PreferencesOut::new(view, contact, &wanted(headers))).into_response();
    let vary = HeaderValue::from_static("accept-language");
    response.headers_mut().append(header::VARY, vary);
    response
}

/// 422: every choice that is not possible. Keys have no character that a pointer would have to escape.
fn refused(refusals: &[PreferencesRefusal]) -> Problem {
    let mut errors = Errors::default();
    for refusal in refusals {
        match refusal {
            PreferencesRefusal::UnknownCategory(key) => errors
                .push(format!("/categories/{}", key.as_str()), "must be a category that exists"),
            PreferencesRefusal::Locked(key, channel) => errors.push(
                format!("/categories/{}/{}", key.as_str(), channel.name()),
                "must not be false: this category is always delivered there",
            ),
        }
    }
    errors.into_problem()
}
