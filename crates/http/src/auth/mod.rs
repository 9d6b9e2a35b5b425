//! Who is asking. Handlers name what they need in their signature: [`SignedIn`], [`SameOrigin`], [`Allowed`] or
//! `Unsubscriber`.
//!
//! Reading order: [`settings`], `authenticator` (one object behind every extractor), `extract`, then the user plane
//! (`authorization`, `cookie`, `token`, `claims`, `keys`, `jwks`, `session`, `csrf`, `origin`, `mint`), the internal
//! plane ([`api_key`], [`scope`]), and the link in a mail (`unsubscriber`).
//!
//! Invariants:
//! - A key verifies one algorithm, which our configuration chose: a token's header only picks among keys.
//! - Exactly one credential counts: the header, else the cookie. A bad one never falls back to another.
//! - What is cached is at most a second old, so a revocation reaches every process within two.
//! - No credential is ever logged, and none is in a `Debug`.
//!
//! Not here: what a user or a key may then do, beyond its scope.

pub mod api_key;
mod authenticator;
mod authorization;
mod claims;
mod cookie;
mod csrf;
mod extract;
#[cfg(test)]
mod fixture;
mod fresh;
mod jwks;
mod keys;
mod mint;
mod origin;
pub mod scope;
mod session;
pub mod settings;
mod token;
mod unsubscriber;

pub use authenticator::Authenticator;
pub use extract::{Allowed, SameOrigin, SignedIn};
pub use mint::{MintError, Minter};
pub use origin::AllowedOrigins;
pub use settings::{AuthSettings, AuthSettingsError};
pub(crate) use unsubscriber::Unsubscriber;
