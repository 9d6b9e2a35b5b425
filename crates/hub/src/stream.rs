//! One stream: a lock over {queue, unsent tail, last seq}.
//!
//! What is sent is written straight to the socket while nothing waits, and queued otherwise (bounded); the tail of a
//! partial write stays at the head of the queue. Not here: who calls (`dispatch`, `replay`, `timer`).

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::{Buf, Bytes};
use grelot_core::{Seq, SessionStart, UserId};
use parking_lot::Mutex;
use tokio::net::TcpStream;

use crate::block::Block;
use crate::outlet::Outlet;
use crate::run::Run;

/// How many pieces one write to a draining socket merges.
const MERGED_WRITES: usize = 32;

/// What became of an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Offered {
    /// The stream has it, or had it already.
    Taken,
    /// The stream misses changes before it: read them from the database.
    Hole,
    /// The stream's reader is too slow, or gone: the stream is closed.
    Closed,
}

/// The bounds of one stream's queue.
#[derive(Clone, Copy, Debug)]
pub(crate) struct QueueBounds {
    pub(crate) events: usize,
    pub(crate) bytes: usize,
}

/// A stream of one user.
#[derive(Debug)]
pub(crate) struct Stream {
    /// Tells this stream from the others of its user.
    pub(crate) id: u64,
    /// Whose inbox it shows.
    pub(crate) user: UserId,
    /// When its reader's session began.
    pub(crate) session: SessionStart,
    outlet: Outlet,
    bounds: QueueBounds,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    phase: Phase,
    /// What waits, whole pieces but for the head, which may be the tail of a partial write.
    queue: VecDeque<Bytes>,
    /// How much of the queue came live, since it was last empty: what the bounds are about.
    live: Weight,
    /// The last change that is written or queued.
    last: Seq,
    waker: Option<Waker>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Weight {
    events: usize,
    bytes: usize,
}

#[derive(Debug)]
enum Phase {
    /// The replay is being read: what comes live is collected. Boxed, as it is short compared with the stream's life.
    Collecting(Box<Collected>),
    /// What comes live is sent.
    Live,
    /// What waits is still sent, then the stream ends.
    Finishing,
    /// Nothing more is sent.
    Closed,
}

/// What came live while the replay was read.
#[derive(Debug, Default)]
pub(crate) struct Collected {
    events: Vec<(Seq, Block)>,
    bytes: usize,
    /// How far the inbox has moved, as far as this stream was told.
    heard: Seq,
}

impl Stream {
    /// A stream that collects. `head` is what goes before everything else, whatever becomes of the stream.
    pub(crate) fn new(
        id: u64,
        (user, session): (UserId, SessionStart),
        outlet: Outlet,
        bounds: QueueBounds,
        head: Option<Bytes>,
    ) -> Arc<Self> {
        let state = State {
            phase: Phase::Collecting(Box::default()),
            queue: head.into_iter().collect(),
            live: Weight::default(),
            last: Seq::ZERO,
            waker: None,
        };
        Arc::new(Self { id, user, session, outlet, bounds, state: Mutex::new(state) })
    }

    pub(crate) fn outlet(&self) -> &Outlet {
        &self.outlet
    }

    /// The last change that a live stream has; `None` for one that is not live.
    pub(crate) fn position(&self) -> Option<Seq> {
        let state = self.state.lock();
        matches!(state.phase, Phase::Live).then_some(state.last)
    }

    /// Gives the stream what it lacks of `run`, of which the first change must be the next one.
    pub(crate) fn offer(&self, run: &mut Run) -> Offered {
        let mut state = self.state.lock();
        match &mut state.phase {
            Phase::Collecting(collected) => {
                collected.hold(run, self.bounds);
                return Offered::Taken;
            }
            Phase::Live => {}
            Phase::Finishing | Phase::Closed => return Offered::Taken,
        }
        match run.first_after(state.last) {
            None => Offered::Taken,
            Some(from) if run.seq(from) != state.last.next() => Offered::Hole,
            Some(from) => self.take(&mut state, run, from),
        }
    }

    /// Gives the stream what was read after `since`, with which it has everything up to `seq`. A stream that has gone live
    /// since then may be further back: what it lacks before is not in the run, and it is left as it is.
    pub(crate) fn catch_up(&self, run: &mut Run, since: Seq, seq: Seq) -> Offered {
        let mut state = self.state.lock();
        let last = state.last;
        match &mut state.phase {
            Phase::Collecting(collected) => {
                collected.hold(run, self.bounds);
                collected.heard = collected.heard.max(seq);
                return Offered::Taken;
            }
            Phase::Live if last < since => return Offered::Hole,
            Phase::Live => {}
            Phase::Finishing | Phase::Closed => return Offered::Taken,
        }
        let offered = match run.first_after(last) {
            None => Offered::Taken,
            Some(from) => self.take(&mut state, run, from),
        };
        state.last = state.last.max(seq);
        offered
    }

    /// Sends the run from the event at `from` on.
    fn take(&self, state: &mut State, run: &mut Run, from: usize) -> Offered {
        let events = run.len() - from;
        state.last = run.head();
        if matches!(self.outlet, Outlet::Socket { .. }) {
            return self.send(state, run.framed_from(from), events);
        }
        for (_, block) in &run.events()[from..] {
            if self.send(state, &block.content(), 1) == Offered::Closed {
                return Offered::Closed;
            }
        }
        Offered::Taken
    }

    /// Notes that the inbox has moved to `seq`. Whether the stream is live, and lacks what is up to there; one that
    /// collects says so when it goes live.
    pub(crate) fn lacks(&self, seq: Seq) -> bool {
        let mut state = self.state.lock();
        let last = state.last;
        match &mut state.phase {
            Phase::Collecting(collected) => {
                collected.heard = collected.heard.max(seq);
                false
            }
            Phase::Live => last < seq,
            Phase::Finishing | Phase::Closed => false,
        }
    }

    /// Sends something that is no change: a ping, a warning.
    pub(crate) fn send_control(&self, encode: impl FnOnce(Seq) -> Block) -> Offered {
        let mut state = self.state.lock();
        if !matches!(state.phase, Phase::Live) {
            return Offered::Taken;
        }
        let bytes = self.outlet.dress(&encode(state.last));
        self.send(&mut state, &bytes, 1)
    }

    /// Sends a reset of a live stream, whose reader then has everything up to `seq`.
    pub(crate) fn send_reset(&self, seq: Seq, block: &Block) -> Offered {
        let mut state = self.state.lock();
        if !matches!(state.phase, Phase::Live) {
            return Offered::Taken;
        }
        state.last = seq;
        self.send(&mut state, &self.outlet.dress(block), 1)
    }

    /// Sends a ping unless something waits already, which is as good a sign of life.
    pub(crate) fn ping(&self, encode: impl FnOnce(Seq) -> Block) -> Offered {
        if !self.state.lock().queue.is_empty() {
            return Offered::Taken;
        }
        self.send_control(encode)
    }

    /// Goes live: sends `opening` and what was collected after `seq`, up to the first hole. Returns how far the inbox has
    /// moved if the stream lacks something of it: what another node changed, or what was too much to collect.
    pub(crate) fn go_live(&self, opening: &[Block], seq: Seq) -> Option<Seq> {
        let mut state = self.state.lock();
        let Phase::Collecting(collected) = &mut state.phase else {
            return None;
        };
        let collected = std::mem::take(&mut **collected);
        let newest = collected.events.last().map_or(Seq::ZERO, |(seq, _)| *seq);
        let heard = collected.heard.max(newest);
        state.phase = Phase::Live;
        state.queue.extend(opening.iter().map(|block| self.outlet.dress(block)));
        state.last = seq;
        for (seq, block) in collected.events {
            if seq == state.last.next() {
                state.last = seq;
                state.queue.push_back(self.outlet.dress(&block));
            }
        }
        wake(&mut state);
        (heard > state.last).then_some(heard)
    }

    /// Sends `last_words` behind what waits, then ends the stream.
    pub(crate) fn finish(&self, last_words: Option<&Block>) {
        let mut state = self.state.lock();
        if !matches!(state.phase, Phase::Closed | Phase::Finishing) {
            self.finish_with(&mut state, last_words);
        }
    }

    fn finish_with(&self, state: &mut State, last_words: Option<&Block>) {
        state.phase = Phase::Finishing;
        state.queue.extend(last_words.map(|block| self.outlet.dress(block)));
        if !self.outlet.end().is_empty() {
            state.queue.push_back(Bytes::from_static(self.outlet.end()));
        }
        wake(state);
    }

    /// Ends the stream at once; what waits is dropped, but for the head of a stream that is still opening. Where nothing
    /// waits the reader sees a clean end.
    pub(crate) fn close(&self) {
        let mut state = self.state.lock();
        if matches!(state.phase, Phase::Collecting(_)) {
            self.finish_with(&mut state, None);
            return;
        }
        if matches!(state.phase, Phase::Live) && state.queue.is_empty() {
            // The stream is over whether the peer takes this or not.
            let _written = self.outlet.try_write(self.outlet.end());
        }
        close(&mut state);
    }

    /// Whether nothing more will be sent.
    pub(crate) fn is_closed(&self) -> bool {
        matches!(self.state.lock().phase, Phase::Closed)
    }

    fn send(&self, state: &mut State, bytes: &Bytes, events: usize) -> Offered {
        let mut written = 0;
        if state.queue.is_empty() {
            match self.outlet.try_write(bytes) {
                Ok(all) if all == bytes.len() => return Offered::Taken,
                Ok(some) => written = some,
                Err(_) => {
                    close(state);
                    return Offered::Closed;
                }
            }
            state.live = Weight::default();
        }
        let bytes = bytes.slice(written..);
        state.live.events += events;
        state.live.bytes += bytes.len();
        state.queue.push_back(bytes);
        // The first piece is always taken, however large: a bound that refuses it would refuse it again on return.
        let over = state.live.events > self.bounds.events || state.live.bytes > self.bounds.bytes;
        if over && state.queue.len() > 1 {
            close(state);
            return Offered::Closed;
        }
        wake(state);
        Offered::Taken
    }

    /// Writes what waits; ready when the stream has ended.
    pub(crate) fn poll_flush(&self, socket: &TcpStream, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.state.lock();
        state.waker = Some(cx.waker().clone());
        loop {
            match state.phase {
                Phase::Closed => return Poll::Ready(()),
                Phase::Finishing if state.queue.is_empty() => {
                    close(&mut state);
                    return Poll::Ready(());
                }
                _ if state.queue.is_empty() => return Poll::Pending,
                _ => {}
            }
            match write_some(socket, &state.queue) {
                Ok(written) => consume(&mut state, written),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if socket.poll_write_ready(cx).is_pending() {
                        return Poll::Pending;
                    }
                }
                Err(_) => close(&mut state),
            }
        }
    }

    /// The next piece for a body; `None` when the stream has ended.
    pub(crate) fn poll_next(&self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let mut state = self.state.lock();
        if matches!(state.phase, Phase::Closed) {
            return Poll::Ready(None);
        }
        if let Some(bytes) = state.queue.pop_front() {
            return Poll::Ready(Some(bytes));
        }
        if matches!(state.phase, Phase::Finishing) {
            close(&mut state);
            return Poll::Ready(None);
        }
        state.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl Collected {
    fn hold(&mut self, run: &Run, bounds: QueueBounds) {
        let last = self.events.last().map(|(seq, _)| *seq);
        for (seq, block) in run.events().iter().filter(|(seq, _)| Some(*seq) > last) {
            self.bytes += block.framed().len();
            self.events.push((*seq, block.clone()));
        }
        if self.events.len() > bounds.events || self.bytes > bounds.bytes {
            *self = Self { heard: self.heard.max(run.head()), ..Self::default() };
        }
    }
}

fn write_some(socket: &TcpStream, queue: &VecDeque<Bytes>) -> io::Result<usize> {
    let slices: Vec<IoSlice<'_>> =
        queue.iter().take(MERGED_WRITES).map(|bytes| IoSlice::new(bytes)).collect();
    socket.try_write_vectored(&slices)
}

/// Drops `written` bytes from the head of the queue, and the queue's memory once it is empty.
fn consume(state: &mut State, mut written: usize) {
    while let Some(head) = state.queue.front_mut() {
        if written < head.len() {
            head.advance(written);
            return;
        }
        written -= head.len();
        state.queue.pop_front();
    }
    state.queue = VecDeque::new();
    state.live = Weight::default();
}

fn close(state: &mut State) {
    state.phase = Phase::Closed;
    state.queue = VecDeque::new();
    wake(state);
}

fn wake(state: &mut State) {
    if let Some(waker) = state.waker.take() {
        waker.wake();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(events: usize) -> Arc<Stream> {
        let reader = (UserId::parse("u_1").unwrap(), SessionStart::at_second(None));
        let bounds = QueueBounds { events, bytes: 1_024 };
        Stream::new(1, reader, Outlet::Body, bounds, None)
    }

    fn offer(stream: &Stream, seqs: impl IntoIterator<Item = u64>) {
        for seq in seqs {
            let mut run = Run::default();
            run.push(Seq::new(seq), Block::new(Bytes::from_static(b"x"), 0..1));
            assert_eq!(stream.offer(&mut run), Offered::Taken);
        }
    }

    #[test]
    fn what_was_collected_is_sent_up_to_the_first_hole() {
        let stream = stream(8);
        offer(&stream, [3, 5, 6, 8]);
        assert_eq!(stream.go_live(&[], Seq::new(4)), Some(Seq::new(8)));
        assert_eq!(stream.position(), Some(Seq::new(6)));
    }

    #[test]
    fn what_was_read_for_others_is_nothing_for_a_stream_that_went_live_further_back() {
        let stream = stream(8);
        let read = |seqs: &[u64]| {
            let block = || Block::new(Bytes::from_static(b"x"), 0..1);
            Run::replayed(seqs.iter().map(|seq| (Seq::new(*seq), block())).collect())
        };
        stream.go_live(&[], Seq::new(4));
        let offered = stream.catch_up(&mut read(&[7, 8]), Seq::new(6), Seq::new(9));
        assert_eq!((offered, stream.position()), (Offered::Hole, Some(Seq::new(4))));
        // Read for this one; what created the deleted is not there.
        let offered = stream.catch_up(&mut read(&[6, 7, 8]), Seq::new(4), Seq::new(9));
        assert_eq!((offered, stream.position()), (Offered::Taken, Some(Seq::new(9))));
    }

    #[test]
    fn what_was_heard_of_while_the_stream_opened_is_lacking_unless_the_snapshot_had_it() {
        for (snapshot, lacking) in [(6, Some(Seq::new(7))), (7, None)] {
            let stream = stream(8);
            assert!(!stream.lacks(Seq::new(7)));
            assert_eq!(stream.go_live(&[], Seq::new(snapshot)), lacking);
        }
    }

    #[test]
    fn what_is_too_much_to_collect_is_lacking() {
        let stream = stream(2);
        offer(&stream, 1..=7);
        assert_eq!(stream.go_live(&[], Seq::ZERO), Some(Seq::new(7)));
        assert_eq!(stream.position(), Some(Seq::ZERO));
    }
}
