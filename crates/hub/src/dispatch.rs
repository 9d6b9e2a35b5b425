//! Fan-out: the only writer of live events.
//!
//! One dispatcher a shard of users walks the streams of each user round and round until all have the newest change. A
//! change that arrives during a lap is appended, and every stream is given all that it lacks in one write: a burst costs
//! little more than its first event. Not here: reading what streams lack (`catch_up`).

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures_util::FutureExt as _;
use grelot_core::{Change, ChangeKind, UserId};

use crate::catch_up::CatchUps;
use crate::hub::Shared;
use crate::registry::Streams;
use crate::run::Run;
use crate::stream::Offered;

/// How many streams are served before the mailbox is looked at again.
const CHUNK: usize = 64;
/// How many chunks are served before other tasks may run: a yield costs as much as several writes.
const CHUNKS_A_TURN: usize = 16;

/// A user whose streams are being served.
struct Lap {
    user: UserId,
    streams: Streams,
    run: Run,
    /// The next stream to serve.
    at: usize,
    /// How many streams may still lack the newest change.
    remaining: usize,
    /// A stream lacks something that the run does not hold.
    hole: bool,
}

/// Serves one shard for ever.
pub(crate) async fn dispatch(shared: &Arc<Shared>, slot: usize) {
    let mut laps: VecDeque<Lap> = VecDeque::new();
    let mut catch_ups = CatchUps::default();
    let mut chunks = 0;
    loop {
        accept_post(shared, slot, &mut laps, &mut catch_ups);
        catch_ups.begin(shared);
        let Some(mut lap) = laps.pop_front() else {
            tokio::select! {
                () = shared.mailbox.arrived(slot) => {}
                Some(read) = catch_ups.next() => catch_ups.settle(shared, read),
            }
            chunks = 0;
            continue;
        };
        serve_chunk(shared, &mut lap);
        if lap.remaining > 0 {
            laps.push_back(lap);
        } else if lap.hole {
            catch_ups.add(&lap.user, lap.run.head());
        }
        while let Some(Some(read)) = catch_ups.next().now_or_never() {
            catch_ups.settle(shared, read);
        }
        chunks += 1;
        if chunks == CHUNKS_A_TURN {
            chunks = 0;
            tokio::task::yield_now().await;
        }
    }
}

/// Takes what arrived: appends to laps that are under way, begins others, notes who is behind.
fn accept_post(shared: &Shared, slot: usize, laps: &mut VecDeque<Lap>, catch_ups: &mut CatchUps) {
    let Some(post) = shared.mailbox.take(slot) else {
        return;
    };
    for change in post.changes {
        if matches!(change.kind, ChangeKind::Erased) {
            shared.end(&change.user);
            laps.retain(|lap| lap.user != change.user);
            continue;
        }
        let Some(streams) = shared.registry.moved(&change.user, change.seq) else {
            continue;
        };
        join_lap(shared, laps, &change, streams);
    }
    for (user, seq) in post.behind {
        catch_ups.add(&user, seq);
    }
}

fn join_lap(shared: &Shared, laps: &mut VecDeque<Lap>, change: &Change, streams: Streams) {
    let block = shared.encode.change(change);
    shared.counters.events.fetch_add(1, Ordering::Relaxed);
    if let Some(lap) = laps.iter_mut().find(|lap| lap.user == change.user) {
        lap.run.push(change.seq, block);
        // Streams may have come or gone since the lap began: whoever has it all takes nothing.
        lap.at = if streams.is_empty() { 0 } else { lap.at % streams.len() };
        lap.remaining = streams.len();
        lap.streams = streams;
        return;
    }
    let mut run = Run::default();
    run.push(change.seq, block);
    let remaining = streams.len();
    laps.push_back(Lap { user: change.user.clone(), streams, run, at: 0, remaining, hole: false });
}

fn serve_chunk(shared: &Shared, lap: &mut Lap) {
    let (mut taken, mut slow) = (0, 0);
    for _ in 0..CHUNK.min(lap.remaining) {
        match lap.streams[lap.at].offer(&mut lap.run) {
            Offered::Taken => taken += 1,
            Offered::Hole => lap.hole = true,
            Offered::Closed => slow += 1,
        }
        lap.at = (lap.at + 1) % lap.streams.len();
        lap.remaining -= 1;
    }
    shared.counters.deliveries.fetch_add(taken, Ordering::Relaxed);
    shared.counters.slow_closed.fetch_add(slow, Ordering::Relaxed);
}
