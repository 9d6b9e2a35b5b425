//! The answers that are kept for idempotency keys: for how long, for which request, and as what bytes.
//! Not here: the keys of requests that have no answer yet (`slots`).

use std::time::Duration;

use grelot_core::{NotificationId, Timestamp};
use grelot_store::{Delivered, EmailOutcome, Idempotency, InAppOutcome};

/// How long an answer is kept.
pub const ANSWERS_KEPT: Duration = Duration::from_hours(24);

/// What a slot holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Nothing, or nothing any more.
    Nothing,
    /// The answer to the same request.
    Answer(Vec<Delivered>),
    /// The answer to another request.
    Other,
}

/// A row of `idempotency`.
#[derive(Clone, Copy, Debug)]
pub struct KeptRow<'a> {
    /// The digest of the request that was answered.
    pub request: &'a [u8],
    /// The answer, as [`encode_answer`] made it.
    pub answer: &'a [u8],
    /// When it was.
    pub at: Timestamp,
}

impl KeptRow<'_> {
    /// What that is for the request of `key` at `now`; `None` when the answer is not of the form.
    pub fn read(self, key: Idempotency, now: Timestamp) -> Option<Kept> {
        if self.at <= now.before(ANSWERS_KEPT) {
            return Some(Kept::Nothing);
        }
        if self.request != key.request.0 {
            return Some(Kept::Other);
        }
        decode_answer(self.answer).map(Kept::Answer)
    }
}

/// One byte a recipient, whose bits are: 0 created, 1 and 2 the email outcome, 3 an id follows. No user ids: the caller
/// builds the answer from its own request.
pub fn encode_answer(answer: &[Delivered]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(answer.len() * (1 + NotificationId::CUID));
    for entry in answer {
        let email = match entry.email {
            EmailOutcome::Off => 0,
            EmailOutcome::Muted => 1,
            EmailOutcome::NoAddress => 2,
            EmailOutcome::Queued => 3,
        };
        let created = u8::from(entry.in_app == InAppOutcome::Created);
        bytes.push(created | email << 1 | u8::from(entry.id.is_some()) << 3);
        if let Some(id) = entry.id {
            bytes.extend_from_slice(id.as_str().as_bytes());
        }
    }
    bytes
}

/// The other way; `None` when the bytes are not of this form.
fn decode_answer(mut bytes: &[u8]) -> Option<Vec<Delivered>> {
    let mut answer = Vec::new();
    while let [flags, rest @ ..] = bytes {
        bytes = rest;
        let id = if flags & 0b1000 == 0 {
            None
        } else {
            let (id, rest) = bytes.split_at_checked(NotificationId::CUID)?;
            bytes = rest;
            Some(
                NotificationId::parse(std::str::from_utf8(id).ok()?)
                    .filter(NotificationId::is_cuid)?,
            )
        };
        let email = match flags >> 1 & 0b11 {
            0 => EmailOutcome::Off,
            1 => EmailOutcome::Muted,
            2 => EmailOutcome::NoAddress,
            _ => EmailOutcome::Queued,
        };
        let in_app = if flags & 1 == 1 { InAppOutcome::Created } else { InAppOutcome::Muted };
        answer.push(Delivered { id, in_app, email });
    }
    Some(answer)
}

#[cfg(test)]
mod tests {
    use grelot_core::Fingerprint;

    use super::*;

    #[test]
    fn every_answer_decodes_to_itself() {
        let id = NotificationId::parse("cm3xk2l9a0000qzrmn831i7rn");
        let mut answer = Vec::new();
        for in_app in [InAppOutcome::Created, InAppOutcome::Muted] {
            for email in [
                EmailOutcome::Off,
                EmailOutcome::Muted,
                EmailOutcome::NoAddress,
                EmailOutcome::Queued,
            ] {
                answer.push(Delivered { id, in_app, email });
                answer.push(Delivered { id: None, in_app, email });
            }
        }
        assert_eq!(decode_answer(&encode_answer(&answer)), Some(answer));
    }

    #[test]
    fn a_cut_answer_does_not_decode() {
        let id = NotificationId::parse("cm3xk2l9a0000qzrmn831i7rn");
        let entry = Delivered { id, in_app: InAppOutcome::Created, email: EmailOutcome::Off };
        let bytes = encode_answer(&[entry]);
        assert_eq!(decode_answer(&bytes[..bytes.len() - 1]), None);
    }

    #[test]
    fn an_answer_is_for_its_request_and_for_a_day() {
        let [request, other] = [1, 2].map(|byte| Fingerprint([byte; 32]));
        let now = Timestamp::from_millis(1_795_000_000_000);
        let row = |at| KeptRow { request: &request.0, answer: &[0], at };
        let read = |at, request| row(at).read(Idempotency { slot: other, request }, now);
        let answer = Delivered { id: None, in_app: InAppOutcome::Muted, email: EmailOutcome::Off };
        let last = Timestamp::from_millis(now.before(ANSWERS_KEPT).millis() + 1);
        for at in [now, last] {
            assert_eq!(read(at, request), Some(Kept::Answer(vec![answer])));
            assert_eq!(read(at, other), Some(Kept::Other));
        }
        let gone = now.before(ANSWERS_KEPT);
        assert_eq!(read(gone, request), Some(Kept::Nothing));
        assert_eq!(read(gone, other), Some(Kept::Nothing));
    }
}
