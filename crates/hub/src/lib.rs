//! Who is connected, and what each stream is sent.
//!
//! The hub hears commits through its [`Publisher`], encodes each change once and gives the same bytes to every stream
//! of that user. A stream is either a socket that left the HTTP engine ([`Hub::adopt`]) or an ordinary response body
//! ([`Hub::body`]); both are the same stream behind a different outlet.
//!
//! What a stream may rely on:
//! - **Order and completeness.** Only the dispatcher of the user's shard writes live events, in commit order. A stream
//!   takes a change only if it is the next one after what it has; a hole is read from the database.
//! - **Nothing waits for a slow reader.** Each queue is bounded; a stream whose queue is full is closed, and its reader
//!   resumes from the database.
//! - **The bus is a hint.** Over a full mailbox, users are marked *behind* and read from the database. So are those of
//!   whom another node tells ([`Heard`](grelot_store::Heard)), and those of whom none did ([`Sweep`]).
//!
//! Not here: HTTP, SQL, and the wire format, which comes in through [`Encode`].

mod admission;
mod block;
mod catch_up;
mod dispatch;
mod encode;
mod hub;
mod mailbox;
mod outlet;
mod registry;
mod replay;
mod run;
mod settings;
mod stream;
mod sweep;
mod timer;

pub use admission::{Admission, StreamCursor};
pub use block::Block;
pub use encode::Encode;
pub use hub::{Hub, HubStats};
pub use mailbox::{Mailbox, Publisher, mailbox};
pub use outlet::EventBody;
pub use settings::HubSettings;
pub use sweep::Sweep;
