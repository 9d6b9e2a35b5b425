//! What handlers share, made once by the composition root. Not here: settings files, and how any of it is made.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use grelot_core::{Clock, UserId};
use grelot_hub::Hub;
use grelot_store::{MailPolicy, Store};

use crate::auth::Authenticator;
use crate::mail::MailDesk;
use crate::metrics::Metrics;

/// What every handler may use.
#[derive(Clone)]
pub struct AppState {
    /// The database.
    pub store: Arc<dyn Store>,
    /// The streams.
    pub hub: Hub,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Who is asking.
    pub auth: Arc<Authenticator>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// Whether mail can go out.
    pub mail: MailPolicy,
    /// Who can write a mail, whether it can go out or not.
    pub desk: Arc<dyn MailDesk>,
    /// Between two pings of a stream: readers are told, so that they notice a dead connection.
    pub ping: Duration,
    /// The secret of this installation.
    pub secret: Secret,
    /// Whether this process still takes new work.
    pub readiness: Readiness,
}

impl std::fmt::Debug for AppState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AppState").field("mail", &self.mail).finish_non_exhaustive()
    }
}

/// The secret of this installation, as a keyed hash: cursors are authenticated and users digested under it.
///
/// Every use has a purpose of its own, so that one use's output means nothing to another.
#[derive(Clone)]
pub struct Secret(hmac::Key);

impl Secret {
    /// Takes the store's secret.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, &bytes))
    }

    /// An opaque, stable name of the user, which tells nothing about the id: 22 characters of base64url.
    pub fn digest(&self, user: &UserId) -> String {
        let tag = self.mac("user", &[user.as_str().as_bytes()]);
        URL_SAFE_NO_PAD.encode(&tag[..16])
    }

    /// The authentication code of `parts` for one purpose. Lengths are part of it, so that parts cannot flow together.
    pub fn mac(&self, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.0);
        for part in std::iter::once(purpose.as_bytes()).chain(parts.iter().copied()) {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        let mut code = [0; 32];
        code.copy_from_slice(context.sign().as_ref());
        code
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// Whether this process takes new work: a load balancer asks `/readyz`, which says no while draining.
#[derive(Clone, Debug, Default)]
pub struct Readiness(Arc<AtomicBool>);

impl Readiness {
    /// From now on `/readyz` answers 503.
    pub fn drain(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the process is draining.
    pub fn is_draining(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_stable_and_differs_by_user_and_by_installation() {
        let secret = Secret::new([1; 32]);
        let user = |name: &str| UserId::parse(name).unwrap();
        assert_eq!(secret.digest(&user("a")), Secret::new([1; 32]).digest(&user("a")));
        assert_eq!(secret.digest(&user("a")).len(), 22);
        assert_ne!(secret.digest(&user("a")), secret.digest(&user("b")));
        assert_ne!(secret.digest(&user("a")), Secret::new([2; 32]).digest(&user("a")));
    }

    #[test]
    fn parts_do_not_flow_together_and_purposes_are_apart() {
        let secret = Secret::new([1; 32]);
        assert_ne!(secret.mac("p", &[b"ab", b"c"]), secret.mac("p", &[b"a", b"bc"]));
        assert_ne!(secret.mac("p", &[b"a"]), secret.mac("q", &[b"a"]));
    }
}
