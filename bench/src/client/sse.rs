//! Reads an event stream as cheaply as it can and still notice a lost, doubled or reordered change.
//! Not here: the socket.

use memchr::memchr;

/// What the block being read is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Kind {
    #[default]
    Other,
    Ready,
    Reset,
    Created,
}

/// One reader of one stream, from the first byte of the HTTP answer on.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    /// The end of the last chunk, when that was no whole line.
    partial: Vec<u8>,
    /// The status of the answer; 0 until its first line is there.
    pub(crate) status: u16,
    past_head: bool,
    kind: Kind,
    id: Option<u64>,
    /// Whether `ready` or `reset` has come.
    pub(crate) live: bool,
    /// The `seq` of the last change.
    pub(crate) seq: u64,
    /// How many `notification.created` came, each with the `seq` after the last.
    pub(crate) created: u64,
    /// How many events came that did not follow the last one, a second `reset` included.
    pub(crate) gaps: u64,
    /// Whether a `reset` came.
    pub(crate) reset: bool,
}

impl Reader {
    /// Takes the next bytes.
    pub(crate) fn feed(&mut self, chunk: &[u8]) {
        if self.partial.is_empty() {
            let used = self.lines(chunk);
            if used < chunk.len() {
                self.partial.extend_from_slice(&chunk[used..]);
            }
            return;
        }
        let mut whole = std::mem::take(&mut self.partial);
        whole.extend_from_slice(chunk);
        let used = self.lines(&whole);
        if used < whole.len() {
            whole.drain(..used);
            self.partial = whole;
        }
    }

    /// Reads the whole lines of `bytes`; returns how many bytes those are.
    fn lines(&mut self, bytes: &[u8]) -> usize {
        let mut at = 0;
        while let Some(length) = memchr(b'\n', &bytes[at..]) {
            self.line(&bytes[at..at + length]);
            at += length + 1;
        }
        at
    }

    fn line(&mut self, line: &[u8]) {
        if !self.past_head {
            self.head_line(line);
            return;
        }
        match line.first() {
            None => self.end_of_block(),
            Some(b'e') => {
                self.kind = match line {
                    b"event: notification.created" => Kind::Created,
                    b"event: ready" => Kind::Ready,
                    b"event: reset" => Kind::Reset,
                    _ => Kind::Other,
                }
            }
            Some(b'i') => self.id = line.strip_prefix(b"id: ").and_then(number),
            // `data:` and `retry:`, or the frame of a chunked body.
            Some(_) => {}
        }
    }

    fn head_line(&mut self, line: &[u8]) {
        if self.status == 0 {
            self.status =
                line.get(9..12).and_then(number).map_or(999, |n| n.try_into().unwrap_or(999));
        }
        self.past_head = matches!(line, b"" | b"\r");
    }

    fn end_of_block(&mut self) {
        let kind = std::mem::take(&mut self.kind);
        let Some(id) = self.id.take() else { return };
        match kind {
            Kind::Created => {
                if id == self.seq + 1 {
                    self.created += 1;
                } else {
                    self.gaps += 1;
                }
            }
            Kind::Ready | Kind::Reset => {
                if self.live {
                    self.gaps += 1;
                }
                self.live = true;
                self.reset |= kind == Kind::Reset;
            }
            Kind::Other => {}
        }
        self.seq = id;
    }
}

/// A decimal number, if that is all `digits` is.
fn number(digits: &[u8]) -> Option<u64> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\nretry: 100\n\n";

    fn event(name: &str, seq: u64) -> String {
        format!("event: {name}\ndata: {{\"seq\":{seq}}}\nid: {seq}\n\n")
    }

    fn read(text: &str, step: usize) -> Reader {
        let mut reader = Reader::default();
        for chunk in text.as_bytes().chunks(step) {
            reader.feed(chunk);
        }
        reader
    }

    #[test]
    fn counts_changes_in_order_however_they_are_cut() {
        let text = format!(
            "{HEAD}{}{}{}{}",
            event("ready", 7),
            event("notification.created", 8),
            event("ping", 8),
            event("notification.created", 9)
        );
        for step in 1..text.len() {
            let reader = read(&text, step);
            assert_eq!((reader.status, reader.live, reader.seq), (200, true, 9));
            assert_eq!((reader.created, reader.gaps, reader.reset), (2, 0, false));
        }
    }

    #[test]
    fn notices_a_hole_a_repetition_and_a_reset() {
        let hole = [event("ready", 0), event("notification.created", 2)].concat();
        assert_eq!(read(&format!("{HEAD}{hole}"), 64).gaps, 1);
        let twice = [event("ready", 0), event("notification.created", 1).repeat(2)].concat();
        assert_eq!(read(&format!("{HEAD}{twice}"), 64).gaps, 1);
        let reset = [event("ready", 0), event("reset", 5)].concat();
        assert_eq!(read(&format!("{HEAD}{reset}"), 64).gaps, 1);
    }

    #[test]
    fn an_unfinished_event_does_not_count() {
        let text = format!("{HEAD}{}event: notification.created\nid: 1\n", event("ready", 0));
        assert_eq!(read(&text, 1_000).created, 0);
    }

    #[test]
    fn reads_through_the_frames_of_a_chunked_body() {
        let block = event("notification.created", 1);
        let framed = format!("{:x}\r\n{block}\r\n", block.len());
        let reader = read(&format!("{HEAD}{}{framed}", event("ready", 0)), 10);
        assert_eq!((reader.created, reader.gaps), (1, 0));
    }
}
