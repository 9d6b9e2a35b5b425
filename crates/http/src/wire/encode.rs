//! The block form of events (WHATWG HTML, 9.2). Not here: what an event holds (`event`), and who is sent it (`hub`).

use bytes::Bytes;
use grelot_core::{Change, Inbox, Seq, Timestamp};
use grelot_hub::{Block, Encode};
use serde::Serialize;

use super::Instant;
use super::event::{CountersEvent, ExpiringEvent, PingEvent, ReadyEvent, describe};

/// Writes the blocks of a stream: `event:`, one `data:` line of JSON, `id:` last, an empty line; LF only.
#[derive(Clone, Copy, Debug, Default)]
pub struct EventEncoder;

/// What ends a chunked body (RFC 9112, 7.1): an empty chunk, no trailers.
const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

fn block(event: &str, data: &impl Serialize, seq: Seq) -> Block {
    let mut out = Vec::with_capacity(512);
    out.extend_from_slice(b"event: ");
    out.extend_from_slice(event.as_bytes());
    out.extend_from_slice(b"\ndata: ");
    // Neither these types nor a vector can fail to be written.
    let _ = serde_json::to_writer(&mut out, data);
    out.extend_from_slice(b"\nid: ");
    out.extend_from_slice(seq.get().to_string().as_bytes());
    out.extend_from_slice(b"\n\n");
    chunk(&out)
}

/// Frames a block as one chunk of a chunked body. Readers that wait for a number of bytes, as some libraries do, are
/// given each chunk as it comes.
fn chunk(block: &[u8]) -> Block {
    let size = format!("{:x}\r\n", block.len());
    let mut framed = Vec::with_capacity(size.len() + block.len() + 2);
    framed.extend_from_slice(size.as_bytes());
    framed.extend_from_slice(block);
    framed.extend_from_slice(b"\r\n");
    Block::new(Bytes::from(framed), size.len()..size.len() + block.len())
}

impl Encode for EventEncoder {
    fn change(&self, change: &Change) -> Block {
        let (event, data) = describe(change);
        block(event, &data, change.seq)
    }

    fn ready(&self, inbox: &Inbox, resumed: bool) -> Block {
        let data = ReadyEvent { unread_count: inbox.unread, seq: inbox.seq.get(), resumed };
        block("ready", &data, inbox.seq)
    }

    fn reset(&self, inbox: &Inbox) -> Block {
        let data = CountersEvent { unread_count: inbox.unread, seq: inbox.seq.get() };
        block("reset", &data, inbox.seq)
    }

    fn ping(&self, seq: Seq) -> Block {
        block("ping", &PingEvent { seq: seq.get() }, seq)
    }

    fn expiring(&self, at: Timestamp, seq: Seq) -> Block {
        block("expiring", &ExpiringEvent { expires_at: Instant(at), seq: seq.get() }, seq)
    }

    fn retry(&self, millis: u64) -> Block {
        chunk(format!("retry: {millis}\n\n").as_bytes())
    }

    fn end(&self) -> &'static [u8] {
        LAST_CHUNK
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use grelot_core::{
        Body, CategoryKey, ChangeKind, Content, Data, Link, Notification, NotificationId,
        NotificationType, Title, UserId,
    };

    use super::*;

    fn change(kind: ChangeKind) -> String {
        let user = UserId::parse("u_1").unwrap();
        let change = Change { user, seq: Seq::new(43), unread: 4, kind };
        String::from_utf8(EventEncoder.change(&change).content().to_vec()).unwrap()
    }

    fn id() -> NotificationId {
        NotificationId::parse("cm3xk2l9a0000qzrmn831i7rn").unwrap()
    }

    fn created(title: &str, data: Option<&str>) -> ChangeKind {
        ChangeKind::Created(Arc::new(Notification {
            id: id(),
            user: UserId::parse("u_1").unwrap(),
            seq: Seq::new(43),
            content: Arc::new(Content {
                kind: NotificationType::Info,
                category: Some(CategoryKey::parse("billing").unwrap()),
                title: Title::parse(title).unwrap(),
                body: Some(Body::parse("March is ready.").unwrap()),
                link: Some(Link::parse("/invoices/42").unwrap()),
                data: data.map(|data| Data::from_compact_json(data).unwrap()),
            }),
            read_at: None,
            created_at: Timestamp::from_millis(1_795_514_400_000),
        }))
    }

    #[test]
    fn a_created_block_is_as_the_contract_has_it() {
        let block = change(created("Invoice ready", Some(r#"{"z":1.50,"a":1e400}"#)));
        assert_eq!(
            block,
            concat!(
                "event: notification.created\n",
                r#"data: {"notification":{"id":"cm3xk2l9a0000qzrmn831i7rn","userId":"u_1","seq":43,"type":"INFO","#,
                r#""category":"billing","title":"Invoice ready","body":"March is ready.","link":"/invoices/42","#,
                r#""data":{"z":1.50,"a":1e400},"readAt":null,"createdAt":"2026-11-24T10:00:00.000Z"},"#,
                r#""unreadCount":4,"seq":43}"#,
                "\nid: 43\n\n",
            )
        );
    }

    #[rstest::rstest]
    #[case(
        ChangeKind::Read { id: id(), read_at: Timestamp::from_millis(0) },
        r#"notification.read|{"id":"cm3xk2l9a0000qzrmn831i7rn","readAt":"1970-01-01T00:00:00.000Z","unreadCount":4,"seq":43}"#
    )]
    #[case(
        ChangeKind::Unread { id: id() },
        r#"notification.unread|{"id":"cm3xk2l9a0000qzrmn831i7rn","readAt":null,"unreadCount":4,"seq":43}"#
    )]
    #[case(
        ChangeKind::Deleted { id: id() },
        r#"notification.deleted|{"id":"cm3xk2l9a0000qzrmn831i7rn","unreadCount":4,"seq":43}"#
    )]
    #[case(
        ChangeKind::AllRead { read_at: Timestamp::from_millis(0), up_to: Seq::new(42), category: None },
        r#"notification.all_read|{"readAt":"1970-01-01T00:00:00.000Z","upToSeq":42,"category":null,"unreadCount":4,"seq":43}"#
    )]
    #[case(ChangeKind::PreferencesUpdated, r#"preferences.updated|{"unreadCount":4,"seq":43}"#)]
    fn each_change_has_its_event(#[case] kind: ChangeKind, #[case] expected: &str) {
        let (event, data) = expected.split_once('|').unwrap();
        assert_eq!(change(kind), format!("event: {event}\ndata: {data}\nid: 43\n\n"));
    }

    #[test]
    fn a_frame_is_one_chunk_of_the_block() {
        let block = EventEncoder.retry(2_345);
        assert_eq!(block.framed(), "d\r\nretry: 2345\n\n\r\n".as_bytes());
        assert_eq!(block.content(), "retry: 2345\n\n".as_bytes());
    }

    #[test]
    fn the_stream_s_own_events_carry_their_seq() {
        let inbox = Inbox { seq: Seq::new(42), unread: 3, pruned: Seq::ZERO };
        let at = Timestamp::from_millis(0);
        for (bytes, expected) in [
            (
                EventEncoder.ready(&inbox, true),
                "event: ready\ndata: {\"unreadCount\":3,\"seq\":42,\"resumed\":true}\nid: 42\n\n",
            ),
            (
                EventEncoder.reset(&inbox),
                "event: reset\ndata: {\"unreadCount\":3,\"seq\":42}\nid: 42\n\n",
            ),
            (EventEncoder.ping(Seq::new(47)), "event: ping\ndata: {\"seq\":47}\nid: 47\n\n"),
            (
                EventEncoder.expiring(at, Seq::new(47)),
                "event: expiring\ndata: {\"expiresAt\":\"1970-01-01T00:00:00.000Z\",\"seq\":47}\nid: 47\n\n",
            ),
            (EventEncoder.retry(2_345), "retry: 2345\n\n"),
        ] {
            assert_eq!(bytes.content(), expected.as_bytes());
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_can_break_a_block(title in "[^\0]{1,200}") {
            let block = change(created(&title, None));
            let lines: Vec<&str> = block.split('\n').collect();
            proptest::prop_assert_eq!(lines.len(), 5);
            proptest::prop_assert!(!block.contains('\r'));
            let json = lines[1].strip_prefix("data: ").unwrap();
            let data: serde_json::Value = serde_json::from_str(json).unwrap();
            proptest::prop_assert_eq!(&data["notification"]["title"], &title);
        }
    }
}
