//! A client that repeats what it does not know, and writes everything that it attempts into the history.
//! Not here: what to attempt, and when (the tests).

use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::api::{Api, Outcome, outcome};
use crate::history::{History, State};
use crate::program::Up;

/// A client at work.
#[derive(Clone, Debug)]
pub struct Actor {
    api: Api,
    history: Arc<History>,
    up: watch::Receiver<Up>,
    calls: Arc<watch::Sender<Calls>>,
}

/// What an actor and its clones have done so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Calls {
    /// Calls that began.
    pub begun: u64,
    /// Calls that ended.
    pub ended: u64,
    /// How many of those nobody knows the outcome of.
    pub unknown: u64,
}

/// The clock by which a test picks a moment: it goes on when a call begins and when one ends.
#[derive(Clone, Debug)]
pub struct Clock(watch::Receiver<Calls>);

impl Clock {
    /// What has been done so far.
    pub fn calls(&self) -> Calls {
        *self.0.borrow()
    }

    /// Waits until so many calls more have begun or ended.
    pub async fn pass(&mut self, moments: u64) -> Result<()> {
        let moment = |calls: &Calls| calls.begun + calls.ended;
        let later = moment(&self.calls()) + moments;
        self.0.wait_for(|calls| moment(calls) >= later).await.map(|_now| ()).context("nobody acts")
    }
}

impl Actor {
    /// A client of a service that may come and go.
    pub fn new(api: &Api, history: &Arc<History>, up: watch::Receiver<Up>) -> Self {
        let (calls, _) = watch::channel(Calls::default());
        Self { api: api.clone(), history: Arc::clone(history), up, calls: Arc::new(calls) }
    }

    /// The clock of this actor and its clones.
    pub fn clock(&self) -> Clock {
        Clock(self.calls.subscribe())
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
                Outcome::Unknown(_) => self.up.wait_for(Option::is_some).await.map(|_up| ())?,
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
                Outcome::Unknown(_) => self.up.wait_for(Option::is_some).await.map(|_up| ())?,
            }
            repeated = true;
        }
        Ok(())
    }

    async fn call(&self, request: reqwest::RequestBuilder) -> Outcome {
        self.calls.send_modify(|calls| calls.begun += 1);
        let outcome = outcome(request).await;
        self.calls.send_modify(|calls| {
            calls.ended += 1;
            calls.unknown += u64::from(matches!(outcome, Outcome::Unknown(_)));
        });
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
