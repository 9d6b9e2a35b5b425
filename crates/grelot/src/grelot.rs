//! The handle of a running notification centre: what hosts and the `serve` command hold.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use grelot_core::{ApiKey, Category, Scope, Scopes, UserId};
use grelot_http::AppState;
use grelot_http::auth::{MintError, api_key};
use grelot_http::server::{self, ServerLimits};
use grelot_store::{InAppOutcome, StoreError};
use grelot_worker::{Service, Supervisor};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::background::Background;
use crate::builder::Builder;
use crate::database::Database;
use crate::error::{NotifyError, RunError};
use crate::keep_alive;
use crate::new_notification::NewNotification;

/// Over how long the streams of an ending process come back elsewhere.
const DRAIN: Duration = Duration::from_secs(5);
/// How long the service goes on answering after it was told to stop, at least.
const NOTICE: Duration = Duration::from_secs(1);
/// How long requests may take to finish while the process ends.
const GRACE: Duration = Duration::from_secs(10);

/// A running notification centre. Cloning it is cheap; all clones are one.
///
/// It ends when it is told to by [`shutdown`](Self::shutdown), or when the last clone and the last router are dropped.
#[derive(Clone)]
pub struct Grelot(Arc<Parts>);

/// What a [`Grelot`] is made of.
pub(crate) struct Parts {
    pub(crate) state: AppState,
    pub(crate) database: Database,
    pub(crate) background: Background,
}

/// A notification that was sent to one user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// To whom.
    pub user: String,
    /// Its id; `None` when the user has muted it and nothing was created.
    pub id: Option<String>,
    /// Whether it is in the inbox.
    pub in_app: bool,
}

impl fmt::Debug for Grelot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Grelot").finish_non_exhaustive()
    }
}

impl Grelot {
    /// Describes one.
    pub fn builder() -> Builder {
        Builder::default()
    }

    pub(crate) fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    /// What handlers share, for routes that are added beside the usual ones.
    #[cfg(feature = "cli")]
    pub(crate) fn state(&self) -> &AppState {
        &self.0.state
    }

    /// Sends a notification: to each user one entry, in the order in which they were named. When it returns, the
    /// notification is on disk.
    ///
    /// # Errors
    /// A [`NotifyError`]; only with [`Store`](NotifyError::Store) is it unknown whether something was created.
    pub async fn notify(&self, notification: NewNotification) -> Result<Vec<Sent>, NotifyError> {
        let request = notification.into_request(self.0.state.mail)?;
        let users = request.recipients.clone();
        let answer = self.0.state.store.notify(request).await?;
        let sent = users.users().iter().zip(answer.entries).map(|(user, entry)| Sent {
            user: user.as_str().to_owned(),
            id: entry.id.map(|id| id.as_str().to_owned()),
            in_app: entry.in_app == InAppOutcome::Created,
        });
        Ok(sent.collect())
    }

    /// Creates or replaces a category; `true` when it is new.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn put_category(&self, category: Category) -> Result<bool, StoreError> {
        self.0.state.store.put_category(category).await
    }

    /// Makes an API key with these scopes, or with every scope when none is named. It cannot be shown again.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn create_api_key(&self, name: &str, scopes: &[Scope]) -> Result<String, StoreError> {
        let now = self.0.state.clock.now();
        let (key, secret): (ApiKey, String) =
            api_key::mint(name.to_owned(), Scopes::of(scopes), now)
                .map_err(|error| StoreError::Unavailable(error.to_string()))?;
        self.0.state.store.create_api_key(key).await?;
        Ok(secret)
    }

    /// A token with which `user` can read their inbox for `ttl`, for hosts that have none of their own.
    ///
    /// # Errors
    /// A [`MintError`], when there is no `jwt_secret`.
    pub fn mint_token(&self, user: &UserId, ttl: Duration) -> Result<String, MintError> {
        self.0.state.auth.mint(user, ttl).map(|(token, _)| token)
    }

    /// The routes, to be merged into your own application. Streams are ordinary response bodies there.
    ///
    /// It has no fallback: what is not found is yours to answer.
    pub fn router(&self) -> Router {
        self.whole_router().reset_fallback()
    }

    /// The routes, and an answer to what is not found.
    pub(crate) fn whole_router(&self) -> Router {
        let router = grelot_http::router(self.0.state.clone());
        keep_alive::holding(router, Arc::clone(&self.0))
    }

    /// Serves on `listener` until `shutdown` completes, then ends: streams are told to come back a little later, requests
    /// are finished, the database is closed.
    ///
    /// # Errors
    /// A [`RunError`], when something ended that should not have.
    pub async fn run(
        &self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()>,
    ) -> Result<(), RunError> {
        self.serve(listener, self.whole_router(), None, shutdown).await
    }

    /// As [`run`](Self::run), with these routes, and metrics on a listener of their own.
    pub(crate) async fn serve(
        &self,
        listener: TcpListener,
        router: Router,
        metrics: Option<TcpListener>,
        shutdown: impl Future<Output = ()>,
    ) -> Result<(), RunError> {
        if self.0.background.is_stopped() {
            return Err(RunError::ShutDown);
        }
        let mut supervisor = Supervisor::new();
        if let Some(metrics) = metrics {
            supervisor = supervisor.with(self.metrics_service(metrics));
        }
        let supervisor = supervisor.with(self.http_service(listener, router));
        let stop = async {
            tokio::select! {
                // While the service still answers: load balancers see `/readyz`, and readers who come get their `retry:`.
                () = shutdown => drop(tokio::join!(self.drain(), tokio::time::sleep(NOTICE))),
                _ended = self.0.background.ended() => {}
            }
        };
        let served = supervisor.run(stop).await.map_err(Arc::new);
        let ended = self.end().await;
        served.and(ended).map_err(RunError::from)
    }

    fn http_service(&self, listener: TcpListener, router: Router) -> Service {
        let hub = self.0.state.hub.clone();
        Service::new("http", GRACE, async move |shutdown: CancellationToken| {
            server::serve(listener, router, hub, shutdown, ServerLimits::default()).await?;
            Ok(())
        })
    }

    fn metrics_service(&self, listener: TcpListener) -> Service {
        let state = self.0.state.clone();
        Service::new("metrics", GRACE, async move |shutdown: CancellationToken| {
            let router = grelot_http::metrics::router(state.clone());
            server::serve(listener, router, state.hub, shutdown, ServerLimits::default()).await?;
            Ok(())
        })
    }

    /// Ends: streams are told to come back a little later, then the database is closed. For hosts that serve the router
    /// themselves; stop your own server first, or at once after.
    ///
    /// # Errors
    /// A [`RunError`], when something did not end well.
    pub async fn shutdown(&self) -> Result<(), RunError> {
        self.drain().await;
        self.end().await.map_err(RunError::from)
    }

    async fn drain(&self) {
        self.0.state.readiness.drain();
        self.0.state.hub.drain(DRAIN).await;
    }

    async fn end(&self) -> Result<(), Arc<grelot_worker::Failure>> {
        let ended = self.0.background.stop().await;
        self.0.database.close().await;
        ended
    }
}
