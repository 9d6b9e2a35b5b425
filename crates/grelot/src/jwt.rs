//! Makes tokens from the settings alone, for commands that have no database. The service itself mints in `http`.

use std::time::Duration;

use anyhow::Context as _;
use grelot_core::{Timestamp, UserId};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;

use crate::settings::JwtSettings;

#[derive(Serialize)]
struct Claims<'a> {
    sub: &'a str,
    iat: i64,
    exp: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<&'a str>,
}

/// A token for `user` that is good from `now` for `ttl`, with the pinned claims.
pub(crate) fn mint(
    jwt: &JwtSettings,
    user: &UserId,
    now: Timestamp,
    ttl: Duration,
) -> anyhow::Result<String> {
    let secret = jwt.secret.as_ref().context("GRELOT_JWT_SECRET is not set")?;
    let claims = Claims {
        sub: user.as_str(),
        iat: now.seconds(),
        exp: now.after(ttl).seconds(),
        iss: jwt.issuer.as_deref(),
        aud: jwt.audience.as_deref(),
    };
    let key = EncodingKey::from_secret(secret.reveal().as_bytes());
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key)
        .context("the token could not be signed")
}
