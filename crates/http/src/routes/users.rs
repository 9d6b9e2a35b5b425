//! What the host's back end does about a user: contact, export, erasure, sessions, tokens.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;

use super::path::{UserParam, UserPath};
use crate::auth::{Allowed, scope};
use crate::json::InternalBody;
use crate::problem::Problem;
use crate::state::AppState;
use crate::wire::Instant;
use crate::wire::contact::{ContactIn, ContactOut};
use crate::wire::user::{ExportOut, TokenIn, TokenOut};

/// Get a user's contact
///
/// Needs the scope `users`.
#[utoipa::path(get, path = "/api/internal/users/{userId}", operation_id = "getContact", tag = "Users",
    params(UserParam),
    responses((status = 200, description = "The contact; 404 when none was put", body = ContactOut<'static>)))]
pub(crate) async fn get(
    State(state): State<AppState>,
    _caller: Allowed<scope::Users>,
    UserPath(user): UserPath,
) -> Result<Response, Problem> {
    let contact = state.store.contact(&user).await?.ok_or_else(Problem::not_found)?;
    Ok(Json(ContactOut::from(&contact)).into_response())
}

/// Replace a user's contact
///
/// As a whole: what is absent is forgotten. Needs the scope `users`.
#[utoipa::path(put, path = "/api/internal/users/{userId}", operation_id = "putContact", tag = "Users",
    params(UserParam),
    request_body = ContactOut<'static>,
    responses((status = 200, description = "The contact as it is now", body = ContactOut<'static>)))]
pub(crate) async fn put(
    State(state): State<AppState>,
    _caller: Allowed<scope::Users>,
    user: Result<UserPath, Problem>,
    InternalBody(ContactIn(contact)): InternalBody<ContactIn>,
) -> Result<Response, Problem> {
    let UserPath(user) = user.map_err(bad_user)?;
    state.store.put_contact(&user, contact.clone()).await?;
    Ok(Json(ContactOut::from(&contact)).into_response())
}

/// Where something would be made under the name, saying what is wrong with it helps more than "not found".
fn bad_user(_not_found: Problem) -> Problem {
    Problem::invalid("/userId", "of the path must be 1 to 128 printable characters")
}

/// Erase a user
///
/// Everything about the user is gone, sessions are revoked, streams close. Known and unknown users are answered alike.
/// Needs the scope `users`.
#[utoipa::path(delete, path = "/api/internal/users/{userId}", operation_id = "eraseUser", tag = "Users",
    params(UserParam),
    responses((status = 204, description = "Nothing about the user is left")))]
pub(crate) async fn erase(
    State(state): State<AppState>,
    _caller: Allowed<scope::Users>,
    UserPath(user): UserPath,
) -> Result<StatusCode, Problem> {
    state.store.erase(&user).await?;
    state.auth.forget_sessions(&user).await;
    state.hub.close_user(&user);
    Ok(StatusCode::NO_CONTENT)
}

/// Export a user
///
/// Everything that is stored about the user, from one consistent read. Needs the scope `users`.
#[utoipa::path(get, path = "/api/internal/users/{userId}/export", operation_id = "exportUser", tag = "Users",
    params(UserParam),
    responses((status = 200, description = "Everything about the user", body = ExportOut<'static>)))]
pub(crate) async fn export(
    State(state): State<AppState>,
    _caller: Allowed<scope::Users>,
    UserPath(user): UserPath,
) -> Result<Response, Problem> {
    let export = state.store.export(&user).await?;
    let now = Instant(state.clock.now());
    Ok(Json(ExportOut::new(user.as_str(), now, &export)).into_response())
}

/// End a user's sessions
///
/// Tokens issued up to now are refused, and streams close, within two seconds on every node. Needs the scope `users`.
#[utoipa::path(delete, path = "/api/internal/users/{userId}/sessions", operation_id = "revokeSessions", tag = "Users",
    params(UserParam),
    responses((status = 204, description = "The sessions are over")))]
pub(crate) async fn revoke_sessions(
    State(state): State<AppState>,
    _caller: Allowed<scope::Users>,
    UserPath(user): UserPath,
) -> Result<StatusCode, Problem> {
    state.store.revoke_sessions(&user).await?;
    state.auth.forget_sessions(&user).await;
    state.hub.close_user(&user);
    Ok(StatusCode::NO_CONTENT)
}

/// Mint a token for a user
///
/// For hosts without JWTs of their own: only where Grelot holds the HS256 secret, else 403. Needs the scope `tokens`.
#[utoipa::path(post, path = "/api/internal/users/{userId}/token", operation_id = "mintToken", tag = "Users",
    params(UserParam),
    request_body = TokenIn,
    responses((status = 201, description = "The token", body = TokenOut)))]
pub(crate) async fn mint(
    State(state): State<AppState>,
    _caller: Allowed<scope::Tokens>,
    user: Result<UserPath, Problem>,
    InternalBody(body): InternalBody<TokenIn>,
) -> Result<(StatusCode, Json<TokenOut>), Problem> {
    let UserPath(user) = user.map_err(bad_user)?;
    let minted = state.auth.mint(&user, Duration::from_secs(body.ttl_seconds));
    let (token, expires_at) = minted.map_err(|error| {
        Problem::forbidden("This installation holds no secret to sign tokens with.")
            .caused_by(error)
    })?;
    Ok((StatusCode::CREATED, Json(TokenOut { token, expires_at: Instant(expires_at) })))
}
