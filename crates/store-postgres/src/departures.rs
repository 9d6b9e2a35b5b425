//! What outlives a user here: when sessions were revoked, and where an erased inbox ended. Found by a keyed digest of
//! the id alone, so that it names nobody.

use std::collections::HashMap;

use grelot_core::{Inbox, Seq, Timestamp, UserId};

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

impl Snapshot {
    pub(crate) async fn departure(&self, user: &UserId) -> Result<Option<Departure>, Failure> {
        let digest = self.context.departure_digest(user);
        rows::optional(&self.connection, sql::DEPARTURE, &[&digest.as_ref()], |row| {
            Ok(Departure {
                revoked_at: rows::instant(row, 0, "departures.revokedAt")?,
                erased_seq: rows::seq_or_null(row, 1, "departures.erasedSeq")?,
            })
        })
        .await
    }

    /// The inbox of a user who has no row: where an erase left it, or the beginning.
    pub(crate) async fn inbox_without_row(&self, user: &UserId) -> Result<Inbox, Failure> {
        let erased = self.departure(user).await?.and_then(|departure| departure.erased_seq);
        Ok(inbox_after(erased))
    }

    /// Those of `users` whose inboxes were erased, and where.
    pub(crate) async fn erased_positions<'a>(
        &self,
        users: &[&'a UserId],
    ) -> Result<Vec<(&'a UserId, Seq)>, Failure> {
        if users.is_empty() {
            return Ok(Vec::new());
        }
        let digests: Vec<_> =
            users.iter().map(|user| self.context.departure_digest(user)).collect();
        let slices: Vec<&[u8]> = digests.iter().map(AsRef::as_ref).collect();
        let found = rows::query(&self.connection, sql::DEPARTURES_ERASED, &[&slices]).await?;
        let mut erased = HashMap::with_capacity(found.len());
        for row in &found {
            let digest: &[u8] = rows::get(row, 0, "departures.digest")?;
            erased.insert(digest, rows::seq(row, 1, "departures.erasedSeq")?);
        }
        let position = |(user, digest): (&&'a UserId, &&[u8])| Some((*user, *erased.get(*digest)?));
        Ok(users.iter().zip(&slices).filter_map(position).collect())
    }
}

/// The inbox where an erase left it, or the beginning.
pub(crate) fn inbox_after(erased: Option<Seq>) -> Inbox {
    erased.map_or_else(Inbox::default, |seq| Inbox { seq, unread: 0, pruned: seq })
}

impl Tx {
    /// Ends the sessions that began up to now; returns that instant, which never goes back.
    pub(crate) async fn revoke(&self, user: &UserId) -> Result<Timestamp, Failure> {
        let digest = self.context.departure_digest(user);
        let now = self.now.millis();
        let params: rows::Params<'_> = &[&digest.as_ref(), &now];
        let revoked = rows::optional(&self.connection, sql::DEPARTURE_REVOKE, params, |row| {
            rows::instant(row, 0, "departures.revokedAt")
        })
        .await?;
        revoked.ok_or(Failure::Corrupt("departures.revokedAt"))
    }

    /// Writes down that the inbox was erased at `seq`, and ends the sessions.
    pub(crate) async fn depart(&self, user: &UserId, seq: Seq) -> Result<(), Failure> {
        let digest = self.context.departure_digest(user);
        let (now, seq) = (self.now.millis(), rows::int(seq.get()));
        let params: rows::Params<'_> = &[&digest.as_ref(), &now, &seq];
        rows::execute(&self.connection, sql::DEPARTURE_ERASE, params).await?;
        Ok(())
    }
}
