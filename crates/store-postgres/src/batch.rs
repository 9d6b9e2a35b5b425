//! What a batch of requests to notify writes: one statement a table, three exchanges with the server. First what the
//! decisions rest on; then the inboxes and the slots, which are locked in the order of their keys; then the rows and the
//! commit. Not here: the statements themselves (`creations`, `intents`), who gathers a batch, and what becomes of one that
//! fails (`committer`).

use std::sync::Arc;

use futures_util::future::{join3, try_join};
use grelot_core::{Change, Content, Seq, Timestamp};
use grelot_store::{
    Delivered, EmailOutcome, Idempotency, InAppOutcome, NotifyAnswer, NotifyError, NotifyRequest,
    Preview,
};
use grelot_store_common::Kept;

use crate::creations::{Creation, NewRow, count, number};
use crate::error::Failure;
use crate::ground::Ground;
use crate::idempotency::Answer;
use crate::intents::Intent;
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
    let Plan { outcomes, creations, intents, answers } = plan(snapshot, batch, kept, &ground, now);
    if creations.is_empty() && intents.is_empty() && answers.is_empty() {
        snapshot.connection.send("ROLLBACK");
        return Ok(Written { outcomes, told: None });
    }
    let counts = count(&creations);
    let (moved, ()) =
        try_join(snapshot.move_inboxes(&counts), snapshot.keep_answers(answers)).await?;
    let (positions, fresh) = moved;
    let positions = snapshot.lift(positions, fresh).await?;
    let rows = number(creations, batch, positions)?;
    let digests = snapshot.open_digests(&intents, now).await?;
    prepare(snapshot, &rows, &intents).await?;
    let positions: Vec<Seq> = rows.iter().map(|row| row.notification.seq).collect();
    let contents: Vec<Arc<Content>> = batch.iter().map(|unit| Arc::clone(&unit.content)).collect();
    let ticket = turnstile.ticket();
    // One exchange. What fails makes the commit a rollback, and what comes after it says no more than that.
    let (notifications, deliveries, committed) = join3(
        snapshot.insert_notifications(&rows, batch),
        snapshot.insert_deliveries(&positions, &intents, &digests, &contents, now),
        async { Ok(snapshot.connection.client()?.batch_execute("COMMIT").await?) },
    )
    .await;
    notifications.and(deliveries).and(committed)?;
    let changes = rows.into_iter().map(|row| row.change).collect();
    Ok(Written { outcomes, told: Some((ticket, changes)) })
}

/// Prepares what the last exchange needs, so that nothing comes between its parts.
async fn prepare(
    snapshot: &Snapshot,
    rows: &[NewRow],
    intents: &[Intent<'_>],
) -> Result<(), Failure> {
    let client = snapshot.connection.client()?;
    if !rows.is_empty() {
        client.prepare_cached(sql::NOTIFICATIONS_INSERT).await?;
    }
    if !intents.is_empty() {
        client.prepare_cached(sql::OUTBOX_INSERT).await?;
    }
    Ok(())
}

/// What is to be written, before positions are known.
#[derive(Debug, Default)]
struct Plan<'a> {
    outcomes: Vec<Outcome>,
    creations: Vec<Creation<'a>>,
    intents: Vec<Intent<'a>>,
    answers: Vec<Answer>,
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
            let decided = ground.decide(user, category, request.mail, now);
            let Preview { in_app, email, .. } = decided.preview;
            let created = in_app == InAppOutcome::Created;
            // A mail gives an id to what has no row.
            let id =
                (created || email == EmailOutcome::Queued).then(|| snapshot.context.next_id(now));
            if let Some(id) = id {
                let row = created.then_some(self.creations.len());
                if created {
                    self.creations.push(Creation { unit, user, id, now });
                }
                self.intents.extend(Intent::of(unit, user, id, row, &decided));
            }
            entries.push(Delivered { id, in_app, email });
        }
        if let Some(key) = request.idempotency {
            self.answers.push(Answer::new(key, &entries, now));
        }
        Ok(NotifyAnswer { entries, replayed: false })
    }
}
