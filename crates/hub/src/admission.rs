//! What a stream is opened with. Not here: how its reader was authenticated.

use grelot_core::{Seq, SessionStart, Timestamp, UserId};

/// A stream that may be opened: its reader is authenticated.
#[derive(Clone, Debug)]
pub struct Admission {
    /// Whose inbox it shows.
    pub user: UserId,
    /// Where it begins.
    pub cursor: StreamCursor,
    /// When its reader's token expires: the stream says so beforehand, and closes then.
    pub expires_at: Timestamp,
    /// When its reader's session began: one that is revoked while the stream opens closes it.
    pub session: SessionStart,
}

/// Where a stream begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamCursor {
    /// With what comes next.
    Now,
    /// After this change.
    After(Seq),
    /// The reader named a cursor that cannot be one: it gets a reset.
    Unknown,
}

impl StreamCursor {
    /// Reads `Last-Event-ID`, or the query parameter that stands in for it. An empty one is absent, as it is what a
    /// browser sends that has none (WHATWG HTML, 9.2.4).
    pub fn parse(text: Option<&[u8]>) -> Self {
        match text {
            None | Some([]) => Self::Now,
            Some(bytes) => parse_seq(bytes).map_or(Self::Unknown, Self::After),
        }
    }
}

/// A whole number as this program writes it: digits alone, no leading zero.
fn parse_seq(bytes: &[u8]) -> Option<Seq> {
    let canonical = bytes.iter().all(u8::is_ascii_digit) && (bytes.len() == 1 || bytes[0] != b'0');
    let text = canonical.then(|| std::str::from_utf8(bytes).ok()).flatten()?;
    text.parse().ok().map(Seq::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absent_or_empty_cursor_starts_now() {
        assert_eq!(StreamCursor::parse(None), StreamCursor::Now);
        assert_eq!(StreamCursor::parse(Some(b"")), StreamCursor::Now);
    }

    #[test]
    fn a_whole_number_is_a_cursor() {
        assert_eq!(StreamCursor::parse(Some(b"0")), StreamCursor::After(Seq::ZERO));
        assert_eq!(StreamCursor::parse(Some(b"42")), StreamCursor::After(Seq::new(42)));
    }

    #[test]
    fn anything_else_is_unknown() {
        let hostile: [&[u8]; 9] = [
            b"-1",
            b"+1",
            b" 1",
            b"01",
            b"1.0",
            b"1e3",
            b"99999999999999999999",
            b"\xff\xfe",
            b"\0",
        ];
        for text in hostile {
            assert_eq!(StreamCursor::parse(Some(text)), StreamCursor::Unknown, "{text:?}");
        }
    }
}
