//! Rows that were there before the triggers: of a database that Grelot joins, or of a time when a trigger was away. They come
//! into their inboxes silently, without an event or a mail. Not here: rows written since (`adoption`).
//!
//! First their users are listed, before anything is served: each inbox gets room for them, so that whatever comes later
//! stands above; and every cursor below that is reset. Then, while the node serves, they are given those positions, newest
//! first. Until one has its position nobody sees it: waiting for them in the first transaction of a user would let a
//! request pay for an inbox of any length.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use grelot_core::{NotificationId, Seq, UserId};
use grelot_store::StoreError;
use tokio::time::{Instant, sleep};
use tracing::{info, warn};

use crate::error::Failure;
use crate::rows;
use crate::sql;
use crate::store::PostgresStore;
use crate::tx::Tx;

/// Lets nobody else backfill until the transaction ends.
const ALONE: &str = "LOCK TABLE grelot.backfill IN EXCLUSIVE MODE";
/// How many users one transaction lists.
const LISTED: usize = 200;
/// How many users and rows one transaction takes: a bound on how long it holds the inboxes.
const USERS: usize = 100;
const ROWS: u64 = 1_000;
/// How often a listing that another node is in the way of is tried again.
const ATTEMPTS: usize = 20;
/// How long to wait for rows that another program holds, and before looking again whether there are any.
const WAIT: Duration = Duration::from_secs(2);
const REST: Duration = Duration::from_mins(1);
/// How often progress is told.
const TELL: Duration = Duration::from_secs(5);

/// Rows that are older than the triggers and have no position yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Of how many users.
    pub users: u64,
    /// How many there are at most.
    pub rows: u64,
}

impl PostgresStore {
    /// Lists the users who have rows that are older than the triggers, if that is still to be done.
    pub(crate) async fn list_older(&self) -> Result<(), StoreError> {
        let mut attempts = 0;
        loop {
            match self.write(|tx| async move { tx.list_older_page().await }).await {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                Err(StoreError::Busy) if attempts < ATTEMPTS => attempts += 1,
                Err(error) => return Err(error),
            }
        }
    }

    /// Gives positions to some of the rows that are older than the triggers; returns how many are done with. None, though
    /// there is a backlog: those that are left are held by other programs.
    ///
    /// # Errors
    /// As every write; nothing is lost then.
    pub async fn backfill(&self) -> Result<usize, StoreError> {
        self.write(|tx| async move { tx.backfill().await }).await
    }

    /// What is left of them.
    ///
    /// # Errors
    /// As every read.
    pub async fn backlog(&self) -> Result<Backlog, StoreError> {
        let backlog = self.look(|snapshot| async move {
            rows::optional(&snapshot.connection, sql::BACKFILL_LEFT, &[], |row| {
                let users = rows::count(row, 0, "backfill.userId")?;
                Ok(Backlog { users, rows: rows::count(row, 1, "backfill.left")? })
            })
            .await
        });
        Ok(backlog.await?.unwrap_or_default())
    }

    /// Gives positions to all of them, and looks now and then whether there are more. Never ends.
    pub(crate) async fn backfill_by_itself(&self) {
        let (mut told, mut failing) = (Instant::now(), false);
        loop {
            let done = self.backfill().await;
            let backlog = match &done {
                Ok(0) => self.backlog().await,
                Ok(_) if told.elapsed() < TELL => continue,
                Ok(_) => self.backlog().await,
                Err(_) => Ok(Backlog::default()),
            };
            // Once an outage, not every time.
            if let Err(error) = &done
                && !failing
            {
                warn!(%error, "older notifications get no positions");
            }
            failing = done.is_err();
            let left = backlog.unwrap_or_default();
            if left.rows > 0 && told.elapsed() >= TELL {
                info!(
                    left = left.rows,
                    users = left.users,
                    "older notifications get their positions"
                );
                told = Instant::now();
            }
            match done {
                Ok(0) if left.users == 0 => sleep(REST).await,
                Ok(0) | Err(_) => sleep(WAIT).await,
                Ok(_) => {}
            }
        }
    }
}

/// A user on the list.
#[derive(Clone, Copy, Debug)]
struct Room {
    /// The next position.
    next: u64,
    left: u64,
}

type Listed = BTreeMap<UserId, Room>;

/// A row that is locked.
struct Older {
    id: Option<NotificationId>,
    text: String,
    user: UserId,
    unread: bool,
}

impl Tx {
    /// Lists some users; whether there may be more.
    async fn list_older_page(&self) -> Result<bool, Failure> {
        let after = rows::optional(&self.connection, sql::JOINING_LOCK, &[], |row| {
            rows::get::<String>(row, 0, "joining.after")
        });
        let Some(after) = after.await? else {
            self.give_up();
            return Ok(false);
        };
        let (counts, last) = self.older_users(&after).await?;
        let Some(last) = last else {
            rows::execute(&self.connection, sql::JOINING_END, &[]).await?;
            return Ok(false);
        };
        // Whoever backfills locks the list first and then inboxes.
        self.connection.client()?.batch_execute(ALONE).await?;
        let users: BTreeSet<&UserId> = counts.keys().collect();
        let mut claimed = self.claim_inboxes(&users).await?;
        self.recount(&counts.keys().cloned().collect(), &mut claimed).await?;
        let mut listed = Listed::new();
        for (user, left) in counts {
            if let Some(claim) = claimed.get_mut(&user) {
                let next = claim.inbox.seq.get() + left;
                claim.inbox.seq = Seq::new(next);
                claim.inbox.pruned = claim.inbox.seq;
                listed.insert(user, Room { next, left });
            }
        }
        self.move_claimed(claimed, Vec::new()).await?;
        self.put_listed(&listed).await?;
        rows::execute(&self.connection, sql::JOINING_AFTER, &[&last]).await?;
        Ok(true)
    }

    /// How many older rows the next users have, and the last of these users, even if nobody could be named so.
    async fn older_users(
        &self,
        after: &str,
    ) -> Result<(BTreeMap<UserId, u64>, Option<String>), Failure> {
        let params: rows::Params<'_> = &[&after, &rows::limit(LISTED)];
        let (mut counts, mut last) = (BTreeMap::new(), None);
        for row in &rows::query(&self.connection, sql::OLDER_USERS, params).await? {
            let user: &str = rows::get(row, 0, "notifications.userId")?;
            let count = rows::count(row, 1, "notifications.seq")?;
            match UserId::parse(user) {
                Ok(user) => drop(counts.insert(user, count)),
                Err(why) => warn!(count, "rows of a user stay as they are: the id of a user {why}"),
            }
            last = Some(user.to_owned());
        }
        Ok((counts, last))
    }

    async fn put_listed(&self, listed: &Listed) -> Result<(), Failure> {
        let users: Vec<&str> = listed.keys().map(UserId::as_str).collect();
        let next: Vec<i64> = listed.values().map(|room| rows::int(room.next)).collect();
        let left: Vec<i64> = listed.values().map(|room| rows::int(room.left)).collect();
        rows::execute(&self.connection, sql::BACKFILL_PUT, &[&users, &next, &left]).await?;
        Ok(())
    }

    async fn backfill(&self) -> Result<usize, Failure> {
        let mut listed = self.take_listed().await?;
        if listed.is_empty() {
            return Ok(0);
        }
        let mut claimed = self.claim_inboxes(&listed.keys().collect()).await?;
        let older = self.older_rows(&listed).await?;
        let (mut seqs, mut odd) = (HashMap::new(), Vec::new());
        for row in &older {
            let (Some(room), Some(claim)) = (listed.get_mut(&row.user), claimed.get_mut(&row.user))
            else {
                continue;
            };
            room.left = room.left.saturating_sub(1);
            let Some(id) = row.id else {
                odd.push(row.text.as_str());
                continue;
            };
            seqs.insert(id, Seq::new(room.next));
            room.next = room.next.saturating_sub(1);
            claim.inbox.unread += u64::from(row.unread);
        }
        self.give_positions(&seqs, &odd).await?;
        self.move_claimed(claimed, Vec::new()).await?;
        self.strike_off(listed).await?;
        Ok(older.len())
    }

    /// The first on the list. What cannot be read is taken off it: the others are not to wait for it.
    async fn take_listed(&self) -> Result<Listed, Failure> {
        let params: rows::Params<'_> = &[&rows::limit(USERS)];
        let (mut listed, mut odd) = (Listed::new(), Vec::new());
        let mut rest = ROWS;
        let found = rows::query(&self.connection, sql::BACKFILL_TAKE, params).await?;
        for row in &found {
            let text: &str = rows::get(row, 0, "backfill.userId")?;
            let next = rows::count(row, 1, "backfill.next");
            let left = rows::count(row, 2, "backfill.left");
            let (Ok(user), Ok(next), Ok(left)) = (UserId::parse(text), next, left) else {
                odd.push(text);
                continue;
            };
            listed.insert(user, Room { next, left });
            rest = rest.saturating_sub(left);
            if rest == 0 {
                break;
            }
        }
        if !odd.is_empty() {
            warn!(
                count = odd.len(),
                "rows of users stay as they are: what was listed of them cannot be read"
            );
            rows::execute(&self.connection, sql::BACKFILL_DONE, &[&odd]).await?;
        }
        Ok(listed)
    }

    /// The next rows of each user, newest first.
    async fn older_rows(&self, listed: &Listed) -> Result<Vec<Older>, Failure> {
        let users: Vec<&str> = listed.keys().map(UserId::as_str).collect();
        let wanted: Vec<i64> = listed.values().map(|room| rows::int(room.left.min(ROWS))).collect();
        let params: rows::Params<'_> = &[&users, &wanted];
        rows::all(&self.connection, sql::OLDER_ROWS, params, |row| {
            let text: String = rows::get(row, 0, "notifications.id")?;
            Ok(Older {
                id: NotificationId::parse(&text),
                text,
                user: rows::parsed(row, 1, "backfill.userId", |user| UserId::parse(user).ok())?,
                unread: rows::get(row, 2, "notifications.readAt")?,
            })
        })
        .await
    }

    async fn give_positions(
        &self,
        seqs: &HashMap<NotificationId, Seq>,
        odd: &[&str],
    ) -> Result<(), Failure> {
        if !seqs.is_empty() {
            let ids: Vec<&str> = seqs.keys().map(NotificationId::as_str).collect();
            let given: Vec<i64> = seqs.values().map(|seq| rows::int(seq.get())).collect();
            let states: Vec<Option<i64>> = vec![None; given.len()];
            let params: rows::Params<'_> = &[&ids, &given, &states];
            rows::execute(&self.connection, sql::NOTIFICATIONS_MARK, params).await?;
        }
        if !odd.is_empty() {
            warn!(count = odd.len(), "rows stay as they are: their ids cannot be used");
            rows::execute(&self.connection, sql::OLDER_ODD, &[&odd]).await?;
        }
        Ok(())
    }

    /// Takes off the list who has no older rows any more, or no room.
    async fn strike_off(&self, mut listed: Listed) -> Result<(), Failure> {
        let users: Vec<&str> = listed.keys().map(UserId::as_str).collect();
        let params: rows::Params<'_> = &[&users];
        let left = rows::all(&self.connection, sql::OLDER_LEFT, params, |row| {
            rows::parsed(row, 0, "backfill.userId", |text| UserId::parse(text).ok())
        });
        let left: BTreeSet<UserId> = left.await?.into_iter().collect();
        let done: Vec<UserId> = listed
            .iter()
            .filter(|(user, room)| room.left == 0 || !left.contains(*user))
            .map(|(user, _)| user.clone())
            .collect();
        listed.retain(|user, _| !done.contains(user));
        let done: Vec<&str> = done.iter().map(UserId::as_str).collect();
        rows::execute(&self.connection, sql::BACKFILL_DONE, &[&done]).await?;
        self.put_listed(&listed).await
    }
}
