//! The outbox: leasing and settling deliveries. Not here: queueing them (`intents`), what a mail is about (`errand`), and
//! reading deliveries for people (`deliveries`).
//!
//! Several nodes lease side by side: what one looks at the others pass over, and an index lets no user have two out.
//! Whoever locks several deliveries of one user begins with the one that is out.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use grelot_core::delivery::{LEASE, LOST_MAX, retry_at};
use grelot_core::{AttemptOutcome, DeliveryId, DeliveryState, SkipReason, Timestamp, UserId};
use grelot_store::{Lease, Leased, Settlement};
use tokio_postgres::Row;
use tracing::error;

use crate::error::Failure;
use crate::rows;
use crate::snapshot::Snapshot;
use crate::sql;
use crate::tx::Tx;

/// How many due deliveries one lease looks at, for each that it may give: those of users who have another one out are put
/// aside, and a crowd of them must not take long.
const LOOK: usize = 4;
/// When to ask again where all that is due is looked at by other nodes.
const ELSEWHERE: Duration = Duration::from_millis(20);

/// The first in a user's queue.
struct Head {
    /// As it is written, whether it can be read or not.
    id: String,
    pending: bool,
    untouched: bool,
    ready_at: Timestamp,
    due_at: Timestamp,
    leased_until: Option<Timestamp>,
}

/// A delivery that is out.
struct Held {
    user: UserId,
    failures: u32,
    started_at: Timestamp,
    is_digest: bool,
}

/// A delivery that ends, its state then, and why.
type End<'a> = (DeliveryId, DeliveryState, Option<&'a str>);

impl Snapshot {
    /// When the next delivery is due, or a lease runs out. One statement.
    pub(crate) async fn next_due(&self) -> Result<Option<Timestamp>, Failure> {
        let read = |row: &Row| rows::instant_or_null(row, 0, "deliveries.dueAt");
        let next = rows::optional(&self.connection, sql::OUTBOX_NEXT, &[], read);
        Ok(next.await?.flatten())
    }
}

impl Tx {
    pub(crate) async fn lease(&self, limit: usize) -> Result<Leased, Failure> {
        let lost = self.take_back(limit).await?;
        let look = rows::limit(limit.saturating_mul(LOOK).saturating_add(LOOK));
        let params: rows::Params<'_> = &[&self.now.millis(), &look];
        let due = rows::query(&self.connection, sql::OUTBOX_DUE, params).await?;
        let due = self
            .readable(&due, |row| {
                Ok((id(row, 0)?, user(row, 1)?, rows::count(row, 2, "deliveries.token")?))
            })
            .await?;
        let heads = self.heads(&due.iter().map(|(_, user, _)| user).collect()).await?;
        let (mut leases, mut aside) = (Vec::new(), Vec::new());
        for (id, user, token) in due {
            if leases.len() == limit {
                break;
            }
            match heads.get(&user) {
                Some(head) if head.id != id.as_str() => {
                    aside.push((id.as_str().to_owned(), self.moves(head)));
                }
                _ => leases.push(Lease { id, user, token: token + 1 }),
            }
        }
        self.put_aside(&aside).await?;
        self.take_out(&leases).await?;
        let mut next = self.next_due().await?;
        if leases.is_empty() {
            next = next.map(|next| next.max(self.now.after(ELSEWHERE)));
        }
        Ok(Leased { leases, lost, next })
    }

    /// The first in the queue of each user.
    async fn heads(&self, users: &BTreeSet<&UserId>) -> Result<HashMap<UserId, Head>, Failure> {
        if users.is_empty() {
            return Ok(HashMap::new());
        }
        let ids: Vec<&str> = users.iter().map(|user| user.as_str()).collect();
        let read = |row: &Row| Ok((user(row, 6)?, head(row)?));
        let heads = rows::all(&self.connection, sql::OUTBOX_HEADS, &[&ids], read).await?;
        Ok(heads.into_iter().collect())
    }

    /// When the first in the queue may have moved: until then nothing behind it is looked at. Whoever settles it brings
    /// back what comes next ([`bring_back`](Self::bring_back)).
    fn moves(&self, head: &Head) -> Timestamp {
        let moves = if head.pending { head.due_at } else { head.leased_until.unwrap_or(self.now) };
        moves.max(self.now.after(Duration::from_millis(1)))
    }

    async fn put_aside(&self, aside: &[(String, Timestamp)]) -> Result<(), Failure> {
        if aside.is_empty() {
            return Ok(());
        }
        let ids: Vec<&str> = aside.iter().map(|(id, _)| id.as_str()).collect();
        let until: Vec<i64> = aside.iter().map(|(_, until)| until.millis()).collect();
        rows::execute(&self.connection, sql::OUTBOX_PUT_ASIDE, &[&ids, &until]).await?;
        Ok(())
    }

    async fn take_out(&self, leases: &[Lease]) -> Result<(), Failure> {
        if leases.is_empty() {
            return Ok(());
        }
        let ids: Vec<&str> = leases.iter().map(|lease| lease.id.as_str()).collect();
        let until = self.now.after(LEASE).millis();
        let params: rows::Params<'_> = &[&ids, &until, &self.now.millis()];
        rows::execute(&self.connection, sql::OUTBOX_LEASE, params).await?;
        Ok(())
    }

    /// Makes the first in the user's queue due again, if it only waited for its turn. It is locked before it is looked at:
    /// another node may be putting it aside.
    async fn bring_back(&self, user: &UserId) -> Result<(), Failure> {
        let params: rows::Params<'_> = &[&user.as_str()];
        let first = rows::optional(&self.connection, sql::OUTBOX_HEAD_LOCK, params, head).await?;
        let waiting =
            first.filter(|head| head.pending && head.untouched && head.due_at > head.ready_at);
        match waiting {
            None => Ok(()),
            Some(head) => self.put_aside(&[(head.id, head.ready_at)]).await,
        }
    }

    /// What `read` makes of the rows, whose first two columns name a delivery and its user. One that another program wrote
    /// wrongly is given up: it cannot be worked on, and must not be in the way of the others.
    async fn readable<T>(
        &self,
        found: &[Row],
        read: impl Fn(&Row) -> Result<T, Failure>,
    ) -> Result<Vec<T>, Failure> {
        let (mut readable, mut odd) = (Vec::with_capacity(found.len()), Vec::new());
        for row in found {
            match read(row) {
                Ok(one) => readable.push(one),
                Err(Failure::Corrupt(what)) => odd.push((row, what)),
                Err(other) => return Err(other),
            }
        }
        for (row, what) in odd {
            error!(what, "a delivery cannot be read, and was given up");
            let id: &str = rows::get(row, 0, "deliveries.id")?;
            let (ids, states) = ([id], [DeliveryState::Dead.name()]);
            let reasons = [format!("{what} cannot be read")];
            let params: rows::Params<'_> =
                &[&ids.as_slice(), &states.as_slice(), &reasons.as_slice(), &self.now.millis()];
            rows::execute(&self.connection, sql::OUTBOX_END, params).await?;
            if let Ok(user) = user(row, 1) {
                self.bring_back(&user).await?;
            }
        }
        Ok(readable)
    }

    /// Takes deliveries from workers whose lease ran out; returns how many.
    async fn take_back(&self, limit: usize) -> Result<usize, Failure> {
        let params: rows::Params<'_> = &[&self.now.millis(), &rows::limit(limit)];
        rows::execute(&self.connection, sql::OUTBOX_ENDLESS, params).await?;
        let gone = rows::query(&self.connection, sql::OUTBOX_EXPIRED, params).await?;
        let gone = self
            .readable(&gone, |row| {
                let lost = small(row, 2, "deliveries.lost")?.saturating_add(1);
                Ok((id(row, 0)?, user(row, 1)?, lost, started_at(row, 3)?))
            })
            .await?;
        let found = gone.len();
        for (id, user, lost, started_at) in gone {
            let answer = "its worker went away, and nobody knows whether it was sent";
            self.log_attempt(id, started_at, AttemptOutcome::Lost, answer).await?;
            let dead = lost >= LOST_MAX;
            let reason = dead.then_some("three workers went away with it");
            let state = if dead { DeliveryState::Dead } else { DeliveryState::Pending };
            let now = self.now.millis();
            let params: rows::Params<'_> = &[
                &id.as_str(),
                &state.name(),
                &i64::from(lost),
                &now,
                &reason,
                &dead.then_some(now),
            ];
            rows::execute(&self.connection, sql::OUTBOX_LOST, params).await?;
            self.bring_back(&user).await?;
        }
        Ok(found)
    }

    pub(crate) async fn renew(&self, leases: &[Lease]) -> Result<(), Failure> {
        let ids: Vec<&str> = leases.iter().map(|lease| lease.id.as_str()).collect();
        let tokens: Vec<i64> = leases.iter().map(|lease| rows::int(lease.token)).collect();
        let until = self.now.after(LEASE).millis();
        rows::execute(&self.connection, sql::OUTBOX_RENEW, &[&ids, &tokens, &until]).await?;
        Ok(())
    }

    /// The delivery that is held, locked.
    async fn held(&self, lease: &Lease) -> Result<Option<Held>, Failure> {
        let params: rows::Params<'_> = &[&lease.id.as_str(), &rows::int(lease.token)];
        rows::optional(&self.connection, sql::OUTBOX_HELD, params, |row| {
            Ok(Held {
                user: user(row, 0)?,
                failures: small(row, 1, "deliveries.failures")?,
                started_at: started_at(row, 2)?,
                is_digest: rows::get(row, 3, "deliveries.notificationId")?,
            })
        })
        .await
    }

    pub(crate) async fn settle(
        &self,
        lease: &Lease,
        settlement: &Settlement,
    ) -> Result<bool, Failure> {
        let Some(held) = self.held(lease).await? else {
            self.give_up();
            return Ok(false);
        };
        match settlement {
            Settlement::Sent { answer, collected } => {
                self.log_attempt(lease.id, held.started_at, AttemptOutcome::Sent, answer).await?;
                let mut ends = vec![(lease.id, DeliveryState::Sent, None)];
                ends.extend(collected.iter().map(|(id, reason)| match reason {
                    None => (*id, DeliveryState::Sent, None),
                    Some(reason) => (*id, DeliveryState::Skipped, Some(reason.name())),
                }));
                self.end(&ends).await?;
            }
            Settlement::Failed { answer, jitter } => {
                self.log_attempt(lease.id, held.started_at, AttemptOutcome::Failed, answer).await?;
                let failures = held.failures.saturating_add(1);
                match retry_at(failures, self.now, *jitter) {
                    None => self.end(&[(lease.id, DeliveryState::Dead, Some(answer))]).await?,
                    Some(at) => {
                        let params: rows::Params<'_> =
                            &[&lease.id.as_str(), &at.millis(), &i64::from(failures)];
                        rows::execute(&self.connection, sql::OUTBOX_FAILED, params).await?;
                    }
                }
            }
            Settlement::Refused { answer } => {
                self.log_attempt(lease.id, held.started_at, AttemptOutcome::Refused, answer)
                    .await?;
                self.end(&[(lease.id, DeliveryState::Dead, Some(answer))]).await?;
            }
            Settlement::Skipped(reason) => {
                self.end(&[(lease.id, DeliveryState::Skipped, Some(reason.name()))]).await?;
                if held.is_digest {
                    self.skip_collected(&held.user, lease.id, *reason).await?;
                }
            }
            Settlement::Postponed(until) => {
                let params: rows::Params<'_> = &[&lease.id.as_str(), &until.millis()];
                rows::execute(&self.connection, sql::OUTBOX_POSTPONED, params).await?;
            }
        }
        self.bring_back(&held.user).await?;
        Ok(true)
    }

    /// Ends what a digest collected that is not sent: each for its own reason, where it has one.
    async fn skip_collected(
        &self,
        user: &UserId,
        digest: DeliveryId,
        reason: SkipReason,
    ) -> Result<(), Failure> {
        let collected = self.collected(user, digest).await?;
        let end = |(id, own): (DeliveryId, Option<SkipReason>)| {
            (id, DeliveryState::Skipped, Some(own.unwrap_or(reason).name()))
        };
        self.end(&collected.into_iter().map(end).collect::<Vec<_>>()).await
    }

    async fn end(&self, ends: &[End<'_>]) -> Result<(), Failure> {
        let ids: Vec<&str> = ends.iter().map(|(id, _, _)| id.as_str()).collect();
        let states: Vec<&str> = ends.iter().map(|(_, state, _)| state.name()).collect();
        let reasons: Vec<Option<&str>> = ends.iter().map(|(_, _, reason)| *reason).collect();
        let params: rows::Params<'_> = &[&ids, &states, &reasons, &self.now.millis()];
        rows::execute(&self.connection, sql::OUTBOX_END, params).await?;
        Ok(())
    }

    async fn log_attempt(
        &self,
        id: DeliveryId,
        started_at: Timestamp,
        outcome: AttemptOutcome,
        answer: &str,
    ) -> Result<(), Failure> {
        let (started, ended) = (started_at.millis(), self.now.millis());
        let params: rows::Params<'_> = &[&id.as_str(), &started, &ended, &outcome.name(), &answer];
        rows::execute(&self.connection, sql::ATTEMPT_INSERT, params).await?;
        Ok(())
    }

    pub(crate) async fn retry_dead(&self, id: DeliveryId) -> Result<bool, Failure> {
        let params: rows::Params<'_> = &[&id.as_str(), &self.now.millis()];
        Ok(rows::execute(&self.connection, sql::OUTBOX_RETRY_DEAD, params).await? > 0)
    }

    pub(crate) async fn prune_deliveries(
        &self,
        before: Timestamp,
        batch: usize,
    ) -> Result<usize, Failure> {
        let params: rows::Params<'_> = &[&before.millis(), &rows::limit(batch)];
        let ended = rows::query(&self.connection, sql::OUTBOX_ENDED, params).await?;
        let ids = texts(&ended)?;
        if !ids.is_empty() {
            for remove in [sql::ATTEMPTS_REMOVE, sql::DIGESTS_REMOVE, sql::OUTBOX_REMOVE] {
                rows::execute(&self.connection, remove, &[&ids]).await?;
            }
        }
        Ok(ended.len())
    }

    /// Removes at most `most` deliveries of the user that have ended; returns how many.
    pub(crate) async fn erase_ended_deliveries(
        &self,
        user: &UserId,
        most: usize,
    ) -> Result<usize, Failure> {
        let params: rows::Params<'_> = &[&user.as_str(), &rows::limit(most)];
        let erased = rows::query(&self.connection, sql::OUTBOX_ERASE_SOME, params).await?;
        if !erased.is_empty() {
            let ids = texts(&erased)?;
            rows::execute(&self.connection, sql::ATTEMPTS_REMOVE, &[&ids]).await?;
        }
        Ok(erased.len())
    }

    /// Removes what the user had in the outbox. The attempts come last: their deliveries are locked then, so that none is
    /// added any more.
    pub(crate) async fn erase_deliveries(&self, user: &UserId) -> Result<(), Failure> {
        let params: rows::Params<'_> = &[&user.as_str()];
        rows::query(&self.connection, sql::OUTBOX_LOCK, params).await?;
        let erased = rows::query(&self.connection, sql::OUTBOX_ERASE, params).await?;
        if !erased.is_empty() {
            let ids = texts(&erased)?;
            rows::execute(&self.connection, sql::ATTEMPTS_REMOVE, &[&ids]).await?;
        }
        Ok(())
    }
}

/// The columns that every such query selects first.
fn head(row: &Row) -> Result<Head, Failure> {
    Ok(Head {
        id: rows::get(row, 0, "deliveries.id")?,
        pending: rows::get(row, 1, "deliveries.state")?,
        untouched: rows::get(row, 2, "deliveries.failures")?,
        ready_at: rows::instant(row, 3, "deliveries.readyAt")?,
        due_at: rows::instant(row, 4, "deliveries.dueAt")?,
        leased_until: rows::instant_or_null(row, 5, "deliveries.leasedUntil")?,
    })
}

/// The first column as it is written: what is removed has to be named, and no more.
fn texts(found: &[Row]) -> Result<Vec<&str>, Failure> {
    found.iter().map(|row| rows::get(row, 0, "deliveries.id")).collect()
}

/// A column that names a delivery.
pub(crate) fn id(row: &Row, index: usize) -> Result<DeliveryId, Failure> {
    rows::parsed(row, index, "deliveries.id", DeliveryId::parse)
}

/// A column that names a user.
pub(crate) fn user(row: &Row, index: usize) -> Result<UserId, Failure> {
    rows::parsed(row, index, "deliveries.userId", |text| UserId::parse(text).ok())
}

fn started_at(row: &Row, index: usize) -> Result<Timestamp, Failure> {
    rows::instant(row, index, "deliveries.startedAt")
}

fn small(row: &Row, index: usize, name: &'static str) -> Result<u32, Failure> {
    u32::try_from(rows::count(row, index, name)?).map_err(|_large| Failure::Corrupt(name))
}
