//! Email as a channel: a letter in, what became of it out. Not here: when it is due, and whether it is still wanted.

use std::sync::Arc;

use grelot_core::Timestamp;

use crate::mailroom::Mailroom;
use crate::message::Letter;
use crate::outcome::Outcome;
use crate::smtp::{Relay, RelayError, SmtpSettings, TlsError};
use crate::text::one_line;

/// Email as a channel.
#[derive(Debug)]
pub struct Email {
    relay: Relay,
    room: Arc<Mailroom>,
}

impl Email {
    /// A channel that sends what `room` makes to the relay of `settings`. Nothing is connected yet.
    ///
    /// # Errors
    /// A [`TlsError`] when TLS cannot be set up.
    pub fn new(settings: SmtpSettings, room: Arc<Mailroom>) -> Result<Self, TlsError> {
        Ok(Self { relay: Relay::new(settings)?, room })
    }

    /// What mails look like.
    pub const fn room(&self) -> &Arc<Mailroom> {
        &self.room
    }

    /// Delivers a letter, once, as a mail of `date`. Whoever drops the future does not know whether the relay has taken the letter;
    /// trying it again with the same date sends the same mail.
    pub async fn deliver(&self, letter: &Letter, date: Timestamp) -> Outcome {
        let mail = match self.room.compose(letter, date) {
            Ok(mail) => mail,
            Err(error) => {
                return Outcome::Never {
                    answer: one_line(&error.to_string(), Outcome::MAX_ANSWER),
                };
            }
        };
        if let Some(why) = &mail.fallback {
            tracing::warn!(
                delivery = letter.id,
                why,
                "a template failed, the built-in one was used"
            );
        }
        match self.relay.send(&mail).await {
            Ok(answer) => Outcome::Sent { answer },
            Err(error) => error.outcome(),
        }
    }

    /// Connects to the relay, secures and authenticates as a delivery does, and says `NOOP`: what it answers to that.
    ///
    /// # Errors
    /// The [`RelayError`], which says how far it came.
    pub async fn check(&self) -> Result<String, RelayError> {
        self.relay.check().await
    }

    /// Says goodbye to the relay; a delivery that comes later connects anew.
    pub async fn close(&self) {
        self.relay.close().await;
    }
}
