//! What a path names. A name that cannot be one is like a name that nobody has: 404. Not here: who may ask about it.

use axum::RequestPartsExt;
use axum::extract::{FromRequestParts, Path};
use grelot_core::{CategoryKey, NotificationId, UserId};
use http::request::Parts;
use utoipa::IntoParams;

use crate::problem::Problem;

/// The notification that the path names.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NotificationPath(pub(crate) NotificationId);

/// The user that the path names.
#[derive(Clone, Debug)]
pub(crate) struct UserPath(pub(crate) UserId);

/// The category that the path names.
#[derive(Clone, Debug)]
pub(crate) struct CategoryPath(pub(crate) CategoryKey);

/// The one segment of the path that is variable; 404 when it is no text.
async fn segment(parts: &mut Parts) -> Result<String, Problem> {
    match parts.extract::<Path<String>>().await {
        Ok(Path(text)) => Ok(text),
        Err(_rejection) => Err(Problem::not_found()),
    }
}

impl<S: Sync> FromRequestParts<S> for NotificationPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let text = segment(parts).await?;
        NotificationId::parse(&text).map(Self).ok_or_else(Problem::not_found)
    }
}

impl<S: Sync> FromRequestParts<S> for UserPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let text = segment(parts).await?;
        UserId::parse(&text).map(Self).map_err(|_violation| Problem::not_found())
    }
}

impl<S: Sync> FromRequestParts<S> for CategoryPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let text = segment(parts).await?;
        CategoryKey::parse(&text).map(Self).map_err(|_violation| Problem::not_found())
    }
}

/// The schema of [`NotificationPath`].
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "a schema alone")]
pub(crate) struct NotificationParam {
    /// The notification. What cannot be an id is answered like one that nobody has: 404.
    #[param(example = "cm3xk2l9a0000qzrmn831i7rn")]
    id: String,
}

/// The schema of [`UserPath`].
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "a schema alone")]
pub(crate) struct UserParam {
    /// The user, as the host names them: 1 to 128 printable characters.
    #[param(rename = "userId", min_length = 1, max_length = 128, example = "u_1")]
    user_id: String,
}

/// The schema of [`CategoryPath`].
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "a schema alone")]
pub(crate) struct CategoryParam {
    /// The category.
    #[param(pattern = "^[a-z0-9][a-z0-9._-]{0,63}$", example = "billing")]
    key: String,
}
