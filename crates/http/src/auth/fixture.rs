//! What the tests of this room share. Compiled for tests alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use grelot_core::{Clock, Timestamp};
use jsonwebtoken::{Algorithm, EncodingKey};

use super::settings::AuthSettings;

pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_500);
pub(crate) const SECRET: &[u8] = b"a secret of thirty-two bytes....";

pub(crate) const RSA: &[u8] = include_bytes!("../../tests/keys/rsa.pem");
pub(crate) const RSA_PUBLIC: &[u8] = include_bytes!("../../tests/keys/rsa.pub.pem");
pub(crate) const EC: &[u8] = include_bytes!("../../tests/keys/p256.pem");
pub(crate) const EC_PUBLIC: &[u8] = include_bytes!("../../tests/keys/p256.pub.pem");
pub(crate) const ED: &[u8] = include_bytes!("../../tests/keys/ed25519.pem");
pub(crate) const ED_PUBLIC: &[u8] = include_bytes!("../../tests/keys/ed25519.pub.pem");

/// A clock that tests move by hand.
#[derive(Debug)]
pub(crate) struct HandClock(AtomicI64);

impl HandClock {
    pub(crate) fn advance(&self, millis: i64) {
        self.0.fetch_add(millis, Ordering::Relaxed);
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::Relaxed))
    }
}

/// A clock that stands at [`NOW`].
pub(crate) fn clock() -> Arc<HandClock> {
    Arc::new(HandClock(AtomicI64::new(NOW.millis())))
}

/// Settings with [`SECRET`] and nothing else.
pub(crate) fn hs256() -> AuthSettings {
    AuthSettings { hs256_secret: Some(SECRET.to_vec()), ..AuthSettings::default() }
}

/// A token with exactly these parts.
pub(crate) fn sign(header: &str, payload: &str, key: &EncodingKey, algorithm: Algorithm) -> String {
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), key, algorithm).unwrap();
    format!("{message}.{signature}")
}
