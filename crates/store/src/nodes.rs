//! What a node asks of a database that others write as well: whatever the bus did not tell is found here.

use async_trait::async_trait;
use grelot_core::{Seq, Timestamp, UserId};

use crate::StoreError;

/// Users whose sessions ended lately.
#[derive(Clone, Debug)]
pub struct Endings {
    /// Each with the instant up to which their sessions are over.
    pub users: Vec<(UserId, Timestamp)>,
    /// The instant of the question, by the clock that stamps the ends of sessions.
    pub now: Timestamp,
}

/// What other nodes did. Only for backends that several processes share.
#[async_trait]
pub trait Nodes: Send + Sync + 'static {
    /// Those of `known`, each user with a position, whose inbox has moved beyond it, with where it is now. Users appear
    /// once in `known`; their number is bounded by the caller.
    async fn moved_beyond(&self, known: &[(UserId, Seq)])
    -> Result<Vec<(UserId, Seq)>, StoreError>;

    /// Those of `users` whose sessions ended, by a revocation or an erase, that was stamped at or after `since`.
    ///
    /// A stamp is older than the moment at which others see it, by as much as a transaction may take: who asks
    /// repeatedly leaves that much overlap. Ends are stored without the name of their user, so a backend looks whether
    /// there is any before it looks for whose it is.
    async fn ended_since(&self, since: Timestamp, users: &[UserId]) -> Result<Endings, StoreError>;
}
