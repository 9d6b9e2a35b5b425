//! Making tokens, for hosts without JWTs of their own. Not here: who may ask for one (the scope `tokens`).

use std::time::Duration;

use grelot_core::{Timestamp, UserId};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;
use thiserror::Error;

use super::settings::AuthSettings;

/// Why no token was made.
#[derive(Debug, Error)]
pub enum MintError {
    /// Only whoever holds the HS256 secret can sign.
    #[error("there is no secret to sign tokens with")]
    NoSecret,
    /// The signing failed.
    #[error("the token could not be signed: {0}")]
    Signing(#[source] jsonwebtoken::errors::Error),
}

/// Signs tokens with the HS256 secret, and with the claims that verifying pins.
pub struct Minter {
    key: EncodingKey,
    issuer: Option<String>,
    audience: Option<String>,
}

#[derive(Serialize)]
struct Minted<'a> {
    sub: &'a str,
    iat: i64,
    exp: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<&'a str>,
}

impl Minter {
    /// A minter, if there is a secret.
    pub fn new(settings: &AuthSettings) -> Option<Self> {
        settings.hs256_secret.as_ref().map(|secret| Self {
            key: EncodingKey::from_secret(secret),
            issuer: settings.issuer.clone(),
            audience: settings.audience.clone(),
        })
    }

    /// A token for `user`, and when it ends: whole seconds, rounded up so that it is good for `ttl` at least.
    ///
    /// # Errors
    /// A [`MintError`], when the signing fails.
    pub fn mint(
        &self,
        user: &UserId,
        now: Timestamp,
        ttl: Duration,
    ) -> Result<(String, Timestamp), MintError> {
        let end = Timestamp::from_millis(now.after(ttl).millis().saturating_add(999)).seconds();
        let claims = Minted {
            sub: user.as_str(),
            iat: now.seconds(),
            exp: end,
            iss: self.issuer.as_deref(),
            aud: self.audience.as_deref(),
        };
        let token = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.key)
            .map_err(MintError::Signing)?;
        Ok((token, Timestamp::from_seconds(end)))
    }
}

impl std::fmt::Debug for Minter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Minter").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::fixture::{self, NOW};
    use crate::auth::token::Verifier;

    #[tokio::test]
    async fn a_minted_token_verifies_for_its_whole_life() {
        let settings = AuthSettings {
            issuer: Some("https://id".to_owned()),
            audience: Some("app".to_owned()),
            ..fixture::hs256()
        };
        let user = UserId::parse("Zoé \"quoted\"").unwrap();
        let minter = Minter::new(&settings).unwrap();
        let (token, end) = minter.mint(&user, NOW, Duration::from_secs(1)).unwrap();
        // NOW is half a second into its second.
        assert_eq!(end, Timestamp::from_seconds(NOW.seconds() + 2));
        let verifier = Verifier::new(&settings, fixture::clock()).unwrap();
        let last = NOW.after(Duration::from_secs(1));
        let claims = verifier.verify(&token, last).await.unwrap();
        assert_eq!((claims.user, claims.expires_at), (user, end));
        assert_eq!(claims.issued_second, Some(NOW.seconds()));
        assert!(verifier.verify(&token, end).await.is_err());
    }

    #[test]
    fn without_a_secret_nothing_is_minted() {
        let settings = AuthSettings {
            hs256_secret: None,
            public_key_pem: Some(fixture::RSA_PUBLIC.to_vec()),
            ..fixture::hs256()
        };
        assert!(Minter::new(&settings).is_none());
    }
}
