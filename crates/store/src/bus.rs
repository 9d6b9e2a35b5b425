//! What the nodes of one deployment tell each other. A hint carries no data: it says where to look, and may be lost,
//! doubled or late, since the database is the truth ([`Nodes`](crate::Nodes) finds what hints did not tell).
//!
//! Not here: how hints travel (each bus has its own crate), and what a hub does with them (`hub`).

use grelot_core::{Seq, UserId};

/// What one node tells the others.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Hint {
    /// The user's inbox has reached this position.
    Moved(UserId, Seq),
    /// Sessions of the user have ended, or everything about the user was erased.
    Ended(UserId),
}

/// Tells the other nodes.
pub trait Bus: Send + Sync + std::fmt::Debug + 'static {
    /// Passes hints on, without ever waiting. What is over the bus's bound is dropped.
    fn tell(&self, hints: Vec<Hint>);

    /// How the bus is.
    fn stats(&self) -> BusStats;
}

/// Hears what other nodes tell.
pub trait Heard: Send + Sync + std::fmt::Debug + 'static {
    /// Called with what arrived, in any order, perhaps more than once. Must return at once: the next hints wait for it.
    fn heard(&self, hints: Vec<Hint>);
}

/// Figures of a bus since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BusStats {
    /// Whether other nodes can be told now.
    pub connected: bool,
    /// Hints that were sent.
    pub told: u64,
    /// Hints that arrived from other nodes.
    pub heard: u64,
    /// Hints that were dropped because too many waited.
    pub dropped: u64,
}
