//! What every unit of work needs beside a connection: the clock, ids, and digests under the secret.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use aws_lc_rs::hmac;
use grelot_core::{Clock, CuidGenerator, NotificationId, Timestamp, UserId};
use parking_lot::Mutex;
use tracing::error;

/// Shared by the writers and the readers of a store.
pub struct Context {
    clock: Arc<dyn Clock>,
    ids: CuidGenerator,
    secret: [u8; 32],
    key: hmac::Key,
    /// The categories that were said to be unreadable.
    unreadable: Mutex<BTreeSet<String>>,
}

/// How many unreadable categories are spoken of at most.
const UNREADABLE: usize = 100;

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
        let (ids, unreadable) = (CuidGenerator::new(rand::random()), Mutex::default());
        Self { clock, ids, secret, key, unreadable }
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

    /// The category `key` that was read, if it can be. One that another program wrote wrongly counts as missing, so that it is
    /// in nobody else's way; that is said once.
    pub fn readable<T, E: fmt::Display>(&self, key: &str, category: Result<T, E>) -> Option<T> {
        let why = match category {
            Ok(category) => return Some(category),
            Err(why) => why,
        };
        if self.is_news(key) {
            error!(?key, %why, "a category cannot be read and counts as missing: put it again, or delete it");
        }
        None
    }

    fn is_news(&self, key: &str) -> bool {
        let mut unreadable = self.unreadable.lock();
        unreadable.len() < UNREADABLE && unreadable.insert(key.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use grelot_store::conformance::HandClock;

    use super::*;

    #[test]
    fn what_cannot_be_read_is_spoken_of_once_each_and_not_without_end() {
        let context = Context::new([0; 32], Arc::new(HandClock::new()));
        assert!(context.is_news("billing") && context.is_news("orders"));
        assert!(!context.is_news("billing"));
        let news = (0..1_000).filter(|number| context.is_news(&number.to_string())).count();
        assert_eq!(news, UNREADABLE - 2);
    }
}
