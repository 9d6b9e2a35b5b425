//! Authentication as extractors: what a handler needs stands in its signature, and it cannot run without. Not here: the
//! rules, which the other files of this room hold.

use std::marker::PhantomData;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use grelot_core::{SessionStart, Timestamp, UserId};
use http::request::Parts;

use super::scope::RequiredScope;
use crate::middleware::UserSlot;
use crate::problem::Problem;
use crate::state::AppState;

/// A user who is signed in.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// Who.
    pub user: UserId,
    /// When their token expires.
    pub expires_at: Timestamp,
    /// When their session began.
    pub session: SessionStart,
    /// Whether the token came in a cookie, which a browser also sends for other sites.
    pub via_cookie: bool,
}

impl FromRequestParts<AppState> for SignedIn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let session = state.auth.sign_in(&parts.headers).await?;
        if let Some(slot) = parts.extensions.get::<UserSlot>() {
            slot.fill(&session.user);
        }
        Ok(session)
    }
}

/// A user who is signed in and changes something: if their token came in a cookie, the request is of our own origin or a
/// listed one.
#[derive(Clone, Debug)]
pub struct SameOrigin(pub SignedIn);

impl FromRequestParts<AppState> for SameOrigin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let session = SignedIn::from_request_parts(parts, state).await?;
        if session.via_cookie && !state.auth.is_same_origin(&parts.headers) {
            return Err(Problem::forbidden(
                "A request with a cookie must come from the same origin, or from an allowed one.",
            ));
        }
        Ok(Self(session))
    }
}

/// An API key that has the scope `S`.
#[derive(Clone, Debug)]
pub struct Allowed<S> {
    /// The key's public id.
    pub key_id: Arc<str>,
    scope: PhantomData<fn() -> S>,
}

impl<S: RequiredScope> FromRequestParts<AppState> for Allowed<S> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let grant = state.auth.grant(&parts.headers).await?;
        if !grant.scopes.allows(S::SCOPE) {
            let name = S::SCOPE.name();
            return Err(Problem::forbidden(format!("The API key lacks the scope {name}.")));
        }
        Ok(Self { key_id: grant.id, scope: PhantomData })
    }
}
