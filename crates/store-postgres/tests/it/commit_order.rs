//! The trap of the commit order: of two transactions the one that began first may commit last, and its rows must not come
//! before what a reader has seen already.

use std::collections::BTreeSet;
use std::ops::Range;

use grelot_core::{ChangeKind, Inbox, Seq, UserId};
use grelot_store::conformance::user;
use grelot_store::{MailPolicy, Replay as _, Replayed};
use grelot_store_postgres::PostgresStore;

use crate::support::{Session, TempBackend, send};

/// A reader that was cut off after every change, and resumes.
struct Reader {
    user: UserId,
    last: Seq,
    seen: BTreeSet<String>,
}

impl Reader {
    async fn resume(&mut self, store: &PostgresStore) {
        let replayed = store.replay(&self.user, self.last).await.unwrap();
        let Replayed::Changes { changes, inbox: Inbox { seq, .. } } = replayed else {
            panic!("reset at {:?}", self.last)
        };
        for change in changes {
            assert_eq!(change.seq, self.last.next(), "a change is missed");
            self.last = change.seq;
            let ChangeKind::Created(created) = change.kind else { panic!("{change:?}") };
            assert!(self.seen.insert(created.id.as_str().to_owned()), "it came twice");
        }
        assert_eq!(self.last, seq);
    }
}

/// What happens in one round, in an order that respects those of each transaction: the one of the early session begins
/// first and, unless it is rolled back, commits last.
#[derive(Clone, Copy)]
enum Step {
    LateBegins,
    LateCommits,
    Adopt,
    Notify,
}

/// Each order of the two steps of the second transaction with looks and a notification between them.
fn rounds() -> Vec<Vec<Step>> {
    use Step::{Adopt, LateBegins, LateCommits, Notify};
    let mut rounds = Vec::new();
    // What stands before, between and behind the steps of the other transaction.
    let between: [&[Step]; 5] = [&[], &[Adopt], &[Notify], &[Notify, Adopt], &[Adopt, Notify]];
    for before in between {
        for middle in between {
            for behind in between {
                let steps = [before, &[LateBegins], middle, &[LateCommits], behind];
                rounds.push(steps.concat());
            }
        }
    }
    rounds
}

mod a_resuming_reader_misses_nothing_whoever_commits_last {
    //! A thousand rounds in four parts, so that none takes long.

    use super::interleave;

    #[tokio::test]
    async fn in_the_first_rounds() {
        interleave(1..251).await;
    }

    #[tokio::test]
    async fn in_the_second_rounds() {
        interleave(251..501).await;
    }

    #[tokio::test]
    async fn in_the_third_rounds() {
        interleave(501..751).await;
    }

    #[tokio::test]
    async fn in_the_last_rounds() {
        interleave(751..1_001).await;
    }
}

/// 125 orders, twice each: by either node, and committed or, now and then, rolled back.
async fn interleave(numbers: Range<usize>) {
    let backend = TempBackend::new();
    let nodes = [backend.open_store().await, backend.open_store().await];
    let (early, late) =
        (Session::open(&backend.database).await, Session::open(&backend.database).await);
    let ann = user("ann");
    let insert = |id: &str| {
        format!(r#"INSERT INTO notifications (id, "userId", title) VALUES ('{id}', 'ann', 'one')"#)
    };
    let mut reader = Reader { user: ann.clone(), last: Seq::ZERO, seen: BTreeSet::new() };
    let mut committed = 0;
    for (number, round) in numbers.zip(rounds().iter().cycle()) {
        let (id, other) = (format!("early-{number}"), format!("late-{number}"));
        early.run(&format!("BEGIN; {}", insert(&id))).await;
        for step in round {
            match step {
                Step::LateBegins => late.run(&format!("BEGIN; {}", insert(&other))).await,
                Step::LateCommits => {
                    late.run("COMMIT").await;
                    committed += 1;
                }
                Step::Adopt => {
                    nodes[number % 2].adopt(MailPolicy::Off).await.unwrap();
                }
                Step::Notify => {
                    send(&*nodes[(number + 1) % 2], &ann, "one").await.unwrap();
                    committed += 1;
                }
            }
            reader.resume(&nodes[0]).await;
        }
        let is_kept = number % 7 > 0;
        early.run(if is_kept { "COMMIT" } else { "ROLLBACK" }).await;
        committed += usize::from(is_kept);
        while nodes[number % 2].adopt(MailPolicy::Off).await.unwrap().taken > 0 {}
        reader.resume(&nodes[1]).await;
        assert_eq!(reader.seen.len(), committed);
    }
    let unread = backend.database.run("SELECT unread FROM grelot.inboxes");
    assert_eq!(unread, committed.to_string());
}
