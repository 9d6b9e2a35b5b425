//! A request's body with a deadline, so that a client who sends it drop by drop holds nothing for long. Not here: how long a
//! body may be, which routes decide.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use thiserror::Error;
use tokio::time::Sleep;

/// Why a body ended early.
#[derive(Debug, Error)]
pub(super) enum BodyError<E> {
    /// It took too long.
    #[error("the body did not arrive in time")]
    Late,
    /// The connection failed.
    #[error(transparent)]
    Inner(E),
}

/// A body with a deadline.
pub(super) struct Timed<B> {
    inner: B,
    limit: Duration,
    /// Made only when the body has to be waited for, which most are not.
    deadline: Option<Pin<Box<Sleep>>>,
}

impl<B> Timed<B> {
    pub(super) fn new(inner: B, limit: Duration) -> Self {
        Self { inner, limit, deadline: None }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for Timed<B> {
    type Data = Bytes;
    type Error = BodyError<B::Error>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.inner).poll_frame(context) {
            return Poll::Ready(frame.map(|frame| frame.map_err(BodyError::Inner)));
        }
        let limit = self.limit;
        let deadline = self.deadline.get_or_insert_with(|| Box::pin(tokio::time::sleep(limit)));
        deadline.as_mut().poll(context).map(|()| Some(Err(BodyError::Late)))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
