//! What requests and answers look like: the one place where a name of the API is written. Not here: rules, which are
//! the domain's, and JSON syntax, which is `json`'s.

pub(crate) mod category;
pub(crate) mod contact;
pub(crate) mod encode;
pub(crate) mod event;
mod instant;
pub(crate) mod mail;
mod mailed;
pub(crate) mod notification;
pub(crate) mod notify;
pub(crate) mod preferences;
pub(crate) mod preview;
pub(crate) mod schedule;
pub(crate) mod story;
pub(crate) mod user;

pub(crate) use instant::Instant;
