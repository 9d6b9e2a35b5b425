//! Adopts what other programs did to the host's tables: rows get their positions, counts are put right, mails are queued,
//! and everything is told, as if it had been done here. Not here: what is written down of it (`queue`), and when it is
//! looked at (`outside`).
//!
//! Whatever is written down is committed, and only the present state counts: each thing is looked at under the lock of its
//! inbox, and it does not matter in which order two nodes come to two things that happened to one row. A row that a
//! transaction of another program holds is passed over, and so is never waited for.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use grelot_core::{ChangeKind, Content, Inbox, Notification, NotificationId, Seq, UserId};
use grelot_store::{EmailOutcome, InAppOutcome, MailPolicy};

use crate::error::Failure;
use crate::ground::Ground;
use crate::intents::Intent;
use crate::moves::{Claim, Claimed, Move};
use crate::outside::Adopted;
use crate::queue::{Entry, Taken, What};
use crate::rows;
use crate::sql;
use crate::tx::Tx;

/// The rows that the entries are about, locked.
type Held = HashMap<NotificationId, Notification>;

impl Tx {
    /// Adopts the first `limit` things that were written down.
    pub(crate) async fn adopt(&self, mail: MailPolicy, limit: usize) -> Result<Adopted, Failure> {
        let mut taken = self.take_outside(limit).await?;
        let seen = taken.done.len() + taken.entries.len();
        let users: BTreeSet<&UserId> = taken.entries.iter().map(|entry| &entry.user).collect();
        let claimed = self.claim_inboxes(&users).await?;
        let held = self.hold(&mut taken).await?;
        let ground = self.ground_for(&held, mail).await?;
        let mut work = Work::new(self, mail, &ground, &held, claimed);
        for entry in &taken.entries {
            work.apply(entry);
        }
        self.finish(work).await?;
        taken.done.extend(taken.entries.iter().map(|entry| entry.position));
        if seen < limit {
            // That was all there is: what waits for other programs is in nobody's way.
            taken.later.clear();
        }
        self.put_away(&taken).await?;
        let taken = taken.done.len();
        if taken == 0 && seen < limit {
            self.give_up();
        }
        Ok(Adopted { taken, more: seen == limit && taken > 0 })
    }

    /// Locks the rows, with the inboxes locked. Those that another program holds are left for later.
    async fn hold(&self, taken: &mut Taken) -> Result<Held, Failure> {
        let wanted: HashSet<NotificationId> = taken.entries.iter().filter_map(Entry::row).collect();
        if wanted.is_empty() {
            return Ok(Held::new());
        }
        let ids: Vec<&str> = wanted.iter().map(NotificationId::as_str).collect();
        let params: rows::Params<'_> = &[&ids];
        let found = rows::query(&self.connection, sql::NOTIFICATIONS_HOLD, params).await?;
        let mut held = Held::with_capacity(found.len());
        for row in &found {
            // Meanwhile it may have got a user whom nobody could name.
            let user: Option<&str> = rows::get(row, 10, "notifications.userId")?;
            if let Some(user) = user.and_then(|user| UserId::parse(user).ok()) {
                let notification = rows::notification(row, &user)?;
                held.insert(notification.id, notification);
            }
        }
        if found.len() < wanted.len() {
            let locked = found.iter().map(|row| rows::get(row, 0, "notifications.id"));
            self.leave_others(taken, &locked.collect::<Result<_, _>>()?, &ids).await?;
        }
        Ok(held)
    }

    /// Sorts out what is about rows that are there and could not be locked.
    async fn leave_others(
        &self,
        taken: &mut Taken,
        locked: &HashSet<&str>,
        ids: &[&str],
    ) -> Result<(), Failure> {
        let params: rows::Params<'_> = &[&ids];
        let there = rows::all(&self.connection, sql::NOTIFICATIONS_THERE, params, |row| {
            rows::parsed(row, 0, "notifications.id", NotificationId::parse)
        });
        let there: HashSet<NotificationId> = there.await?.into_iter().collect();
        let is_elsewhere = |entry: &Entry| {
            entry.row().is_some_and(|id| there.contains(&id) && !locked.contains(id.as_str()))
        };
        let (later, now) = std::mem::take(&mut taken.entries).into_iter().partition(is_elsewhere);
        taken.entries = now;
        let later: Vec<Entry> = later;
        taken.later = later.into_iter().map(|entry| entry.position).collect();
        Ok(())
    }

    async fn ground_for(&self, held: &Held, mail: MailPolicy) -> Result<Ground, Failure> {
        let new: Vec<&Notification> = held.values().filter(|row| row.seq == Seq::ZERO).collect();
        let users: BTreeSet<UserId> = new.iter().map(|row| row.user.clone()).collect();
        let keys = new.iter().filter_map(|row| row.content.category.as_ref()).collect();
        let mailed = if mail == MailPolicy::Off { BTreeSet::new() } else { users.clone() };
        self.ground_of(&users, &mailed, &keys).await
    }

    /// Writes what the work came to. Inboxes are locked, then contacts, then deliveries.
    async fn finish(&self, work: Work<'_>) -> Result<(), Failure> {
        let Work { mut claimed, recount, marks, mut moves, intents, contents, positions, .. } =
            work;
        self.mark(&marks).await?;
        self.recount(&recount, &mut claimed).await?;
        tell_of_counts(&mut claimed, &mut moves);
        self.move_claimed(claimed, moves).await?;
        let digests = self.open_digests(&intents, self.now).await?;
        self.insert_deliveries(&positions, &intents, &digests, &contents, self.now).await
    }

    async fn mark(&self, marks: &BTreeMap<NotificationId, Mark>) -> Result<(), Failure> {
        if marks.is_empty() {
            return Ok(());
        }
        let ids: Vec<&str> = marks.keys().map(NotificationId::as_str).collect();
        let number = |seq: Option<Seq>| seq.map(|seq| rows::int(seq.get()));
        let seqs: Vec<Option<i64>> = marks.values().map(|mark| number(mark.seq)).collect();
        let states: Vec<Option<i64>> = marks.values().map(|mark| number(mark.state)).collect();
        rows::execute(&self.connection, sql::NOTIFICATIONS_MARK, &[&ids, &seqs, &states]).await?;
        Ok(())
    }
}

/// Moves the inboxes whose unread turned out to be another, though nothing is told of them: one count at one position is
/// what everybody relies on. What happened to their rows nobody saw, so it takes a position that nobody can resume from:
/// whoever is below it looks again, and who is connected is told by the gap.
fn tell_of_counts(claimed: &mut Claimed, moves: &mut Vec<Move>) {
    for (user, Claim { before, inbox, .. }) in claimed {
        if inbox.unread != before.unread && inbox.seq == before.seq {
            inbox.pruned = inbox.seq.next();
            inbox.seq = inbox.pruned.next();
            let kind = ChangeKind::PreferencesUpdated;
            moves.push(Move { user: user.clone(), seq: inbox.seq, kind, adds: 0 });
        }
    }
}

/// What a row gets.
#[derive(Clone, Copy, Debug, Default)]
struct Mark {
    seq: Option<Seq>,
    state: Option<Seq>,
}

/// What the entries come to.
struct Work<'a> {
    tx: &'a Tx,
    mail: MailPolicy,
    ground: &'a Ground,
    held: &'a Held,
    claimed: Claimed,
    /// Whose unread are counted anew: how they were counted when a row was read or deleted, nobody knows any more.
    recount: BTreeSet<UserId>,
    /// The rows that were looked at, with what they get.
    marks: BTreeMap<NotificationId, Mark>,
    /// The rows that are not there any more and were told to be gone.
    gone: HashSet<(&'a UserId, NotificationId)>,
    moves: Vec<Move>,
    intents: Vec<Intent<'a>>,
    contents: Vec<Arc<Content>>,
    positions: Vec<Seq>,
    /// Whose preferences were told.
    told: BTreeSet<&'a UserId>,
}

impl<'a> Work<'a> {
    fn new(
        tx: &'a Tx,
        mail: MailPolicy,
        ground: &'a Ground,
        held: &'a Held,
        claimed: Claimed,
    ) -> Self {
        Self {
            tx,
            mail,
            ground,
            held,
            claimed,
            recount: BTreeSet::new(),
            marks: BTreeMap::new(),
            gone: HashSet::new(),
            moves: Vec::new(),
            intents: Vec::new(),
            contents: Vec::new(),
            positions: Vec::new(),
            told: BTreeSet::new(),
        }
    }

    fn apply(&mut self, entry: &'a Entry) {
        match entry.what {
            What::Inserted(id) => self.insert(&entry.user, id),
            What::Updated { id, was_unread } => self.update(&entry.user, id, was_unread),
            What::Deleted { id, was_unread } => self.delete(&entry.user, id, was_unread),
            What::Truncated => self.empty(&entry.user),
            What::Unseen => drop(self.recount.insert(entry.user.clone())),
            What::Preferences => {
                if self.told.insert(&entry.user) {
                    self.advance(&entry.user, 0, |_| ChangeKind::PreferencesUpdated);
                }
            }
        }
    }

    /// Adopts a row, as if it had been asked for here.
    fn insert(&mut self, user: &'a UserId, id: NotificationId) {
        let Some(row) = self.held.get(&id).filter(|row| row.user == *user) else {
            return;
        };
        if row.seq != Seq::ZERO || self.marks.contains_key(&id) {
            return;
        }
        self.marks.insert(id, Mark::default());
        let key = row.content.category.as_ref();
        let category = key.and_then(|key| self.ground.categories.get(key));
        let decided = self.ground.decide(user, category, self.mail, self.tx.now);
        let mut position = None;
        if decided.preview.in_app == InAppOutcome::Created {
            let seq = self.advance(user, 1, |seq| {
                ChangeKind::Created(Arc::new(Notification { seq, ..row.clone() }))
            });
            // Whoever counts from one change to the next counts a creation as one more unread.
            let state = row
                .read_at
                .map(|read_at| self.advance(user, -1, |_| ChangeKind::Read { id, read_at }));
            self.marks.insert(id, Mark { seq: Some(seq), state });
            position = Some(self.positions.len());
            self.positions.push(seq);
        } else if decided.preview.email != EmailOutcome::Queued {
            return;
        }
        let unit = self.contents.len();
        self.contents.push(Arc::clone(&row.content));
        self.intents.extend(Intent::of(unit, user, id, position, &decided));
    }

    /// Tells the state that the row has now, also where it is back where it was, or gone: between the host's commit and
    /// this the user may have changed the row here, which was told with a count that did not know of it yet. To hear the
    /// same of a row twice harms nobody.
    fn update(&mut self, user: &'a UserId, id: NotificationId, was_unread: bool) {
        let row = self.held.get(&id).filter(|row| row.user == *user);
        // With no position it is another row, under the id of one that was deleted: it comes in by itself.
        let Some(row) = row.filter(|row| row.seq != Seq::ZERO) else {
            return self.delete(user, id, was_unread);
        };
        self.recount.insert(user.clone());
        if self.marks.contains_key(&id) {
            return;
        }
        let (adds, kind) = match row.read_at {
            None => (i64::from(!was_unread), ChangeKind::Unread { id }),
            Some(read_at) => (-i64::from(was_unread), ChangeKind::Read { id, read_at }),
        };
        let seq = self.advance(user, adds, |_| kind);
        self.marks.insert(id, Mark { seq: None, state: Some(seq) });
    }

    fn delete(&mut self, user: &'a UserId, id: NotificationId, was_unread: bool) {
        // Of an inbox that was erased since, nobody knows anything.
        if self.claimed.get(user).is_none_or(|claim| claim.is_new) {
            return;
        }
        self.recount.insert(user.clone());
        // What came in under its id was told before it, if only because another node was at it.
        let is_back =
            self.marks.contains_key(&id) && self.held.get(&id).is_some_and(|row| row.user == *user);
        if !is_back && self.gone.insert((user, id)) {
            self.advance(user, -i64::from(was_unread), |_| ChangeKind::Deleted { id });
        }
    }

    /// Nothing that was there is unread any more, and whoever resumes looks again.
    fn empty(&mut self, user: &'a UserId) {
        let Some(claim) = self.claimed.get_mut(user).filter(|claim| !claim.is_new) else {
            return;
        };
        let Inbox { seq: up_to, unread, .. } = claim.inbox;
        claim.inbox.pruned = up_to.next();
        let adds = -i64::try_from(unread).unwrap_or(i64::MAX);
        let read_at = self.tx.now;
        self.recount.insert(user.clone());
        self.advance(user, adds, |_| ChangeKind::AllRead { read_at, up_to, category: None });
    }

    /// Moves the inbox by a change that adds so much to its unread.
    fn advance(&mut self, user: &UserId, adds: i64, kind: impl FnOnce(Seq) -> ChangeKind) -> Seq {
        let Some(claim) = self.claimed.get_mut(user) else {
            return Seq::ZERO;
        };
        let seq = claim.inbox.seq.next();
        let unread = claim.inbox.unread.saturating_add_signed(adds);
        claim.inbox = Inbox { seq, unread, ..claim.inbox };
        self.moves.push(Move { user: user.clone(), seq, kind: kind(seq), adds });
        seq
    }
}
