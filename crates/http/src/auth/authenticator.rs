//! The one object behind every extractor: credentials in, who it is out. Not here: axum (`extract`).

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use grelot_core::{Clock, Timestamp, UserId};
use grelot_store::{Store, StoreError};
use http::HeaderMap;

use super::api_key::{Grant, KeyRing};
use super::authorization::Authorization;
use super::cookie::Cookie;
use super::csrf;
use super::extract::SignedIn;
use super::mint::{MintError, Minter};
use super::origin::AllowedOrigins;
use super::session::Sessions;
use super::settings::{AuthSettings, AuthSettingsError};
use super::token::Verifier;
use crate::problem::Problem;
use crate::state::Secret;

/// Recognises users and API keys.
pub struct Authenticator {
    verifier: Verifier,
    minter: Option<Minter>,
    sessions: Sessions,
    keys: KeyRing,
    cookie_name: String,
    origins: AllowedOrigins,
    secret: Secret,
    clock: Arc<dyn Clock>,
}

impl Authenticator {
    /// An authenticator with these settings. Nothing is fetched yet: a key set may be away while the program starts.
    ///
    /// # Errors
    /// The first setting that cannot be used.
    pub fn new(
        settings: AuthSettings,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        secret: Secret,
    ) -> Result<Self, AuthSettingsError> {
        if !is_cookie_name(&settings.cookie_name) {
            return Err(AuthSettingsError::CookieName);
        }
        let origins =
            AllowedOrigins::parse(&settings.allowed_origins).map_err(AuthSettingsError::Origins)?;
        Ok(Self {
            verifier: Verifier::new(&settings, Arc::clone(&clock))?,
            minter: Minter::new(&settings),
            sessions: Sessions::new(Arc::clone(&store), Arc::clone(&clock)),
            keys: KeyRing::new(store, Arc::clone(&clock)),
            cookie_name: settings.cookie_name,
            origins,
            secret,
            clock,
        })
    }

    /// A token for `user`, and when it ends.
    ///
    /// # Errors
    /// A [`MintError`], above all where there is no HS256 secret.
    pub fn mint(&self, user: &UserId, ttl: Duration) -> Result<(String, Timestamp), MintError> {
        let minter = self.minter.as_ref().ok_or(MintError::NoSecret)?;
        minter.mint(user, self.clock.now(), ttl)
    }

    /// Drops what is known of the user's sessions: a revocation counts here at once, elsewhere within a second or two.
    pub async fn forget_sessions(&self, user: &UserId) {
        self.sessions.forget(user).await;
    }

    /// The origins that may use the user plane.
    pub fn allowed_origins(&self) -> &AllowedOrigins {
        &self.origins
    }

    /// The opaque name of a user, for `grelot-user`.
    pub(crate) fn digest(&self, user: &UserId) -> String {
        self.secret.digest(user)
    }

    /// Who is signed in.
    pub(super) async fn sign_in(&self, headers: &HeaderMap) -> Result<SignedIn, Problem> {
        let (token, via_cookie) = match Authorization::of(headers) {
            Authorization::Bearer(token) => (token, false),
            Authorization::Malformed => {
                return Err(Problem::unauthorized("The Authorization header is not valid."));
            }
            Authorization::None => match Cookie::named(headers, &self.cookie_name) {
                Cookie::Value(token) => (token, true),
                Cookie::None => return Err(Problem::unauthorized("Nobody is signed in.")),
                Cookie::Ambiguous => {
                    return Err(Problem::unauthorized(
                        "The cookie is not valid, or there are two.",
                    ));
                }
            },
        };
        let judged = self.verifier.verify(token, self.clock.now()).await;
        let claims = judged.map_err(|refused| Problem::unauthorized(refused.detail()))?;
        if self.sessions.is_over(&claims).await.map_err(|error| unavailable(&error))? {
            return Err(Problem::unauthorized("The session has ended."));
        }
        let session = claims.session();
        Ok(SignedIn { user: claims.user, expires_at: claims.expires_at, session, via_cookie })
    }

    /// Whether the request was sent by our own origin or a listed one.
    pub(super) fn is_same_origin(&self, headers: &HeaderMap) -> bool {
        csrf::is_same_origin(headers, &self.origins)
    }

    /// What the request's API key grants.
    pub(super) async fn grant(&self, headers: &HeaderMap) -> Result<Grant, Problem> {
        match Authorization::of(headers) {
            Authorization::Bearer(key) => {
                let grant = self.keys.recognise(key).await.map_err(|error| unavailable(&error))?;
                grant.ok_or_else(|| Problem::unauthorized("The API key is not valid."))
            }
            Authorization::Malformed => {
                Err(Problem::unauthorized("The Authorization header is not valid."))
            }
            Authorization::None => {
                Err(Problem::unauthorized("Send an API key as Authorization: Bearer."))
            }
        }
    }
}

/// The answer to an error that several requests share.
fn unavailable(error: &StoreError) -> Problem {
    let cause = error.to_string();
    let shared = match error {
        StoreError::Busy => StoreError::Busy,
        StoreError::Unavailable(_) => StoreError::Unavailable(String::new()),
        StoreError::Refused(refusal) => StoreError::Refused(refusal.clone()),
        StoreError::Corrupt(_) => StoreError::Corrupt(String::new()),
    };
    Problem::from(shared).caused_by(cause)
}

/// A token of RFC 9110, 5.6.2.
fn is_cookie_name(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    !name.is_empty() && name.bytes().all(plain)
}

impl fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authenticator")
            .field("verifier", &self.verifier)
            .field("cookie_name", &self.cookie_name)
            .field("origins", &self.origins)
            .finish_non_exhaustive()
    }
}
