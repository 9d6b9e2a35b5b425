//! The HTTP engine: our own accept loop over hyper, so that a stream can leave it.
//!
//! An ordinary request is hyper's from beginning to end. A stream would keep hyper's buffers and the whole future of the
//! connection alive for an hour, 20 KiB of them, to write a few bytes now and then. So the route of the stream offers its
//! admission to the [`TakeoverSlot`] of its request and answers an empty 200; the answer passes every layer as usual; then
//! the service keeps it from hyper, the driver takes the socket back, and the hub writes the head of that answer and
//! everything after it. Such an answer ends with its connection.
//!
//! Reading order: `accept` (the loop and the graceful end), `connection` (one connection, and how a stream leaves it),
//! `takeover`, `head`, `io`, `body`, [`limits`].
//!
//! Invariants:
//! - A socket leaves hyper only when nothing of an earlier answer waits in hyper's buffer.
//! - Every connection belongs to the loop: it ends before the loop does, within the grace period.
//!
//! Not here: routes, TLS, HTTP/2. The last two end at the proxy.

mod accept;
mod body;
mod connection;
mod head;
mod io;
pub mod limits;
mod takeover;

pub use accept::serve;
pub use limits::ServerLimits;
pub use takeover::TakeoverSlot;
