//! One connection to NATS, from its first word to its end. It counts as made once a word of this node came back to it: then
//! both directions work.

use std::error::Error as _;
use std::fmt::Display;
use std::io;
use std::time::Duration;

use async_nats::{Client, ConnectErrorKind, Event, Subscriber};
use futures_util::StreamExt as _;
use tokio::sync::watch;

use crate::bus::Talk;
use crate::error::NatsError;
use crate::message::{decode, empty, encode};
use crate::options::NatsOptions;

/// How long a word may take to come back.
const ECHO: Duration = Duration::from_secs(5);

pub(crate) struct Session {
    client: Client,
    subscriber: Subscriber,
    subject: String,
    end: watch::Receiver<Option<String>>,
}

impl Session {
    /// Connects, and waits until its own word is heard. What others say meanwhile is heard as well.
    pub(crate) async fn open(options: &NatsOptions, talk: &Talk<'_>) -> Result<Self, NatsError> {
        let (ended, mut end) = watch::channel(None);
        let client = options
            .connect()
            .event_callback(move |event| {
                notice(&event, &ended);
                std::future::ready(())
            })
            .connect(&options.servers[..])
            .await
            .map_err(|error| NatsError::Unreachable(reason(&error, options.is_tls())))?;
        let subject = options.subject.clone();
        let mut subscriber = client.subscribe(subject.clone()).await.map_err(lost)?;
        client.publish(subject.clone(), empty(talk.node)).await.map_err(lost)?;
        let echo = async {
            while let Some(message) = subscriber.next().await {
                if talk.hear(decode(&message.payload)) {
                    return;
                }
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = echo => {}
            why = ended_by(&mut end) => return Err(NatsError::Ended(why)),
            () = tokio::time::sleep(ECHO) => return Err(NatsError::Deaf { subject }),
        }
        Ok(Self { client, subscriber, subject, end })
    }

    /// Says what there is to say and hears what others say, until the connection ends.
    pub(crate) async fn run(mut self, talk: &Talk<'_>) -> NatsError {
        let hearing = async {
            while let Some(message) = self.subscriber.next().await {
                talk.hear(decode(&message.payload));
            }
        };
        let telling = async {
            loop {
                if let Err(error) = tell(&self.client, &self.subject, talk).await {
                    return error;
                }
            }
        };
        tokio::select! {
            () = hearing => lost("nothing more is heard"),
            error = telling => error,
            why = ended_by(&mut self.end) => NatsError::Ended(why),
        }
    }
}

/// Sends what waits. What is said meanwhile is sent together the next time.
async fn tell(client: &Client, subject: &str, talk: &Talk<'_>) -> Result<(), NatsError> {
    let hints = talk.queue.take().await;
    let max_payload = client.max_payload();
    for message in encode(talk.node, &hints, max_payload) {
        client.publish(subject.to_owned(), message).await.map_err(lost)?;
    }
    talk.told(hints.len());
    client.flush().await.map_err(lost)
}

/// A server that complains is left as well: it may not do what it is asked any more.
fn notice(event: &Event, ended: &watch::Sender<Option<String>>) {
    let why = match event {
        Event::ServerError(error) => format!("the server says: {error}"),
        Event::Disconnected | Event::Closed => "it was lost".to_owned(),
        _ => return,
    };
    ended.send_if_modified(|first| {
        let is_first = first.is_none();
        first.get_or_insert(why);
        is_first
    });
}

/// Waits for the connection's end; why it ended.
async fn ended_by(end: &mut watch::Receiver<Option<String>>) -> String {
    match end.wait_for(Option::is_some).await {
        Ok(why) => why.clone().unwrap_or_default(),
        Err(closed) => closed.to_string(),
    }
}

fn lost(error: impl Display) -> NatsError {
    NatsError::Ended(error.to_string())
}

/// What a person can do something about.
fn reason(error: &async_nats::ConnectError, is_tls: bool) -> String {
    match error.kind() {
        ConnectErrorKind::AuthorizationViolation | ConnectErrorKind::Authentication => {
            "it does not accept the user, the password or the token of the URL".to_owned()
        }
        ConnectErrorKind::TimedOut => "it does not answer".to_owned(),
        _ if is_tls && is_answered_in_plain(error) => format!(
            "it does not speak TLS, which tls:// and ca demand: turn TLS on there, or, where the network is trusted, write \
             nats:// and leave ca out ({error})"
        ),
        _ => error.to_string(),
    }
}

/// Whether a server without TLS makes this of a handshake: it complains in plain words, and hangs up, perhaps before they
/// are read.
fn is_answered_in_plain(error: &async_nats::ConnectError) -> bool {
    let mut cause = error.source();
    while let Some(found) = cause {
        if let Some(io) = found.downcast_ref::<io::Error>() {
            let inner = io.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
            return match inner {
                Some(error) => matches!(error, rustls::Error::InvalidMessage(_)),
                None => matches!(
                    io.kind(),
                    io::ErrorKind::UnexpectedEof
                        | io::ErrorKind::ConnectionReset
                        | io::ErrorKind::BrokenPipe
                ),
            };
        }
        cause = found.source();
    }
    false
}
