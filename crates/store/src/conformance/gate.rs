//! A listener that holds up whoever commits.

use std::sync::Arc;

use grelot_core::Change;
use parking_lot::{Condvar, Mutex};
use tokio::sync::watch;

use crate::Committed;

/// A listener behind a gate: while it is closed whoever commits stands at it, and work queues up.
#[derive(Debug)]
pub struct Gate {
    closed: Mutex<bool>,
    moved: Condvar,
    waiting: watch::Sender<bool>,
}

impl Gate {
    /// A gate that is open.
    pub fn opened() -> Arc<Self> {
        Self::new(false)
    }

    /// A gate that is closed.
    pub fn closed() -> Arc<Self> {
        Self::new(true)
    }

    fn new(closed: bool) -> Arc<Self> {
        let (closed, moved) = (Mutex::new(closed), Condvar::new());
        Arc::new(Self { closed, moved, waiting: watch::Sender::new(false) })
    }

    /// Whoever commits from now on stands at it.
    pub fn close(&self) {
        *self.closed.lock() = true;
    }

    /// Lets everybody go on.
    pub fn open(&self) {
        *self.closed.lock() = false;
        self.moved.notify_all();
    }

    /// Waits until somebody stands at it.
    pub async fn reached(&self) {
        self.waiting.subscribe().wait_for(|waiting| *waiting).await.unwrap();
    }
}

impl Committed for Gate {
    fn committed(&self, _: Vec<Change>) {
        let mut closed = self.closed.lock();
        if *closed {
            self.waiting.send_replace(true);
            self.moved.wait_while(&mut closed, |closed| *closed);
        }
    }
}
