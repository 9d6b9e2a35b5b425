//! Two nodes, whatever comes in whatever order: every stream is complete, and in order.

use std::cell::Cell;
use std::time::Duration;

use grelot_core::{Seq, UserId};
use grelot_hub::StreamCursor;
use grelot_store::conformance::user;
use grelot_store::{Heard as _, Hint};
use proptest::collection::vec;
use proptest::prelude::{Strategy, any};
use proptest::prop_oneof;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestRunner};

use crate::pair::Pair;
use crate::support::Reader;

/// How many interleavings are tried.
const CASES: u32 = 1_000;

#[derive(Clone, Copy, Debug)]
enum Step {
    /// A node commits a notification.
    Commit(usize),
    /// A node's hub hears what the node committed, and tells the other.
    Hear(usize),
    /// One of the hints that are on their way to a node arrives, and may arrive again.
    Arrive(usize, Index),
    /// One of them is lost.
    Lose(usize, Index),
    /// A node sweeps.
    Sweep(usize),
    /// A stream opens at a node, from the beginning or from now on.
    Open(usize, bool),
}

fn step() -> impl Strategy<Value = Step> {
    let node = 0..2_usize;
    prop_oneof![
        6 => node.clone().prop_map(Step::Commit),
        3 => node.clone().prop_map(Step::Hear),
        6 => (node.clone(), any::<Index>()).prop_map(|(node, hint)| Step::Arrive(node, hint)),
        2 => (node.clone(), any::<Index>()).prop_map(|(node, hint)| Step::Lose(node, hint)),
        1 => node.clone().prop_map(Step::Sweep),
        2 => (node, any::<bool>()).prop_map(|(node, all)| Step::Open(node, all)),
    ]
}

#[test]
fn every_stream_is_complete_and_in_order_whatever_hints_are_lost_doubled_or_late() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let pair = runtime.block_on(Pair::new());
    let number = Cell::new(0);
    let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
    let tried = TestRunner::new(config).run(&vec(step(), 1..24), |steps| {
        number.set(number.get() + 1);
        let owner = user(&format!("u_{}", number.get()));
        runtime.block_on(run(&pair, &owner, &steps));
        Ok(())
    });
    tried.unwrap_or_else(|error| panic!("{error}"));
}

async fn run(pair: &Pair, owner: &UserId, steps: &[Step]) {
    let mut newest = 0;
    let mut on_their_way: [Vec<Hint>; 2] = Default::default();
    let mut readers: Vec<Reader> = Vec::new();
    for step in steps {
        match step {
            Step::Commit(node) => {
                pair.commit(*node, owner).await;
                newest += 1;
            }
            Step::Hear(node) => {
                pair.hear(*node);
                on_their_way[1 - node].extend(pair.wires[*node].take());
            }
            Step::Arrive(node, index) if !on_their_way[*node].is_empty() => {
                let hint = index.get(&on_their_way[*node]).clone();
                pair.nodes[*node].hub.heard(vec![hint]);
            }
            Step::Lose(node, index) if !on_their_way[*node].is_empty() => {
                let lost = index.index(on_their_way[*node].len());
                on_their_way[*node].remove(lost);
            }
            Step::Sweep(node) => pair.sweep(*node).once().await,
            Step::Open(node, all) => {
                let cursor = if *all { StreamCursor::After(Seq::ZERO) } else { StreamCursor::Now };
                readers.push(pair.nodes[*node].admitted_of(owner, cursor).await);
            }
            Step::Arrive(..) | Step::Lose(..) => {}
        }
    }
    pair.hear(0);
    pair.hear(1);
    pair.wires.iter().for_each(|wire| drop(wire.take()));
    // What is left of the hints is lost. A stream that still opens when the sweep comes is found by a later one.
    let complete = async {
        for reader in &mut readers {
            check(reader, newest).await;
        }
    };
    let sweeping = async {
        let mut sweeps = [pair.sweep(0), pair.sweep(1)];
        loop {
            for sweep in &mut sweeps {
                sweep.once().await;
                tokio::task::yield_now().await;
            }
        }
    };
    let checked = async {
        tokio::select! {
            () = complete => {}
            () = sweeping => {}
        }
    };
    let checked = tokio::time::timeout(Duration::from_secs(20), checked).await;
    assert!(checked.is_ok(), "a stream lacks something");
}

/// Reads a stream to the newest change; each must come once, in order, from where the stream began.
async fn check(reader: &mut Reader, newest: u64) {
    assert_eq!(reader.line().await, "head");
    assert!(reader.line().await.starts_with("retry "));
    let mut last = None;
    while last != Some(newest) {
        let line = reader.line().await;
        let words: Vec<&str> = line.split(' ').collect();
        match words[..] {
            ["ready", seq, _] => {
                let seq = seq.parse().unwrap();
                assert!(last.is_none_or(|last| last == seq), "{line} after {last:?}");
                last = Some(seq);
            }
            ["created", seq] => {
                let seq = seq.parse().unwrap();
                assert_eq!(last.unwrap_or_default() + 1, seq);
                last = Some(seq);
            }
            _ => panic!("{line:?} after {last:?}, of {newest}"),
        }
    }
}
