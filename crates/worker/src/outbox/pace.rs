//! How fast attempts may begin: a token bucket that holds a second's worth. Not here: how many are out at a time.

use std::time::Duration;

use tokio::time::Instant;

#[derive(Debug)]
pub(super) struct Pace {
    per_second: f64,
    tokens: f64,
    at: Instant,
}

impl Pace {
    pub(super) fn new(per_second: u32, now: Instant) -> Self {
        let per_second = f64::from(per_second.max(1));
        Self { per_second, tokens: per_second, at: now }
    }

    /// How many may begin now.
    pub(super) fn allowed(&mut self, now: Instant) -> usize {
        let gained = now.duration_since(self.at).as_secs_f64() * self.per_second;
        self.tokens = (self.tokens + gained).min(self.per_second);
        self.at = now;
        // From 0 to what `u32` holds.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "in range")]
        let whole = self.tokens as usize;
        whole
    }

    /// So many began.
    pub(super) fn take(&mut self, begun: usize) {
        #[expect(clippy::cast_precision_loss, reason = "a batch is small")]
        let begun = begun as f64;
        self.tokens -= begun;
    }

    /// One that was to begin did not.
    pub(super) fn give_back(&mut self) {
        self.tokens = (self.tokens + 1.0).min(self.per_second);
    }

    /// How long until another one may begin.
    pub(super) fn wait(&mut self, now: Instant) -> Duration {
        self.allowed(now);
        Duration::from_secs_f64((1.0 - self.tokens).max(0.0) / self.per_second)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_s_worth_may_begin_at_once_and_then_one_at_a_time() {
        let start = Instant::now();
        let mut pace = Pace::new(10, start);
        assert_eq!(pace.allowed(start), 10);
        pace.take(10);
        assert_eq!(pace.allowed(start), 0);
        assert_eq!(pace.wait(start), Duration::from_millis(100));
        assert_eq!(pace.allowed(start + Duration::from_millis(101)), 1);
        assert_eq!(pace.allowed(start + Duration::from_mins(1)), 10);
    }

    #[test]
    fn what_did_not_begin_leaves_its_turn_to_another_and_saves_up_nothing() {
        let start = Instant::now();
        let mut pace = Pace::new(10, start);
        pace.give_back();
        assert_eq!(pace.allowed(start), 10);
        pace.take(10);
        pace.give_back();
        assert_eq!(pace.allowed(start), 1);
    }
}
