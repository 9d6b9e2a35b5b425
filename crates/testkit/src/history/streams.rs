//! Complete streams, and the counter in their events: each stream of a user against the story of the inbox.
//! Not here: the rows.

use super::Verdict;
use super::inbox::Inbox;
use super::record::{Entry, Record, Stream};
use super::story::{Story, is_change};
use crate::sse::Event;

/// Judges every stream of an inbox, and its `/changes` as one more.
pub(super) fn judge(record: &Record, inbox: &Inbox, story: &Story, verdict: &mut Verdict) {
    for stream in record.streams_of(&inbox.user) {
        Reading::new(story, &inbox.user, verdict).read(stream);
    }
    let mut reading = Reading::new(story, &inbox.user, verdict);
    reading.connect(Some(0));
    for event in &inbox.changes {
        reading.change(event);
    }
    reading.cover(inbox.seq(), "/changes");
}

/// One stream, as far as it has been read.
struct Reading<'a> {
    story: &'a Story,
    user: &'a str,
    verdict: &'a mut Verdict,
    /// Everything up to here has been shown, or is covered by a snapshot.
    cursor: Option<u64>,
    /// Whether this connection resumed from a cursor.
    resumed: bool,
    /// Whether `ready` or `reset` has come on this connection.
    live: bool,
    /// The count of the last replayed event, which is that of its snapshot.
    replayed_count: Option<u64>,
}

impl<'a> Reading<'a> {
    fn new(story: &'a Story, user: &'a str, verdict: &'a mut Verdict) -> Self {
        Self {
            story,
            user,
            verdict,
            cursor: None,
            resumed: false,
            live: false,
            replayed_count: None,
        }
    }

    fn read(mut self, stream: &Stream) {
        for entry in &stream.entries {
            match entry {
                Entry::Connected(cursor) => {
                    self.verdict.connections += 1;
                    self.connect(*cursor);
                }
                Entry::Event(event) => {
                    self.verdict.events += 1;
                    self.event(event);
                }
            }
        }
    }

    fn connect(&mut self, cursor: Option<u64>) {
        self.cursor = cursor;
        self.resumed = cursor.is_some();
        self.live = false;
        self.replayed_count = None;
    }

    fn event(&mut self, event: &Event) {
        if event.data["seq"] != event.id {
            self.fault(event, "its id is not its seq");
        }
        match event.name.as_str() {
            "ready" | "reset" => self.begin(event),
            "ping" | "expiring" if !self.live => self.fault(event, "it came during a replay"),
            "ping" | "expiring" if self.cursor != Some(event.id) => {
                self.fault(event, "its seq is not that of the last change");
            }
            _ if is_change(event) => self.change(event),
            _ => {}
        }
    }

    /// The end of a replay, or of none.
    fn begin(&mut self, event: &Event) {
        if self.live {
            self.fault(event, "it came a second time");
        }
        if event.name == "reset" {
            self.verdict.resets += 1;
        } else {
            if event.data["resumed"] != self.resumed {
                self.fault(event, "it does not say whether it resumed");
            }
            self.cover(event.id, "ready");
        }
        let count = event.data["unreadCount"].as_u64();
        if self.replayed_count.is_some() && self.replayed_count != count {
            self.fault(event, "counter: replayed events had another one");
        }
        self.check_count(event, event.id);
        self.live = true;
        self.cursor = Some(event.id);
    }

    fn change(&mut self, event: &Event) {
        let Some(cursor) = self.cursor else {
            return self.fault(event, "it came before the stream began");
        };
        if event.id <= cursor {
            self.fault(event, "it came twice, or too late");
        } else {
            let missing = event.id - 1 - cursor;
            if self.live {
                self.verdict.left_out += usize::try_from(missing).unwrap_or(usize::MAX);
            }
            self.cover(event.id - 1, &event.name);
        }
        if self.live {
            self.check_count(event, event.id);
        } else {
            self.replayed_count = event.data["unreadCount"].as_u64();
        }
        self.cursor = Some(event.id);
    }

    /// Everything up to `seq` has to have been shown, but for what was deleted meanwhile.
    fn cover(&mut self, seq: u64, by: &str) {
        let Some(cursor) = self.cursor else { return };
        if seq < cursor {
            self.verdict.faults.push(format!("{}: streams: {by} goes back to {seq}", self.user));
        }
        for missing in cursor + 1..=seq {
            if !self.story.may_be_missing(missing) {
                let what = self.story.name_of(missing);
                let when = if self.live { "live" } else { "replayed" };
                self.verdict.faults.push(format!(
                    "{}: streams: {missing} is missing before {by} {seq} ({when}), which is {what}",
                    self.user
                ));
            }
        }
        self.cursor = Some(seq.max(cursor));
    }

    fn check_count(&mut self, event: &Event, seq: u64) {
        let Some(expected) = self.story.unread_at(seq) else { return };
        if event.data["unreadCount"] != expected {
            self.fault(event, &format!("counter: {expected} were unread"));
        }
    }

    fn fault(&mut self, event: &Event, what: &str) {
        let Event { name, id, data } = event;
        let at = self.cursor;
        let fault = format!("{}: streams: {what}: {name} {id} after {at:?}: {data}", self.user);
        self.verdict.faults.push(fault);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::State;
    use super::super::story;
    use super::*;

    fn event(name: &str, seq: u64, id: &str, unread: u64) -> Event {
        let data = match name {
            "notification.created" => {
                json!({"notification": {"id": id}, "unreadCount": unread, "seq": seq})
            }
            "notification.read" => {
                json!({"id": id, "readAt": "then", "unreadCount": unread, "seq": seq})
            }
            "ready" => json!({"resumed": id == "resumed", "unreadCount": unread, "seq": seq}),
            _ => json!({"id": id, "unreadCount": unread, "seq": seq}),
        };
        Event { name: name.into(), id: seq, data }
    }

    /// Created, created, the first one read, the second one deleted.
    fn changes() -> Vec<Event> {
        vec![
            event("notification.created", 1, "a", 1),
            event("notification.created", 2, "b", 2),
            event("notification.read", 3, "a", 1),
            event("notification.deleted", 4, "b", 0),
        ]
    }

    /// Judges streams, each given by what it connected after and what it showed.
    fn verdict(connections: &[(Option<u64>, Vec<Event>)]) -> Verdict {
        let mut record = Record::default();
        record.change_begins("b", State::Deleted);
        for (cursor, events) in connections {
            let stream = record.open_stream("u");
            record.connected(stream, *cursor);
            for event in events {
                record.saw(stream, event.clone());
            }
        }
        let counts = vec![(0, 4)];
        let inbox = Inbox { user: "u".into(), rows: Vec::new(), counts, changes: changes() };
        let mut verdict = Verdict::default();
        let story = story::tell(&record, &inbox, &mut verdict);
        judge(&record, &inbox, &story, &mut verdict);
        verdict
    }

    fn faults(connections: &[(Option<u64>, Vec<Event>)]) -> Vec<String> {
        verdict(connections).faults
    }

    fn live(events: Vec<Event>) -> Vec<(Option<u64>, Vec<Event>)> {
        vec![(None, [vec![event("ready", 0, "new", 0)], events].concat())]
    }

    #[track_caller]
    fn found(connections: &[(Option<u64>, Vec<Event>)], what: &str) {
        let faults = faults(connections);
        assert!(faults.iter().any(|fault| fault.contains(what)), "{faults:?}");
    }

    #[test]
    fn a_complete_stream_has_no_fault() {
        assert_eq!(faults(&live(changes())), [""; 0]);
    }

    #[test]
    fn a_replay_may_leave_out_only_the_creation_of_what_was_deleted() {
        let replay = |without: usize| {
            let mut events = changes();
            events.remove(without);
            for event in &mut events {
                event.data["unreadCount"] = 0.into();
            }
            vec![(Some(0), [events, vec![event("ready", 4, "resumed", 0)]].concat())]
        };
        assert_eq!(faults(&replay(1)), [""; 0]);
        found(&replay(0), "1 is missing");
        found(&replay(2), "3 is missing");
        found(&replay(3), "4 is missing");
    }

    #[test]
    fn what_a_live_stream_leaves_out_is_counted_and_may_be_no_more() {
        let verdict = |without: usize| {
            let mut events = changes();
            events.remove(without);
            verdict(&live(events))
        };
        let caught_up = verdict(1);
        assert_eq!((caught_up.left_out, &*caught_up.faults), (1, &[][..]));
        assert!(verdict(0).faults.iter().any(|fault| fault.contains("1 is missing")));
        assert!(verdict(2).faults.iter().any(|fault| fault.contains("3 is missing")));
    }

    #[test]
    fn a_double_and_a_wrong_order_are_found() {
        let mut events = changes();
        events.insert(1, events[0].clone());
        found(&live(events), "twice");
        let mut events = changes();
        events.swap(2, 3);
        found(&live(events), "too late");
    }

    #[test]
    fn a_wrong_count_is_found() {
        let mut events = changes();
        events[2].data["unreadCount"] = 2.into();
        found(&live(events), "1 were unread");
    }

    #[test]
    fn a_ping_ahead_of_its_stream_is_found() {
        let mut events = changes();
        events.insert(1, event("ping", 2, "", 0));
        found(&live(events), "not that of the last change");
    }

    #[test]
    fn streams_that_tell_different_stories_are_found() {
        let mut connections = live(changes());
        connections.push((
            Some(2),
            vec![
                event("notification.read", 3, "b", 0),
                event("notification.deleted", 4, "b", 0),
                event("ready", 4, "resumed", 0),
            ],
        ));
        found(&connections, "here and");
    }
}
