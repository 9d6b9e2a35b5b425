//! What every unit of work needs beside a connection: the clock, ids, and digests under the secret.

use std::sync::Arc;

use aws_lc_rs::hmac;
use grelot_core::{Clock, CuidGenerator, NotificationId, Timestamp, UserId};

/// Shared by the writer and the readers.
#[derive(Debug)]
pub(crate) struct Context {
    clock: Arc<dyn Clock>,
    ids: CuidGenerator,
    secret: [u8; 32],
    key: hmac::Key,
}

impl Context {
    pub(crate) fn new(secret: [u8; 32], clock: Arc<dyn Clock>) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &secret);
        Self { clock, ids: CuidGenerator::new(rand::random()), secret, key }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn secret(&self) -> [u8; 32] {
        self.secret
    }

    /// A new id, made at `now`.
    pub(crate) fn next_id(&self, now: Timestamp) -> NotificationId {
        self.ids.next(now, rand::random())
    }

    /// What stands for `user` in `departures`. The label keeps it apart from other uses of the secret.
    pub(crate) fn departure_digest(&self, user: &UserId) -> hmac::Tag {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(b"departure\0");
        context.update(user.as_str().as_bytes());
        context.sign()
    }
}
