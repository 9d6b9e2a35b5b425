//! What outlives a user here: when sessions were revoked, and where an erased inbox ended. Found by a keyed digest of
//! the id alone, so that it names nobody.

use grelot_core::{Inbox, Seq, Timestamp, UserId};
use rusqlite::params;

use crate::error::Failure;
use crate::rows;
use crate::snapshot::Snapshot;
use crate::sql;
use crate::tx::Tx;

/// A row of `departures`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Departure {
    /// Sessions that began up to then have ended.
    pub(crate) revoked_at: Timestamp,
    /// The last erase, if there was one.
    pub(crate) erased_seq: Option<Seq>,
}

impl Snapshot<'_> {
    pub(crate) fn departure(&self, user: &UserId) -> Result<Option<Departure>, Failure> {
        let digest = self.context.departure_digest(user);
        rows::optional(self.connection, sql::DEPARTURE, [digest.as_ref()], |row| {
            Ok(Departure {
                revoked_at: rows::instant(row, 0)?,
                erased_seq: match row.get::<_, Option<i64>>(1)? {
                    Some(_) => Some(rows::seq(row, 1, "departures.erasedSeq")?),
                    None => None,
                },
            })
        })
    }

    /// The inbox of a user who has no row: where an erase left it, or the beginning.
    pub(crate) fn inbox_without_row(&self, user: &UserId) -> Result<Inbox, Failure> {
        let erased = self.departure(user)?.and_then(|departure| departure.erased_seq);
        Ok(erased.map_or_else(Inbox::default, |seq| Inbox { seq, unread: 0, pruned: seq }))
    }
}

impl Tx<'_> {
    /// Ends the sessions that began up to now; returns that instant, which never goes back.
    pub(crate) fn revoke(&self, user: &UserId) -> Result<Timestamp, Failure> {
        let digest = self.context.departure_digest(user);
        let revoked = rows::optional(
            self.connection,
            sql::DEPARTURE_REVOKE,
            params![digest.as_ref(), self.now.millis()],
            |row| rows::instant(row, 0),
        )?;
        revoked.ok_or(Failure::Corrupt("departures.revokedAt"))
    }

    /// Writes down that the inbox was erased at `seq`, and ends the sessions.
    pub(crate) fn depart(&self, user: &UserId, seq: Seq) -> Result<(), Failure> {
        let digest = self.context.departure_digest(user);
        rows::execute(
            self.connection,
            sql::DEPARTURE_ERASE,
            params![digest.as_ref(), self.now.millis(), rows::int(seq.get())],
        )?;
        Ok(())
    }
}
