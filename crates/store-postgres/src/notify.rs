//! The port `Notify`: a request joins the queue of the committers. Not here: the decision (`ground`), and what is
//! written (`batch`).

use async_trait::async_trait;
use grelot_store::{Notify, NotifyAnswer, NotifyError, NotifyRequest, Preview, StoreError};
use tokio::sync::oneshot;

use crate::error::Failure;
use crate::snapshot::Snapshot;
use crate::store::PostgresStore;
use crate::unit::Unit;

#[async_trait]
impl Notify for PostgresStore {
    async fn notify(&self, request: NotifyRequest) -> Result<NotifyAnswer, NotifyError> {
        let slot = match request.idempotency {
            None => None,
            Some(key) => Some(self.slots.take(key.slot).ok_or(NotifyError::InFlight)?),
        };
        let (reply, answer) = oneshot::channel();
        self.enqueue(Unit::new(request, slot, reply))?;
        let gone = |_| StoreError::Unavailable("the store is closed".to_owned());
        answer.await.map_err(gone)??
    }

    async fn preview(&self, request: &NotifyRequest) -> Result<Vec<Preview>, NotifyError> {
        let request = request.clone();
        self.read(move |snapshot| async move { snapshot.preview(&request).await }).await?
    }
}

impl Snapshot {
    async fn preview(
        &self,
        request: &NotifyRequest,
    ) -> Result<Result<Vec<Preview>, NotifyError>, Failure> {
        let ground = self.ground(&[request]).await?;
        let category = match &request.content.category {
            None => None,
            Some(key) => match ground.categories.get(key) {
                None => return Ok(Err(NotifyError::UnknownCategory)),
                found => found,
            },
        };
        let now = self.context.now();
        let decide = |user| ground.decide(user, category, request.mail, now).preview;
        Ok(Ok(request.recipients.users().iter().map(decide).collect()))
    }
}
