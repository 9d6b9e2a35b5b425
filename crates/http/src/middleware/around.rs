//! The layer around every handler: the order in which things happen. Not here: each of the things.

use std::convert::Infallible;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use http::{HeaderValue, Method, Version, header};
use tower_layer::Layer;
use tower_service::Service;
use tracing::Instrument;

use super::log::Line;
use super::request_id::{RequestId, X_REQUEST_ID};
use super::user::{GRELOT_PING, GRELOT_USER, UserSlot};
use super::{cors, security};
use crate::auth::Authenticator;
use crate::metrics::{Metrics, known_method};
use crate::problem::{Cause, Problem};
use crate::state::{AppState, Readiness};

/// Puts the layer around every route of `router`, its fallbacks included.
pub fn wrap(router: Router<AppState>, state: &AppState) -> Router<AppState> {
    let shared = Shared {
        auth: Arc::clone(&state.auth),
        metrics: Arc::clone(&state.metrics),
        readiness: state.readiness.clone(),
        ping: HeaderValue::from(state.ping.as_secs()),
    };
    router.layer(AroundLayer(Arc::new(shared)))
}

struct Shared {
    auth: Arc<Authenticator>,
    metrics: Arc<Metrics>,
    readiness: Readiness,
    ping: HeaderValue,
}

#[derive(Clone)]
struct AroundLayer(Arc<Shared>);

impl<S> Layer<S> for AroundLayer {
    type Service = Around<S>;

    fn layer(&self, inner: S) -> Around<S> {
        Around { inner, shared: Arc::clone(&self.0) }
    }
}

#[derive(Clone)]
struct Around<S> {
    inner: S,
    shared: Arc<Shared>,
}

impl<S> fmt::Debug for Around<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Around").finish_non_exhaustive()
    }
}

type Answering = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

impl<S> Service<Request> for Around<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Answering;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request) -> Answering {
        let visit = Visit::of(&mut request, &self.shared);
        let span = tracing::info_span!("request", id = visit.id.as_str());
        if visit.origin.is_some() && cors::is_preflight(request.method(), request.headers()) {
            let answer = visit.finish(cors::preflight());
            return Box::pin(std::future::ready(Ok(answer)).instrument(span));
        }
        let answer = AssertUnwindSafe(self.inner.call(request)).catch_unwind();
        let answering = async move {
            let Ok(response) = answer.await.unwrap_or_else(|_panic| {
                // The panic's own message went to the panic hook; what it says is no business of this log.
                Ok(Problem::internal().caused_by("the handler panicked").into_response())
            });
            Ok(visit.finish(response))
        };
        Box::pin(answering.instrument(span))
    }
}

/// What is kept of a request until it is answered.
struct Visit {
    id: RequestId,
    method: Method,
    version: Version,
    route: Option<MatchedPath>,
    began: Instant,
    slot: UserSlot,
    origin: Option<HeaderValue>,
    shared: Arc<Shared>,
}

impl Visit {
    fn of(request: &mut Request, shared: &Arc<Shared>) -> Self {
        let visit = Self {
            id: RequestId::of(request.headers()),
            method: request.method().clone(),
            version: request.version(),
            route: request.extensions().get::<MatchedPath>().cloned(),
            began: Instant::now(),
            slot: UserSlot::default(),
            origin: cors::listed(request.headers(), shared.auth.allowed_origins()),
            shared: Arc::clone(shared),
        };
        request.extensions_mut().insert(visit.id.clone());
        request.extensions_mut().insert(visit.slot.clone());
        visit
    }

    /// Completes the answer, counts it and logs it.
    fn finish(self, mut response: Response) -> Response {
        let status = response.status();
        let cause = response.extensions_mut().remove::<Cause>();
        let headers = response.headers_mut();
        headers.insert(X_REQUEST_ID, self.id.header());
        security::add(headers);
        cors::permit(headers, self.origin, self.shared.auth.allowed_origins());
        if self.version <= Version::HTTP_11 && self.shared.readiness.is_draining() {
            // The client asks elsewhere next, instead of on a connection that is about to be closed.
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        if let Some(user) = self.slot.user() {
            if let Ok(digest) = HeaderValue::try_from(self.shared.auth.digest(user)) {
                headers.insert(GRELOT_USER, digest);
            }
            headers.insert(GRELOT_PING, self.shared.ping.clone());
        }
        let took = self.began.elapsed();
        self.shared.metrics.answered(&self.method, self.route.as_ref(), status, took);
        let route = self.route.as_ref().map_or("-", MatchedPath::as_str);
        let method = known_method(&self.method);
        Line { method, route, status, took, cause: cause.as_ref() }.write();
        response
    }
}
