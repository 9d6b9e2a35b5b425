//! NATS between the nodes of one deployment: passes hints on, and hears those of others. A NATS that is away only makes
//! the nodes slower, since each also asks the database ([`grelot_store::Nodes`]).
//!
//! | Module | What lives there |
//! |---|---|
//! | `options` | the URL: servers, credentials, certificates, the subject |
//! | `bus` | the bus, and the loop that keeps it connected |
//! | `session` | one connection, from its first word to its end |
//! | `queue` | hints that wait to be sent |
//! | `message` | hints as bytes |
//!
//! Not here: what a hint means, and what a hub does with it.

mod bus;
mod error;
mod message;
mod options;
mod queue;
mod session;

pub use bus::NatsBus;
pub use error::NatsError;
pub use options::NatsOptions;
