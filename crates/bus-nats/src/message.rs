//! Hints as bytes: who says it (8 bytes), then each hint: its kind, the length of the user's id in two bytes, the id, and
//! for a hint that an inbox moved its position in 8 bytes. Numbers are big-endian.
//!
//! Another version of the program may be on the other side: what is not understood ends the message. A format that is
//! understood differently needs another subject.

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use grelot_core::{Seq, UserId};
use grelot_store::Hint;

/// How large a message is made at most, in bytes: larger ones keep others waiting.
const LARGE: usize = 64 * 1_024;
const ENDED: u8 = 0;
const MOVED: u8 = 1;

/// Whose message it is: one number a process, made by chance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NodeId(pub(crate) u64);

/// A message that says nothing, but that its node can be heard.
pub(crate) fn empty(node: NodeId) -> Bytes {
    Bytes::copy_from_slice(&node.0.to_be_bytes())
}

/// As few messages as hold the hints, none larger than `max_payload`.
pub(crate) fn encode(node: NodeId, hints: &[Hint], max_payload: usize) -> Vec<Bytes> {
    let limit = max_payload.min(LARGE);
    let mut done = Vec::new();
    let mut message = BytesMut::new();
    for hint in hints {
        let (kind, user, seq) = match hint {
            Hint::Moved(user, seq) => (MOVED, user, Some(*seq)),
            Hint::Ended(user) => (ENDED, user, None),
        };
        // Always fits: a user id is short.
        let Ok(length) = u16::try_from(user.as_str().len()) else { continue };
        let size = 3 + usize::from(length) + seq.map_or(0, |_| 8);
        if !message.is_empty() && message.len() + size > limit {
            done.push(message.split().freeze());
        }
        if message.is_empty() {
            message.put_u64(node.0);
        }
        message.put_u8(kind);
        message.put_u16(length);
        message.put_slice(user.as_str().as_bytes());
        if let Some(seq) = seq {
            message.put_u64(seq.get());
        }
    }
    if !message.is_empty() {
        done.push(message.freeze());
    }
    done
}

/// Who says it, and what can be understood of it. `None` when it is no message of ours.
pub(crate) fn decode(mut bytes: &[u8]) -> Option<(NodeId, Vec<Hint>)> {
    let node = NodeId(bytes.try_get_u64().ok()?);
    let mut hints = Vec::new();
    while let Some(hint) = next(&mut bytes) {
        hints.push(hint);
    }
    Some((node, hints))
}

fn next(bytes: &mut &[u8]) -> Option<Hint> {
    let kind = bytes.try_get_u8().ok()?;
    let length = usize::from(bytes.try_get_u16().ok()?);
    let (user, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    let user = UserId::parse(std::str::from_utf8(user).ok()?).ok()?;
    match kind {
        ENDED => Some(Hint::Ended(user)),
        MOVED => Some(Hint::Moved(user, Seq::new(bytes.try_get_u64().ok()?))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hint() -> impl Strategy<Value = Hint> {
        let user =
            ("[a-zé😀|@]", 1..=128_usize).prop_map(|(character, length)| character.repeat(length));
        let user = user.prop_map(|text| UserId::parse(&text).unwrap());
        let seq = any::<u64>().prop_map(|seq| Some(Seq::new(seq)));
        (user, prop_oneof![seq, Just(None)]).prop_map(|(user, seq)| match seq {
            Some(seq) => Hint::Moved(user, seq),
            None => Hint::Ended(user),
        })
    }

    proptest! {
        #[test]
        fn hints_arrive_as_they_were_in_messages_that_fit(
            hints in prop::collection::vec(hint(), 0..100),
            max_payload in 1_024..8_192_usize,
        ) {
            let messages = encode(NodeId(7), &hints, max_payload);
            let mut arrived = Vec::new();
            for message in &messages {
                prop_assert!(message.len() <= max_payload);
                let (node, hints) = decode(message).unwrap();
                prop_assert_eq!(node, NodeId(7));
                arrived.extend(hints);
            }
            prop_assert_eq!(arrived, hints);
        }

        #[test]
        fn any_bytes_can_be_heard(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert_eq!(decode(&bytes).is_some(), bytes.len() >= 8);
        }

        #[test]
        fn of_a_message_that_is_cut_the_whole_hints_are_understood(
            hints in prop::collection::vec(hint(), 1..5),
            cut in any::<prop::sample::Index>(),
        ) {
            let message = encode(NodeId(1), &hints, LARGE).remove(0);
            let (_, arrived) = decode(&message[..8 + cut.index(message.len() - 8)]).unwrap();
            prop_assert!(arrived.len() < hints.len());
            prop_assert_eq!(&arrived[..], &hints[..arrived.len()]);
        }
    }

    #[test]
    fn what_a_later_version_says_ends_the_message() {
        let ann = Hint::Ended(UserId::parse("ann").unwrap());
        let mut message = encode(NodeId(1), &[ann.clone(), ann.clone()], LARGE).remove(0).to_vec();
        message[8 + 6] = 9;
        assert_eq!(decode(&message), Some((NodeId(1), vec![ann])));
    }

    #[test]
    fn a_message_of_nothing_names_its_node() {
        assert_eq!(decode(&empty(NodeId(3))), Some((NodeId(3), Vec::new())));
        assert!(encode(NodeId(3), &[], LARGE).is_empty());
    }
}
