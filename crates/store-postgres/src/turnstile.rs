//! The order in which commits are told: that of `seq` in each inbox, though several transactions run at once.
//!
//! A transaction takes its ticket while it holds the rows of its inboxes and before it commits. The next one that moves
//! one of them gets the row after that commit, so its ticket is later. Tickets are told in their order; a transaction
//! that fails gives its ticket back by dropping it. Nobody waits here who holds a row.

use std::collections::BTreeMap;
use std::sync::Arc;

use grelot_core::Change;
use grelot_store::Committed;
use parking_lot::Mutex;
use tokio::sync::oneshot;

/// Tells the listener what was committed, in the order of the tickets.
#[derive(Debug)]
pub(crate) struct Turnstile {
    listener: Arc<dyn Committed>,
    line: Mutex<Line>,
}

/// As long as there are transactions that hold a ticket: no longer than the pool of connections is large.
#[derive(Debug, Default)]
struct Line {
    /// The next ticket.
    next: u64,
    /// The ticket whose turn it is.
    turn: u64,
    /// What later tickets have to tell.
    waiting: BTreeMap<u64, Told>,
}

/// What a ticket has to tell; nothing where its transaction came to nothing.
type Told = Option<(Vec<Change>, oneshot::Sender<()>)>;

/// The right to tell at some point of the line.
#[derive(Debug)]
pub(crate) struct Ticket {
    turnstile: Arc<Turnstile>,
    number: u64,
    used: bool,
}

impl Turnstile {
    pub(crate) fn new(listener: Arc<dyn Committed>) -> Arc<Self> {
        Arc::new(Self { listener, line: Mutex::default() })
    }

    /// Takes the next ticket.
    pub(crate) fn ticket(self: &Arc<Self>) -> Ticket {
        let mut line = self.line.lock();
        let number = line.next;
        line.next += 1;
        Ticket { turnstile: Arc::clone(self), number, used: false }
    }

    fn pass(&self, number: u64, told: Told) {
        let mut line = self.line.lock();
        line.waiting.insert(number, told);
        loop {
            let turn = line.turn;
            let Some(told) = line.waiting.remove(&turn) else {
                return;
            };
            // First, so that a listener that panics holds nobody up.
            line.turn += 1;
            if let Some((changes, heard)) = told {
                if !changes.is_empty() {
                    self.listener.committed(changes);
                }
                // Who does not wait any more does not want to know.
                let _gone = heard.send(());
            }
        }
    }
}

impl Ticket {
    /// Tells what was committed, when it is the ticket's turn; returns when that is done.
    pub(crate) async fn tell(mut self, changes: Vec<Change>) {
        self.used = true;
        let (heard, wait) = oneshot::channel();
        self.turnstile.pass(self.number, Some((changes, heard)));
        let _heard = wait.await;
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if !self.used {
            self.turnstile.pass(self.number, None);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use grelot_core::{ChangeKind, Seq, UserId};
    use grelot_store::conformance::Heard;

    use super::*;

    fn change(seq: u64) -> Vec<Change> {
        let user = UserId::parse("ann").unwrap();
        vec![Change { user, seq: Seq::new(seq), unread: 0, kind: ChangeKind::PreferencesUpdated }]
    }

    fn told(heard: &Heard) -> Vec<u64> {
        heard.take().iter().map(|change| change.seq.get()).collect()
    }

    #[tokio::test]
    async fn who_committed_first_is_told_first_whoever_says_so_first() {
        let heard = Arc::new(Heard::new());
        let listener = Arc::clone(&heard);
        let turnstile = Turnstile::new(listener);
        let (first, second, third) = (turnstile.ticket(), turnstile.ticket(), turnstile.ticket());
        let mut third = Box::pin(third.tell(change(3)));
        assert!((&mut third).now_or_never().is_none());
        let mut second = Box::pin(second.tell(change(2)));
        assert!((&mut second).now_or_never().is_none());
        assert_eq!(told(&heard), [0; 0]);
        first.tell(change(1)).await;
        assert_eq!(told(&heard), [1, 2, 3]);
        second.await;
        third.await;
    }

    #[tokio::test]
    async fn a_transaction_that_came_to_nothing_holds_nobody_up() {
        let heard = Arc::new(Heard::new());
        let listener = Arc::clone(&heard);
        let turnstile = Turnstile::new(listener);
        let (first, second) = (turnstile.ticket(), turnstile.ticket());
        drop(first);
        second.tell(change(2)).await;
        assert_eq!(told(&heard), [2]);
    }
}
