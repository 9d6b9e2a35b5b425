//! What clients attempted and saw, as data. Not here: any judgement.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::State;
use crate::sse::Event;

/// A notification that somebody tried to send, under one key.
#[derive(Debug, Default)]
pub(super) struct Sending {
    pub(super) users: Vec<String>,
    /// The logical time of the first attempt.
    pub(super) began: u64,
    /// The logical time of the first acknowledgement.
    pub(super) ended: Option<u64>,
    /// The answered ids, in the order of the users; empty before the acknowledgement.
    pub(super) ids: Vec<String>,
    pub(super) attempts: usize,
    /// How many attempts nobody knows the outcome of.
    pub(super) unknown: usize,
    /// How many further answers named other ids.
    pub(super) contradictions: usize,
}

/// What a stream did.
#[derive(Debug)]
pub(super) enum Entry {
    /// It connected after this cursor.
    Connected(Option<u64>),
    /// It showed this.
    Event(Event),
}

#[derive(Debug)]
pub(super) struct Stream {
    pub(super) user: String,
    pub(super) entries: Vec<Entry>,
}

#[derive(Debug, Default)]
pub(super) struct Record {
    clock: u64,
    /// By key, which is the title.
    pub(super) sendings: BTreeMap<String, Sending>,
    /// By id: the states that the notification may be in.
    fates: BTreeMap<String, BTreeSet<State>>,
    pub(super) streams: Vec<Stream>,
    pub(super) returns: usize,
    pub(super) slowest_return: Duration,
    pub(super) ends: usize,
    pub(super) farewells: Vec<u64>,
}

impl Record {
    fn tick(&mut self) -> u64 {
        self.clock += 1;
        self.clock
    }

    pub(super) fn notify_begins(&mut self, key: &str, users: &[&str]) {
        let now = self.tick();
        let sending = self.sendings.entry(key.to_owned()).or_insert_with(|| Sending {
            users: users.iter().map(|user| (*user).to_owned()).collect(),
            began: now,
            ..Sending::default()
        });
        sending.unknown += 1;
        sending.attempts += 1;
    }

    pub(super) fn notify_done(&mut self, key: &str, ids: &[String]) {
        let now = self.tick();
        if let Some(sending) = self.sendings.get_mut(key) {
            sending.unknown = sending.unknown.saturating_sub(1);
            sending.ended.get_or_insert(now);
            if sending.ids.is_empty() {
                sending.ids = ids.to_vec();
            } else if sending.ids != ids {
                sending.contradictions += 1;
            }
        }
    }

    pub(super) fn notify_refused(&mut self, key: &str) {
        if let Some(sending) = self.sendings.get_mut(key) {
            sending.unknown = sending.unknown.saturating_sub(1);
        }
    }

    pub(super) fn change_begins(&mut self, id: &str, into: State) {
        self.fates
            .entry(id.to_owned())
            .or_insert_with(|| BTreeSet::from([State::Unread]))
            .insert(into);
    }

    pub(super) fn change_done(&mut self, id: &str, into: State) {
        self.fates.insert(id.to_owned(), BTreeSet::from([into]));
    }

    pub(super) fn open_stream(&mut self, user: &str) -> usize {
        self.streams.push(Stream { user: user.to_owned(), entries: Vec::new() });
        self.streams.len() - 1
    }

    pub(super) fn connected(&mut self, stream: usize, cursor: Option<u64>) {
        self.streams[stream].entries.push(Entry::Connected(cursor));
    }

    pub(super) fn saw(&mut self, stream: usize, event: Event) {
        self.streams[stream].entries.push(Entry::Event(event));
    }

    pub(super) fn ended(&mut self, farewell: Option<u64>) {
        self.ends += 1;
        self.farewells.extend(farewell);
    }

    pub(super) fn returned(&mut self, late: Duration) {
        self.returns += 1;
        self.slowest_return = self.slowest_return.max(late);
    }

    /// Whether the notification may be in this state.
    pub(super) fn may_be(&self, id: &str, state: State) -> bool {
        self.fates.get(id).map_or(state == State::Unread, |states| states.contains(&state))
    }

    /// The ids that may be deleted.
    pub(super) fn deleted(&self) -> impl Iterator<Item = &str> {
        let fates = self.fates.iter();
        fates.filter(|(_, states)| states.contains(&State::Deleted)).map(|(id, _)| id.as_str())
    }

    /// The streams of a user.
    pub(super) fn streams_of<'a>(&'a self, user: &'a str) -> impl Iterator<Item = &'a Stream> {
        self.streams.iter().filter(move |stream| stream.user == user)
    }
}
