//! Creating notifications, and the dry run.

#![expect(unused_qualifications, reason = "what utoipa's macro makes of `params`")]

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use grelot_core::Fingerprint;
use grelot_store::{Idempotency, NotifyRequest};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use utoipa::IntoParams;

use super::query::Query;
use crate::auth::{Allowed, scope};
use crate::json::{INTERNAL_LIMIT, parse, read_body};
use crate::problem::Problem;
use crate::state::AppState;
use crate::wire::notify::{
    DeliveredOut, NotifyIn, NotifyOut, NotifySchema, PreviewEntryOut, PreviewOut,
};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The schema of the query.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
#[expect(dead_code, reason = "a schema alone")]
struct NotifyParams {
    /// Whether to write nothing, and say what would come of it and why.
    #[param(nullable = false)]
    dry_run: Option<bool>,
}

/// Notify one user or many
///
/// All or nothing, and durable when it is answered. With `Idempotency-Key` a repetition is harmless: for 24 hours the
/// same request gets the same answer. Needs the scope `notify`.
#[utoipa::path(post, path = "/api/internal/notify", operation_id = "notify", tag = "Notify",
    params(NotifyParams, ("idempotency-key" = Option<String>, Header, nullable = false,
        description = "1 to 255 printable ASCII characters; scoped to the API key; ignored by a dry run",
        min_length = 1, max_length = 255, pattern = "^[!-~]([ -~]*[!-~])?$")),
    request_body = NotifySchema,
    responses(
        (status = 200, description = "A dry run: what would come of it", body = PreviewOut<'static>),
        (status = 201, description = "What became of each recipient", body = NotifyOut<'static>,
            headers(("idempotency-replayed" = String, description = "`true` on the kept answer of an earlier request"))),
    ))]
pub(crate) async fn notify(
    State(state): State<AppState>,
    caller: Allowed<scope::Notify>,
    query: Query,
    request: Request,
) -> Result<Response, Problem> {
    let dry_run = query.get("dryRun", "must be true or false", |text| text.parse::<bool>().ok())?;
    let dry_run = dry_run.unwrap_or_default();
    // A dry run ignores the key, but not that it is none.
    let key = idempotency_key(request.headers())?.filter(|_| !dry_run);
    let query_text = request.uri().query().unwrap_or_default().to_owned();
    let body = read_body(request, INTERNAL_LIMIT).await?;
    let NotifyIn { recipients, content } = parse(&body)?;
    let idempotency = key.map(|key| Idempotency {
        slot: Fingerprint(
            state.secret.mac("idempotency slot", &[caller.key_id.as_bytes(), key.as_bytes()]),
        ),
        request: Fingerprint(
            state.secret.mac("idempotent request", &[query_text.as_bytes(), &body]),
        ),
    });
    let request = NotifyRequest { recipients, content, idempotency, mail: state.mail };
    if dry_run { preview(&state, &request).await } else { create(&state, request).await }
}

async fn create(state: &AppState, request: NotifyRequest) -> Result<Response, Problem> {
    let recipients = request.recipients.clone();
    let answer = state.store.notify(request).await?;
    let entries = recipients.users().iter().zip(&answer.entries);
    let notifications = entries.map(|(user, entry)| DeliveredOut::new(user, entry)).collect();
    let mut response = (StatusCode::CREATED, Json(NotifyOut { notifications })).into_response();
    if answer.replayed {
        response.headers_mut().insert(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(response)
}

async fn preview(state: &AppState, request: &NotifyRequest) -> Result<Response, Problem> {
    let previews = state.store.preview(request).await?;
    let entries = request.recipients.users().iter().zip(&previews);
    let notifications = entries.map(|(user, entry)| PreviewEntryOut::new(user, *entry)).collect();
    Ok(Json(PreviewOut { notifications }).into_response())
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<HeaderValue>, Problem> {
    let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(key) = values.next() else {
        return Ok(None);
    };
    let fits = (1..=255).contains(&key.len())
        && key.as_bytes().iter().all(|byte| matches!(byte, b' '..=b'~'));
    if !fits || values.next().is_some() {
        return Err(Problem::bad_request(
            "The header Idempotency-Key must be there once, with 1 to 255 printable ASCII characters.",
        ));
    }
    Ok(Some(key.clone()))
}
