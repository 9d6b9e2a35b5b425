//! How users are recognised, as the composition root says it. Not here: reading it from anywhere.

use std::fmt;

use thiserror::Error;

/// How users are recognised.
#[derive(Clone)]
pub struct AuthSettings {
    /// The secret of HS256 tokens: at least 32 bytes.
    pub hs256_secret: Option<Vec<u8>>,
    /// The public key of RS256, ES256 or EdDSA tokens, in PEM.
    pub public_key_pem: Option<Vec<u8>>,
    /// Where public keys are published; `https:`, or `http:` to this machine.
    pub jwks_url: Option<String>,
    /// The `iss` that tokens must have.
    pub issuer: Option<String>,
    /// The `aud` that tokens must name.
    pub audience: Option<String>,
    /// The cookie that may hold the token.
    pub cookie_name: String,
    /// Other origins that may use the user plane.
    pub allowed_origins: Vec<String>,
}

impl Default for AuthSettings {
    /// No key, which is not enough, and the cookie that clients expect.
    fn default() -> Self {
        Self {
            hs256_secret: None,
            public_key_pem: None,
            jwks_url: None,
            issuer: None,
            audience: None,
            cookie_name: "grelot_token".to_owned(),
            allowed_origins: Vec::new(),
        }
    }
}

impl fmt::Debug for AuthSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthSettings")
            .field("hs256_secret", &self.hs256_secret.as_ref().map(|_| ".."))
            .field("public_key_pem", &self.public_key_pem.as_ref().map(|_| ".."))
            .field("jwks_url", &self.jwks_url)
            .field("issuer", &self.issuer)
            .field("audience", &self.audience)
            .field("cookie_name", &self.cookie_name)
            .field("allowed_origins", &self.allowed_origins)
            .finish()
    }
}

/// Why users cannot be recognised with these settings. Never holds a secret.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AuthSettingsError {
    /// There is no key at all.
    #[error("there is neither a secret nor a public key to verify tokens with")]
    NoKeys,
    /// The secret is too short for HS256.
    #[error("the JWT secret must have at least 32 bytes")]
    SecretTooShort,
    /// The public key cannot be used.
    #[error("the JWT public key file {0}")]
    PublicKey(&'static str),
    /// The address of the key set cannot be used.
    #[error("the JWKS URL {0}")]
    KeySetUrl(String),
    /// The cookie's name cannot be one.
    #[error("the cookie name must be a token of RFC 9110")]
    CookieName,
    /// These are no origins as browsers write them.
    #[error("these are no origins (scheme://host[:port], lower case, no path, no default port): {}", .0.join(", "))]
    Origins(Vec<String>),
}
