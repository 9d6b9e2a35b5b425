//! The story of one inbox, put together from every stream and from `/changes`: what each `seq` was, and how many were
//! unread after it. Not here: whether one stream told all of it (`streams`).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Verdict;
use super::inbox::Inbox;
use super::record::{Entry, Record};
use crate::sse::Event;

/// What each change was.
#[derive(Debug, Default)]
pub(super) struct Story {
    changes: BTreeMap<u64, Event>,
    /// How many were unread after each change, as far as nothing is missing.
    unread: BTreeMap<u64, u64>,
    /// How many deleted ones no stream has shown: which seq created them is not known.
    unseen: usize,
    deleted: BTreeSet<String>,
}

/// Whether an event is a change, rather than a word about the stream itself.
pub(super) fn is_change(event: &Event) -> bool {
    !matches!(event.name.as_str(), "ready" | "reset" | "ping" | "expiring")
}

/// Puts the story together.
pub(super) fn tell(record: &Record, inbox: &Inbox, verdict: &mut Verdict) -> Story {
    let mut story = Story::default();
    let streams = record.streams_of(&inbox.user).flat_map(|stream| &stream.entries);
    let events = streams.filter_map(|entry| match entry {
        Entry::Event(event) => Some(event),
        Entry::Connected(_) => None,
    });
    for event in events.chain(&inbox.changes).filter(|event| is_change(event)) {
        let known = story.changes.entry(event.id).or_insert_with(|| event.clone());
        if (&known.name, subject(known)) != (&event.name, subject(event)) {
            verdict.faults.push(format!(
                "{}: streams: seq {} is {known:?} here and {event:?} there",
                inbox.user, event.id
            ));
        }
    }
    let created: BTreeSet<&str> =
        story.changes.values().filter(|event| is_created(event)).map(subject).collect();
    story.deleted = record.deleted().map(ToOwned::to_owned).collect();
    let sent: BTreeSet<&String> = record
        .sendings
        .values()
        .flat_map(|sending| sending.users.iter().zip(&sending.ids))
        .filter(|(user, _)| **user == inbox.user)
        .map(|(_, id)| id)
        .collect();
    let unseen = |id: &&String| sent.contains(id) && !created.contains(id.as_str());
    story.unseen = story.deleted.iter().filter(unseen).count();
    story.unread = count(&story.changes);
    story
}

impl Story {
    /// Whether a replay may leave this change out: it created what has been deleted.
    pub(super) fn may_be_missing(&self, seq: u64) -> bool {
        self.changes.get(&seq).map_or(self.unseen > 0, |event| {
            is_created(event) && self.deleted.contains(subject(event))
        })
    }

    /// What this change was, for whoever misses it.
    pub(super) fn name_of(&self, seq: u64) -> String {
        let Some(change) = self.changes.get(&seq) else { return "seen by nobody".to_owned() };
        format!("{} of {}", change.name, subject(change))
    }

    /// How many were unread after this change, if that can be told.
    pub(super) fn unread_at(&self, seq: u64) -> Option<u64> {
        self.unread.get(&seq).copied()
    }
}

fn is_created(event: &Event) -> bool {
    event.name == "notification.created"
}

/// The id that an event is about; empty where it is about none.
fn subject(event: &Event) -> &str {
    let id = if is_created(event) { &event.data["notification"]["id"] } else { &event.data["id"] };
    id.as_str().unwrap_or("")
}

/// Follows the changes from the first one on, and stops at the first that is missing.
fn count(changes: &BTreeMap<u64, Event>) -> BTreeMap<u64, u64> {
    // Created at, and whether unread.
    let mut rows: BTreeMap<&str, (u64, bool)> = BTreeMap::new();
    let mut counts = BTreeMap::from([(0, 0)]);
    for (seq, event) in (1..).zip(changes.values()) {
        if event.id != seq {
            break;
        }
        match event.name.as_str() {
            "notification.created" => {
                rows.insert(subject(event), (seq, true));
            }
            "notification.read" | "notification.unread" => {
                let unread = event.data["readAt"].is_null();
                rows.entry(subject(event)).and_modify(|row| row.1 = unread);
            }
            "notification.deleted" => {
                rows.remove(subject(event));
            }
            "notification.all_read" if event.data["category"] == Value::Null => {
                let last = event.data["upToSeq"].as_u64().unwrap_or(0);
                for row in rows.values_mut().filter(|row| row.0 <= last) {
                    row.1 = false;
                }
            }
            "preferences.updated" => {}
            // Of another one it is not known whom it concerns.
            _ => break,
        }
        counts.insert(seq, rows.values().filter(|row| row.1).count() as u64);
    }
    counts
}
