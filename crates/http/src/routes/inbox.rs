//! Reading an inbox: its pages, its counter, one notification.

#![expect(unused_qualifications, reason = "what utoipa's macro makes of `params`")]

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use grelot_core::listing::{DEFAULT_LIMIT, MAX_LIMIT, ReadStatus};
use grelot_core::{CategoryKey, ListFilter, NotificationType};
use utoipa::{IntoParams, ToSchema};

use super::path::{NotificationParam, NotificationPath};
use super::query::{Query, bad};
use crate::auth::SignedIn;
use crate::cursor;
use crate::problem::Problem;
use crate::state::AppState;
use crate::wire::notification::{NotificationOut, NotificationTypeOut, PageOut, UnreadCountOut};

/// By read state.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "a schema alone")]
enum ReadStatusParam {
    All,
    Unread,
    Read,
}

/// The schema of a list's query.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "a schema alone")]
struct ListParams {
    /// By read state.
    #[param(inline, value_type = Option<ReadStatusParam>, nullable = false)]
    status: Option<()>,
    /// By type.
    #[param(inline, value_type = Option<NotificationTypeOut>, nullable = false)]
    r#type: Option<()>,
    /// By category, existing or not.
    #[param(pattern = "^[a-z0-9][a-z0-9._-]{0,63}$", nullable = false)]
    category: Option<String>,
    /// How many at most; 20 when absent.
    #[param(minimum = 1, maximum = 100, nullable = false)]
    limit: Option<u64>,
    /// `nextCursor` of the page before. Bound to the user and the filters, not to the limit.
    #[param(min_length = 1, nullable = false)]
    cursor: Option<String>,
}

/// List the inbox, page by page
///
/// Unread first, then read; newest first inside each. All of an answer is from one consistent read. A walk shows each
/// notification at most once: what was created after it began is not walked, and what changed its read state since is
/// walked in the unread section.
#[utoipa::path(get, path = "/api/notifications", operation_id = "listNotifications", tag = "Inbox",
    params(ListParams),
    responses((status = 200, description = "A page", body = PageOut<'static>)))]
pub(crate) async fn list(
    State(state): State<AppState>,
    session: SignedIn,
    query: Query,
) -> Result<Response, Problem> {
    let filter = ListFilter {
        status: query
            .get("status", "must be one of all, unread, read", ReadStatus::parse)?
            .unwrap_or_default(),
        kind: query.get("type", "must be one of INFO, SUCCESS, WARNING, ERROR", |text| {
            NotificationType::parse(text).ok()
        })?,
        category: query
            .get("category", "must be a category key", |text| CategoryKey::parse(text).ok())?,
    };
    let limit = query
        .get("limit", "must be 1 to 100", |text| {
            text.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit))
        })?
        .unwrap_or(DEFAULT_LIMIT);
    let cursor = match query.text("cursor")? {
        None => None,
        Some(text) => Some(
            cursor::open(&state.secret, &session.user, &filter, text)
                .ok_or_else(|| bad("cursor", "must be a nextCursor of the same list"))?,
        ),
    };
    let page = state.store.list(&session.user, &filter, cursor, limit).await?;
    let seal = |next| cursor::seal(&state.secret, &session.user, &filter, next);
    Ok(Json(PageOut {
        notifications: page.notifications.iter().map(NotificationOut::from).collect(),
        next_cursor: page.next.map(seal),
        unread_count: page.inbox.unread,
        seq: page.inbox.seq.get(),
    })
    .into_response())
}

/// Count the unread
#[utoipa::path(get, path = "/api/notifications/unread-count", operation_id = "countUnread", tag = "Inbox",
    responses((status = 200, description = "The counter", body = UnreadCountOut)))]
pub(crate) async fn unread_count(
    State(state): State<AppState>,
    session: SignedIn,
) -> Result<Json<UnreadCountOut>, Problem> {
    let inbox = state.store.inbox(&session.user).await?;
    Ok(Json(inbox.into()))
}

/// Get one notification
#[utoipa::path(get, path = "/api/notifications/{id}", operation_id = "getNotification", tag = "Inbox",
    params(NotificationParam),
    responses((status = 200, description = "The notification", body = NotificationOut<'static>)))]
pub(crate) async fn get(
    State(state): State<AppState>,
    session: SignedIn,
    NotificationPath(id): NotificationPath,
) -> Result<Response, Problem> {
    let notification = state.store.notification(&session.user, id).await?;
    let notification = notification.ok_or_else(Problem::not_found)?;
    Ok(Json(NotificationOut::from(&notification)).into_response())
}
