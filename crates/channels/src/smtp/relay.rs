//! The connections to one relay: a bounded number, kept for a while, given to one letter at a time. Not here: what is said on them
//! (`session`).

use std::fmt;
use std::time::Duration;

use lettre::transport::smtp::client::TlsParameters;
use parking_lot::Mutex;
use tokio::sync::Semaphore;

use super::error::{RelayError, Stage};
use super::session::Session;
use super::settings::SmtpSettings;
use super::tls::{self, TlsError};
use crate::compose::Mail;

/// How long a connection that nobody uses is kept: relays hang up after a minute or a few.
const MAX_IDLE: Duration = Duration::from_secs(50);

/// The connections to one relay.
pub(crate) struct Relay {
    settings: SmtpSettings,
    tls: Option<TlsParameters>,
    free: Semaphore,
    idle: Mutex<Vec<Session>>,
}

impl Relay {
    pub(crate) fn new(settings: SmtpSettings) -> Result<Self, TlsError> {
        let tls = tls::parameters(&settings)?;
        let free = Semaphore::new(settings.connections.max(1));
        Ok(Self { settings, tls, free, idle: Mutex::new(Vec::new()) })
    }

    /// Sends one mail; the reply of the relay that has taken it.
    ///
    /// Dropping the future, or running into the deadline, closes the connection that it used.
    pub(crate) async fn send(&self, mail: &Mail) -> Result<String, RelayError> {
        let sending = async {
            // The semaphore is never closed.
            let _permit = self.free.acquire().await;
            let mut session = self.session().await?;
            let result = session.send(mail).await;
            if result.as_ref().err().is_none_or(RelayError::leaves_connection_usable) {
                self.idle.lock().push(session);
            }
            result
        };
        match tokio::time::timeout(self.settings.deadline, sending).await {
            Ok(result) => result,
            Err(_elapsed) => {
                let seconds = self.settings.deadline.as_secs_f32();
                let answer = format!("the delivery took more than {seconds} s");
                Err(RelayError::new(Stage::Message, &answer))
            }
        }
    }

    /// Connects anew and asks for a sign of life.
    pub(crate) async fn check(&self) -> Result<String, RelayError> {
        let mut session = self.open().await?;
        let answer = session.noop().await?;
        session.close().await;
        Ok(answer)
    }

    /// Says goodbye on every connection that is not in use.
    pub(crate) async fn close(&self) {
        let idle = std::mem::take(&mut *self.idle.lock());
        for session in idle {
            session.close().await;
        }
    }

    /// A connection that was used before and is still there, or a new one.
    async fn session(&self) -> Result<Session, RelayError> {
        while let Some(mut session) = self.take() {
            if session.idle() < MAX_IDLE && session.reset().await.is_ok() {
                return Ok(session);
            }
        }
        self.open().await
    }

    /// A new connection. Boxed: a TLS handshake is a large future, and most letters find a connection.
    async fn open(&self) -> Result<Session, RelayError> {
        Box::pin(Session::open(&self.settings, self.tls.as_ref())).await
    }

    fn take(&self) -> Option<Session> {
        self.idle.lock().pop()
    }
}

impl fmt::Debug for Relay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Relay")
            .field("settings", &self.settings)
            .field("idle", &self.idle.lock().len())
            .finish_non_exhaustive()
    }
}
