//! A client that reads a user's stream and resumes it whenever it ends. Not here: the judgement over what it saw.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::api::Api;
use crate::history::History;
use crate::sse::{Block, Parser};

/// How long a change may take to a connected reader before it counts as lost.
const PATIENCE: Duration = Duration::from_secs(20);

/// A reader at work; it stops when it is dropped.
#[derive(Debug)]
pub struct Reader {
    user: String,
    cursor: watch::Receiver<Option<u64>>,
    task: JoinSet<Result<()>>,
}

impl Reader {
    /// Reads from `cursor` on; without one, from now on. It waits for the service while that is not `up`.
    pub fn start(
        api: &Api,
        history: &Arc<History>,
        up: watch::Receiver<bool>,
        user: &str,
        cursor: Option<u64>,
    ) -> Self {
        let (seen, watched) = watch::channel(cursor);
        let connection = Connection {
            api: api.clone(),
            stream: history.open_stream(user),
            history: Arc::clone(history),
            user: user.to_owned(),
            seen,
        };
        let mut task = JoinSet::new();
        task.spawn(connection.follow(up));
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
    stream: usize,
    user: String,
    seen: watch::Sender<Option<u64>>,
}

impl Connection {
    /// Reads for ever. An error is a defect of the service, never a connection that ended.
    async fn follow(self, mut up: watch::Receiver<bool>) -> Result<()> {
        loop {
            if up.wait_for(|up| *up).await.is_err() {
                // The test is over.
                return std::future::pending().await;
            }
            let cursor = *self.seen.borrow();
            if let Ok(answer) = self.api.stream(&self.user, cursor).await {
                self.history.connected(self.stream, cursor);
                self.read(answer).await?;
            }
            tokio::task::yield_now().await;
        }
    }

    /// Reads one connection to its end.
    async fn read(&self, mut answer: reqwest::Response) -> Result<()> {
        let mut parser = Parser::default();
        while let Ok(Some(bytes)) = answer.chunk().await {
            for block in parser.feed(&bytes)? {
                if let Block::Event(event) = block {
                    let id = event.id;
                    self.history.saw(self.stream, event);
                    self.seen.send_replace(Some(id));
                }
            }
        }
        Ok(())
    }
}
