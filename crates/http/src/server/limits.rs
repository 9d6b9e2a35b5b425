//! The bounds of the engine, each with what happens at it.

use std::time::Duration;

/// The bounds of the engine. There is no limit of connections: the system's limit of descriptors is one, and at it new
/// connections wait.
#[derive(Clone, Debug)]
pub struct ServerLimits {
    /// For the head of a request, counted from the end of the answer before it: over it the connection is closed. It also
    /// bounds how long a connection is kept that asks for nothing.
    pub header_timeout: Duration,
    /// For the whole body of a request: over it the body is an error, and the connection is closed.
    pub body_timeout: Duration,
    /// How long a client may take none of an answer: over it the connection is closed.
    pub write_stall: Duration,
    /// Bytes of a request's head: over it 431.
    pub head: usize,
    /// Bytes that hyper buffers of a request, and of an answer: over it nothing more is read, or written.
    pub buffer: usize,
    /// How long requests may take to finish while the engine ends: over it they are cut off.
    pub grace: Duration,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            header_timeout: Duration::from_secs(30),
            body_timeout: Duration::from_secs(30),
            write_stall: Duration::from_secs(30),
            head: 32 * 1024,
            buffer: 64 * 1024,
            grace: Duration::from_secs(8),
        }
    }
}
