//! Long polling: the events of the stream for readers behind a proxy that buffers.

#![expect(unused_qualifications, reason = "what utoipa's macro makes of `params`")]

use std::time::Duration;

use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::response::{IntoResponse, Response};
use grelot_core::{Change, Seq};
use grelot_store::Poll;
use http::request::Parts;
use utoipa::IntoParams;

use super::query::{Query, bad};
use crate::auth::SignedIn;
use crate::problem::Problem;
use crate::state::AppState;
use crate::wire::event::describe;
use crate::wire::user::{ChangeOut, ChangesOut};

/// The most changes of one answer.
const PAGE: usize = 500;
/// The longest wait, in seconds: below the idle limit of common proxies.
const MAX_WAIT: u64 = 25;

/// The schema of the query.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "a schema alone")]
struct ChangesParams {
    /// `seq` of the answer before, or of the list. Unknown, pruned or future: a reset.
    #[param(minimum = 0)]
    since: u64,
    /// How many seconds to wait for a change when there is none; 0 when absent.
    #[param(minimum = 0, maximum = 25, nullable = false)]
    wait: Option<u64>,
}

/// Poll for changes
///
/// The same changes as on the stream, at most 500 at a time. Waits when there is none, up to `wait` seconds.
#[utoipa::path(get, path = "/api/notifications/changes", operation_id = "pollChanges", tag = "Live",
    params(ChangesParams),
    responses((status = 200, description = "What changed", body = ChangesOut<'static>)))]
pub(crate) async fn poll(
    State(state): State<AppState>,
    session: SignedIn,
    query: Query,
    mut parts: Parts,
) -> Result<Response, Problem> {
    let since = query.whole_number("since")?.map(Seq::new);
    let since = since.ok_or_else(|| bad("since", "must be there"))?;
    let wait = query.whole_number("wait")?.unwrap_or_default();
    if wait > MAX_WAIT {
        return Err(bad("wait", "must be 0 to 25"));
    }
    let first = state.store.poll(&session.user, since, PAGE).await?;
    let nothing_new = matches!(&first, Poll::Changes { changes, .. } if changes.is_empty());
    if wait == 0 || !nothing_new {
        return Ok(answer(&first));
    }
    let wait = Duration::from_secs(wait).min(session.expires_at.since(state.clock.now()));
    state.hub.wait_for_change(&session.user, since, wait).await;
    // The session may have ended meanwhile: what happened after that is not this reader's.
    SignedIn::from_request_parts(&mut parts, &state).await?;
    Ok(answer(&state.store.poll(&session.user, since, PAGE).await?))
}

fn answer(poll: &Poll) -> Response {
    let out = match poll {
        Poll::Changes { changes, seq, more } => ChangesOut {
            events: changes.iter().map(change).collect(),
            seq: seq.get(),
            more: *more,
            reset: false,
            unread_count: None,
        },
        Poll::Reset { inbox } => ChangesOut {
            events: Vec::new(),
            seq: inbox.seq.get(),
            more: false,
            reset: true,
            unread_count: Some(inbox.unread),
        },
    };
    Json(out).into_response()
}

fn change(change: &Change) -> ChangeOut<'_> {
    let (event, data) = describe(change);
    ChangeOut { seq: change.seq.get(), event, data }
}
