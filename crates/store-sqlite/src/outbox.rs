//! The outbox: queueing, leasing and settling deliveries. Not here: what a mail is about (`errand`), and reading
//! deliveries for people (`deliveries`).

use grelot_core::delivery::{LEASE, LOST_MAX, MailPlan, retry_at};
use grelot_core::{
    AttemptOutcome, CategoryKey, Content, DeliveryId, DeliveryState, NotificationId, Seq,
    SkipReason, Timestamp, UserId,
};
use grelot_store::{EmailOutcome, Lease, Leased, Preview, Settlement};
use rusqlite::{Row, params};

use crate::error::Failure;
use crate::snapshot::Snapshot;
use crate::tx::Tx;
use crate::{errand, rows, sql};

/// How many due deliveries one lease looks at, for each that it may give: those of users who have another one out are put
/// aside, and a crowd of them must not hold the writer.
const LOOK: usize = 4;

/// What is decided about a notification to one user.
#[derive(Debug)]
pub(crate) struct Decided {
    /// The outcomes and their rules.
    pub(crate) preview: Preview,
    /// When the mail goes out, if one does.
    pub(crate) plan: Option<MailPlan>,
}

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

impl Snapshot<'_> {
    /// When the next delivery is due, or a lease runs out.
    pub(crate) fn next_due(&self) -> Result<Option<Timestamp>, Failure> {
        let first =
            |statement| rows::optional(self.connection, statement, [], |row| rows::instant(row, 0));
        let (due, leased) = (first(sql::OUTBOX_NEXT_DUE)?, first(sql::OUTBOX_NEXT_LEASE)?);
        let endless = first(sql::OUTBOX_NEXT_ENDLESS)?;
        Ok([due, leased, endless].into_iter().flatten().min())
    }

    fn head(&self, user: &UserId) -> Result<Option<Head>, Failure> {
        rows::optional(self.connection, sql::OUTBOX_HEAD, [user.as_str()], |row| {
            Ok(Head {
                id: row.get(0)?,
                pending: row.get(1)?,
                untouched: row.get(2)?,
                ready_at: rows::instant(row, 3)?,
                due_at: rows::instant(row, 4)?,
                leased_until: rows::instant_or_null(row, 5)?,
            })
        })
    }

    fn held(&self, lease: &Lease) -> Result<Option<Held>, Failure> {
        let params = params![lease.id.as_str(), rows::int(lease.token)];
        rows::optional(self.connection, sql::OUTBOX_HELD, params, |row| {
            Ok(Held {
                user: user(row, 0)?,
                failures: row.get(1)?,
                started_at: rows::instant(row, 2)?,
                is_digest: row.get(3)?,
            })
        })
    }
}

impl Tx<'_> {
    /// Writes what was decided about the email, once the notification has its row or none. Returns the id of the notification,
    /// which a mail gives it where the inbox did not; `None` when nothing comes of it.
    pub(crate) fn queue(
        &self,
        user: &UserId,
        row: Option<(NotificationId, Seq)>,
        content: &Content,
        decided: &Decided,
    ) -> Result<Option<NotificationId>, Failure> {
        let reason = match decided.preview.email {
            EmailOutcome::Queued => None,
            EmailOutcome::Muted => Some(SkipReason::Muted),
            EmailOutcome::NoAddress => Some(SkipReason::NoAddress),
            EmailOutcome::Off => return Ok(row.map(|(id, _)| id)),
        };
        if reason.is_some() && row.is_none() {
            return Ok(None);
        }
        let (state, due, digest) = match decided.plan {
            None => (DeliveryState::Skipped, self.now, None),
            Some(MailPlan::Alone(at)) => (DeliveryState::Pending, at, None),
            Some(MailPlan::Digest(at)) => {
                let (digest, at) = self.open_digest(user, at)?;
                (DeliveryState::Collected, at, Some(digest))
            }
        };
        let id = row.map_or_else(|| self.context.next_id(self.now), |(id, _)| id);
        rows::execute(
            self.connection,
            sql::OUTBOX_INSERT,
            params![
                self.next_delivery().as_str(),
                user.as_str(),
                id.as_str(),
                row.map(|(_, seq)| rows::int(seq.get())),
                row.is_none().then(|| errand::encode(content)),
                content.category.as_ref().map(CategoryKey::as_str),
                decided.preview.in_app_decision.rule.name(),
                decided.preview.email_decision.rule.name(),
                digest.as_ref().map(DeliveryId::as_str),
                state.name(),
                due.millis(),
                reason.map(SkipReason::name),
                self.now.millis(),
                reason.map(|_| self.now.millis()),
            ],
        )?;
        Ok(Some(id))
    }

    fn next_delivery(&self) -> DeliveryId {
        DeliveryId::new(self.context.next_id(self.now))
    }

    /// The digest of the user that still collects, or a new one that goes out `at`; with its instant.
    fn open_digest(
        &self,
        user: &UserId,
        at: Timestamp,
    ) -> Result<(DeliveryId, Timestamp), Failure> {
        let open = rows::optional(self.connection, sql::DIGEST_OPEN, [user.as_str()], |row| {
            Ok((rows::parsed(row, 0, "deliveries.id", DeliveryId::parse)?, rows::instant(row, 1)?))
        })?;
        if let Some(open) = open {
            return Ok(open);
        }
        let id = self.next_delivery();
        let params = params![id.as_str(), user.as_str(), at.millis(), self.now.millis()];
        rows::execute(self.connection, sql::DIGEST_INSERT, params)?;
        Ok((id, at))
    }

    pub(crate) fn lease(&self, limit: usize) -> Result<Leased, Failure> {
        let lost = self.take_back(limit)?;
        let look = rows::limit(limit.saturating_mul(LOOK).saturating_add(LOOK));
        let due =
            rows::all(self.connection, sql::OUTBOX_DUE, params![self.now.millis(), look], |row| {
                Ok((Named::read(row)?, rows::count(row, 2, "deliveries.token")))
            })?;
        let until = self.now.after(LEASE).millis();
        let mut leases = Vec::new();
        for (named, token) in due {
            if leases.len() == limit {
                break;
            }
            let Some((id, user, token)) = self.readable(named, token)? else {
                continue;
            };
            match self.head(&user)? {
                Some(head) if head.id != id.as_str() => self.put_aside(id, &head)?,
                _ => {
                    let params = params![id.as_str(), until, self.now.millis()];
                    rows::execute(self.connection, sql::OUTBOX_LEASE, params)?;
                    leases.push(Lease { id, user, token: token + 1 });
                }
            }
        }
        Ok(Leased { leases, lost, next: self.next_due()? })
    }

    /// A delivery that another one of its user is in the way of is not looked at until that one may have moved. Whoever
    /// settles that one brings it back ([`bring_back`](Self::bring_back)).
    fn put_aside(&self, id: DeliveryId, head: &Head) -> Result<(), Failure> {
        let moves = if head.pending { head.due_at } else { head.leased_until.unwrap_or(self.now) };
        let soon = Timestamp::from_millis(self.now.millis() + 1);
        let params = params![id.as_str(), moves.max(soon).millis()];
        rows::execute(self.connection, sql::OUTBOX_PUT_ASIDE, params)?;
        Ok(())
    }

    /// Makes the first in the user's queue due again, if it only waited for its turn.
    fn bring_back(&self, user: &UserId) -> Result<(), Failure> {
        let waiting = self
            .head(user)?
            .filter(|head| head.pending && head.untouched && head.due_at > head.ready_at);
        if let Some(head) = waiting {
            let params = params![head.id, head.ready_at.millis()];
            rows::execute(self.connection, sql::OUTBOX_PUT_ASIDE, params)?;
        }
        Ok(())
    }

    /// A delivery that another program wrote wrongly is given up: it cannot be worked on, and must not be in the way of the others.
    fn readable<T>(
        &self,
        named: Named,
        rest: Result<T, Failure>,
    ) -> Result<Option<(DeliveryId, UserId, T)>, Failure> {
        let Named { id, user } = named;
        let (parsed, user) = (DeliveryId::parse(&id), UserId::parse(&user).ok());
        let what = match (parsed, &user, rest) {
            (Some(id), Some(user), Ok(rest)) => return Ok(Some((id, user.clone(), rest))),
            (None, _, _) => "deliveries.id",
            (_, None, _) => "deliveries.userId",
            (_, _, Err(Failure::Corrupt(what))) => what,
            (_, _, Err(other)) => return Err(other),
        };
        tracing::error!(what, "a delivery cannot be read, and was given up");
        let reason = format!("{what} cannot be read");
        let params = params![id, DeliveryState::Dead.name(), reason, self.now.millis()];
        rows::execute(self.connection, sql::OUTBOX_END, params)?;
        if let Some(user) = user {
            self.bring_back(&user)?;
        }
        Ok(None)
    }

    /// Takes deliveries from workers whose lease ran out; returns how many.
    fn take_back(&self, limit: usize) -> Result<usize, Failure> {
        let params = params![self.now.millis(), rows::limit(limit)];
        rows::execute(self.connection, sql::OUTBOX_ENDLESS, params)?;
        let gone = rows::all(self.connection, sql::OUTBOX_EXPIRED, params, |row| {
            let lost = rows::count(row, 2, "deliveries.lost");
            let started_at = rows::instant_or_null(row, 3)?;
            let started_at = started_at.ok_or(Failure::Corrupt("deliveries.startedAt"));
            Ok((Named::read(row)?, lost.and_then(|lost| Ok((lost, started_at?)))))
        })?;
        let mut found = 0;
        for (named, rest) in gone {
            let Some((id, user, (lost, started_at))) = self.readable(named, rest)? else {
                continue;
            };
            let lost = u32::try_from(lost).unwrap_or(LOST_MAX).saturating_add(1);
            found += 1;
            let answer = "its worker went away, and nobody knows whether it was sent";
            self.log_attempt(id, started_at, AttemptOutcome::Lost, answer)?;
            let dead = lost >= LOST_MAX;
            let reason = dead.then_some("three workers went away with it");
            let state = if dead { DeliveryState::Dead } else { DeliveryState::Pending };
            rows::execute(
                self.connection,
                sql::OUTBOX_LOST,
                params![
                    id.as_str(),
                    state.name(),
                    lost,
                    self.now.millis(),
                    reason,
                    dead.then(|| self.now.millis()),
                ],
            )?;
            self.bring_back(&user)?;
        }
        Ok(found)
    }

    pub(crate) fn renew(&self, leases: &[Lease]) -> Result<(), Failure> {
        let until = self.now.after(LEASE).millis();
        for lease in leases {
            let params = params![lease.id.as_str(), rows::int(lease.token), until];
            rows::execute(self.connection, sql::OUTBOX_RENEW, params)?;
        }
        Ok(())
    }

    pub(crate) fn settle(&self, lease: &Lease, settlement: &Settlement) -> Result<bool, Failure> {
        let Some(held) = self.held(lease)? else {
            return Ok(false);
        };
        let log =
            |outcome, answer: &str| self.log_attempt(lease.id, held.started_at, outcome, answer);
        match settlement {
            Settlement::Sent { answer, collected } => {
                log(AttemptOutcome::Sent, answer)?;
                self.end(lease.id, DeliveryState::Sent, None)?;
                for (id, reason) in collected {
                    let state = reason.map_or(DeliveryState::Sent, |_| DeliveryState::Skipped);
                    self.end(*id, state, reason.map(SkipReason::name))?;
                }
            }
            Settlement::Failed { answer, jitter } => {
                log(AttemptOutcome::Failed, answer)?;
                let failures = held.failures + 1;
                match retry_at(failures, self.now, *jitter) {
                    None => self.end(lease.id, DeliveryState::Dead, Some(answer))?,
                    Some(at) => {
                        let params = params![lease.id.as_str(), at.millis(), failures];
                        rows::execute(self.connection, sql::OUTBOX_FAILED, params)?;
                    }
                }
            }
            Settlement::Refused { answer } => {
                log(AttemptOutcome::Refused, answer)?;
                self.end(lease.id, DeliveryState::Dead, Some(answer))?;
            }
            Settlement::Skipped(reason) => {
                self.end(lease.id, DeliveryState::Skipped, Some(reason.name()))?;
                if held.is_digest {
                    self.skip_collected(&held.user, lease.id, *reason)?;
                }
            }
            Settlement::Postponed(until) => {
                let params = params![lease.id.as_str(), until.millis()];
                rows::execute(self.connection, sql::OUTBOX_POSTPONED, params)?;
            }
        }
        self.bring_back(&held.user)?;
        Ok(true)
    }

    /// Ends what a digest collected that is not sent: each for its own reason, where it has one.
    fn skip_collected(
        &self,
        user: &UserId,
        digest: DeliveryId,
        reason: SkipReason,
    ) -> Result<(), Failure> {
        for (id, own) in self.collected(user, digest)? {
            self.end(id, DeliveryState::Skipped, Some(own.unwrap_or(reason).name()))?;
        }
        Ok(())
    }

    fn end(
        &self,
        id: DeliveryId,
        state: DeliveryState,
        reason: Option<&str>,
    ) -> Result<(), Failure> {
        let params = params![id.as_str(), state.name(), reason, self.now.millis()];
        rows::execute(self.connection, sql::OUTBOX_END, params)?;
        Ok(())
    }

    fn log_attempt(
        &self,
        id: DeliveryId,
        started_at: Timestamp,
        outcome: AttemptOutcome,
        answer: &str,
    ) -> Result<(), Failure> {
        let (started, ended) = (started_at.millis(), self.now.millis());
        let params = params![id.as_str(), started, ended, outcome.name(), answer];
        rows::execute(self.connection, sql::ATTEMPT_INSERT, params)?;
        Ok(())
    }

    pub(crate) fn retry_dead(&self, id: DeliveryId) -> Result<bool, Failure> {
        let params = params![id.as_str(), self.now.millis()];
        Ok(rows::execute(self.connection, sql::OUTBOX_RETRY_DEAD, params)? > 0)
    }

    pub(crate) fn prune_deliveries(
        &self,
        before: Timestamp,
        batch: usize,
    ) -> Result<usize, Failure> {
        let ended = rows::all(
            self.connection,
            sql::OUTBOX_ENDED,
            params![before.millis(), rows::limit(batch)],
            |row| Ok(row.get::<_, String>(0)?),
        )?;
        for id in &ended {
            for remove in [sql::ATTEMPTS_REMOVE, sql::DIGEST_REMOVE, sql::OUTBOX_REMOVE] {
                rows::execute(self.connection, remove, [id])?;
            }
        }
        Ok(ended.len())
    }
}

/// A delivery and its user as they are written: their first two columns.
struct Named {
    id: String,
    user: String,
}

impl Named {
    fn read(row: &Row<'_>) -> Result<Self, Failure> {
        Ok(Self { id: row.get(0)?, user: row.get(1)? })
    }
}

/// A column that names a user.
pub(crate) fn user(row: &Row<'_>, index: usize) -> Result<UserId, Failure> {
    rows::parsed(row, index, "deliveries.userId", |text| UserId::parse(text).ok())
}
