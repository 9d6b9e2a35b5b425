//! What happens before and after every handler. One layer, since each layer of its own would cost an allocation a
//! request.
//!
//! Reading order: `around` (the order of things), then a file per concern: `request_id`, `cors`, `user`, `security`,
//! `log`.
//!
//! Invariants:
//! - Every answer has a request id; one line in the log has the same, and so has what went wrong.
//! - A panic is an answer (500) and a line in the log; the connection lives on.
//! - No body, token, cookie or query is ever logged.
//!
//! Not here: authentication, which handlers ask for by type.

mod around;
mod cors;
mod log;
mod request_id;
mod security;
mod user;

pub use around::wrap;
pub use request_id::RequestId;
pub(crate) use user::UserSlot;
