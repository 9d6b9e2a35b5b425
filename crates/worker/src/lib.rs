//! Supervised long-running work.
//!
//! Reading order: [`service`] (what a long-running task is), [`supervisor`] (who owns them all, and ends them in
//! order), [`outbox`] (delivers what is due), [`jobs`] (periodic housekeeping over the store's ports).
//!
//! Invariants:
//! - No task is detached: each belongs to the supervisor, or to a service that it owns.
//! - A service that panics or ends by itself ends the program: half a program is worse than a restart.
//!
//! Not here: HTTP, SQL, and what a service does inside.

pub mod jobs;
pub mod outbox;
pub mod service;
pub mod supervisor;

pub use jobs::housekeeping::{Housekeeping, HousekeepingSettings, Retention};
pub use outbox::{Observer, Outbox, OutboxSettings, Post, Receipt};
pub use service::{Outcome, Service};
pub use supervisor::{Failure, Supervisor};
