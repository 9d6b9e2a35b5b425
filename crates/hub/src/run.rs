//! A run of encoded changes of one user, in order: encoded once, merged once for all streams at the same position.

use bytes::{Bytes, BytesMut};
use grelot_core::Seq;

use crate::block::Block;

/// A run of encoded changes.
#[derive(Debug, Default)]
pub(crate) struct Run {
    events: Vec<(Seq, Block)>,
    /// Everything from this event on, framed, in one piece.
    merged: Option<(usize, Bytes)>,
}

impl Run {
    /// Over this length the older half is dropped; a stream that still lacks it reads the database.
    const MAX: usize = 1_024;

    /// What the database replayed after some position, where the creations of what was deleted since are missing.
    pub(crate) fn replayed(events: Vec<(Seq, Block)>) -> Self {
        Self { events, merged: None }
    }

    /// Appends a live change. A run has no hole: after one that another node filled, it begins anew, and streams that
    /// lack what was before read the database.
    pub(crate) fn push(&mut self, seq: Seq, block: Block) {
        if self.events.last().is_some_and(|(last, _)| seq <= *last) {
            return;
        }
        if seq != self.head().next() {
            self.events.clear();
        }
        if self.events.len() >= Self::MAX {
            self.events.drain(..Self::MAX / 2);
        }
        self.events.push((seq, block));
        self.merged = None;
    }

    pub(crate) fn events(&self) -> &[(Seq, Block)] {
        &self.events
    }

    pub(crate) fn len(&self) -> usize {
        self.events.len()
    }

    /// The position of the newest change; the beginning when there is none.
    pub(crate) fn head(&self) -> Seq {
        self.events.last().map_or(Seq::ZERO, |(seq, _)| *seq)
    }

    pub(crate) fn seq(&self, index: usize) -> Seq {
        self.events[index].0
    }

    /// The first change after `seq`.
    pub(crate) fn first_after(&self, seq: Seq) -> Option<usize> {
        let index = self.events.partition_point(|(at, _)| *at <= seq);
        (index < self.events.len()).then_some(index)
    }

    /// Everything from the event at `index` on, framed, in one piece.
    pub(crate) fn framed_from(&mut self, index: usize) -> &Bytes {
        if index + 1 == self.events.len() {
            return self.events[index].1.framed();
        }
        let events = &self.events[index..];
        let merged = self.merged.take().filter(|(from, _)| *from == index);
        &self.merged.insert(merged.unwrap_or_else(|| (index, merge(events)))).1
    }
}

fn merge(events: &[(Seq, Block)]) -> Bytes {
    let length = events.iter().map(|(_, block)| block.framed().len()).sum();
    let mut merged = BytesMut::with_capacity(length);
    for (_, block) in events {
        merged.extend_from_slice(block.framed());
    }
    merged.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(text: String) -> Block {
        let content = 0..text.len();
        Block::new(Bytes::from(text), content)
    }

    fn run(seqs: &[u64]) -> Run {
        let mut run = Run::default();
        for seq in seqs {
            run.push(Seq::new(*seq), block(format!("{seq};")));
        }
        run
    }

    #[test]
    fn what_a_stream_lacks_is_one_piece() {
        let mut run = run(&[3, 4, 5]);
        let from = run.first_after(Seq::new(3)).unwrap();
        assert_eq!(run.framed_from(from), "4;5;");
        run.push(Seq::new(6), block("6;".to_owned()));
        assert_eq!(run.framed_from(from), "4;5;6;");
        assert_eq!(run.first_after(Seq::new(6)), None);
    }

    #[test]
    fn a_run_has_no_hole_and_does_not_go_back() {
        let mut run = run(&[3, 4, 6, 5, 6, 7]);
        let from = run.first_after(Seq::new(4)).unwrap();
        assert_eq!(run.seq(from), Seq::new(6));
        assert_eq!(run.framed_from(from), "6;7;");
    }

    #[test]
    fn a_run_is_bounded_and_keeps_the_newest() {
        let mut run = run(&[]);
        for seq in 0..5_000 {
            run.push(Seq::new(seq), block(String::new()));
        }
        assert!(run.len() <= Run::MAX);
        assert_eq!(run.head(), Seq::new(4_999));
    }
}
