//! The seam to the wire format.

use grelot_core::{Change, Inbox, Seq, Timestamp};

use crate::block::Block;

/// Turns what a stream is sent into whole blocks, each ending its event. Implemented by `http`.
///
/// Called once an event, not once a stream, but for `ready`, `reset`, `ping` and `expiring`, which differ by stream.
pub trait Encode: Send + Sync + std::fmt::Debug + 'static {
    /// A change. [`Erased`](grelot_core::ChangeKind::Erased) is never asked for.
    fn change(&self, change: &Change) -> Block;

    /// The reader has everything up to the inbox's `seq`; `resumed` when it named a cursor.
    fn ready(&self, inbox: &Inbox, resumed: bool) -> Block;

    /// The reader has to refetch.
    fn reset(&self, inbox: &Inbox) -> Block;

    /// A sign of life; `seq` is the last change this stream has.
    fn ping(&self, seq: Seq) -> Block;

    /// The reader's token expires soon; `seq` is the last change this stream has.
    fn expiring(&self, at: Timestamp, seq: Seq) -> Block;

    /// How long the reader waits before it reconnects, in milliseconds.
    fn retry(&self, millis: u64) -> Block;

    /// What a bare socket is sent behind the last block, so that its reader knows that nothing was cut off.
    fn end(&self) -> &'static [u8];
}
