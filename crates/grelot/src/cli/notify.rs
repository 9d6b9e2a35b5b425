//! `grelot notify`: sends a notification to a running service and prints the id of each one that was created.

use std::collections::BTreeMap;

use anyhow::Context as _;
use grelot_core::UserId;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

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

/// The body of the request. `data` goes as it was typed: only the service can say what is wrong with it, and a parser
/// in between would hide duplicate members and round numbers.
fn body(arguments: &NotifyArguments) -> Result<BTreeMap<&'static str, Box<RawValue>>, Failure> {
    let users: Vec<&str> = arguments.users.iter().map(UserId::as_str).collect();
    let to = match users[..] {
        [user] => ("userId", raw(&user)),
        _ => ("userIds", raw(&users)),
    };
    let mut members =
        vec![to, ("type", raw(&arguments.kind.name())), ("title", raw(&arguments.title))];
    let optional =
        [("category", &arguments.category), ("body", &arguments.body), ("link", &arguments.link)];
    members.extend(
        optional.into_iter().filter_map(|(name, value)| Some((name, raw(value.as_ref()?)))),
    );
    if let Some(data) = &arguments.data {
        let refuse = |error| Failure::Usage(format!("--data is no JSON: {error}"));
        members.push(("data", serde_json::from_str(data).map_err(refuse)));
    }
    members.into_iter().map(|(name, value)| Ok((name, value?))).collect()
}

fn raw(value: &impl Serialize) -> Result<Box<RawValue>, Failure> {
    serde_json::value::to_raw_value(value).map_err(|error| Failure::Runtime(error.into()))
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
