//! The kinds of error: status, stable type and title. Not here: what is said about one.

use http::StatusCode;

/// What went wrong, as a caller can tell it apart. The name is stable: it is the end of the problem's `type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProblemKind {
    /// Not JSON, a bad query, a bad cursor, a bad header.
    BadRequest,
    /// Nobody is signed in.
    Unauthorized,
    /// Signed in, and not allowed.
    Forbidden,
    /// There is no such thing, or it is not yours.
    NotFound,
    /// The method is not one of those in `Allow`.
    MethodNotAllowed,
    /// The same idempotent request is being worked on.
    InFlight,
    /// The body is over the limit.
    PayloadTooLarge,
    /// The body's type is not JSON.
    UnsupportedMediaType,
    /// The body is JSON, and not what is asked for.
    Validation,
    /// The idempotency key was used for another request.
    IdempotencyKeyReused,
    /// The database, or this process for the moment.
    Unavailable,
    /// A defect of this program.
    Internal,
}

impl ProblemKind {
    /// Every kind.
    pub const ALL: [Self; 12] = [
        Self::BadRequest,
        Self::Unauthorized,
        Self::Forbidden,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::InFlight,
        Self::PayloadTooLarge,
        Self::UnsupportedMediaType,
        Self::Validation,
        Self::IdempotencyKeyReused,
        Self::Unavailable,
        Self::Internal,
    ];

    /// The status, the `type` and the `title`.
    pub const fn parts(self) -> (StatusCode, &'static str, &'static str) {
        use StatusCode as S;
        match self {
            Self::BadRequest => (S::BAD_REQUEST, "/problems/bad-request", "Bad request"),
            Self::Unauthorized => {
                (S::UNAUTHORIZED, "/problems/unauthorized", "Authentication required")
            }
            Self::Forbidden => (S::FORBIDDEN, "/problems/forbidden", "Forbidden"),
            Self::NotFound => (S::NOT_FOUND, "/problems/not-found", "Not found"),
            Self::MethodNotAllowed => {
                (S::METHOD_NOT_ALLOWED, "/problems/method-not-allowed", "Method not allowed")
            }
            Self::InFlight => (S::CONFLICT, "/problems/request-in-flight", "Request in flight"),
            Self::PayloadTooLarge => {
                (S::PAYLOAD_TOO_LARGE, "/problems/payload-too-large", "Payload too large")
            }
            Self::UnsupportedMediaType => (
                S::UNSUPPORTED_MEDIA_TYPE,
                "/problems/unsupported-media-type",
                "Unsupported media type",
            ),
            Self::Validation => {
                (S::UNPROCESSABLE_ENTITY, "/problems/validation", "Validation failed")
            }
            Self::IdempotencyKeyReused => (
                S::UNPROCESSABLE_ENTITY,
                "/problems/idempotency-key-reused",
                "Idempotency key reused",
            ),
            Self::Unavailable => {
                (S::SERVICE_UNAVAILABLE, "/problems/unavailable", "Service unavailable")
            }
            Self::Internal => {
                (S::INTERNAL_SERVER_ERROR, "/problems/internal", "Internal server error")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_types_are_distinct() {
        let types: std::collections::BTreeSet<_> =
            ProblemKind::ALL.iter().map(|kind| kind.parts().1).collect();
        assert_eq!(types.len(), ProblemKind::ALL.len());
    }
}
