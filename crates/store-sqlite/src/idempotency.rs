//! Repeated requests: the answers kept for 24 hours. Not here: the keys of those in flight (`grelot_store_common`).

use grelot_store::{Delivered, Idempotency};
use grelot_store_common::{Kept, KeptRow, encode_answer};
use rusqlite::params;

use crate::error::Failure;
use crate::tx::Tx;
use crate::{rows, sql};

impl Tx<'_> {
    /// What the slot of `key` holds for its request.
    pub(crate) fn kept_answer(&self, key: Idempotency) -> Result<Kept, Failure> {
        let kept = rows::optional(self.connection, sql::IDEMPOTENCY, [key.slot.0], |row| {
            let kept = KeptRow {
                request: &row.get::<_, [u8; 32]>(0)?,
                answer: row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?,
                at: rows::instant(row, 2)?,
            };
            kept.read(key, self.now).ok_or(Failure::Corrupt("idempotency.answer"))
        })?;
        Ok(kept.unwrap_or(Kept::Nothing))
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
