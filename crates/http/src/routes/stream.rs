//! The stream: authentication and the head. What is sent on it, and when it closes, is `hub`'s.

#![expect(unused_qualifications, reason = "what utoipa's macro makes of `params`")]

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use grelot_hub::{Admission, StreamCursor};
use http::{HeaderMap, HeaderName, Method, header};
use utoipa::IntoParams;

use super::query::Query;
use crate::auth::SignedIn;
use crate::server::TakeoverSlot;
use crate::state::AppState;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// The schema of the query.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
#[expect(dead_code, reason = "a schema alone")]
struct StreamParams {
    /// Stands in for the header on the first connection; the header wins.
    #[param(nullable = false, example = "42")]
    last_event_id: Option<String>,
}

/// Follow the inbox live
///
/// An event stream (WHATWG HTML, 9.2). Without a cursor it starts now; with one, every later change is sent once each,
/// in order, then `ready`; when they cannot be given, `reset` stands instead of `ready`: fetch the list again.
///
/// | `event:` | `data:` |
/// |---|---|
/// | `ready` | `ReadyEvent` |
/// | `reset`, `preferences.updated` | `CountersEvent` |
/// | `notification.created` | `CreatedEvent` |
/// | `notification.read`, `notification.unread` | `ReadStateEvent` |
/// | `notification.deleted` | `DeletedEvent` |
/// | `notification.all_read` | `AllReadEvent` |
/// | `ping` | `PingEvent` |
/// | `expiring` | `ExpiringEvent` |
///
/// Every event's `id:` is its `seq`. The stream closes when the token expires or is revoked, when its reader is too
/// slow, and after an hour; reconnect with the last id. It is never refused under load: it is told `retry:` and closed.
#[utoipa::path(get, path = "/api/notifications/stream", operation_id = "stream", tag = "Live",
    params(StreamParams, ("last-event-id" = Option<String>, Header, nullable = false,
        description = "The id of the last event that was received; anything unknown gets a reset", example = "42")),
    responses((status = 200, description = "The stream", content_type = "text/event-stream", body = String,
        headers(
            ("cache-control" = String, description = "`no-store, no-transform`"),
            ("x-accel-buffering" = String, description = "`no`")),
        example = "retry: 3141\n\nevent: ready\ndata: {\"unreadCount\":3,\"seq\":42,\"resumed\":false}\nid: 42\n\n")))]
pub(crate) async fn stream(
    State(state): State<AppState>,
    session: SignedIn,
    method: Method,
    query: Query,
    headers: HeaderMap,
    slot: Option<Extension<TakeoverSlot>>,
) -> Response {
    let admission = Admission {
        user: session.user,
        cursor: cursor(&headers, &query),
        expires_at: session.expires_at,
        session: session.session,
    };
    let body = match slot {
        _ if method == Method::HEAD => Body::empty(),
        Some(Extension(slot)) if slot.offer(&admission) => Body::empty(),
        _ => Body::from_stream(state.hub.body(admission)),
    };
    let head = [
        (header::CONTENT_TYPE, "text/event-stream; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store, no-transform"),
        (ACCEL_BUFFERING, "no"),
    ];
    (head, body).into_response()
}

/// Where the stream begins. Whatever the reader sent is never an error, since a browser would not come back after one.
fn cursor(headers: &HeaderMap, query: &Query) -> StreamCursor {
    let mut values = headers.get_all(LAST_EVENT_ID).iter();
    match (values.next(), values.next()) {
        (Some(_), Some(_)) => StreamCursor::Unknown,
        (Some(value), None) if !value.is_empty() => StreamCursor::parse(Some(value.as_bytes())),
        _ => match query.text("lastEventId") {
            Ok(text) => StreamCursor::parse(text.map(str::as_bytes)),
            Err(_twice) => StreamCursor::Unknown,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use grelot_core::Seq;
    use http::HeaderValue;

    #[rstest::rstest]
    #[case(&[], "", StreamCursor::Now)]
    #[case(&["42"], "", StreamCursor::After(Seq::new(42)))]
    #[case(&["42"], "lastEventId=7", StreamCursor::After(Seq::new(42)))]
    #[case(&[""], "lastEventId=7", StreamCursor::After(Seq::new(7)))]
    #[case(&[], "lastEventId=0", StreamCursor::After(Seq::ZERO))]
    #[case(&[], "lastEventId=", StreamCursor::Now)]
    #[case(&["x"], "lastEventId=7", StreamCursor::Unknown)]
    #[case(&["1", "2"], "", StreamCursor::Unknown)]
    #[case(&[], "lastEventId=1&lastEventId=2", StreamCursor::Unknown)]
    fn the_header_wins_and_nothing_is_an_error(
        #[case] sent: &[&'static str],
        #[case] query: &str,
        #[case] expected: StreamCursor,
    ) {
        let mut headers = HeaderMap::new();
        for value in sent {
            headers.append(LAST_EVENT_ID, HeaderValue::from_static(value));
        }
        assert_eq!(cursor(&headers, &Query::parse(query)), expected);
    }
}
