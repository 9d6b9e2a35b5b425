//! What goes wrong with a relay, at which stage, and what it means for the letter. Not here: the conversation (`session`).

use std::error::Error as _;
use std::fmt;

use crate::outcome::{Fault, Outcome};
use crate::text::one_line;

/// How far a conversation came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// The connection, its TLS if it has it from the first byte, the greeting and `EHLO`.
    Connect,
    /// `STARTTLS`.
    StartTls,
    /// `AUTH`.
    Authenticate,
    /// The relay was asked whether it is still there (`NOOP`, `RSET`).
    Probe,
    /// `MAIL FROM`.
    Sender,
    /// `RCPT TO`.
    Recipient,
    /// `DATA`.
    Data,
    /// The message itself, and the answer to it.
    Message,
}

impl Stage {
    const fn doing(self) -> &'static str {
        match self {
            Self::Connect => "connecting",
            Self::StartTls => "starting TLS",
            Self::Authenticate => "authenticating",
            Self::Probe => "asking for a sign of life",
            Self::Sender => "naming the sender",
            Self::Recipient => "naming the recipient",
            Self::Data => "announcing the message",
            Self::Message => "sending the message",
        }
    }
}

/// What went wrong with a relay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelayError {
    /// How far it came.
    pub stage: Stage,
    /// The code of the relay's reply; `None` when it did not reply.
    pub code: Option<u16>,
    /// The reply, or what happened, in one line.
    pub answer: String,
}

impl RelayError {
    pub(crate) fn new(stage: Stage, answer: &str) -> Self {
        Self { stage, code: None, answer: one_line(answer, Outcome::MAX_ANSWER) }
    }

    /// What lettre says: a negative reply with its code and text, or what came in between.
    pub(crate) fn from_lettre(stage: Stage, error: &lettre::transport::smtp::Error) -> Self {
        let code = error.status().map(u16::from);
        let answer = match code {
            Some(code) => {
                let text = error.source().map(ToString::to_string).unwrap_or_default();
                format!("{code} {text}")
            }
            None => chain(error),
        };
        Self { code, ..Self::new(stage, &answer) }
    }

    /// Whether the connection can go on: the relay answered, and did not say that it hangs up.
    pub(crate) fn leaves_connection_usable(&self) -> bool {
        self.code.is_some_and(|code| code != 421)
    }

    /// What it means for the letter.
    pub(crate) fn outcome(self) -> Outcome {
        let answer = self.to_string();
        // The relay wants a login or an encryption that it did not get: its settings or ours, whatever the letter.
        let settings = matches!(self.code, Some(530 | 534 | 535 | 538));
        if self.stage < Stage::Sender || self.code == Some(421) || settings {
            return Outcome::Later { answer, fault: Fault::Relay };
        }
        if self.code.is_some_and(|code| (500..600).contains(&code)) {
            return Outcome::Never { answer };
        }
        Outcome::Later { answer, fault: Fault::Letter }
    }
}

impl fmt::Display for RelayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self.code {
            // The relay's own words are what an operator looks for.
            Some(_) => self.answer.clone(),
            None => format!("{}: {}", self.stage.doing(), self.answer),
        };
        f.write_str(&one_line(&text, Outcome::MAX_ANSWER))
    }
}

impl std::error::Error for RelayError {}

/// An error with its causes, each said once.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        next = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(stage: Stage, code: Option<u16>) -> Outcome {
        RelayError { stage, code, answer: "x".to_owned() }.outcome()
    }

    #[rstest::rstest]
    #[case(Stage::Connect, Some(554))]
    #[case(Stage::Connect, None)]
    #[case(Stage::StartTls, None)]
    #[case(Stage::Authenticate, Some(535))]
    #[case(Stage::Sender, Some(530))]
    #[case(Stage::Message, Some(421))]
    fn what_every_letter_would_meet_is_the_relays_fault(
        #[case] stage: Stage,
        #[case] code: Option<u16>,
    ) {
        assert!(matches!(outcome(stage, code), Outcome::Later { fault: Fault::Relay, .. }));
    }

    #[rstest::rstest]
    #[case(Stage::Sender, Some(451))]
    #[case(Stage::Recipient, Some(450))]
    #[case(Stage::Message, Some(452))]
    #[case(Stage::Message, None)]
    fn what_may_pass_is_tried_again(#[case] stage: Stage, #[case] code: Option<u16>) {
        assert!(matches!(outcome(stage, code), Outcome::Later { fault: Fault::Letter, .. }));
    }

    #[rstest::rstest]
    #[case(Stage::Sender, 550)]
    #[case(Stage::Recipient, 550)]
    #[case(Stage::Data, 503)]
    #[case(Stage::Message, 554)]
    fn a_refusal_for_good_is_not_tried_again(#[case] stage: Stage, #[case] code: u16) {
        assert!(matches!(outcome(stage, Some(code)), Outcome::Never { .. }));
    }
}
