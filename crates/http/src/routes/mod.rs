//! The handlers, one file per group of operations; `router` says which is where. Each takes who is asking first, then
//! what is asked about, then the body. Not here: rules (`grelot-core`), names of the API (`wire`).

mod path;
mod query;

// For applications: their users' inboxes.
pub(crate) mod changes;
pub(crate) mod inbox;
pub(crate) mod preferences;
pub(crate) mod read_state;
pub(crate) mod stream;
// For readers of mails, who need not be signed in.
pub(crate) mod unsubscribe;
// For the host's back end.
pub(crate) mod categories;
pub(crate) mod notify;
pub(crate) mod story;
pub(crate) mod users;
// For operators.
pub(crate) mod docs;
pub(crate) mod operations;
