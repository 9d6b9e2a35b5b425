//! Repeated requests: the slots of those in flight, and the answers kept for 24 hours.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use grelot_core::{Fingerprint, Timestamp};
use grelot_store::{Delivered, Idempotency, decode_answer, encode_answer};
use parking_lot::Mutex;
use tokio_postgres::Row;

use crate::error::Failure;
use crate::rows;
use crate::snapshot::Snapshot;
use crate::sql;

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

impl Snapshot {
    /// What the slots of `keys` hold at `now` for their requests, in that order.
    pub(crate) async fn kept_answers(
        &self,
        keys: &[Idempotency],
        now: Timestamp,
    ) -> Result<Vec<Kept>, Failure> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let slots: Vec<&[u8]> = keys.iter().map(|key| &key.slot.0[..]).collect();
        let found = rows::query(&self.connection, sql::IDEMPOTENCY, &[&slots]).await?;
        let mut kept = HashMap::with_capacity(found.len());
        for row in &found {
            kept.insert(rows::get::<&[u8]>(row, 0, "idempotency.slot")?, row);
        }
        let oldest = now.before(KEPT);
        let read = |key: &Idempotency| match kept.get(&key.slot.0[..]) {
            None => Ok(Kept::Nothing),
            Some(row) => read(row, *key, oldest),
        };
        keys.iter().map(read).collect()
    }

    /// Keeps the answers, instead of older ones. Another node may have been faster with one of the slots.
    pub(crate) async fn keep_answers(&self, mut answers: Vec<Answer>) -> Result<(), Failure> {
        if answers.is_empty() {
            return Ok(());
        }
        // Whoever locks several locks them in this order.
        answers.sort_unstable_by_key(|answer| answer.key.slot.0);
        let slots: Vec<&[u8]> = answers.iter().map(|answer| &answer.key.slot.0[..]).collect();
        let requests: Vec<&[u8]> = answers.iter().map(|answer| &answer.key.request.0[..]).collect();
        let bytes: Vec<&[u8]> = answers.iter().map(|answer| &answer.bytes[..]).collect();
        let at: Vec<i64> = answers.iter().map(|answer| answer.at.millis()).collect();
        let kept_for = i64::try_from(KEPT.as_millis()).unwrap_or(i64::MAX);
        let params: rows::Params<'_> = &[&slots, &requests, &bytes, &at, &kept_for];
        let taken = rows::execute(&self.connection, sql::IDEMPOTENCY_PUT, params).await?;
        if taken == answers.len() as u64 { Ok(()) } else { Err(Failure::Overtaken) }
    }
}

/// An answer to keep.
#[derive(Debug)]
pub(crate) struct Answer {
    key: Idempotency,
    bytes: Vec<u8>,
    at: Timestamp,
}

impl Answer {
    pub(crate) fn new(key: Idempotency, entries: &[Delivered], at: Timestamp) -> Self {
        Self { key, bytes: encode_answer(entries), at }
    }
}

fn read(row: &Row, key: Idempotency, oldest: Timestamp) -> Result<Kept, Failure> {
    if rows::instant(row, 3, "idempotency.createdAt")? <= oldest {
        return Ok(Kept::Nothing);
    }
    if rows::get::<&[u8]>(row, 1, "idempotency.request")? != key.request.0 {
        return Ok(Kept::Other);
    }
    let answer = rows::get(row, 2, "idempotency.answer")?;
    decode_answer(answer).map(Kept::Answer).ok_or(Failure::Corrupt("idempotency.answer"))
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
