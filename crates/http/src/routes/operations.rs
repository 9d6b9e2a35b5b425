//! What operators and their machines ask.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;
use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::Problem;
use crate::state::AppState;

/// A sign of life.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Health)]
pub(crate) struct HealthOut {
    /// `ok`
    #[schema(examples("ok"))]
    status: &'static str,
}

const OK: Json<HealthOut> = Json(HealthOut { status: "ok" });

/// Whether the process is alive
#[utoipa::path(get, path = "/healthz", operation_id = "health", tag = "Operations",
    responses((status = 200, description = "It is", body = HealthOut)))]
pub(crate) async fn health() -> Json<HealthOut> {
    OK
}

/// Whether the process takes work
///
/// 503 while it drains, and while the database cannot be reached.
#[utoipa::path(get, path = "/readyz", operation_id = "ready", tag = "Operations",
    responses((status = 200, description = "It does", body = HealthOut)))]
pub(crate) async fn ready(State(state): State<AppState>) -> Result<Json<HealthOut>, Problem> {
    if state.readiness.is_draining() {
        return Err(Problem::unavailable(1));
    }
    state.store.health().await?;
    Ok(OK)
}

/// This document
#[utoipa::path(get, path = "/openapi.json", operation_id = "openapi", tag = "Operations",
    responses((status = 200, description = "OpenAPI 3.1", content_type = "application/json", body = Object)))]
pub(crate) async fn openapi() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], crate::openapi::openapi_json()).into_response()
}
