//! A started service with everything that a hostile test needs around it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use grelot_testkit::actor::Actor;
use grelot_testkit::api::Api;
use grelot_testkit::history::{History, Verdict};
use grelot_testkit::program::{Program, Start};
use grelot_testkit::reader::Reader;

/// How soon after a kill it has to be ready again.
pub(crate) const READY: Duration = Duration::from_secs(2);

/// A service, its users, and the record of what happens.
pub(crate) struct World {
    pub(crate) program: Program,
    pub(crate) api: Api,
    pub(crate) history: Arc<History>,
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
        Self::begin(Program::with(environment)?, &[], users).await
    }

    /// Starts another node beside it, for clients of its own. Actors and readers of both write the same record.
    pub(crate) async fn beside(&self, users: &[&str]) -> Result<Self> {
        let mut world = Self::begin(self.program.beside()?, &[], users).await?;
        world.history = Arc::clone(&self.history);
        Ok(world)
    }

    /// Starts a service as the last arguments of another command, and signs the users in.
    pub(crate) async fn start_under(prefix: &[&str], users: &[&str]) -> Result<Self> {
        Self::begin(Program::new()?, prefix, users).await
    }

    async fn begin(mut program: Program, prefix: &[&str], users: &[&str]) -> Result<Self> {
        let start = program.start_under(prefix).await?;
        ensure!(matches!(start, Start::Ready(_)), "it ended: {}", program.log());
        let api = Api::new(&program.url()?, program.api_key());
        for user in users {
            api.sign_in(user).await?;
        }
        Ok(Self { program, api, history: Arc::default() })
    }

    /// A client.
    pub(crate) fn actor(&self) -> Actor {
        Actor::new(&self.api, &self.history, self.program.up())
    }

    /// A stream of the user after `cursor`, resumed whenever it ends.
    pub(crate) fn reader(&self, user: &str, cursor: Option<u64>) -> Reader {
        Reader::start(&self.api, &self.history, self.program.up(), user, cursor)
    }

    /// Starts it again, and demands that it is quick.
    pub(crate) async fn restart(&mut self) -> Result<Duration> {
        let after = self.program.start().await?;
        ensure!(after <= READY, "ready only after {after:?}");
        Ok(after)
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
