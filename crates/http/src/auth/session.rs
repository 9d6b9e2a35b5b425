//! Whether a token was revoked: the store knows up to when each user's sessions ended. Not here: closing streams, which
//! the hub does.

use std::sync::Arc;

use grelot_core::{Clock, Timestamp, UserId};
use grelot_store::{Store, StoreError};

use super::claims::Claims;
use super::fresh::Fresh;

/// Users whose answer is kept for a second.
const CAPACITY: u64 = 10_000;

/// Knows which sessions are over.
pub(super) struct Sessions {
    store: Arc<dyn Store>,
    revocations: Fresh<UserId, Option<Timestamp>>,
}

impl Sessions {
    pub(super) fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self { store, revocations: Fresh::new(CAPACITY, clock) }
    }

    /// Whether the token is of a session that is over; what is known of it may be a second old.
    pub(super) async fn is_over(&self, claims: &Claims) -> Result<bool, Arc<StoreError>> {
        let load = self.store.sessions_revoked_at(&claims.user);
        let revoked_at = self.revocations.get(&claims.user, load).await?;
        Ok(revoked_at.is_some_and(|at| claims.session().is_ended_by(at)))
    }

    /// Drops what is known about the user.
    pub(super) async fn forget(&self, user: &UserId) {
        self.revocations.forget(user).await;
    }
}
