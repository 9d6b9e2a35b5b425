//! Takes a body out of a request: its type, its limit, its bytes. Not here: what it says.

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
use bytes::BytesMut;
use http::{HeaderMap, header};
use http_body_util::BodyExt;

use super::shape::{Errors, Field, FromJson};
use super::{syntax, value::Value};
use crate::problem::Problem;
use crate::state::AppState;

/// The most bytes of a body on the user plane.
pub(crate) const USER_LIMIT: usize = 64 * 1024;
/// The most bytes of a body on the internal plane.
pub(crate) const INTERNAL_LIMIT: usize = 1024 * 1024;

/// A body of the user plane.
#[derive(Debug)]
pub(crate) struct UserBody<T>(pub(crate) T);

/// A body that may be absent, which needs no type then; of the user plane, if nothing else is said.
#[derive(Debug)]
pub(crate) struct OptionalBody<T, const LIMIT: usize = USER_LIMIT>(pub(crate) Option<T>);

/// A body that may be anything of the user plane's size: it is read to its end and means nothing.
#[derive(Debug)]
pub(crate) struct IgnoredBody;

/// A body of the internal plane.
#[derive(Debug)]
pub(crate) struct InternalBody<T>(pub(crate) T);

impl<T: FromJson> FromRequest<AppState> for UserBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &AppState) -> Result<Self, Problem> {
        let bytes = read_body(request, USER_LIMIT).await?;
        parse(&bytes).map(Self)
    }
}

impl<T: FromJson, const LIMIT: usize> FromRequest<AppState> for OptionalBody<T, LIMIT> {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &AppState) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let bytes = collect(&parts.headers, body, LIMIT).await?;
        if bytes.is_empty() {
            return Ok(Self(None));
        }
        check_type(&parts.headers)?;
        parse(&bytes).map(|value| Self(Some(value)))
    }
}

impl FromRequest<AppState> for IgnoredBody {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &AppState) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        collect(&parts.headers, body, USER_LIMIT).await.map(|_bytes| Self)
    }
}

impl<T: FromJson> FromRequest<AppState> for InternalBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &AppState) -> Result<Self, Problem> {
        let bytes = read_body(request, INTERNAL_LIMIT).await?;
        parse(&bytes).map(Self)
    }
}

/// The bytes of a body that has to be JSON.
pub(crate) async fn read_body(request: Request, limit: usize) -> Result<Bytes, Problem> {
    check_type(request.headers())?;
    let (parts, body) = request.into_parts();
    collect(&parts.headers, body, limit).await
}

/// Reads the bytes as a `T`, or says everything that is wrong with them.
pub(crate) fn parse<T: FromJson>(bytes: &[u8]) -> Result<T, Problem> {
    let text = syntax::check(bytes).map_err(|error| not_json(bytes, error))?;
    let mut errors = Errors::default();
    let value = T::from_json(&Field::root(Value::document(text)), &mut errors);
    match value {
        Some(value) if errors.is_empty() => Ok(value),
        _ => Err(errors.into_problem()),
    }
}

/// 400: the bytes are not JSON.
fn not_json(bytes: &[u8], error: syntax::NotJson) -> Problem {
    if bytes.is_empty() {
        return Problem::bad_request("The body is empty; send JSON.");
    }
    Problem::bad_request(format!("The body is not JSON: it stops being so at byte {}.", error.at))
}

fn check_type(headers: &HeaderMap) -> Result<(), Problem> {
    let mut types = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(only), None) = (types.next(), types.next()) else {
        return Err(Problem::unsupported_media_type());
    };
    let essence = only.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
    if essence.trim().eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    Err(Problem::unsupported_media_type())
}

/// The bytes; more than `limit` is refused as soon as it is known.
async fn collect(headers: &HeaderMap, mut body: Body, limit: usize) -> Result<Bytes, Problem> {
    let declared = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    let declared = declared.and_then(|length| length.parse::<usize>().ok());
    if declared.is_some_and(|length| length > limit) {
        return Err(Problem::payload_too_large(limit));
    }
    let mut bytes = BytesMut::with_capacity(declared.unwrap_or_default());
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| {
            Problem::bad_request("The body could not be read to its end.").caused_by(error)
        })?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if bytes.len() + data.len() > limit {
            return Err(Problem::payload_too_large(limit));
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes.freeze())
}
