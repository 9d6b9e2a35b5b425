//! Rows of the host's tables that another program writes: when they are looked at. Not here: what becomes of them
//! (`adoption`), and the connection that is told of them (`listen`).

use std::time::Duration;

use grelot_store::{MailPolicy, StoreError};
use tokio::sync::Notify;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::rows;
use crate::sql;
use crate::store::PostgresStore;

/// How many things one transaction adopts: a bound on how long it holds the inboxes.
const BATCH: usize = 256;
/// How often it is looked without having been told: where the connection that is told is away, or another node gave up.
const POLL: Duration = Duration::from_secs(2);

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
            let any = rows::query(&snapshot.connection, sql::OUTSIDE_ANY, &[]).await?;
            Ok(!any.is_empty())
        });
        if !any.await? {
            return Ok(Adopted::default());
        }
        let adopted = self.adopt_first(mail, BATCH).await;
        match adopted {
            Err(StoreError::Corrupt(_) | StoreError::Unavailable(_)) => {}
            other => return other,
        }
        // One by one, so that what cannot be adopted holds up nothing else.
        let alone = self.adopt_first(mail, 1).await;
        if let Err(error @ (StoreError::Corrupt(_) | StoreError::Unavailable(_))) = &alone {
            self.write(|tx| async move { tx.put_first_aside().await }).await?;
            warn!(%error, "a row that another program wrote cannot be adopted now; it is tried again later");
            return Ok(Adopted::default());
        }
        alone
    }

    async fn adopt_first(&self, mail: MailPolicy, limit: usize) -> Result<Adopted, StoreError> {
        self.write(move |tx| async move { tx.adopt(mail, limit).await }).await
    }

    /// Adopts what other programs do to the host's tables as soon as they commit it, and what they did before there was
    /// anybody to see it, until `shutdown`. To be run beside what serves; may be dropped at any time.
    pub async fn run_outside(&self, mail: MailPolicy, shutdown: CancellationToken) {
        let told = Notify::new();
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = self.listen(&told) => {}
            () = self.adopt_when_told(mail, &told) => {}
            () = self.backfill_by_itself() => {}
        }
    }

    async fn adopt_when_told(&self, mail: MailPolicy, told: &Notify) {
        let mut failing = false;
        loop {
            let adopted = self.adopt(mail).await;
            // Once an outage, not every time.
            match &adopted {
                Err(error) if !failing => warn!(%error, "what other programs wrote is not adopted"),
                Ok(_) if failing => info!("what other programs wrote is adopted again"),
                _ => {}
            }
            failing = adopted.is_err();
            if !adopted.is_ok_and(|adopted| adopted.more) {
                let _told_or_late = timeout(POLL, told.notified()).await;
            }
        }
    }
}
