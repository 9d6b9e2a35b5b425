//! Reading an event stream (WHATWG HTML, 9.2.6). Not here: connecting, and what follows from an event.

/// One event of a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Event {
    /// What happened; `message` when the block did not say.
    pub(crate) name: String,
    /// The lines of data, joined.
    pub(crate) data: String,
    /// Where to resume after it.
    pub(crate) id: Option<String>,
}

/// What a stream says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// An event.
    Event(Event),
    /// How long to wait before the next connection, in milliseconds.
    Retry(u64),
}

/// The most bytes of one line; a stream with a longer one is no stream of this service.
const MAX_LINE: usize = 1 << 20;

/// A line that is too long.
#[derive(Debug)]
pub(crate) struct LineTooLong;

/// Cuts bytes into events, wherever the network cut them.
#[derive(Debug, Default)]
pub(crate) struct Parser {
    line: Vec<u8>,
    skip_line_feed: bool,
    event: Event,
    has_data: bool,
    /// The id that holds until another one comes, as the standard has it.
    last_id: Option<String>,
}

impl Parser {
    /// Takes the next bytes; what they complete is returned.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Result<Vec<Said>, LineTooLong> {
        let mut said = Vec::new();
        for &byte in bytes {
            let after_return = std::mem::take(&mut self.skip_line_feed);
            match byte {
                b'\n' if after_return => {}
                b'\n' | b'\r' => {
                    self.skip_line_feed = byte == b'\r';
                    let line = std::mem::take(&mut self.line);
                    said.extend(self.take_line(&String::from_utf8_lossy(&line)));
                }
                _ if self.line.len() >= MAX_LINE => return Err(LineTooLong),
                _ => self.line.push(byte),
            }
        }
        Ok(said)
    }

    fn take_line(&mut self, line: &str) -> Option<Said> {
        if line.is_empty() {
            return self.dispatch();
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.event.name),
            "data" => {
                if self.has_data {
                    self.event.data.push('\n');
                }
                self.has_data = true;
                self.event.data.push_str(value);
            }
            "id" if !value.contains('\0') => self.last_id = Some(value.to_owned()),
            "retry" if value.bytes().all(|byte| byte.is_ascii_digit()) => {
                return value.parse().ok().map(Said::Retry);
            }
            _ => {}
        }
        None
    }

    fn dispatch(&mut self) -> Option<Said> {
        let mut event = std::mem::take(&mut self.event);
        if !std::mem::take(&mut self.has_data) {
            return None;
        }
        if event.name.is_empty() {
            "message".clone_into(&mut event.name);
        }
        event.id.clone_from(&self.last_id);
        Some(Said::Event(event))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &[u8] =
        b"retry: 2500\n\nevent: ready\ndata: {\"seq\": 42}\nid: 42\n\n: comment\r\ndata: a\r\ndata: b\r\n\r\n";

    fn event(name: &str, data: &str) -> Said {
        let id = Some("42".to_owned());
        Said::Event(Event { name: name.to_owned(), data: data.to_owned(), id })
    }

    #[test]
    fn a_stream_may_be_cut_anywhere() {
        let expected =
            [Said::Retry(2_500), event("ready", "{\"seq\": 42}"), event("message", "a\nb")];
        for cut in 0..=STREAM.len() {
            let mut parser = Parser::default();
            let mut said = parser.feed(&STREAM[..cut]).unwrap();
            said.extend(parser.feed(&STREAM[cut..]).unwrap());
            assert_eq!(said, expected, "cut at {cut}");
        }
    }

    #[test]
    fn an_unfinished_event_is_none() {
        assert_eq!(Parser::default().feed(b"event: x\ndata: y\n").unwrap(), []);
        assert_eq!(Parser::default().feed(b"event: x\nid: 1\n\n").unwrap(), []);
    }

    #[test]
    fn a_line_has_an_end() {
        let mut parser = Parser::default();
        assert!(parser.feed(&vec![b'x'; MAX_LINE]).is_ok());
        assert!(parser.feed(b"x").is_err());
    }
}
