//! One connection to a relay: opened, secured, authenticated, then mail after mail. Each step has its time limit. Not here: how many
//! there are (`relay`).

use std::time::Duration;

use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail as MailFrom, Noop, Rcpt, Rset};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use lettre::transport::smtp::response::Response;
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::error::{RelayError, Stage};
use super::line::LineStream;
use super::settings::{Security, SmtpSettings};
use crate::compose::Mail;

/// A connection that is ready for a mail.
pub(super) struct Session {
    connection: AsyncSmtpConnection,
    timeout: Duration,
    patience: Duration,
    used: Instant,
}

impl Session {
    /// Connects, secures and authenticates, in this order and as the settings say.
    pub(super) async fn open(
        settings: &SmtpSettings,
        tls: Option<&TlsParameters>,
    ) -> Result<Self, RelayError> {
        let name = settings.helo.clone().map_or_else(ClientId::default, ClientId::Domain);
        let timeout = settings.timeout;
        let connecting = connect(settings, tls, &name);
        let connection = step(timeout, Stage::Connect, connecting).await?;
        let patience = settings.patience;
        let mut session = Self { connection, timeout, patience, used: Instant::now() };
        if matches!(settings.security, Security::Required | Security::Opportunistic) {
            session.secure(settings.security, tls, &name).await?;
        }
        if let Some((user, password)) = &settings.credentials {
            let credentials = Credentials::new(user.clone(), password.clone());
            let authenticating = session.connection.auth(DEFAULT_MECHANISMS, &credentials);
            let result =
                step(timeout, Stage::Authenticate, lettre(Stage::Authenticate, authenticating));
            result.await.map_err(|error| without(error, [user, password]))?;
        }
        Ok(session)
    }

    async fn secure(
        &mut self,
        security: Security,
        tls: Option<&TlsParameters>,
        name: &ClientId,
    ) -> Result<(), RelayError> {
        let stage = Stage::StartTls;
        match tls {
            Some(tls) if self.connection.can_starttls() => {
                let starting = self.connection.starttls(tls.clone(), name);
                step(self.timeout, stage, lettre(stage, starting)).await
            }
            _ if security == Security::Required => Err(RelayError::new(
                stage,
                "the relay does not offer STARTTLS, so nothing was sent (somebody in between may hide it; a relay \
                 without TLS needs ?tls=none)",
            )),
            _ => Ok(()),
        }
    }

    /// Asks whether the relay is still there.
    pub(super) async fn noop(&mut self) -> Result<String, RelayError> {
        self.say(Stage::Probe, Noop).await.map(|reply| spoken(&reply))
    }

    /// Makes a connection that was used before ready for the next mail, and finds out whether it still is one.
    pub(super) async fn reset(&mut self) -> Result<(), RelayError> {
        self.say(Stage::Probe, Rset).await.map(|_reply| ())
    }

    /// Sends one mail; the reply of the relay that has taken it.
    pub(super) async fn send(&mut self, mail: &Mail) -> Result<String, RelayError> {
        let beyond_ascii = |address: &lettre::Address| !AsRef::<str>::as_ref(address).is_ascii();
        let mut parameters = Vec::new();
        if beyond_ascii(&mail.from) || beyond_ascii(&mail.to) {
            let stage = Stage::Recipient;
            let can = |feature| self.connection.server_info().supports_feature(feature);
            if !can(Extension::SmtpUtfEight) || !can(Extension::EightBitMime) {
                let answer = "553 the address is not ASCII, and the relay has no SMTPUTF8";
                return Err(RelayError { code: Some(553), ..RelayError::new(stage, answer) });
            }
            parameters.push(MailParameter::SmtpUtfEight);
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        self.say(Stage::Sender, MailFrom::new(Some(mail.from.clone()), parameters)).await?;
        self.say(Stage::Recipient, Rcpt::new(mail.to.clone(), Vec::new())).await?;
        let go_on = self.say(Stage::Data, Data).await?;
        if !go_on.has_code(354) {
            return Err(RelayError::new(Stage::Data, &format!("not 354 but {}", spoken(&go_on))));
        }
        let sending = self.connection.message(&mail.bytes);
        let reply = step(self.patience, Stage::Message, lettre(Stage::Message, sending)).await?;
        self.used = Instant::now();
        Ok(spoken(&reply))
    }

    /// How long nobody has used it.
    pub(super) fn idle(&self) -> Duration {
        self.used.elapsed()
    }

    /// Says goodbye.
    pub(super) async fn close(mut self) {
        // Whoever does not answer to a goodbye is gone already.
        let _ = tokio::time::timeout(self.timeout, self.connection.quit()).await;
    }

    async fn say(
        &mut self,
        stage: Stage,
        command: impl std::fmt::Display,
    ) -> Result<Response, RelayError> {
        let speaking = self.connection.command(command);
        step(self.timeout, stage, lettre(stage, speaking)).await
    }
}

/// Opens the connection, as far as the first `EHLO`.
async fn connect(
    settings: &SmtpSettings,
    tls: Option<&TlsParameters>,
    name: &ClientId,
) -> Result<AsyncSmtpConnection, RelayError> {
    let stage = Stage::Connect;
    let server = (settings.host.as_str(), settings.port);
    if settings.security == Security::Implicit {
        let timeout = Some(settings.timeout);
        let opening =
            AsyncSmtpConnection::connect_tokio1(server, timeout, name, tls.cloned(), None);
        return lettre(stage, opening).await;
    }
    let failed = |error: std::io::Error| RelayError::new(stage, &error.to_string());
    let socket = TcpStream::connect(server).await.map_err(failed)?;
    // The dot that ends a message is a write of its own, which would wait for the acknowledgement of the message otherwise.
    socket.set_nodelay(true).map_err(failed)?;
    let stream = Box::new(LineStream::new(socket).map_err(failed)?);
    lettre(stage, AsyncSmtpConnection::connect_with_transport(stream, name)).await
}

async fn lettre<T>(
    stage: Stage,
    future: impl Future<Output = Result<T, Error>>,
) -> Result<T, RelayError> {
    future.await.map_err(|error| RelayError::from_lettre(stage, &error))
}

async fn step<T>(
    timeout: Duration,
    stage: Stage,
    future: impl Future<Output = Result<T, RelayError>>,
) -> Result<T, RelayError> {
    match tokio::time::timeout(timeout, future).await {
        Ok(result) => result,
        Err(_elapsed) => {
            Err(RelayError::new(stage, &format!("no answer within {} s", timeout.as_secs_f32())))
        }
    }
}

/// The reply in one line.
fn spoken(reply: &Response) -> String {
    let lines: Vec<&str> = reply.message().collect();
    let text = format!("{} {}", reply.code(), lines.join(" "));
    crate::text::one_line(&text, crate::outcome::Outcome::MAX_ANSWER)
}

/// The error without what a relay might have repeated of the credentials.
fn without(mut error: RelayError, secrets: [&String; 2]) -> RelayError {
    for secret in secrets {
        error.answer = error.answer.replace(secret.as_str(), "…");
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relay_that_repeats_the_credentials_is_not_quoted() {
        let error = RelayError::new(Stage::Authenticate, "535 no ada:hunter2 here");
        let error = without(error, [&"ada".to_owned(), &"hunter2".to_owned()]);
        assert_eq!(error.answer, "535 no …:… here");
    }
}
