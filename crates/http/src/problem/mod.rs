//! Problem details (RFC 9457): the one shape of every error. Not here: logging, which `middleware` does once.

use std::borrow::Cow;

use axum::Json;
use axum::response::{IntoResponse, Response};
use grelot_core::Violation;
use grelot_store::{NotifyError, Refusal, StoreError};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

mod kind;

pub use kind::ProblemKind;

/// One thing that is wrong with a body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// Where, as a JSON pointer (RFC 6901).
    pub pointer: String,
    /// What to send instead.
    pub detail: Cow<'static, str>,
}

impl FieldError {
    /// An error at `pointer`.
    pub fn new(pointer: impl Into<String>, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { pointer: pointer.into(), detail: detail.into() }
    }

    /// What the domain refused, at `pointer`.
    pub fn of(pointer: impl Into<String>, violation: &Violation) -> Self {
        Self::new(pointer, violation.detail())
    }
}

/// An error answer.
#[derive(Clone, Debug)]
pub struct Problem {
    kind: ProblemKind,
    detail: Cow<'static, str>,
    errors: Vec<FieldError>,
    retry_after: Option<u32>,
    cause: Option<String>,
}

/// The internal cause of an answer: for the log, never for the caller. Rides in the response's extensions.
#[derive(Clone, Debug)]
pub struct Cause(pub String);

impl Problem {
    fn new(kind: ProblemKind, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, detail: detail.into(), errors: Vec::new(), retry_after: None, cause: None }
    }

    /// 400: what the caller sent is not what it claims to be.
    pub fn bad_request(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ProblemKind::BadRequest, detail)
    }

    /// 401.
    pub fn unauthorized(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ProblemKind::Unauthorized, detail)
    }

    /// 403.
    pub fn forbidden(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ProblemKind::Forbidden, detail)
    }

    /// 404: says nothing about what exists, so that another user's thing looks like nothing.
    pub fn not_found() -> Self {
        Self::new(ProblemKind::NotFound, "There is nothing here.")
    }

    /// 405; the router adds `Allow`.
    pub fn method_not_allowed() -> Self {
        Self::new(ProblemKind::MethodNotAllowed, "Use one of the methods in the Allow header.")
    }

    /// 409.
    pub fn in_flight() -> Self {
        Self::new(
            ProblemKind::InFlight,
            "A request with the same Idempotency-Key is being worked on; repeat it in a moment.",
        )
    }

    /// 413.
    pub fn payload_too_large(limit: usize) -> Self {
        let kib = limit / 1024;
        Self::new(ProblemKind::PayloadTooLarge, format!("The body must be at most {kib} KiB."))
    }

    /// 415.
    pub fn unsupported_media_type() -> Self {
        Self::new(ProblemKind::UnsupportedMediaType, "Send the body as application/json.")
    }

    /// 422: each thing that is wrong with the body.
    pub fn validation(errors: Vec<FieldError>) -> Self {
        let mut problem =
            Self::new(ProblemKind::Validation, "The body is not what is asked for; see errors.");
        problem.errors = errors;
        problem
    }

    /// 422: one thing that is wrong with the body.
    pub fn invalid(pointer: impl Into<String>, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::validation(vec![FieldError::new(pointer, detail)])
    }

    /// 422: the host's own table does not take it.
    fn refused(refusal: &Refusal) -> Self {
        // The columns of the module's tables are called as the members are. Whether a user was given as `userId` or among
        // `userIds`, a store does not know.
        let members =
            ["type", "category", "title", "body", "link", "data", "inApp", "email", "categories"];
        let column = refusal.column.as_deref().filter(|column| members.contains(column));
        let pointer = column.map(|column| format!("/{column}")).unwrap_or_default();
        Self::invalid(pointer, refusal.rule.clone())
    }

    /// 422: the idempotency key belongs to another request.
    pub fn idempotency_key_reused() -> Self {
        Self::new(
            ProblemKind::IdempotencyKeyReused,
            "This Idempotency-Key was used for another request; use a new one.",
        )
    }

    /// 503: nothing is known about what was asked; `retry_after` is in seconds.
    pub fn unavailable(retry_after: u32) -> Self {
        let mut problem = Self::new(
            ProblemKind::Unavailable,
            "The service cannot answer now; repeat the request with the same Idempotency-Key.",
        );
        problem.retry_after = Some(retry_after);
        problem
    }

    /// 500: a defect.
    pub fn internal() -> Self {
        Self::new(ProblemKind::Internal, "Something went wrong here; it was recorded.")
    }

    /// The same answer with an internal cause, which only the log sees.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "an error ends here")]
    pub fn caused_by(mut self, cause: impl ToString) -> Self {
        self.cause = Some(cause.to_string());
        self
    }

    /// One of each kind, for the documentation.
    pub(crate) fn example(kind: ProblemKind) -> Self {
        use ProblemKind as P;
        match kind {
            P::BadRequest => Self::bad_request("The query parameter limit must be 1 to 100."),
            P::Unauthorized => Self::unauthorized("Send a valid credential."),
            P::Forbidden => Self::forbidden("This credential does not allow that."),
            P::NotFound => Self::not_found(),
            P::MethodNotAllowed => Self::method_not_allowed(),
            P::InFlight => Self::in_flight(),
            P::PayloadTooLarge => Self::payload_too_large(64 * 1024),
            P::UnsupportedMediaType => Self::unsupported_media_type(),
            P::Validation => Self::invalid("/title", "must be 1 to 200 characters"),
            P::IdempotencyKeyReused => Self::idempotency_key_reused(),
            P::Unavailable => Self::unavailable(1),
            P::Internal => Self::internal(),
        }
    }

    /// What the caller sees.
    pub(crate) fn details(&self) -> impl Serialize {
        let (status, kind, title) = self.kind.parts();
        Details {
            r#type: kind,
            title,
            status: status.as_u16(),
            detail: &self.detail,
            errors: &self.errors,
        }
    }

    /// What went wrong.
    pub const fn kind(&self) -> ProblemKind {
        self.kind
    }

    /// Where the body is wrong.
    pub fn pointers(&self) -> impl Iterator<Item = &str> {
        self.errors.iter().map(|error| error.pointer.as_str())
    }

    /// The status.
    pub const fn status(&self) -> StatusCode {
        self.kind.parts().0
    }
}

#[derive(Serialize)]
struct Details<'a> {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    detail: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status(), Json(self.details())).into_response();
        let headers = response.headers_mut();
        let json = HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, json);
        if self.kind == ProblemKind::Unauthorized {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(cause) = self.cause {
            response.extensions_mut().insert(Cause(cause));
        }
        response
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let problem = match &error {
            StoreError::Busy => Self::unavailable(1),
            StoreError::Unavailable(_) => Self::unavailable(5),
            StoreError::Refused(refusal) => Self::refused(refusal),
            StoreError::Corrupt(_) => Self::internal(),
        };
        problem.caused_by(error)
    }
}

impl From<NotifyError> for Problem {
    fn from(error: NotifyError) -> Self {
        match error {
            NotifyError::UnknownCategory => {
                Self::invalid("/category", "must be a category that exists")
            }
            NotifyError::IdempotencyMismatch => Self::idempotency_key_reused(),
            NotifyError::InFlight => Self::in_flight(),
            NotifyError::Store(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt;

    async fn answer(problem: Problem) -> (Response, serde_json::Value) {
        let (parts, body) = problem.into_response().into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let value = serde_json::from_slice(&bytes).unwrap();
        (Response::from_parts(parts, axum::body::Body::empty()), value)
    }

    #[tokio::test]
    async fn a_validation_problem_names_each_pointer() {
        let (response, body) = answer(Problem::invalid("/title", "must be there")).await;
        assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
        assert_eq!(
            body,
            serde_json::json!({
                "type": "/problems/validation",
                "title": "Validation failed",
                "status": 422,
                "detail": "The body is not what is asked for; see errors.",
                "errors": [{"pointer": "/title", "detail": "must be there"}],
            })
        );
    }

    #[tokio::test]
    async fn what_the_table_of_the_host_refuses_is_final_and_points_at_the_member_if_there_is_one()
    {
        for (column, pointer) in [(Some("title"), "/title"), (Some("tenant"), ""), (None, "")] {
            let column = column.map(str::to_owned);
            let rule = "must be at most 50 characters".to_owned();
            let (response, body) =
                answer(StoreError::Refused(Refusal { column, rule }).into()).await;
            assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY);
            assert!(!response.headers().contains_key(header::RETRY_AFTER));
            let error = serde_json::json!([{"pointer": pointer, "detail": "must be at most 50 characters"}]);
            assert_eq!(body["errors"], error);
        }
    }

    #[tokio::test]
    async fn an_internal_cause_is_for_the_log_alone() {
        let error = StoreError::Unavailable("disk /var/x is full".to_owned());
        let (response, body) = answer(error.into()).await;
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers()[header::RETRY_AFTER], "5");
        assert!(response.extensions().get::<Cause>().unwrap().0.contains("/var/x"));
        assert!(!body.to_string().contains("/var/x"));
    }
}
