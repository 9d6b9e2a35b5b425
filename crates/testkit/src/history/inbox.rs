//! An inbox as its owner reads it: every page of the list, the count, and the changes since the beginning.
//! Not here: whether it is right.

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::api::Api;
use crate::sse::Event;

/// A notification in a list.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    pub(super) id: String,
    pub(super) seq: u64,
    pub(super) title: String,
    pub(super) unread: bool,
}

/// An inbox at rest.
#[derive(Clone, Debug, Default)]
pub(super) struct Inbox {
    pub(super) user: String,
    /// In the order of the list.
    pub(super) rows: Vec<Row>,
    /// Every pair of count and sequence that some answer gave.
    pub(super) counts: Vec<(u64, u64)>,
    /// What `/changes?since=0` gives.
    pub(super) changes: Vec<Event>,
}

impl Inbox {
    /// The sequence, as the first answer gave it.
    pub(super) fn seq(&self) -> u64 {
        self.counts.first().map_or(0, |(_, seq)| *seq)
    }
}

/// Reads all of an inbox.
pub(super) async fn read(api: &Api, user: &str) -> Result<Inbox> {
    let mut inbox = Inbox { user: user.to_owned(), ..Inbox::default() };
    let count = api.get(user, "/api/notifications/unread-count").await?;
    inbox.counts.push(count_of(&count)?);
    let mut page = "/api/notifications?limit=100".to_owned();
    loop {
        let answer = api.get(user, &page).await?;
        inbox.counts.push(count_of(&answer)?);
        for row in answer["notifications"].as_array().context("no notifications")? {
            inbox.rows.push(row_of(row).with_context(|| row.to_string())?);
        }
        let Some(cursor) = answer["nextCursor"].as_str() else { break };
        page = format!("/api/notifications?limit=100&cursor={cursor}");
    }
    inbox.changes = changes(api, user).await?;
    Ok(inbox)
}

async fn changes(api: &Api, user: &str) -> Result<Vec<Event>> {
    let mut events = Vec::new();
    let mut since = 0;
    loop {
        let path = format!("/api/notifications/changes?since={since}");
        let answer = api.get(user, &path).await?;
        if answer["reset"] == true {
            bail!("the changes of {user} do not go back to the beginning");
        }
        for event in answer["events"].as_array().context("no events")? {
            events.push(event_of(event).with_context(|| event.to_string())?);
        }
        since = answer["seq"].as_u64().context("no seq")?;
        if answer["more"] != true {
            return Ok(events);
        }
    }
}

fn count_of(answer: &Value) -> Result<(u64, u64)> {
    let count = answer["unreadCount"].as_u64().context("no unreadCount")?;
    Ok((count, answer["seq"].as_u64().context("no seq")?))
}

fn row_of(row: &Value) -> Option<Row> {
    Some(Row {
        id: row["id"].as_str()?.to_owned(),
        seq: row["seq"].as_u64()?,
        title: row["title"].as_str()?.to_owned(),
        unread: row.get("readAt")?.is_null(),
    })
}

fn event_of(event: &Value) -> Option<Event> {
    Some(Event {
        name: event["event"].as_str()?.to_owned(),
        id: event["seq"].as_u64()?,
        data: event["data"].clone(),
    })
}
