//! A unit of work on its way through the committer: what to do, and who waits for the answer.

use grelot_store::StoreError;
use grelot_store_common::SlotGuard;
use tokio::sync::oneshot;

use crate::error::Failure;
use crate::tx::Tx;

/// A write that the committer runs, possibly more than once: a failed batch runs its units again one by one.
pub(crate) trait Unit: Send {
    /// How many rows it may write, roughly: a batch is bounded by the sum.
    fn weight(&self) -> usize;
    /// Does the work inside of the transaction. A refusal is a result like others; an error rolls everything back.
    fn run(&mut self, tx: &mut Tx<'_>) -> Result<(), Failure>;
    /// Answers the caller, after the commit or instead of it. It does not matter whether the caller still listens.
    fn answer(self: Box<Self>, outcome: Result<(), StoreError>);
}

/// The unit that runs a closure.
pub(crate) struct Job<T, F> {
    pub(crate) work: F,
    pub(crate) weight: usize,
    pub(crate) done: Option<T>,
    pub(crate) reply: oneshot::Sender<Result<T, StoreError>>,
    /// Its idempotency slot, taken as long as it is queued or runs.
    pub(crate) slot: Option<SlotGuard>,
}

impl<T, F> Unit for Job<T, F>
where
    T: Send,
    F: FnMut(&mut Tx<'_>) -> Result<T, Failure> + Send,
{
    fn weight(&self) -> usize {
        self.weight
    }

    fn run(&mut self, tx: &mut Tx<'_>) -> Result<(), Failure> {
        self.done = None;
        self.done = Some((self.work)(tx)?);
        Ok(())
    }

    fn answer(self: Box<Self>, outcome: Result<(), StoreError>) {
        let Self { done, reply, slot, .. } = *self;
        // Free before the caller can ask again.
        drop(slot);
        let undone = || StoreError::Unavailable("the work was not done".to_owned());
        // A caller that went away does not want to know.
        let _gone = reply.send(outcome.and_then(|()| done.ok_or_else(undone)));
    }
}
