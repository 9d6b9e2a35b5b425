//! A client that repeats what it does not know, and writes everything that it attempts into the history.
//! Not here: what to attempt, and when (the tests).

use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::api::{Api, Outcome, outcome};
use crate::history::{History, State};

/// A client at work.
#[derive(Clone, Debug)]
pub struct Actor {
    api: Api,
    history: Arc<History>,
    up: watch::Receiver<bool>,
    moments: Arc<watch::Sender<u64>>,
}

impl Actor {
    /// A client of a service that may come and go.
    pub fn new(api: &Api, history: &Arc<History>, up: watch::Receiver<bool>) -> Self {
        let (moments, _) = watch::channel(0);
        Self { api: api.clone(), history: Arc::clone(history), up, moments: Arc::new(moments) }
    }

    /// How many calls this actor and its clones have begun and ended: the clock by which a test picks a moment.
    pub fn moments(&self) -> watch::Receiver<u64> {
        self.moments.subscribe()
    }

    /// Notifies until it is known to be done; returns the ids, in the order of the users.
    pub async fn notify(&mut self, key: &str, users: &[&str], more: Value) -> Result<Vec<String>> {
        let mut body = more;
        body["title"] = key.into();
        body["type"] = "INFO".into();
        match users {
            [user] => body["userId"] = (*user).into(),
            users => body["userIds"] = json!(users),
        }
        loop {
            self.history.notify_begins(key, users);
            match self.call(self.api.notify(key, &body)).await {
                Outcome::Done(answer) => {
                    let ids = ids(&answer, users).with_context(|| answer.to_string())?;
                    self.history.notify_done(key, &ids);
                    return Ok(ids);
                }
                Outcome::Refused(status) => {
                    self.history.notify_refused(key);
                    bail!("{key} was refused: {status}");
                }
                Outcome::Unknown(_) => self.up.wait_for(|up| *up).await.map(|_up| ())?,
            }
        }
    }

    /// Changes one notification until that is known to be done.
    pub async fn change(&mut self, user: &str, id: &str, into: State) -> Result<()> {
        let (method, suffix) = match into {
            State::Read => (Method::POST, "/read"),
            State::Unread => (Method::POST, "/unread"),
            State::Deleted => (Method::DELETE, ""),
        };
        let path = format!("/api/notifications/{id}{suffix}");
        let mut repeated = false;
        loop {
            self.history.change_begins(id, into);
            match self.call(self.api.user(user, method.clone(), &path)).await {
                Outcome::Done(_) => break self.history.change_done(id, into),
                // Only a repetition may find that it is gone: the first try did it.
                Outcome::Refused(status) if repeated && status == 404 && into == State::Deleted => {
                    break self.history.change_done(id, into);
                }
                Outcome::Refused(status) => bail!("{into:?} of {id} was refused: {status}"),
                Outcome::Unknown(_) => self.up.wait_for(|up| *up).await.map(|_up| ())?,
            }
            repeated = true;
        }
        Ok(())
    }

    async fn call(&self, request: reqwest::RequestBuilder) -> Outcome {
        self.moments.send_modify(|moment| *moment += 1);
        let outcome = outcome(request).await;
        self.moments.send_modify(|moment| *moment += 1);
        outcome
    }
}

fn ids(answer: &Value, users: &[&str]) -> Option<Vec<String>> {
    let entries = answer["notifications"].as_array()?;
    if entries.len() != users.len() {
        return None;
    }
    let entry = |(entry, user): (&Value, &&str)| {
        (entry["userId"] == **user && entry["inApp"] == "created").then_some(())?;
        Some(entry["id"].as_str()?.to_owned())
    };
    entries.iter().zip(users).map(entry).collect()
}
