//! A started service with everything that a hostile test needs around it. Not here: several (`pair`), and what clients do to
//! them (`load`).

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use grelot_testkit::actor::Actor;
use grelot_testkit::api::Api;
use grelot_testkit::history::{History, Verdict};
use grelot_testkit::program::{Program, Start, Up};
use grelot_testkit::reader::{Pace, Reader};
use tokio::sync::watch;

/// How soon after a kill it has to be ready again.
pub(crate) const READY: Duration = Duration::from_secs(2);

/// A service, its users, and the record of what happens.
pub(crate) struct World {
    pub(crate) program: Program,
    pub(crate) api: Api,
    pub(crate) history: Arc<History>,
    actor: Actor,
}

/// Where clients come in: at a node, or at a balancer before several.
#[derive(Clone)]
pub(crate) struct Door {
    api: Api,
    history: Arc<History>,
    up: watch::Receiver<Up>,
    actor: Actor,
}

impl World {
    /// Starts a service and signs the users in.
    pub(crate) async fn start(users: &[&str]) -> Result<Self> {
        Self::start_under(&[], users).await
    }

    /// Starts a service on that database, and signs the users in.
    pub(crate) async fn start_on(database: &str, users: &[&str]) -> Result<Self> {
        Self::start_with(&[("GRELOT_DATABASE", database)], users).await
    }

    /// Starts a service with these variables of the environment, and signs the users in.
    pub(crate) async fn start_with(environment: &[(&str, &str)], users: &[&str]) -> Result<Self> {
        Self::begin(Program::with(environment)?, &[], users, Arc::default()).await
    }

    /// Starts another node beside it, for clients of its own, with other values for these variables of the environment.
    /// Actors and readers of both write the same record.
    pub(crate) async fn beside(&self, other: &[(&str, &str)], users: &[&str]) -> Result<Self> {
        let mut program = self.program.beside()?;
        for (name, value) in other {
            program.set(name, value);
        }
        Self::begin(program, &[], users, Arc::clone(&self.history)).await
    }

    /// Starts a service as the last arguments of another command, and signs the users in.
    pub(crate) async fn start_under(prefix: &[&str], users: &[&str]) -> Result<Self> {
        Self::begin(Program::new()?, prefix, users, Arc::default()).await
    }

    async fn begin(
        mut program: Program,
        prefix: &[&str],
        users: &[&str],
        history: Arc<History>,
    ) -> Result<Self> {
        let start = program.start_under(prefix).await?;
        ensure!(matches!(start, Start::Ready(_)), "it ended: {}", program.log());
        let url = program.url()?;
        let Door { api, history, actor, .. } =
            Door::open(&url, program.api_key(), history, program.up(), users).await?;
        Ok(Self { program, api, history, actor })
    }

    /// Where its own clients come in.
    pub(crate) fn door(&self) -> Door {
        Door {
            api: self.api.clone(),
            history: Arc::clone(&self.history),
            up: self.program.up(),
            actor: self.actor.clone(),
        }
    }

    /// A client.
    pub(crate) fn actor(&self) -> Actor {
        self.actor.clone()
    }

    /// A stream of the user after `cursor`, resumed whenever it ends.
    pub(crate) fn reader(&self, user: &str, cursor: Option<u64>) -> Reader {
        self.door().reader(user, cursor, Pace::AtOnce)
    }

    /// Starts it again, and demands that it is quick.
    pub(crate) async fn restart(&mut self) -> Result<Duration> {
        let after = self.program.start().await?;
        ensure!(after <= READY, "ready only after {after:?}");
        Ok(after)
    }

    /// The `seq` of the user's inbox.
    pub(crate) async fn seq(&self, user: &str) -> Result<u64> {
        self.door().seq(user).await
    }

    /// Waits until these readers of the user have everything, and judges the inboxes.
    pub(crate) async fn judge(
        &self,
        users: &[&str],
        readers: &mut [(&str, Reader)],
    ) -> Result<Verdict> {
        self.door().judge(users, readers).await
    }
}

impl Door {
    /// The door at `url`, at which these users sign in.
    pub(crate) async fn open(
        url: &str,
        api_key: &str,
        history: Arc<History>,
        up: watch::Receiver<Up>,
        users: &[&str],
    ) -> Result<Self> {
        let api = Api::new(url, api_key)?;
        for user in users {
            api.sign_in(user).await?;
        }
        let actor = Actor::new(&api, &history, up.clone());
        Ok(Self { api, history, up, actor })
    }

    /// The same door, but who writes does so with this actor.
    pub(crate) fn with_actor(self, actor: Actor) -> Self {
        Self { actor, ..self }
    }

    /// A client; all of a door have one clock.
    pub(crate) fn actor(&self) -> Actor {
        self.actor.clone()
    }

    /// A stream of the user after `cursor`, resumed whenever it ends.
    pub(crate) fn reader(&self, user: &str, cursor: Option<u64>, pace: Pace) -> Reader {
        Reader::start(&self.api, &self.history, self.up.clone(), user, cursor, pace)
    }

    /// The `seq` of the user's inbox.
    pub(crate) async fn seq(&self, user: &str) -> Result<u64> {
        let count = self.api.get(user, "/api/notifications/unread-count").await?;
        count["seq"].as_u64().context("no seq")
    }

    /// Waits until these readers of the user have everything, and judges the inboxes.
    pub(crate) async fn judge(
        &self,
        users: &[&str],
        readers: &mut [(&str, Reader)],
    ) -> Result<Verdict> {
        for (user, reader) in readers {
            reader.reached(self.seq(user).await?).await?;
        }
        self.history.judge(&self.api, users).await
    }
}

/// The command that becomes the service, under these options of strace.
pub(crate) fn strace<'a>(trace: &'a Path, more: &[&'a str]) -> Vec<&'a str> {
    // Detached, so that what is started becomes the service itself. With --seccomp-bpf nothing would be injected.
    let trace = trace.to_str().unwrap_or("trace");
    [&["strace", "-f", "-D", "-qq", "-o", trace], more].concat()
}
