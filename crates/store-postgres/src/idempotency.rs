//! Repeated requests: the answers kept for 24 hours. Not here: the keys of those in flight (`grelot_store_common`).

use std::collections::HashMap;

use grelot_core::Timestamp;
use grelot_store::{Delivered, Idempotency};
use grelot_store_common::{ANSWERS_KEPT, Kept, KeptRow, encode_answer};
use tokio_postgres::Row;

use crate::error::Failure;
use crate::rows;
use crate::snapshot::Snapshot;
use crate::sql;

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
        let read = |key: &Idempotency| match kept.get(&key.slot.0[..]) {
            None => Ok(Kept::Nothing),
            Some(row) => read(row, *key, now),
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
        let kept_for = i64::try_from(ANSWERS_KEPT.as_millis()).unwrap_or(i64::MAX);
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

fn read(row: &Row, key: Idempotency, now: Timestamp) -> Result<Kept, Failure> {
    let kept = KeptRow {
        request: rows::get(row, 1, "idempotency.request")?,
        answer: rows::get(row, 2, "idempotency.answer")?,
        at: rows::instant(row, 3, "idempotency.createdAt")?,
    };
    kept.read(key, now).ok_or(Failure::Corrupt("idempotency.answer"))
}
