//! The system's clock. Everything else takes a [`Clock`].

use std::time::{SystemTime, UNIX_EPOCH};

use grelot_core::{Clock, Timestamp};

/// The clock of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "this is the clock that others take")]
        let now = SystemTime::now();
        // A clock before 1970 is broken; the epoch is as good an answer as any.
        let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_millis(0).after(since)
    }
}
