//! One block of a stream, encoded once for both outlets.

use std::ops::Range;

use bytes::Bytes;

/// A whole block of events, and the same bytes inside the frame that a bare socket needs around them.
#[derive(Clone, Debug)]
pub struct Block {
    framed: Bytes,
    content: Range<usize>,
}

impl Block {
    /// A block whose content is `content` of `framed`.
    pub fn new(framed: Bytes, content: Range<usize>) -> Self {
        Self { framed, content }
    }

    /// The block, for an outlet whose engine frames it.
    pub fn content(&self) -> Bytes {
        self.framed.slice(self.content.clone())
    }

    /// The block in its frame, for a bare socket.
    pub fn framed(&self) -> &Bytes {
        &self.framed
    }
}
