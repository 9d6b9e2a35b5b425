//! The one checker of every hostile test. It knows the public API alone: it keeps what clients attempted, what they were
//! answered and what their streams showed, reads every inbox at the end, and judges whether the promises held:
//!
//! - **durable**: what was acknowledged is in the inbox, under the id that was answered, in the state last asked for;
//! - **once**: however often a key was repeated, there is one notification of it;
//! - **no ghost**: nothing is there that nobody sent, or whose only answers were refusals;
//! - **complete streams**: every later change once and in order, or `reset`; all streams tell the same story;
//! - **counter**: `unreadCount` equals the unread rows at that `seq`, in the list and in every event;
//! - **order**: what was acknowledged before something else began has the lower `seq`.
//!
//! Not here: how calls are made (`actor`, `reader`).

mod inbox;
mod record;
mod rows;
mod story;
mod streams;

use std::fmt;
use std::time::Duration;

use anyhow::Result;
use parking_lot::Mutex;

use crate::api::Api;
use crate::sse::Event;
use record::Record;

/// In which state somebody wants a notification to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Read.
    Read,
    /// Unread, as it is created.
    Unread,
    /// Gone.
    Deleted,
}

/// Everything that was attempted and seen. Users are expected to be new when it begins.
#[derive(Debug, Default)]
pub struct History(Mutex<Record>);

/// What the judgement came to.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    /// Every promise that was broken, in words. Empty is good.
    pub faults: Vec<String>,
    /// How many notifications were acknowledged.
    pub acknowledged: usize,
    /// How many attempts had to be repeated.
    pub repeated: usize,
    /// How many notifications the inboxes hold.
    pub rows: usize,
    /// How many events the streams showed.
    pub events: usize,
    /// How many connections the streams took.
    pub connections: usize,
    /// How often a stream began anew instead of resuming.
    pub resets: usize,
    /// How many creations a live stream left out, of what was deleted meanwhile: it was caught up from the database.
    pub left_out: usize,
    /// How often the stream of a patient reader was live again after it had ended.
    pub returns: usize,
    /// How long that took at most, beyond the `retry:` that the reader had to wait: from when the stream had ended and the
    /// service was ready. Where the service went again in the meantime, as in a storm of kills, from when the stream had ended.
    pub slowest_return: Duration,
    /// How many live streams ended.
    pub ends: usize,
    /// How long those were told to stay away by their last words that had any, in milliseconds.
    pub farewells: Vec<u64>,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { acknowledged, repeated, rows, events, connections, .. } = self;
        let Self { faults, resets, left_out, returns, slowest_return, .. } = self;
        write!(
            f,
            "{acknowledged} acknowledged, {repeated} attempts repeated, {rows} in the inboxes, {events} events over \
             {connections} connections, {resets} resets, {left_out} left out, {returns} returns within retry + \
             {slowest_return:?}, {} faults",
            faults.len()
        )?;
        faults.iter().take(20).try_for_each(|fault| write!(f, "\n  {fault}"))
    }
}

impl History {
    /// A call of `notify` begins. The key is the title as well.
    pub fn notify_begins(&self, key: &str, users: &[&str]) {
        self.0.lock().notify_begins(key, users);
    }

    /// It was answered with these ids, in the order of the users.
    pub fn notify_done(&self, key: &str, ids: &[String]) {
        self.0.lock().notify_done(key, ids);
    }

    /// It was answered with a 4xx.
    pub fn notify_refused(&self, key: &str) {
        self.0.lock().notify_refused(key);
    }

    /// A call that changes a notification begins.
    pub fn change_begins(&self, id: &str, into: State) {
        self.0.lock().change_begins(id, into);
    }

    /// It succeeded.
    pub fn change_done(&self, id: &str, into: State) {
        self.0.lock().change_done(id, into);
    }

    /// A new stream, which may take several connections; returns its number.
    pub fn open_stream(&self, user: &str) -> usize {
        self.0.lock().open_stream(user)
    }

    /// A stream has connected after `cursor`.
    pub fn connected(&self, stream: usize, cursor: Option<u64>) {
        self.0.lock().connected(stream, cursor);
    }

    /// A stream has shown an event.
    pub fn saw(&self, stream: usize, event: Event) {
        self.0.lock().saw(stream, event);
    }

    /// A live stream has ended; `farewell` is what it was told last, if that was how long to stay away, in milliseconds.
    pub fn ended(&self, farewell: Option<u64>) {
        self.0.lock().ended(farewell);
    }

    /// A stream that had ended is live again, so much later than its `retry:` asked for.
    pub fn returned(&self, late: Duration) {
        self.0.lock().returned(late);
    }

    /// Reads the inboxes of these users and judges. Everything has to be settled: no call is under way, and nothing that
    /// was begun is unknown, unless it is to stay so.
    pub async fn judge(&self, api: &Api, users: &[&str]) -> Result<Verdict> {
        let mut inboxes = Vec::new();
        for user in users {
            inboxes.push(inbox::read(api, user).await?);
        }
        let record = self.0.lock();
        let mut verdict = Verdict {
            returns: record.returns,
            slowest_return: record.slowest_return,
            ends: record.ends,
            farewells: record.farewells.clone(),
            ..Verdict::default()
        };
        for inbox in &inboxes {
            rows::judge(&record, inbox, &mut verdict);
            let story = story::tell(&record, inbox, &mut verdict);
            streams::judge(&record, inbox, &story, &mut verdict);
        }
        Ok(verdict)
    }
}
