//! The bounds of the hub, each with what happens at it.

use std::time::Duration;

/// The bounds of the hub.
#[derive(Clone, Debug)]
pub struct HubSettings {
    /// Streams a user may hold; over it the oldest is told to stay away for a minute, and closed.
    pub streams_per_user: usize,
    /// Between two pings of a stream.
    pub ping: Duration,
    /// How long a stream lives at most, less a jitter of up to a tenth.
    pub max_life: Duration,
    /// Events that wait for a slow reader; over it the stream is closed, and its reader resumes.
    pub queue_events: usize,
    /// Bytes that wait for a slow reader; as above. A replay may exceed it once.
    pub queue_bytes: usize,
    /// What the kernel holds of a stream that nobody reads.
    pub send_buffer: usize,
    /// When the kernel gives up a peer that acknowledges nothing.
    pub peer_timeout: Duration,
    /// Replays that run at a time; more wait their turn.
    pub replays: usize,
    /// Long polls that wait for one user; over it a poll is answered at once.
    pub polls_per_user: usize,
}

impl Default for HubSettings {
    fn default() -> Self {
        Self {
            streams_per_user: 32,
            ping: Duration::from_secs(30),
            max_life: Duration::from_hours(1),
            queue_events: 256,
            queue_bytes: 256 * 1024,
            send_buffer: 64 * 1024,
            peer_timeout: Duration::from_secs(30),
            replays: 32,
            polls_per_user: 64,
        }
    }
}
