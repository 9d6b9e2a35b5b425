//! What users do to their notifications: read, unread, read all, delete.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use grelot_core::NotificationId;
use http::StatusCode;

use super::path::{NotificationParam, NotificationPath};
use crate::auth::{SameOrigin, SignedIn};
use crate::json::OptionalBody;
use crate::problem::Problem;
use crate::state::AppState;
use crate::wire::notification::{NotificationOut, ReadAllOut, StateOut};
use crate::wire::user::{ReadAllIn, ReadAllSchema};

/// Mark as read
///
/// Idempotent: a second call changes neither `readAt` nor `seq`.
#[utoipa::path(post, path = "/api/notifications/{id}/read", operation_id = "markRead", tag = "Inbox",
    params(NotificationParam),
    responses((status = 200, description = "The notification as it is now", body = StateOut<'static>)))]
pub(crate) async fn read(
    State(state): State<AppState>,
    SameOrigin(session): SameOrigin,
    NotificationPath(id): NotificationPath,
) -> Result<Response, Problem> {
    set_read(&state, &session, id, true).await
}

/// Mark as unread
///
/// Idempotent, as `read` is.
#[utoipa::path(post, path = "/api/notifications/{id}/unread", operation_id = "markUnread", tag = "Inbox",
    params(NotificationParam),
    responses((status = 200, description = "The notification as it is now", body = StateOut<'static>)))]
pub(crate) async fn unread(
    State(state): State<AppState>,
    SameOrigin(session): SameOrigin,
    NotificationPath(id): NotificationPath,
) -> Result<Response, Problem> {
    set_read(&state, &session, id, false).await
}

async fn set_read(
    state: &AppState,
    session: &SignedIn,
    id: NotificationId,
    read: bool,
) -> Result<Response, Problem> {
    let change = state.store.set_read(&session.user, id, read).await?;
    let change = change.ok_or_else(Problem::not_found)?;
    Ok(Json(StateOut {
        notification: NotificationOut::from(&change.notification),
        unread_count: change.inbox.unread,
        seq: change.inbox.seq.get(),
    })
    .into_response())
}

/// Mark everything as read
///
/// Send the `seq` that the reader has seen as `upToSeq`, so that what came in meanwhile stays unread. Of more than 1,000 unread ones each
/// 1,000 are a change of their own, the oldest first, so that others need not wait.
#[utoipa::path(post, path = "/api/notifications/read-all", operation_id = "markAllRead", tag = "Inbox",
    request_body = ReadAllSchema,
    responses((status = 200, description = "What was done", body = ReadAllOut)))]
pub(crate) async fn read_all(
    State(state): State<AppState>,
    SameOrigin(session): SameOrigin,
    OptionalBody(body): OptionalBody<ReadAllIn>,
) -> Result<Json<ReadAllOut>, Problem> {
    let ReadAllIn(scope) = body.unwrap_or_default();
    let done = state.store.read_all(&session.user, &scope).await?;
    Ok(Json(ReadAllOut {
        updated: done.updated,
        unread_count: done.inbox.unread,
        seq: done.inbox.seq.get(),
    }))
}

/// Delete a notification
#[utoipa::path(delete, path = "/api/notifications/{id}", operation_id = "deleteNotification", tag = "Inbox",
    params(NotificationParam),
    responses((status = 204, description = "It is gone; a second time it is 404")))]
pub(crate) async fn delete(
    State(state): State<AppState>,
    SameOrigin(session): SameOrigin,
    NotificationPath(id): NotificationPath,
) -> Result<StatusCode, Problem> {
    if state.store.delete(&session.user, id).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::not_found())
    }
}
