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
        Ok(revoked_at.is_some_and(|at| is_before(claims.issued_second, at)))
    }

    /// Drops what is known about the user.
    pub(super) async fn forget(&self, user: &UserId) {
        self.revocations.forget(user).await;
    }
}

/// Whether a token of that second was issued before a revocation. A token that does not say is older than any; one of
/// the same second counts as before, since nobody can tell.
fn is_before(issued_second: Option<i64>, revoked_at: Timestamp) -> bool {
    issued_second.is_none_or(|second| second <= revoked_at.seconds())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case(None, true)]
    #[case(Some(1_799_999_999), true)]
    #[case(Some(1_800_000_000), true)]
    #[case(Some(1_800_000_001), false)]
    #[case(Some(i64::MIN), true)]
    #[case(Some(i64::MAX), false)]
    fn the_second_of_the_revocation_counts_as_before(
        #[case] issued: Option<i64>,
        #[case] over: bool,
    ) {
        for millis in [1_800_000_000_000, 1_800_000_000_999] {
            assert_eq!(is_before(issued, Timestamp::from_millis(millis)), over);
        }
    }
}
