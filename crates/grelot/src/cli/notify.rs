//! `grelot notify`: sends a notification to a running service and prints the id of each one that was created.

use anyhow::Context as _;
use grelot_core::UserId;
use serde_json::{Map, Value, json};

use super::args::NotifyArguments;
use super::client::{self, Service};
use super::failure::Failure;
use super::output;
use crate::settings::Environment;

/// Sends it.
pub(crate) async fn run(
    arguments: NotifyArguments,
    environment: &Environment,
) -> Result<(), Failure> {
    let service = Service::find(arguments.service.url.as_deref(), environment)?;
    let key = environment.text("GRELOT_API_KEY").ok_or_else(|| {
        Failure::Usage("set GRELOT_API_KEY to a key that `grelot keys create` printed".to_owned())
    })?;
    let body = body(&arguments)?;
    let mut request = service
        .http
        .post(service.url("/api/internal/notify"))
        .bearer_auth(key)
        .timeout(client::TIMEOUT)
        .json(&body);
    if let Some(key) = &arguments.idempotency_key {
        request = request.header("idempotency-key", key);
    }
    let response = request.send().await.map_err(|error| service.unreachable(error))?;
    if !response.status().is_success() {
        return Err(client::refusal(response).await.into());
    }
    let answer: Value = response.json().await.context("the answer is no JSON")?;
    report(&answer)
}

fn body(arguments: &NotifyArguments) -> Result<Value, Failure> {
    let mut body = Map::new();
    let users: Vec<&str> = arguments.users.iter().map(UserId::as_str).collect();
    match users[..] {
        [user] => body.insert("userId".to_owned(), json!(user)),
        _ => body.insert("userIds".to_owned(), json!(users)),
    };
    body.insert("type".to_owned(), json!(arguments.kind.name()));
    body.insert("title".to_owned(), json!(arguments.title));
    let optional =
        [("category", &arguments.category), ("body", &arguments.body), ("link", &arguments.link)];
    for (name, value) in optional {
        if let Some(value) = value {
            body.insert(name.to_owned(), json!(value));
        }
    }
    if let Some(data) = &arguments.data {
        let refuse = |error| Failure::Usage(format!("--data is no JSON: {error}"));
        body.insert("data".to_owned(), serde_json::from_str(data).map_err(refuse)?);
    }
    Ok(Value::Object(body))
}

/// Ids go to standard output, for scripts; who got nothing is said beside it.
fn report(answer: &Value) -> Result<(), Failure> {
    for entry in answer["notifications"].as_array().into_iter().flatten() {
        if let Some(id) = entry["id"].as_str() {
            output::line(id)?;
        } else {
            let user = output::printable(entry["userId"].as_str().unwrap_or_default());
            output::note(format!("{user}: nothing was created, the user has muted this"));
        }
    }
    Ok(())
}
