//! Removes what is kept for a while only: changes after a week, kept answers after a day, deliveries 30 days after their end, and
//! notifications as the host says. Not here: the SQL of it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use grelot_core::{Clock, UserId};
use grelot_store::{Pruned, Store, StoreError};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

const DAY: Duration = Duration::from_hours(24);
/// How many steps in a row may find nothing but what is held: a write holds an inbox for milliseconds, and who holds one for longer
/// does not keep the other chores waiting.
const HELD: usize = 20;

/// What is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chore {
    /// The changes of inboxes, from which streams resume.
    Changes,
    /// The answers kept for idempotency keys.
    Answers,
    /// The deliveries that ended.
    Deliveries,
    /// The notifications that were read.
    Read,
    /// What inboxes hold too much.
    Inboxes,
}

/// Which notifications are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// How long those are kept that were read; `None`: for ever.
    pub read: Option<Duration>,
    /// How many an inbox may hold; `None`: any number.
    pub inbox_max: Option<u64>,
}

impl Default for Retention {
    fn default() -> Self {
        Self { read: None, inbox_max: Some(10_000) }
    }
}

impl Chore {
    /// Every chore, in the order in which they are done.
    pub const ALL: [Self; 5] =
        [Self::Changes, Self::Answers, Self::Deliveries, Self::Read, Self::Inboxes];

    /// How long what it removes was kept; `None`: that is no matter of time, or it is kept for ever.
    pub const fn kept(self, retention: Retention) -> Option<Duration> {
        match self {
            Self::Changes => Some(DAY.saturating_mul(7)),
            Self::Answers => Some(DAY),
            Self::Deliveries => Some(grelot_core::delivery::KEPT),
            Self::Read => retention.read,
            Self::Inboxes => None,
        }
    }

    /// The name in logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Changes => "changes",
            Self::Answers => "idempotency",
            Self::Deliveries => "deliveries",
            Self::Read => "read",
            Self::Inboxes => "inboxes",
        }
    }
}

/// What one step did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// This many were removed, and more may wait.
    More(usize),
    /// None of those found could be removed: somebody is changing their inboxes at this moment.
    Held,
    /// This many were removed, and nothing is left.
    Done(usize),
}

impl Progress {
    /// What removing `removed` of at most `batch` rows means.
    const fn of(removed: usize, batch: usize) -> Self {
        if removed < batch { Self::Done(removed) } else { Self::More(removed) }
    }

    /// What pruning meant, where it looked for at most `batch`.
    const fn of_pruned(pruned: Pruned, batch: usize) -> Self {
        match pruned {
            Pruned { removed, held } if removed + held < batch => Self::Done(removed),
            Pruned { removed: 0, .. } => Self::Held,
            Pruned { removed, .. } => Self::More(removed),
        }
    }
}

/// The bounds of housekeeping.
#[derive(Clone, Debug)]
pub struct HousekeepingSettings {
    /// Between two rounds, give or take a tenth, so that several nodes do not work at the same moment.
    pub every: Duration,
    /// Between two batches of a round: the committer serves others meanwhile.
    pub pause: Duration,
    /// How many rows a batch removes at most.
    pub batch: usize,
    /// Which notifications are kept.
    pub retention: Retention,
}

impl Default for HousekeepingSettings {
    fn default() -> Self {
        Self {
            every: Duration::from_mins(10),
            pause: Duration::from_millis(100),
            batch: 250,
            retention: Retention::default(),
        }
    }
}

/// The periodic job.
pub struct Housekeeping {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    settings: HousekeepingSettings,
    /// Behind which inbox the walk goes on.
    walk: Mutex<Option<UserId>>,
}

impl Housekeeping {
    /// Housekeeping of `store`.
    pub fn new(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        settings: HousekeepingSettings,
    ) -> Self {
        Self { store, clock, settings, walk: Mutex::default() }
    }

    /// Works until `shutdown`. The first round begins somewhere in the first tenth of the interval: a process that is started again
    /// and again has to come to it.
    pub async fn run(self, shutdown: CancellationToken) {
        shutdown.run_until_cancelled(rounds(&self.settings, |chore| self.step(chore))).await;
    }

    /// Removes one batch of what is kept no longer.
    ///
    /// # Errors
    /// The [`StoreError`] of the store; nothing was removed, and the next step tries again.
    pub async fn step(&self, chore: Chore) -> Result<Progress, StoreError> {
        let (store, batch, retention) = (&self.store, self.settings.batch, self.settings.retention);
        if chore == Chore::Inboxes {
            return self.trim(retention.inbox_max).await;
        }
        let Some(kept) = chore.kept(retention) else {
            return Ok(Progress::Done(0));
        };
        let before = self.clock.now().before(kept);
        let removed = match chore {
            Chore::Changes => store.prune_changes(before, batch).await?,
            Chore::Answers => store.prune_idempotency(before, batch).await?,
            Chore::Deliveries => store.prune_deliveries(before, batch).await?,
            Chore::Read => {
                return Ok(Progress::of_pruned(store.prune_read(before, batch).await?, batch));
            }
            Chore::Inboxes => 0,
        };
        Ok(Progress::of(removed, batch))
    }

    /// A step of the walk through the inboxes, which begins anew where the last one ended.
    async fn trim(&self, max: Option<u64>) -> Result<Progress, StoreError> {
        let Some(max) = max else {
            return Ok(Progress::Done(0));
        };
        let mut walk = self.walk.lock().await;
        let trimmed = self.store.trim_inboxes(walk.as_ref(), max, self.settings.batch).await?;
        *walk = if trimmed.done { None } else { trimmed.after };
        let removed = trimmed.removed;
        Ok(if trimmed.done { Progress::Done(removed) } else { Progress::More(removed) })
    }
}

/// Round after round, for ever.
async fn rounds<F, R>(settings: &HousekeepingSettings, step: F)
where
    F: Fn(Chore) -> R,
    R: Future<Output = Result<Progress, StoreError>>,
{
    tokio::time::sleep(settings.every.mul_f64(rand::random()) / 10).await;
    loop {
        for chore in Chore::ALL {
            finish(settings.pause, chore, &step).await;
        }
        tokio::time::sleep(spread(settings.every, rand::random())).await;
    }
}

/// Does one chore to its end. An error ends it for this round: the store is in trouble, and has better to do.
async fn finish<F, R>(pause: Duration, chore: Chore, step: F)
where
    F: Fn(Chore) -> R,
    R: Future<Output = Result<Progress, StoreError>>,
{
    let (mut total, mut held) = (0, 0);
    loop {
        match step(chore).await {
            Ok(Progress::More(removed)) => (total, held) = (total + removed, 0),
            Ok(Progress::Held) if held < HELD => held += 1,
            Ok(Progress::Held) => {
                tracing::info!(
                    chore = chore.name(),
                    removed = total,
                    "housekeeping left what is held"
                );
                return;
            }
            Ok(Progress::Done(removed)) => {
                total += removed;
                tracing::debug!(chore = chore.name(), removed = total, "housekeeping done");
                return;
            }
            Err(error) => {
                tracing::warn!(chore = chore.name(), removed = total, %error, "housekeeping failed");
                return;
            }
        }
        tokio::time::sleep(pause).await;
    }
}

impl fmt::Debug for Housekeeping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Housekeeping").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// `interval`, give or take a tenth; `unit` is from 0 to 1.
fn spread(interval: Duration, unit: f64) -> Duration {
    interval.mul_f64(0.9 + 0.2 * unit.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    fn settings() -> HousekeepingSettings {
        let (every, pause) = (Duration::from_mins(10), Duration::from_secs(1));
        HousekeepingSettings { every, pause, batch: 5, ..HousekeepingSettings::default() }
    }

    #[test]
    fn a_full_batch_means_that_more_may_wait() {
        assert_eq!(Progress::of(5, 5), Progress::More(5));
        assert_eq!(Progress::of(4, 5), Progress::Done(4));
        assert_eq!(Progress::of(0, 5), Progress::Done(0));
    }

    #[tokio::test(start_paused = true)]
    async fn a_chore_goes_on_until_nothing_is_left_and_pauses_between_batches() {
        let left = RefCell::new(vec![Progress::Done(2), Progress::More(5), Progress::More(5)]);
        let before = tokio::time::Instant::now();
        finish(settings().pause, Chore::Changes, async |_| Ok(left.borrow_mut().pop().unwrap()))
            .await;
        assert_eq!(before.elapsed(), Duration::from_secs(2));
        assert!(left.borrow().is_empty());
    }

    #[test]
    fn what_is_held_is_no_sign_of_the_end() {
        let of = |removed, held| Progress::of_pruned(Pruned { removed, held }, 5);
        assert_eq!(of(5, 0), Progress::More(5));
        assert_eq!(of(2, 3), Progress::More(2));
        assert_eq!(of(0, 5), Progress::Held);
        assert_eq!(of(2, 2), Progress::Done(2));
    }

    #[tokio::test(start_paused = true)]
    async fn a_chore_comes_back_to_what_was_held_for_a_moment() {
        let left = RefCell::new(vec![Progress::Done(2), Progress::Held, Progress::More(5)]);
        finish(settings().pause, Chore::Read, async |_| Ok(left.borrow_mut().pop().unwrap())).await;
        assert!(left.borrow().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn what_stays_held_does_not_keep_the_other_chores_waiting() {
        let steps = RefCell::new(0);
        let step = async |_| {
            *steps.borrow_mut() += 1;
            Ok(Progress::Held)
        };
        finish(settings().pause, Chore::Read, step).await;
        assert_eq!(steps.into_inner(), HELD + 1);
    }

    #[tokio::test(start_paused = true)]
    async fn an_error_leaves_the_chore_until_the_next_round() {
        let done = RefCell::new(Vec::new());
        let settings = settings();
        let rounds = rounds(&settings, async |chore| {
            done.borrow_mut().push(chore);
            Err(StoreError::Unavailable("disk full".to_owned()))
        });
        // The first round begins within 60 s, the second 540 s to 660 s later.
        let _ = tokio::time::timeout(Duration::from_secs(721), rounds).await;
        let done = done.into_inner();
        assert_eq!(done[..10], [Chore::ALL, Chore::ALL].concat());
        assert_eq!(done.len(), 10);
    }

    #[test]
    fn the_spread_is_a_tenth() {
        let hour = Duration::from_hours(1);
        assert_eq!(spread(hour, 0.0), Duration::from_mins(54));
        assert_eq!(spread(hour, 0.5), hour);
        assert_eq!(spread(hour, 1.0), Duration::from_mins(66));
    }

    #[test]
    fn what_is_kept_for_a_while_is_kept_as_documented() {
        let days =
            |chore: Chore| chore.kept(Retention::default()).map(|kept| kept.as_secs() / 86_400);
        assert_eq!(Chore::ALL.map(days), [Some(7), Some(1), Some(30), None, None]);
        assert_eq!(Retention::default().inbox_max, Some(10_000));
    }
}
