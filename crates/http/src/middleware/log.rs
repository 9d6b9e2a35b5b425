//! One line a request. Not here: where lines go, which the composition root decides.
//!
//! Levels: `error` for a 5xx (`warn` for a 503: the store is away, which it says itself), `info` for everything else but
//! what succeeds thousands of times a second or is asked by machines all day: a notify and the health checks, which are
//! `debug`. A line costs more than the rest of the stack together; the metrics count those.

use std::time::Duration;

use http::StatusCode;

use crate::problem::Cause;

/// What is known of a request once it is answered.
pub(super) struct Line<'a> {
    pub(super) method: &'a str,
    pub(super) route: &'a str,
    pub(super) status: StatusCode,
    pub(super) took: Duration,
    pub(super) cause: Option<&'a Cause>,
}

impl Line<'_> {
    /// Writes the line. The request's id is in the span.
    pub(super) fn write(&self) {
        let Self { method, route, status, took, cause } = self;
        let (status, micros) = (status.as_u16(), took.as_micros());
        let cause = cause.map(|cause| tracing::field::display(&cause.0));
        match status {
            503 => {
                tracing::warn!(method, route, status, micros, cause, "{method} {route} {status}");
            }
            500.. => {
                tracing::error!(method, route, status, micros, cause, "{method} {route} {status}");
            }
            ..400 if is_hot(route) => {
                tracing::debug!(method, route, status, micros, "{method} {route} {status}");
            }
            _ => tracing::info!(method, route, status, micros, cause, "{method} {route} {status}"),
        }
    }
}

fn is_hot(route: &str) -> bool {
    matches!(route, "/api/internal/notify" | "/healthz" | "/readyz")
}
