//! What a batch of requests to notify writes: one statement a table, three exchanges with the server. First what the
//! decisions rest on; then the slots and the inboxes, which are locked in the order of their keys; then the rows and the
//! commit. Not here: who gathers a batch, and what becomes of one that fails (`committer`).

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use futures_util::future::try_join;
use grelot_core::{
    Change, ChangeKind, Content, Notification, NotificationId, Seq, Timestamp, UserId,
};
use grelot_store::{
    Delivered, Idempotency, InAppOutcome, NotifyAnswer, NotifyError, NotifyRequest,
};

use crate::error::Failure;
use crate::ground::Ground;
use crate::idempotency::{Answer, Kept};
use crate::rows::{self, Stamp};
use crate::snapshot::Snapshot;
use crate::sql;
use crate::turnstile::{Ticket, Turnstile};
use crate::unit::{Outcome, Unit};

/// What a batch came to.
#[derive(Debug)]
pub(crate) struct Written {
    /// What each of its requests came to, in their order.
    pub(crate) outcomes: Vec<Outcome>,
    /// What it changed, and when to tell it; `None` when nothing was written.
    pub(crate) told: Option<(Ticket, Vec<Change>)>,
}

/// Does the batch in the transaction that is open on the connection, and commits it.
pub(crate) async fn write(
    snapshot: &Snapshot,
    batch: &[Unit],
    turnstile: &Arc<Turnstile>,
) -> Result<Written, Failure> {
    let now = snapshot.context.now();
    let requests: Vec<&NotifyRequest> = batch.iter().map(|unit| &unit.request).collect();
    let keys: Vec<Idempotency> =
        requests.iter().filter_map(|request| request.idempotency).collect();
    let (kept, ground) =
        try_join(snapshot.kept_answers(&keys, now), snapshot.ground(&requests)).await?;
    let Plan { outcomes, creations, answers } = plan(snapshot, batch, kept, &ground, now);
    if creations.is_empty() && answers.is_empty() {
        snapshot.connection.send("ROLLBACK");
        return Ok(Written { outcomes, told: None });
    }
    let counts = count(&creations);
    let (moved, ()) =
        try_join(snapshot.move_inboxes(&counts), snapshot.keep_answers(answers)).await?;
    let (positions, fresh) = moved;
    let positions = snapshot.lift(positions, fresh).await?;
    let rows = number(creations, batch, positions)?;
    let ticket = turnstile.ticket();
    snapshot.insert_and_commit(&rows, batch).await?;
    let changes = rows.into_iter().map(|row| row.change).collect();
    Ok(Written { outcomes, told: Some((ticket, changes)) })
}

/// What is to be written, before positions are known.
#[derive(Debug, Default)]
struct Plan<'a> {
    outcomes: Vec<Outcome>,
    creations: Vec<Creation<'a>>,
    answers: Vec<Answer>,
}

/// A notification without a position.
#[derive(Debug)]
struct Creation<'a> {
    /// Which request of the batch it is of.
    unit: usize,
    user: &'a UserId,
    id: NotificationId,
    now: Timestamp,
}

/// Everything that refuses is decided here, before anything is written. `kept` is what the slots hold, of the requests
/// that have one.
fn plan<'a>(
    snapshot: &Snapshot,
    batch: &'a [Unit],
    kept: Vec<Kept>,
    ground: &Ground,
    now: Timestamp,
) -> Plan<'a> {
    let mut plan = Plan::default();
    let mut kept = kept.into_iter();
    for (unit, Unit { request, .. }) in batch.iter().enumerate() {
        let found = request.idempotency.and_then(|_| kept.next()).unwrap_or(Kept::Nothing);
        let outcome = match found {
            Kept::Answer(entries) => Ok(NotifyAnswer { entries, replayed: true }),
            Kept::Other => Err(NotifyError::IdempotencyMismatch),
            Kept::Nothing => plan.deliver(snapshot, request, unit, ground, now),
        };
        plan.outcomes.push(outcome);
    }
    plan
}

impl<'a> Plan<'a> {
    fn deliver(
        &mut self,
        snapshot: &Snapshot,
        request: &'a NotifyRequest,
        unit: usize,
        ground: &Ground,
        now: Timestamp,
    ) -> Outcome {
        let category = match &request.content.category {
            None => None,
            Some(key) => Some(ground.categories.get(key).ok_or(NotifyError::UnknownCategory)?),
        };
        let mut entries = Vec::with_capacity(request.recipients.users().len());
        for user in request.recipients.users() {
            let decided = ground.decide(user, category, request.mail);
            let mut id = None;
            if decided.in_app == InAppOutcome::Created {
                let new = snapshot.context.next_id(now);
                self.creations.push(Creation { unit, user, id: new, now });
                id = Some(new);
            }
            entries.push(Delivered { id, in_app: decided.in_app, email: decided.email });
        }
        if let Some(key) = request.idempotency {
            self.answers.push(Answer::new(key, &entries, now));
        }
        Ok(NotifyAnswer { entries, replayed: false })
    }
}

/// How many notifications each inbox gets, in the order in which inboxes are locked.
fn count<'a>(creations: &[Creation<'a>]) -> BTreeMap<&'a UserId, u64> {
    let mut counts = BTreeMap::new();
    for creation in creations {
        *counts.entry(creation.user).or_default() += 1;
    }
    counts
}

/// Where an inbox was before the batch.
#[derive(Clone, Copy, Debug)]
struct Position {
    seq: Seq,
    unread: u64,
}

type Positions<'a> = HashMap<&'a UserId, Position>;

impl Snapshot {
    /// Locks the inboxes and moves them; returns where they were, and which of them are new.
    async fn move_inboxes<'a>(
        &self,
        counts: &BTreeMap<&'a UserId, u64>,
    ) -> Result<(Positions<'a>, Vec<&'a UserId>), Failure> {
        let (mut positions, mut fresh) = (HashMap::with_capacity(counts.len()), Vec::new());
        if counts.is_empty() {
            return Ok((positions, fresh));
        }
        let users: Vec<&str> = counts.keys().map(|user| user.as_str()).collect();
        let steps: Vec<i64> = counts.values().map(|count| rows::int(*count)).collect();
        let params: rows::Params<'_> = &[&users, &steps];
        let moved = rows::query(&self.connection, sql::INBOXES_CREATED, params).await?;
        if moved.len() != counts.len() {
            return Err(Failure::Corrupt("inboxes.userId"));
        }
        for ((user, count), row) in counts.iter().zip(&moved) {
            // The rows come in the order in which they were given.
            if rows::get::<&str>(row, 0, "inboxes.userId")? != user.as_str() {
                return Err(Failure::Corrupt("inboxes.userId"));
            }
            let before = |now: u64, name| now.checked_sub(*count).ok_or(Failure::Corrupt(name));
            let seq = before(rows::count(row, 1, "inboxes.seq")?, "inboxes.seq")?;
            let unread = before(rows::count(row, 2, "inboxes.unread")?, "inboxes.unread")?;
            if seq == 0 {
                fresh.push(*user);
            }
            positions.insert(*user, Position { seq: Seq::new(seq), unread });
        }
        Ok((positions, fresh))
    }

    /// Puts new inboxes above where an erase left them. Only now, with their rows locked, is it certain where that is.
    async fn lift<'a>(
        &self,
        mut positions: Positions<'a>,
        fresh: Vec<&'a UserId>,
    ) -> Result<Positions<'a>, Failure> {
        let erased = self.erased_positions(&fresh).await?;
        if erased.is_empty() {
            return Ok(positions);
        }
        let users: Vec<&str> = erased.iter().map(|(user, _)| user.as_str()).collect();
        let seqs: Vec<i64> = erased.iter().map(|(_, seq)| rows::int(seq.get())).collect();
        rows::execute(&self.connection, sql::INBOXES_LIFT, &[&users, &seqs]).await?;
        for (user, seq) in erased {
            positions.insert(user, Position { seq, unread: 0 });
        }
        Ok(positions)
    }
}

/// A notification at its position, as the change that it is.
#[derive(Debug)]
struct NewRow {
    unit: usize,
    notification: Arc<Notification>,
    change: Change,
}

/// Gives each creation its position: in one inbox in the order of the batch.
fn number(
    creations: Vec<Creation<'_>>,
    batch: &[Unit],
    mut positions: Positions<'_>,
) -> Result<Vec<NewRow>, Failure> {
    let mut numbered = Vec::with_capacity(creations.len());
    for Creation { unit, user, id, now } in creations {
        let (Some(position), Some(of)) = (positions.get_mut(user), batch.get(unit)) else {
            return Err(Failure::Corrupt("inboxes.seq"));
        };
        *position = Position { seq: position.seq.next(), unread: position.unread + 1 };
        let Position { seq, unread } = *position;
        let notification = Arc::new(Notification {
            id,
            user: user.clone(),
            seq,
            content: Arc::clone(&of.content),
            read_at: None,
            created_at: now,
        });
        let kind = ChangeKind::Created(Arc::clone(&notification));
        let change = Change { user: user.clone(), seq, unread, kind };
        numbered.push(NewRow { unit, notification, change });
    }
    Ok(numbered)
}

impl Snapshot {
    /// Writes the rows and commits, in one exchange.
    async fn insert_and_commit(&self, rows: &[NewRow], batch: &[Unit]) -> Result<(), Failure> {
        let commit = async { Ok(self.connection.client()?.batch_execute("COMMIT").await?) };
        if rows.is_empty() {
            return commit.await;
        }
        let of = |row: &NewRow| Arc::clone(&row.notification);
        let notifications: Vec<Arc<Notification>> = rows.iter().map(of).collect();
        let ids: Vec<&str> = notifications.iter().map(|row| row.id.as_str()).collect();
        let users: Vec<&str> = notifications.iter().map(|row| row.user.as_str()).collect();
        let seqs: Vec<i64> = notifications.iter().map(|row| rows::int(row.seq.get())).collect();
        let at: Vec<Stamp> = notifications.iter().map(|row| Stamp(row.created_at)).collect();
        // Counted from one, as `WITH ORDINALITY` does.
        let of_unit: Vec<i64> = rows.iter().map(|row| rows::limit(row.unit) + 1).collect();
        let contents: Vec<&Content> = batch.iter().map(|unit| &*unit.content).collect();
        let kinds: Vec<&str> = contents.iter().map(|content| content.kind.name()).collect();
        let categories: Vec<Option<&str>> = contents
            .iter()
            .map(|content| content.category.as_ref().map(grelot_core::CategoryKey::as_str))
            .collect();
        let titles: Vec<&str> = contents.iter().map(|content| content.title.as_str()).collect();
        let bodies: Vec<Option<&str>> = contents
            .iter()
            .map(|content| content.body.as_ref().map(grelot_core::Body::as_str))
            .collect();
        let links: Vec<Option<&str>> = contents
            .iter()
            .map(|content| content.link.as_ref().map(grelot_core::Link::as_str))
            .collect();
        let data: Vec<Option<&str>> = contents
            .iter()
            .map(|content| content.data.as_ref().map(grelot_core::Data::as_json))
            .collect();
        let params: rows::Params<'_> = &[
            &ids,
            &users,
            &seqs,
            &of_unit,
            &at,
            &kinds,
            &categories,
            &titles,
            &bodies,
            &links,
            &data,
        ];
        // Prepared before, so that nothing comes between the two.
        let client = self.connection.client()?;
        client.prepare_cached(sql::NOTIFICATIONS_INSERT).await?;
        let insert = rows::execute(&self.connection, sql::NOTIFICATIONS_INSERT, params);
        let (inserted, ()) = try_join(insert, commit).await?;
        if inserted == rows.len() as u64 {
            Ok(())
        } else {
            Err(Failure::Corrupt("notifications.id"))
        }
    }
}
