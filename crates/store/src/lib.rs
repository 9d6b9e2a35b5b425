//! The storage ports: what Grelot asks of a database, in units of work.
//!
//! Each method is one whole unit: a read answers from one consistent snapshot; a write is one transaction, durable
//! when it returns, and told to the [`Committed`] listener in commit order. No transaction handle ever leaves a
//! backend, which is the only shape that fits a single writer (SQLite) and many (PostgreSQL) alike.
//!
//! Invariants that every backend keeps, and that the conformance suite checks:
//! - `seq` grows by one with every change of an inbox, in the transaction that makes the change.
//! - `unread` equals the number of unread rows at that `seq`.
//! - A call that changes nothing moves no `seq` and tells the listener nothing.
//! - Every method that concerns a user starts from that user: another user's rows cannot be reached by accident.
//!
//! Not here: SQL, drivers, HTTP, and what a hub does with a change.

mod bus;
mod committed;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod copy;
mod deliveries;
mod error;
mod inboxes;
mod keys;
mod maintenance;
mod nodes;
mod notify;
mod preferences;
mod replay;
mod users;

pub use bus::{Bus, BusStats, Heard, Hint};
pub use committed::Committed;
pub use deliveries::{
    Attempt, DIGEST_ITEMS, Deliveries, Delivery, DeliveryFilter, Errand, Lease, Leased, Mail,
    MailItem, MailMatter, OutboxStats, Settlement, Story,
};
pub use error::{Refusal, StoreError};
pub use inboxes::{Inboxes, Page, ReadAll, ReadAllScope, StateChange};
pub use keys::Keys;
pub use maintenance::{Maintenance, Pruned, StoreStats, Trimmed};
pub use nodes::{Endings, Nodes};
pub use notify::{
    Delivered, EmailOutcome, Idempotency, InAppOutcome, MailPolicy, Notify, NotifyAnswer,
    NotifyError, NotifyRequest, Preview,
};
pub use preferences::{CategoryRegistry, PreferenceBook, PreferencesError, PreferencesView};
pub use replay::{Poll, Replay, Replayed};
pub use users::{Export, Mailed, Users};

/// Everything Grelot asks of a database. The composition root picks the backend; everybody else holds `Arc<dyn ...>`
/// of this or of the one port that they need.
pub trait Store:
    Inboxes
    + Notify
    + PreferenceBook
    + CategoryRegistry
    + Keys
    + StreamSource
    + Deliveries
    + Maintenance
{
}

impl<T> Store for T where
    T: Inboxes
        + Notify
        + PreferenceBook
        + CategoryRegistry
        + Users
        + Keys
        + Replay
        + Deliveries
        + Maintenance
{
}

/// What a hub reads: what streams missed, and whether their sessions still hold.
pub trait StreamSource: Replay + Users {}

impl<T: Replay + Users> StreamSource for T {}
