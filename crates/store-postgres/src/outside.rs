//! Rows of the host's tables that another program writes: when they are looked at. Not here: what becomes of them
//! (`adoption`).
//!
//! Nobody tells: a trigger that notified would make every commit of the host wait for all others that notify, on the whole
//! server, until its log is on the disk. So a connection of its own asks, one exchange each time, of a table that is almost
//! always empty.

use std::time::Duration;

use futures_util::StreamExt as _;
use grelot_store::{MailPolicy, StoreError};
use tokio::time::{Instant, sleep, timeout};
use tokio_postgres::{Client, Statement};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::connection::PATIENCE;
use crate::error::Failure;
use crate::rows;
use crate::sql;
use crate::store::PostgresStore;

/// How many things one transaction adopts: a bound on how long it holds the inboxes.
const BATCH: usize = 256;
/// How often it is asked whether there is anything: within 100 ms of a commit it is pushed.
const LIVELY: Duration = Duration::from_millis(20);
/// The same where nothing came of so many asks in a row, and for what another program holds.
const QUIET: Duration = Duration::from_millis(50);
const LIVELY_ASKS: u32 = 250;
/// How often something is tried again that could not be adopted.
const RETRY: Duration = Duration::from_secs(2);
/// How long to wait after an error, before a connection is made again.
const PAUSE: Duration = Duration::from_secs(1);

/// What was adopted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Adopted {
    /// How many things that other programs did are done with.
    pub taken: usize,
    /// Whether there may be more at once.
    pub more: bool,
}

impl PostgresStore {
    /// Adopts some of what other programs did to the host's tables, in one transaction: what a notify would have decided is
    /// decided, counts are put right, and the listener is told. `mail` is what requests to notify carry. Never waits for a
    /// transaction of another program; several nodes may do this at once.
    ///
    /// # Errors
    /// As every write; nothing is lost then.
    pub async fn adopt(&self, mail: MailPolicy) -> Result<Adopted, StoreError> {
        let any = self.look(|snapshot| async move {
            let last = rows::query(&snapshot.connection, sql::OUTSIDE_LAST, &[]).await?;
            Ok(!last.is_empty())
        });
        if !any.await? {
            return Ok(Adopted::default());
        }
        let (adopted, refused) = self.adopt_some(mail).await?;
        if let Some(error) = refused {
            warn_of(&error);
        }
        Ok(adopted)
    }

    /// Adopts some; and why the first could not be and was put behind all others, if so.
    async fn adopt_some(
        &self,
        mail: MailPolicy,
    ) -> Result<(Adopted, Option<StoreError>), StoreError> {
        let adopted = self.adopt_first(mail, BATCH).await;
        if matches!(adopted, Ok(_) | Err(StoreError::Busy)) {
            return Ok((adopted?, None));
        }
        // One by one, so that what cannot be adopted holds up nothing else.
        let alone = self.adopt_first(mail, 1).await;
        match alone {
            Ok(_) | Err(StoreError::Busy) => Ok((alone?, None)),
            Err(error) => {
                self.write(|tx| async move { tx.put_first_aside().await }).await?;
                Ok((Adopted::default(), Some(error)))
            }
        }
    }

    async fn adopt_first(&self, mail: MailPolicy, limit: usize) -> Result<Adopted, StoreError> {
        self.write(move |tx| async move { tx.adopt(mail, limit).await }).await
    }

    /// Adopts what other programs do to the host's tables as soon as they commit it, and what they did before there was
    /// anybody to see it, until `shutdown`. To be run beside what serves; may be dropped at any time.
    pub async fn run_outside(&self, mail: MailPolicy, shutdown: CancellationToken) {
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = self.adopt_as_it_comes(mail) => {}
            () = self.backfill_by_itself() => {}
        }
    }

    async fn adopt_as_it_comes(&self, mail: MailPolicy) {
        let mut failing = false;
        loop {
            if let Err(error) = self.adopt_while_connected(mail, &mut failing).await
                && !failing
            {
                // Once an outage, not every time.
                warn!(%error, "what other programs wrote is not adopted; it is tried again");
                failing = true;
            }
            sleep(PAUSE).await;
        }
    }

    /// Returns when something failed.
    async fn adopt_while_connected(
        &self,
        mail: MailPolicy,
        failing: &mut bool,
    ) -> Result<(), StoreError> {
        let (client, mut messages) = in_time(self.target.connect()).await?;
        // The connection works only while it is asked for messages.
        let ended = async {
            while let Some(message) = messages.next().await {
                message?;
            }
            Err(Failure::Connection("it was closed".to_owned()))
        };
        tokio::select! {
            ended = ended => ended.map_err(|failure: Failure| failure.to_store_error()),
            failed = self.ask_and_adopt(&client, mail, failing) => failed,
        }
    }

    async fn ask_and_adopt(
        &self,
        client: &Client,
        mail: MailPolicy,
        failing: &mut bool,
    ) -> Result<(), StoreError> {
        let last = in_time(async { Ok(client.prepare(sql::OUTSIDE_LAST).await?) }).await?;
        let mut left = None;
        let mut asks = 0;
        loop {
            asks += 1;
            let begin = Instant::now();
            let found = ask(client, &last).await?;
            let took = begin.elapsed();
            if found.is_some() && Left::is_worth_it(left.as_ref(), found) {
                let (adopted, refused) = match self.adopt_some(mail).await {
                    // Somebody is in the way of it.
                    Err(StoreError::Busy) => (Adopted::default(), None),
                    done => done?,
                };
                if adopted.taken > 0 {
                    (asks, left) = (0, None);
                } else {
                    let last = ask(client, &last).await?;
                    left = Some(Left::of(refused.as_ref(), last, left.as_ref()));
                }
                if adopted.more {
                    continue;
                }
            }
            if std::mem::take(failing) {
                info!("what other programs wrote is adopted again");
            }
            // Long: somebody keeps an old snapshot open, and nothing that is dead can be cleared away. No more than half of
            // the server's time is taken by asking.
            let pace = if asks < LIVELY_ASKS { LIVELY } else { QUIET };
            sleep(pace.max(took)).await;
        }
    }
}

/// What was written down and is left, since other programs hold it, or since it could not be adopted.
struct Left {
    /// The last of it.
    last: Option<i64>,
    put_aside: bool,
    since: Instant,
}

impl Left {
    fn of(refused: Option<&StoreError>, last: Option<i64>, before: Option<&Self>) -> Self {
        let put_aside = refused.is_some();
        if let Some(error) = refused
            && !before.is_some_and(|left| left.put_aside)
        {
            warn_of(error);
        }
        Self { last, put_aside, since: Instant::now() }
    }

    /// Whether there is something new, or it is time to try again.
    fn is_worth_it(left: Option<&Self>, found: Option<i64>) -> bool {
        left.is_none_or(|left| {
            let wait = match left.put_aside {
                false if left.last != found => Duration::ZERO,
                // Also where it is new only because another node has put the same aside.
                true if left.last == found => RETRY,
                _ => QUIET,
            };
            left.since.elapsed() >= wait
        })
    }
}

fn warn_of(error: &StoreError) {
    warn!(%error, "a row that another program wrote cannot be adopted now; it is tried again later");
}

/// The position of what was written down last.
async fn ask(client: &Client, last: &Statement) -> Result<Option<i64>, StoreError> {
    in_time(async {
        let row = client.query_opt(last, &[]).await?;
        row.map(|row| rows::get(&row, 0, "outside.position")).transpose()
    })
    .await
}

/// A server that stands still says nothing, and never ends.
async fn in_time<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, StoreError> {
    let done = timeout(PATIENCE, work).await.unwrap_or(Err(Failure::Late));
    done.map_err(|failure| failure.to_store_error())
}
