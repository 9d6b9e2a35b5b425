//! A request to notify on its way through a committer, and who waits for the answer.

use std::sync::Arc;

use grelot_core::Content;
use grelot_store::{NotifyAnswer, NotifyError, NotifyRequest, StoreError};
use grelot_store_common::SlotGuard;
use tokio::sync::oneshot;

/// What comes of a request, refusals included.
pub(crate) type Outcome = Result<NotifyAnswer, NotifyError>;

/// A request that is queued.
#[derive(Debug)]
pub(crate) struct Unit {
    pub(crate) request: NotifyRequest,
    /// The request's content, shared by all that it creates.
    pub(crate) content: Arc<Content>,
    /// Its idempotency slot, taken as long as it is queued or runs.
    slot: Option<SlotGuard>,
    reply: oneshot::Sender<Result<Outcome, StoreError>>,
}

impl Unit {
    pub(crate) fn new(
        request: NotifyRequest,
        slot: Option<SlotGuard>,
        reply: oneshot::Sender<Result<Outcome, StoreError>>,
    ) -> Self {
        let content = Arc::new(request.content.clone());
        Self { request, content, slot, reply }
    }

    /// How many rows it may write: a batch is bounded by the sum.
    pub(crate) fn weight(&self) -> usize {
        self.request.recipients.users().len()
    }

    /// Answers the caller, after the commit or instead of it. It does not matter whether the caller still listens.
    pub(crate) fn answer(self, outcome: Result<Outcome, StoreError>) {
        // Free before the caller can ask again.
        drop(self.slot);
        let _gone = self.reply.send(outcome);
    }
}
