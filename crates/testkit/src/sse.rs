//! The bytes of an event stream. A browser forgives a lot; this reader demands exactly what the contract writes.
//! Not here: the connection (`reader`), and what the events mean (`history`).

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

/// One block of a stream.
#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    /// How many milliseconds to wait before the next connection.
    Retry(u64),
    /// An event.
    Event(Event),
}

/// An event.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Its `event:`.
    pub name: String,
    /// Its `id:`.
    pub id: u64,
    /// Its `data:`.
    pub data: Value,
}

/// Splits bytes, however they are cut, into blocks.
#[derive(Debug, Default)]
pub struct Parser {
    rest: Vec<u8>,
}

impl Parser {
    /// Takes the next bytes; returns the blocks that they complete.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<Vec<Block>> {
        self.rest.extend_from_slice(bytes);
        let mut blocks = Vec::new();
        while let Some(end) = self.rest.windows(2).position(|pair| pair == b"\n\n") {
            let block: Vec<u8> = self.rest.drain(..end + 2).collect();
            let text = std::str::from_utf8(&block).context("not UTF-8")?;
            blocks.push(
                block_of(text.trim_end_matches('\n')).with_context(|| format!("block {text:?}"))?,
            );
        }
        Ok(blocks)
    }
}

fn block_of(text: &str) -> Result<Block> {
    ensure!(!text.contains('\r'), "a carriage return");
    if let Some(milliseconds) = text.strip_prefix("retry: ") {
        return Ok(Block::Retry(milliseconds.parse()?));
    }
    let mut lines = text.split('\n');
    let mut field = |name: &str| {
        lines
            .next()
            .and_then(|line| line.strip_prefix(name))
            .with_context(|| format!("{name:?} is missing"))
            .map(ToOwned::to_owned)
    };
    let name = field("event: ")?;
    let data = serde_json::from_str(&field("data: ")?)?;
    let id = field("id: ")?;
    ensure!(!id.starts_with('+'), "the id is no number");
    if let Some(more) = lines.next() {
        bail!("{more:?} follows the id");
    }
    Ok(Block::Event(Event { name, id: id.parse()?, data }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &str = "retry: 2100\n\nevent: ready\ndata: {\"seq\":3}\nid: 3\n\n";

    #[test]
    fn blocks_come_out_whole_however_the_bytes_are_cut() {
        for step in 1..STREAM.len() {
            let mut parser = Parser::default();
            let mut blocks = Vec::new();
            for bytes in STREAM.as_bytes().chunks(step) {
                blocks.extend(parser.feed(bytes).unwrap());
            }
            let ready = Event { name: "ready".into(), id: 3, data: serde_json::json!({"seq": 3}) };
            assert_eq!(blocks, [Block::Retry(2100), Block::Event(ready)]);
        }
    }

    #[test]
    fn what_the_contract_does_not_write_is_an_error() {
        for bad in [
            ": a comment\n\n",
            "data: {}\nid: 1\n\n",
            "event: ping\nid: 1\ndata: {}\n\n",
            "event: ping\ndata: {}\n\n",
            "event: ping\ndata: {}\nid: 1\nretry: 1\n\n",
            "event: ping\ndata: {\nid: 1\n\n",
            "event: ping\r\ndata: {}\r\nid: 1\r\n\n\n",
            "\u{feff}retry: 1\n\n",
            "retry: soon\n\n",
        ] {
            assert!(Parser::default().feed(bad.as_bytes()).is_err(), "{bad:?}");
        }
    }
}
