//! The connection that hears when another program wrote to the host's tables. Not here: what follows (`outside`).

use std::time::Duration;

use futures_util::StreamExt as _;
use tokio::sync::Notify;
use tokio::time::sleep;
use tokio_postgres::AsyncMessage;
use tracing::debug;

use crate::error::Failure;
use crate::store::PostgresStore;

/// The channel that the triggers notify.
const LISTEN: &str = "LISTEN grelot_outside";
/// How long to wait before a connection that ended is made again.
const PAUSE: Duration = Duration::from_secs(1);

impl PostgresStore {
    /// Tells `told` whenever another program has written something. Never ends: a connection that does is made again.
    pub(crate) async fn listen(&self, told: &Notify) {
        loop {
            let ended = self.listen_once(told).await;
            debug!(failure = ?ended.err(), "the connection that listens ended");
            sleep(PAUSE).await;
        }
    }

    async fn listen_once(&self, told: &Notify) -> Result<(), Failure> {
        let (client, mut messages) = self.target.connect().await?;
        // The connection works only while it is asked for messages.
        let hearing = async {
            while let Some(message) = messages.next().await {
                if let AsyncMessage::Notification(_) = message? {
                    told.notify_one();
                }
            }
            Ok(())
        };
        let listening = async {
            client.batch_execute(LISTEN).await?;
            // What was written before is to be looked at as well.
            told.notify_one();
            std::future::pending().await
        };
        tokio::select! {
            ended = hearing => ended,
            failed = listening => failed,
        }
    }
}
