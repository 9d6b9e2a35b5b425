//! Repeated requests: the slots of those in flight, and the answers kept for 24 hours.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use grelot_core::Fingerprint;
use grelot_store::{Delivered, Idempotency, decode_answer, encode_answer};
use parking_lot::Mutex;
use rusqlite::params;

use crate::error::Failure;
use crate::rows;
use crate::snapshot::Snapshot;
use crate::sql;
use crate::tx::Tx;

/// How long an answer is kept.
const KEPT: Duration = Duration::from_hours(24);

/// The slots of requests that are queued or running. As bounded as the queue.
#[derive(Debug, Default)]
pub(crate) struct Slots(Mutex<HashSet<Fingerprint>>);

/// A slot that is taken until this is dropped. It belongs to the unit of work: a caller that goes away frees nothing.
#[derive(Debug)]
pub(crate) struct SlotGuard {
    slots: Arc<Slots>,
    slot: Fingerprint,
}

impl Slots {
    /// Takes `slot`; `None` when a request in flight has it.
    pub(crate) fn take(self: &Arc<Self>, slot: Fingerprint) -> Option<SlotGuard> {
        self.0.lock().insert(slot).then(|| SlotGuard { slots: Arc::clone(self), slot })
    }
}

impl Drop for SlotGuard {
    fn drop(&mut self) {
        self.slots.0.lock().remove(&self.slot);
    }
}

/// What a slot holds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    /// Nothing, or nothing any more.
    Nothing,
    /// The answer to the same request.
    Answer(Vec<Delivered>),
    /// The answer to another request.
    Other,
}

impl Snapshot<'_> {
    fn kept(&self, key: Idempotency, oldest: i64) -> Result<Kept, Failure> {
        let kept = rows::optional(self.connection, sql::IDEMPOTENCY, [key.slot.0], |row| {
            if row.get::<_, i64>(2)? <= oldest {
                return Ok(Kept::Nothing);
            }
            if row.get::<_, [u8; 32]>(0)? != key.request.0 {
                return Ok(Kept::Other);
            }
            let answer = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
            decode_answer(answer).map(Kept::Answer).ok_or(Failure::Corrupt("idempotency.answer"))
        })?;
        Ok(kept.unwrap_or(Kept::Nothing))
    }
}

impl Tx<'_> {
    /// What the slot of `key` holds for its request.
    pub(crate) fn kept_answer(&self, key: Idempotency) -> Result<Kept, Failure> {
        self.kept(key, self.now.before(KEPT).millis())
    }

    /// Keeps the answer, instead of an older one.
    pub(crate) fn keep_answer(
        &self,
        key: Idempotency,
        answer: &[Delivered],
    ) -> Result<(), Failure> {
        rows::execute(
            self.connection,
            sql::IDEMPOTENCY_PUT,
            params![key.slot.0, key.request.0, encode_answer(answer), self.now.millis()],
        )?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_free_again_when_its_guard_is_gone() {
        let slots = Arc::new(Slots::default());
        let slot = Fingerprint([7; 32]);
        let guard = slots.take(slot);
        assert!(guard.is_some());
        assert!(slots.take(slot).is_none());
        assert!(slots.take(Fingerprint([8; 32])).is_some());
        drop(guard);
        assert!(slots.take(slot).is_some());
    }
}
