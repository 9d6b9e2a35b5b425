//! The notifications of a batch: their positions in the inboxes, which are locked in the order of the users' ids, and
//! their rows. Not here: what a batch is (`batch`).

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use grelot_core::{
    Change, ChangeKind, Content, Notification, NotificationId, Seq, Timestamp, UserId,
};

use crate::error::Failure;
use crate::rows::{self, Stamp};
use crate::snapshot::Snapshot;
use crate::sql;
use crate::unit::Unit;

/// A notification without a position.
#[derive(Debug)]
pub(crate) struct Creation<'a> {
    /// Which request of the batch it is of.
    pub(crate) unit: usize,
    pub(crate) user: &'a UserId,
    pub(crate) id: NotificationId,
    pub(crate) now: Timestamp,
}

/// How many notifications each inbox gets, in the order in which inboxes are locked.
pub(crate) fn count<'a>(creations: &[Creation<'a>]) -> BTreeMap<&'a UserId, u64> {
    let mut counts = BTreeMap::new();
    for creation in creations {
        *counts.entry(creation.user).or_default() += 1;
    }
    counts
}

/// Where an inbox was before the batch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Position {
    seq: Seq,
    unread: u64,
}

pub(crate) type Positions<'a> = HashMap<&'a UserId, Position>;

impl Snapshot {
    /// Locks the inboxes and moves them; returns where they were, and which of them are new.
    pub(crate) async fn move_inboxes<'a>(
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
    pub(crate) async fn lift<'a>(
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
pub(crate) struct NewRow {
    unit: usize,
    pub(crate) notification: Arc<Notification>,
    pub(crate) change: Change,
}

/// Gives each creation its position: in one inbox in the order of the batch.
pub(crate) fn number(
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
    /// Writes the rows.
    pub(crate) async fn insert_notifications(
        &self,
        rows: &[NewRow],
        batch: &[Unit],
    ) -> Result<(), Failure> {
        if rows.is_empty() {
            return Ok(());
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
            &rows::limit(rows.len()),
        ];
        let written = rows::execute(&self.connection, sql::NOTIFICATIONS_INSERT, params).await;
        written.map(|_one| ()).map_err(Failure::or_kept_out)
    }
}
