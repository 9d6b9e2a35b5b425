//! What every unit of work needs beside a connection: the clock, ids, and digests under the secret.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::hmac;
use grelot_core::{Clock, CuidGenerator, NotificationId, Timestamp, UserId};

/// Shared by the writers and the readers of a store.
pub struct Context {
    clock: Arc<dyn Clock>,
    ids: CuidGenerator,
    secret: [u8; 32],
    key: hmac::Key,
}

/// The secret is nobody's to print.
impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").finish_non_exhaustive()
    }
}

impl Context {
    /// What goes with the `secret` of a database.
    pub fn new(secret: [u8; 32], clock: Arc<dyn Clock>) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &secret);
        Self { clock, ids: CuidGenerator::new(rand::random()), secret, key }
    }

    /// The present instant.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The key for cursors and digests of this database.
    pub fn secret(&self) -> [u8; 32] {
        self.secret
    }

    /// A new id, made at `now`.
    pub fn next_id(&self, now: Timestamp) -> NotificationId {
        self.ids.next(now, rand::random())
    }

    /// What stands for `user` in `departures`. The label keeps it apart from other uses of the secret.
    pub fn departure_digest(&self, user: &UserId) -> hmac::Tag {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(b"departure\0");
        context.update(user.as_str().as_bytes());
        context.sign()
    }
}
