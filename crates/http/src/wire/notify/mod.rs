//! Notifying on the wire.

mod answer;
mod request;

pub(crate) use answer::{DeliveredOut, NotifyOut, PreviewEntryOut, PreviewOut};
pub(crate) use request::{CONTENT, NotifyIn, NotifySchema, read_content};
