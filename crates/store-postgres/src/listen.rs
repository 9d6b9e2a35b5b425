//! The connection that hears when another program wrote to the host's tables. Not here: what follows (`outside`).

use std::future::poll_fn;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Notify;
use tokio::time::sleep;
use tokio_postgres::{AsyncMessage, Client, Connection, NoTls};
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
        match self.target.tls() {
            None => {
                let (client, connection) = self.target.config.connect(NoTls).await?;
                follow(client, connection, told).await
            }
            Some(tls) => {
                let (client, connection) = self.target.config.connect(tls.connector()).await?;
                follow(client, connection, told).await
            }
        }
    }
}

async fn follow<S, T>(
    client: Client,
    mut connection: Connection<S, T>,
    told: &Notify,
) -> Result<(), Failure>
where
    S: AsyncRead + AsyncWrite + Unpin,
    T: AsyncRead + AsyncWrite + Unpin,
{
    // The connection works only while it is asked for messages.
    let messages = async {
        while let Some(message) = poll_fn(|context| connection.poll_message(context)).await {
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
        ended = messages => ended,
        failed = listening => failed,
    }
}
