//! Random walks through an inbox that changes meanwhile: each notification is shown at most once, and none is missed but
//! one deleted, or made unread behind the walk.

use std::collections::HashSet;

use grelot_core::{Cursor, NotificationId, ReadStatus, Section, Seq};
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any};
use proptest::prop_oneof;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, TestError, TestRunner};

use super::world::{World, only, user};
use crate::ReadAllScope;

/// How many walks are tried.
const CASES: u32 = 200;

#[derive(Clone, Debug)]
enum Step {
    SetRead(Index, bool),
    Delete(Index),
    ReadAll,
    Create,
}

#[derive(Clone, Debug)]
struct Plan {
    status: ReadStatus,
    limit: usize,
    /// Whether each notification is read when the walk begins.
    read: Vec<bool>,
    /// What happens after each page.
    meanwhile: Vec<Vec<Step>>,
}

fn plan() -> impl Strategy<Value = Plan> {
    let step = prop_oneof![
        6 => (any::<Index>(), any::<bool>()).prop_map(|(row, read)| Step::SetRead(row, read)),
        1 => any::<Index>().prop_map(Step::Delete),
        1 => Just(Step::ReadAll),
        1 => Just(Step::Create),
    ];
    let status =
        select(vec![ReadStatus::All, ReadStatus::All, ReadStatus::Unread, ReadStatus::Read]);
    let (read, meanwhile) = (vec(any::<bool>(), 1..10), vec(vec(step, 0..4), 0..10));
    (status, 1..4_usize, read, meanwhile).prop_map(|(status, limit, read, meanwhile)| Plan {
        status,
        limit,
        read,
        meanwhile,
    })
}

pub async fn a_walk_shows_each_once_whatever_happens_meanwhile(world: &World) {
    let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
    let tried = world.clone();
    // The runner calls back, so it has a thread where that may block.
    let outcome = tokio::task::spawn_blocking(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let number = std::cell::Cell::new(0_u32);
        TestRunner::new(config).run(&plan(), |plan| {
            number.set(number.get() + 1);
            runtime.block_on(Walker::new(&tried, number.get()).run(plan));
            Ok(())
        })
    });
    if let Err(TestError::Fail(why, plan)) = outcome.await.unwrap() {
        panic!("{why}\nafter {plan:#?}");
    }
}

struct Walker<'a> {
    world: &'a World,
    user: grelot_core::UserId,
    rows: Vec<(NotificationId, Seq)>,
    shown: Vec<NotificationId>,
    /// Those that the walk may miss.
    excused: HashSet<NotificationId>,
    /// Those whose state changed.
    touched: HashSet<NotificationId>,
}

impl<'a> Walker<'a> {
    fn new(world: &'a World, number: u32) -> Self {
        Self {
            world,
            user: user(&format!("walker{number}")),
            rows: Vec::new(),
            shown: Vec::new(),
            excused: HashSet::new(),
            touched: HashSet::new(),
        }
    }

    async fn run(mut self, plan: Plan) {
        for _ in &plan.read {
            let id = self.world.send(&self.user, "one").await;
            self.rows.push((id, self.world.get(&self.user, id).await.seq));
        }
        // Backwards, so that what the walk meets last may be what changed last.
        for ((id, _), read) in self.rows.iter().zip(&plan.read).rev() {
            if *read {
                self.world.store.set_read(&self.user, *id, true).await.unwrap();
            }
        }
        let mut meanwhile = plan.meanwhile.into_iter();
        let (mut cursor, filter): (Option<Cursor>, _) = (None, only(plan.status));
        loop {
            let store = &self.world.store;
            let page = store.list(&self.user, &filter, cursor, plan.limit).await.unwrap();
            self.shown.extend(page.notifications.iter().map(|shown| shown.id));
            let Some(next) = page.next else {
                break;
            };
            assert_eq!(page.notifications.len(), plan.limit);
            cursor = Some(next);
            for step in meanwhile.next().unwrap_or_default() {
                self.take(step, next).await;
            }
        }
        self.judge(plan.status, &plan.read);
    }

    async fn take(&mut self, step: Step, at: Cursor) {
        let store = &self.world.store;
        match step {
            Step::SetRead(row, read) => {
                let (id, seq) = self.rows[row.index(self.rows.len())];
                let Some(before) = store.notification(&self.user, id).await.unwrap() else {
                    return;
                };
                store.set_read(&self.user, id, read).await.unwrap();
                if before.read_at.is_some() == read {
                    return;
                }
                self.touched.insert(id);
                if !read && (at.section == Section::Read || seq >= at.below) {
                    self.excused.insert(id);
                }
            }
            Step::Delete(row) => {
                let (id, _) = self.rows[row.index(self.rows.len())];
                store.delete(&self.user, id).await.unwrap();
                self.touched.insert(id);
                self.excused.insert(id);
            }
            Step::ReadAll => {
                store.read_all(&self.user, &ReadAllScope::default()).await.unwrap();
                self.touched.extend(self.rows.iter().map(|(id, _)| *id));
            }
            Step::Create => {
                self.world.send(&self.user, "late").await;
            }
        }
    }

    fn judge(&self, status: ReadStatus, read: &[bool]) {
        let shown: HashSet<_> = self.shown.iter().copied().collect();
        assert_eq!(shown.len(), self.shown.len(), "one was shown twice");
        assert!(shown.iter().all(|id| self.rows.iter().any(|(row, _)| row == id)), "a late one");
        for ((id, seq), read) in self.rows.iter().zip(read) {
            let must = match status {
                ReadStatus::All => !self.excused.contains(id),
                ReadStatus::Unread => !read && !self.touched.contains(id),
                ReadStatus::Read => *read && !self.touched.contains(id),
            };
            assert!(!must || shown.contains(id), "{seq:?} was missed");
        }
    }
}
