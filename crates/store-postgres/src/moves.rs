//! Several inboxes at once, as those change them who do not notify: locked in the order of the users' ids, then moved. Not
//! here: the hot path (`creations`), and one inbox (`tx`).

use std::collections::{BTreeMap, BTreeSet};

use grelot_core::{ChangeKind, Inbox, Seq, UserId};

use crate::departures::inbox_after;
use crate::error::Failure;
use crate::rows;
use crate::sql;
use crate::tx::{ChangeRow, Tx};

/// Inboxes that are locked, as they are to be.
pub(crate) type Claimed = BTreeMap<UserId, Claim>;

/// A locked inbox.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Claim {
    /// As it was.
    pub(crate) before: Inbox,
    /// As it is to be.
    pub(crate) inbox: Inbox,
    /// Whether its row was made for this: then nothing that ever was in it is there any more.
    pub(crate) is_new: bool,
}

/// A change of an inbox that moves it to `seq`.
#[derive(Debug)]
pub(crate) struct Move {
    pub(crate) user: UserId,
    pub(crate) seq: Seq,
    pub(crate) kind: ChangeKind,
    /// How much it adds to the unread.
    pub(crate) adds: i64,
}

/// A change with the unread count before and after it.
struct Counted {
    change: Move,
    before: u64,
    after: u64,
}

impl Counted {
    fn is_history(&self) -> bool {
        !matches!(self.change.kind, ChangeKind::Created(_))
    }
}

/// Counts from the inboxes, which are as they are after the last change, back to the first.
fn count_back(claimed: &Claimed, moves: Vec<Move>) -> Vec<Counted> {
    let mut counts: BTreeMap<UserId, u64> = BTreeMap::new();
    let mut counted: Vec<Counted> = Vec::with_capacity(moves.len());
    for change in moves.into_iter().rev() {
        let last = claimed.get(&change.user).map(|claim| claim.inbox.unread).unwrap_or_default();
        let after = counts.get(&change.user).copied().unwrap_or(last);
        let before = after.saturating_add_signed(-change.adds);
        counts.insert(change.user.clone(), before);
        counted.push(Counted { change, before, after });
    }
    counted.reverse();
    counted
}

impl Tx {
    /// Locks the inboxes of `users`, and makes the rows of those who have none.
    pub(crate) async fn claim_inboxes(
        &self,
        users: &BTreeSet<&UserId>,
    ) -> Result<Claimed, Failure> {
        let mut claimed = Claimed::new();
        if users.is_empty() {
            return Ok(claimed);
        }
        let ids: Vec<&str> = users.iter().map(|user| user.as_str()).collect();
        let params: rows::Params<'_> = &[&ids];
        let found = rows::all(&self.connection, sql::INBOXES_CLAIM, params, |row| {
            let user = rows::parsed(row, 0, "inboxes.userId", |text| UserId::parse(text).ok())?;
            Ok((user, rows::inbox(row, 1)?))
        });
        for (user, inbox) in found.await? {
            let is_new = inbox.seq == Seq::ZERO;
            claimed.insert(user, Claim { before: inbox, inbox, is_new });
        }
        let new: Vec<&UserId> =
            claimed.iter().filter(|(_, claim)| claim.is_new).map(|(user, _)| user).collect();
        // Only with their rows locked is it certain where an erase left them.
        let erased = self.erased_positions(&new).await?;
        let lifted: Vec<(UserId, Inbox)> =
            erased.into_iter().map(|(user, seq)| (user.clone(), inbox_after(Some(seq)))).collect();
        for (user, inbox) in lifted {
            claimed.insert(user, Claim { before: inbox, inbox, is_new: true });
        }
        Ok(claimed)
    }

    /// Counts the unread of `users` anew.
    pub(crate) async fn recount(
        &self,
        users: &BTreeSet<UserId>,
        claimed: &mut Claimed,
    ) -> Result<(), Failure> {
        if users.is_empty() {
            return Ok(());
        }
        let ids: Vec<&str> = users.iter().map(UserId::as_str).collect();
        let params: rows::Params<'_> = &[&ids];
        let counted = rows::all(&self.connection, sql::INBOXES_RECOUNT, params, |row| {
            let user = rows::parsed(row, 0, "inboxes.userId", |text| UserId::parse(text).ok())?;
            Ok((user, rows::count(row, 1, "inboxes.unread")?))
        });
        for (user, unread) in counted.await? {
            if let Some(claim) = claimed.get_mut(&user) {
                claim.inbox.unread = unread;
            }
        }
        Ok(())
    }

    /// Moves the inboxes to where they are to be, by `moves`, which are told in their order.
    pub(crate) async fn move_claimed(
        &self,
        mut claimed: Claimed,
        moves: Vec<Move>,
    ) -> Result<(), Failure> {
        let moves = count_back(&claimed, moves);
        let history = moves.iter().filter(|counted| counted.is_history());
        let with_history: BTreeSet<&UserId> = history.map(|counted| &counted.change.user).collect();
        for user in with_history {
            if let Some(claim) = claimed.get_mut(user) {
                claim.inbox.pruned = self.drop_history(user, claim.inbox).await?;
            }
        }
        self.write_moves(&claimed, &moves).await?;
        self.drop_empty(&claimed).await?;
        for Counted { change: Move { user, seq, kind, .. }, after, .. } in moves {
            self.tell_of(&user, Inbox { seq, unread: after, ..Inbox::default() }, kind);
        }
        Ok(())
    }

    async fn write_moves(&self, claimed: &Claimed, moves: &[Counted]) -> Result<(), Failure> {
        let inboxes: Vec<(&UserId, Inbox)> = claimed
            .iter()
            .filter(|(_, claim)| claim.inbox != claim.before)
            .map(|(user, claim)| (user, claim.inbox))
            .collect();
        if inboxes.is_empty() {
            return Ok(());
        }
        let users: Vec<&str> = inboxes.iter().map(|(user, _)| user.as_str()).collect();
        let seqs: Vec<i64> = inboxes.iter().map(|(_, inbox)| rows::int(inbox.seq.get())).collect();
        let unread: Vec<i64> = inboxes.iter().map(|(_, inbox)| rows::int(inbox.unread)).collect();
        let pruned: Vec<i64> =
            inboxes.iter().map(|(_, inbox)| rows::int(inbox.pruned.get())).collect();
        let history: Vec<(&Counted, ChangeRow<'_>)> = moves
            .iter()
            .filter(|counted| counted.is_history())
            .map(|counted| (counted, ChangeRow::of(&counted.change.kind)))
            .collect();
        let of: Vec<&str> =
            history.iter().map(|(counted, _)| counted.change.user.as_str()).collect();
        let at_seq: Vec<i64> =
            history.iter().map(|(counted, _)| rows::int(counted.change.seq.get())).collect();
        let kinds: Vec<&str> = history.iter().map(|(_, row)| row.kind).collect();
        let ids: Vec<Option<&str>> = history.iter().map(|(_, row)| row.id).collect();
        let at: Vec<Option<i64>> = history.iter().map(|(_, row)| row.at).collect();
        let up_to: Vec<Option<i64>> = history.iter().map(|(_, row)| row.up_to).collect();
        let before: Vec<i64> =
            history.iter().map(|(counted, _)| rows::int(counted.before)).collect();
        let now = self.now.millis();
        let params: rows::Params<'_> = &[
            &users, &seqs, &unread, &pruned, &now, &of, &at_seq, &kinds, &ids, &at, &up_to, &before,
        ];
        rows::execute(&self.connection, sql::INBOXES_MOVE, params).await?;
        Ok(())
    }

    /// An inbox that was made and did not move would hide where an erase left it.
    async fn drop_empty(&self, claimed: &Claimed) -> Result<(), Failure> {
        let is_empty = |claim: &Claim| claim.is_new && claim.inbox == claim.before;
        let empty: Vec<&str> = claimed
            .iter()
            .filter(|(_, claim)| is_empty(claim))
            .map(|(user, _)| user.as_str())
            .collect();
        if !empty.is_empty() {
            rows::execute(&self.connection, sql::INBOXES_DROP_EMPTY, &[&empty]).await?;
        }
        Ok(())
    }
}
