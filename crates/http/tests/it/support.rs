//! The application under test: a real database of its own, a clock moved by hand, and short ways to ask.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use grelot_core::{Clock, Scope, Scopes, Timestamp, UserId};
use grelot_http::auth::{AuthSettings, Authenticator, api_key};
use grelot_http::{AppState, EventEncoder, Readiness, Secret, router};
use grelot_hub::{Hub, HubSettings};
use grelot_store::{MailPolicy, Store};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::Value;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::database::Database;
use crate::desk::PlainDesk;

/// A clock that the test moves.
#[derive(Debug)]
pub(crate) struct TestClock(AtomicI64);

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::Relaxed))
    }
}

impl TestClock {
    pub(crate) fn forward(&self, by: Duration) {
        let millis = i64::try_from(by.as_millis()).unwrap();
        self.0.fetch_add(millis, Ordering::Relaxed);
    }
}

/// The application, and what a test needs to reach into it.
pub(crate) struct App {
    pub(crate) state: AppState,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) database: Database,
    router: Router,
    key: String,
    _hub: JoinSet<()>,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes)
            .unwrap_or_else(|_| panic!("{}: {}", self.status, self.text()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// The body of an answer with this status.
    #[track_caller]
    pub(crate) fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        if self.bytes.is_empty() { Value::Null } else { self.json() }
    }

    /// Checks that this is the problem with this status and kind.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16, kind: &str) -> Value {
        let body = self.expect(status);
        assert_eq!(self.headers["content-type"], "application/problem+json");
        assert_eq!(body["type"], format!("/problems/{kind}"), "{body}");
        assert_eq!(body["status"], status);
        body
    }

    /// The pointers of a validation problem.
    #[track_caller]
    pub(crate) fn pointers(&self) -> Vec<String> {
        let body = self.problem(422, "validation");
        let errors = body["errors"].as_array().unwrap();
        errors.iter().map(|error| error["pointer"].as_str().unwrap().to_owned()).collect()
    }
}

impl App {
    pub(crate) async fn start() -> Self {
        Self::start_with(MailPolicy::Off).await
    }

    pub(crate) async fn start_with(mail: MailPolicy) -> Self {
        let clock = Arc::new(TestClock(AtomicI64::new(1_795_514_400_000)));
        let shared: Arc<dyn Clock> = Arc::<TestClock>::clone(&clock);
        let (publisher, mailbox) = grelot_hub::mailbox(1_024, None);
        let database = Database::open(Arc::clone(&shared), Arc::new(publisher)).await;
        let store = database.ports();
        let hub = Hub::new(
            HubSettings::default(),
            mailbox,
            Arc::<dyn Store>::clone(&store),
            Arc::new(EventEncoder),
            Arc::clone(&shared),
        );
        let mut tasks = JoinSet::new();
        let running = hub.clone();
        tasks.spawn(async move { running.run(CancellationToken::new()).await });
        let secret = Secret::new(store.secret());
        let settings = AuthSettings {
            hs256_secret: Some(vec![7; 32]),
            cookie_name: "grelot_token".to_owned(),
            ..AuthSettings::default()
        };
        let auth =
            Authenticator::new(settings, Arc::clone(&store), Arc::clone(&shared), secret.clone())
                .unwrap();
        let state = AppState {
            store: Arc::clone(&store),
            hub,
            clock: shared,
            auth: Arc::new(auth),
            metrics: Arc::default(),
            mail,
            desk: Arc::new(PlainDesk),
            ping: Duration::from_secs(30),
            secret,
            readiness: Readiness::default(),
        };
        let mut app = Self {
            router: router(state.clone()),
            state,
            clock,
            store,
            database,
            key: String::new(),
            _hub: tasks,
        };
        app.key = app.api_key(&[]).await;
        app
    }

    /// A new API key with these scopes; without any it has all.
    pub(crate) async fn api_key(&self, scopes: &[Scope]) -> String {
        let now = self.state.clock.now();
        let (key, secret) = api_key::mint("test".to_owned(), Scopes::of(scopes), now).unwrap();
        self.store.create_api_key(key).await.unwrap();
        secret
    }

    /// A token of the user.
    pub(crate) fn token(&self, user: &str) -> String {
        let user = UserId::parse(user).unwrap();
        self.state.auth.mint(&user, Duration::from_hours(1)).unwrap().0
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let bytes = body.collect().await.unwrap().to_bytes().to_vec();
        Answer { status: parts.status, headers: parts.headers, bytes }
    }

    /// The head alone, with the body still to be read.
    pub(crate) async fn open(&self, request: Request<Body>) -> http::Response<Body> {
        self.router.clone().oneshot(request).await.unwrap()
    }

    /// A request of the user.
    pub(crate) fn as_user(&self, user: &str, method: &str, path: &str) -> http::request::Builder {
        let token = format!("Bearer {}", self.token(user));
        Request::builder().method(method).uri(path).header("authorization", token)
    }

    /// A request of the host's back end.
    pub(crate) fn as_host(&self, method: &str, path: &str) -> http::request::Builder {
        let key = format!("Bearer {}", self.key);
        Request::builder().method(method).uri(path).header("authorization", key)
    }

    /// The user asks, without a body.
    pub(crate) async fn user(&self, user: &str, method: &str, path: &str) -> Answer {
        self.send(self.as_user(user, method, path).body(Body::empty()).unwrap()).await
    }

    /// The user asks with a JSON body.
    pub(crate) async fn user_json(
        &self,
        user: &str,
        method: &str,
        path: &str,
        body: &str,
    ) -> Answer {
        let request = self.as_user(user, method, path).header("content-type", "application/json");
        self.send(request.body(Body::from(body.to_owned())).unwrap()).await
    }

    /// The host asks, without a body.
    pub(crate) async fn host(&self, method: &str, path: &str) -> Answer {
        self.send(self.as_host(method, path).body(Body::empty()).unwrap()).await
    }

    /// The host asks with a JSON body.
    pub(crate) async fn host_json(&self, method: &str, path: &str, body: &str) -> Answer {
        let request = self.as_host(method, path).header("content-type", "application/json");
        self.send(request.body(Body::from(body.to_owned())).unwrap()).await
    }

    /// Notifies the user, and returns the notification's id.
    pub(crate) async fn notify(&self, user: &str, title: &str) -> String {
        let body = serde_json::json!({"userId": user, "title": title}).to_string();
        let answer = self.host_json("POST", "/api/internal/notify", &body).await.expect(201);
        answer["notifications"][0]["id"].as_str().unwrap().to_owned()
    }

    /// Makes the category.
    pub(crate) async fn category(&self, key: &str, body: &str) {
        let path = format!("/api/internal/categories/{key}");
        self.host_json("PUT", &path, body).await.expect(201);
    }
}
