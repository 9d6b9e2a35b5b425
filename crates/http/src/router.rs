//! Every route on one page. A handler's path stands in its `#[utoipa::path]`, beside what it documents; the comment
//! here repeats it. Not here: what happens before and after every handler, which is `middleware`'s.

use axum::Router;
use axum::routing::get;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::openapi::ApiDoc;
use crate::problem::Problem;
use crate::routes::{
    categories, changes, docs, inbox, notify, operations, preferences, read_state, story, stream,
    unsubscribe, users,
};
use crate::state::AppState;

/// The whole API, to be served or mounted in another application.
pub fn router(state: AppState) -> Router {
    let (router, _document) = documented().split_for_parts();
    let router = router
        // The parts of /docs, which belong into no document.
        .route("/docs/docs.css", get(docs::css))
        .route("/docs/docs.js", get(docs::js))
        .fallback(async || Problem::not_found())
        .method_not_allowed_fallback(async || Problem::method_not_allowed());
    crate::middleware::wrap(router, &state).with_state(state)
}

/// The routes with their documents.
pub(crate) fn documented() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(ApiDoc::openapi())
        // For applications: the inbox of the user who is signed in.
        .routes(routes!(inbox::list)) //                 GET     /api/notifications
        .routes(routes!(inbox::unread_count)) //         GET     /api/notifications/unread-count
        .routes(routes!(read_state::read_all)) //        POST    /api/notifications/read-all
        .routes(routes!(stream::stream)) //              GET     /api/notifications/stream
        .routes(routes!(changes::poll)) //               GET     /api/notifications/changes
        .routes(routes!(preferences::get, preferences::put)) //  /api/notifications/preferences
        .routes(routes!(unsubscribe::ask, unsubscribe::act)) //  /api/notifications/unsubscribe
        .routes(routes!(inbox::get, read_state::delete)) //      /api/notifications/{id}
        .routes(routes!(read_state::read)) //            POST    /api/notifications/{id}/read
        .routes(routes!(read_state::unread)) //          POST    /api/notifications/{id}/unread
        // For the host's back end, with an API key.
        .routes(routes!(notify::notify)) //              POST    /api/internal/notify
        .routes(routes!(story::get)) //                  GET     /api/internal/notifications/{id}
        .routes(routes!(categories::list)) //            GET     /api/internal/categories
        .routes(routes!(categories::put, categories::get, categories::delete)) // .../categories/{key}
        .routes(routes!(categories::preview)) //         POST    /api/internal/categories/{key}/preview
        .routes(routes!(users::put, users::get, users::erase)) //  /api/internal/users/{userId}
        .routes(routes!(users::export)) //               GET     /api/internal/users/{userId}/export
        .routes(routes!(users::revoke_sessions)) //      DELETE  /api/internal/users/{userId}/sessions
        .routes(routes!(users::mint)) //                 POST    /api/internal/users/{userId}/token
        // For operators.
        .routes(routes!(operations::health)) //          GET     /healthz
        .routes(routes!(operations::ready)) //           GET     /readyz
        .routes(routes!(operations::openapi)) //         GET     /openapi.json
        .routes(routes!(docs::page)) //                  GET     /docs
}
