//! Calls of the public HTTP API. Not here: repeating them and keeping a record (`actor`).

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use parking_lot::Mutex;
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};

/// A call that takes longer than this has failed, which no proof forgives. Streams have no such limit.
const PATIENCE: Duration = Duration::from_secs(20);

/// A connection that was idle for so long is not used again: a service that is told to end closes them a second later.
const IDLE: Duration = Duration::from_millis(500);

/// What an answer, or its absence, says about what was written.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// A 2xx: it is durable.
    Done(Value),
    /// A 4xx: nothing was written.
    Refused(StatusCode),
    /// A 5xx, a key that is in flight, or no answer: nobody knows, and the same call has to be made again.
    Unknown(String),
}

/// A client of one service.
#[derive(Clone, Debug)]
pub struct Api {
    client: Client,
    url: Arc<str>,
    key: Arc<str>,
    tokens: Arc<Mutex<HashMap<String, Arc<str>>>>,
}

impl Api {
    /// A client of the service at `url`.
    pub fn new(url: &str, api_key: &str) -> Result<Self> {
        let client = Client::builder().pool_idle_timeout(IDLE).build()?;
        Ok(Self { client, url: url.into(), key: api_key.into(), tokens: Arc::default() })
    }

    /// Gets a token for a user, which every call in the user's name needs.
    pub async fn sign_in(&self, user: &str) -> Result<()> {
        let path = format!("/api/internal/users/{user}/token");
        let answer = self.internal(Method::POST, &path).json(&json!({"ttlSeconds": 86_400}));
        let answer = read(answer.send().await?).await?;
        let token = answer["token"].as_str().context("no token")?;
        self.tokens.lock().insert(user.to_owned(), token.into());
        Ok(())
    }

    /// A request of the user plane.
    pub fn user(&self, user: &str, method: Method, path: &str) -> RequestBuilder {
        let token = self.tokens.lock().get(user).map(Arc::clone).unwrap_or_default();
        self.client.request(method, format!("{}{path}", self.url)).bearer_auth(token)
    }

    /// A request of the internal plane.
    pub fn internal(&self, method: Method, path: &str) -> RequestBuilder {
        self.client
            .request(method, format!("{}{path}", self.url))
            .bearer_auth(&self.key)
            .timeout(PATIENCE)
    }

    /// Sends a notification.
    pub fn notify(&self, idempotency_key: &str, body: &Value) -> RequestBuilder {
        self.internal(Method::POST, "/api/internal/notify")
            .header("idempotency-key", idempotency_key)
            .json(body)
    }

    /// What a GET of the user plane answers.
    pub async fn get(&self, user: &str, path: &str) -> Result<Value> {
        let answer = self.user(user, Method::GET, path).timeout(PATIENCE).send().await?;
        read(answer).await.with_context(|| format!("GET {path}"))
    }

    /// Opens a user's stream after `cursor`.
    pub async fn stream(&self, user: &str, cursor: Option<u64>) -> Result<Response> {
        let mut request = self.user(user, Method::GET, "/api/notifications/stream");
        if let Some(cursor) = cursor {
            request = request.header("last-event-id", cursor);
        }
        let answer = request.send().await?;
        ensure!(answer.status() == StatusCode::OK, "a stream was answered {}", answer.status());
        Ok(answer)
    }
}

/// Sends a request that writes, and says what is known afterwards.
pub async fn outcome(request: RequestBuilder) -> Outcome {
    let answer = match request.timeout(PATIENCE).send().await {
        Ok(answer) => answer,
        Err(error) => return Outcome::Unknown(format!("{error:?}")),
    };
    let status = answer.status();
    if status == StatusCode::NO_CONTENT {
        return Outcome::Done(Value::Null);
    }
    if status.is_success() {
        return match answer.json().await {
            Ok(body) => Outcome::Done(body),
            // Half an answer is none.
            Err(error) => Outcome::Unknown(format!("{error:?}")),
        };
    }
    if status.is_client_error() && status != StatusCode::CONFLICT {
        return Outcome::Refused(status);
    }
    Outcome::Unknown(status.to_string())
}

async fn read(answer: Response) -> Result<Value> {
    let status = answer.status();
    let text = answer.text().await?;
    ensure!(status.is_success(), "{status}: {text}");
    Ok(serde_json::from_str(&text)?)
}
