//! A layer that does nothing but hold something: what a router serves must live as long as the router.

use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::extract::Request;
use tower_layer::layer_fn;
use tower_service::Service;

use crate::grelot::Parts;

/// The router, holding `parts`.
pub(crate) fn holding(router: Router, parts: Arc<Parts>) -> Router {
    router.layer(layer_fn(move |inner| Holding { inner, _parts: Arc::clone(&parts) }))
}

#[derive(Clone)]
struct Holding<S> {
    inner: S,
    _parts: Arc<Parts>,
}

impl<S: Service<Request>> Service<Request> for Holding<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> S::Future {
        self.inner.call(request)
    }
}
