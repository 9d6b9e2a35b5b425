//! The answers that are kept for idempotency keys, as bytes: the same in every backend, so that a copy of a database keeps them.
//! Not here: for how long, and for whose request.

use grelot_core::NotificationId;

use crate::{Delivered, EmailOutcome, InAppOutcome};

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
pub fn decode_answer(mut bytes: &[u8]) -> Option<Vec<Delivered>> {
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
}
