//! A client that reads a user's stream and resumes it whenever it ends. Not here: the judgement over what it saw.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::api::Api;
use crate::history::History;
use crate::program::Up;
use crate::sse::{Block, Event, Parser};

/// How long a change may take to a connected reader before it counts as lost.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long a browser waits that was never told how long.
const RETRY: Duration = Duration::from_secs(3);

/// When a reader comes back whose stream has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// As soon as the service is there to be asked: it meets every fault.
    AtOnce,
    /// As a browser does: after the last `retry:` that it was given, whether the service is there or not.
    AsTold,
}

/// A reader at work; it stops when it is dropped.
#[derive(Debug)]
pub struct Reader {
    user: String,
    cursor: watch::Receiver<Option<u64>>,
    task: JoinSet<Result<()>>,
}

impl Reader {
    /// Reads from `cursor` on; without one, from now on.
    pub fn start(
        api: &Api,
        history: &Arc<History>,
        up: watch::Receiver<Up>,
        user: &str,
        cursor: Option<u64>,
        pace: Pace,
    ) -> Self {
        let (seen, watched) = watch::channel(cursor);
        let connection = Connection {
            api: api.clone(),
            stream: history.open_stream(user),
            history: Arc::clone(history),
            up,
            user: user.to_owned(),
            seen,
            pace,
            retry: RETRY,
            waited: Duration::ZERO,
            lost: None,
            live: false,
        };
        let mut task = JoinSet::new();
        task.spawn(connection.follow());
        Self { user: user.to_owned(), cursor: watched, task }
    }

    /// Waits until it is connected, or has seen some event.
    pub async fn connected(&mut self) -> Result<()> {
        self.wait_for(Option::is_some).await
    }

    /// Waits until it has seen everything up to `seq`.
    pub async fn reached(&mut self, seq: u64) -> Result<()> {
        self.wait_for(|cursor| cursor.is_some_and(|cursor| cursor >= seq))
            .await
            .with_context(|| format!("no stream of {} reached {seq}", self.user))
    }

    async fn wait_for(&mut self, condition: impl FnMut(&Option<u64>) -> bool) -> Result<()> {
        let at = *self.cursor.borrow();
        tokio::select! {
            ended = self.task.join_next() => {
                ended.context("the reader has ended")???;
                bail!("the reader has ended")
            }
            waited = tokio::time::timeout(PATIENCE, self.cursor.wait_for(condition)) => {
                waited.with_context(|| format!("it stood at {at:?}"))?.map(|_seq| ())?;
                Ok(())
            }
        }
    }
}

struct Connection {
    api: Api,
    history: Arc<History>,
    up: watch::Receiver<Up>,
    stream: usize,
    user: String,
    seen: watch::Sender<Option<u64>>,
    pace: Pace,
    /// What it was told last.
    retry: Duration,
    /// How long it stayed away before this connection.
    waited: Duration,
    /// When a live stream ended that has not come back.
    lost: Option<Instant>,
    /// Whether `ready` or `reset` has come on this connection.
    live: bool,
}

impl Connection {
    /// Reads for ever. An error is a defect of the service, never a connection that ended.
    async fn follow(mut self) -> Result<()> {
        loop {
            if self.pace == Pace::AtOnce && self.up.wait_for(Option::is_some).await.is_err() {
                // The test is over.
                return std::future::pending().await;
            }
            let cursor = *self.seen.borrow();
            if let Ok(answer) = self.api.stream(&self.user, cursor).await {
                self.history.connected(self.stream, cursor);
                self.read(answer).await?;
            }
            match self.pace {
                Pace::AtOnce => tokio::task::yield_now().await,
                // This is the protocol: nothing is waited for but the time that the stream asked for.
                Pace::AsTold => {
                    self.waited = self.retry;
                    tokio::time::sleep(self.retry).await;
                }
            }
        }
    }

    /// Reads one connection to its end.
    async fn read(&mut self, mut answer: reqwest::Response) -> Result<()> {
        let mut parser = Parser::default();
        let mut farewell = None;
        self.live = false;
        while let Ok(Some(bytes)) = answer.chunk().await {
            for block in parser.feed(&bytes)? {
                match block {
                    Block::Retry(milliseconds) => {
                        self.retry = Duration::from_millis(milliseconds);
                        farewell = Some(milliseconds);
                    }
                    Block::Event(event) => {
                        farewell = None;
                        self.show(event);
                    }
                }
            }
        }
        if self.live {
            self.lost = Some(Instant::now());
            self.history.ended(farewell);
        }
        Ok(())
    }

    fn show(&mut self, event: Event) {
        if matches!(event.name.as_str(), "ready" | "reset") {
            self.live = true;
            if let Some(lost) = self.lost.take()
                && self.pace == Pace::AsTold
            {
                // While the service was away nobody could come back.
                let since = self.up.borrow().map_or(lost, |up| up.max(lost));
                self.history.returned(since.elapsed().saturating_sub(self.waited));
            }
        }
        let id = event.id;
        self.history.saw(self.stream, event);
        self.seen.send_replace(Some(id));
    }
}
