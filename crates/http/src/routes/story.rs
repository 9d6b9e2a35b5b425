//! One notification as the host's back end sees it, whosever it is.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};

use super::path::{NotificationParam, NotificationPath};
use crate::auth::{Allowed, scope};
use crate::problem::Problem;
use crate::state::AppState;
use crate::wire::story::StoryOut;

/// Get a notification, and what became of it
///
/// Also of one that never was in an inbox, since its user has that switched off: as long as its deliveries are kept, which
/// is 30 days after their end. Needs the scope `read`.
#[utoipa::path(get, path = "/api/internal/notifications/{id}", operation_id = "getStory", tag = "Notify",
    params(NotificationParam),
    responses((status = 200, description = "The notification, and each delivery", body = StoryOut<'static>)))]
pub(crate) async fn get(
    State(state): State<AppState>,
    _caller: Allowed<scope::Read>,
    NotificationPath(id): NotificationPath,
) -> Result<Response, Problem> {
    let story = state.store.story(id).await?.ok_or_else(Problem::not_found)?;
    Ok(Json(StoryOut::from(&story)).into_response())
}
