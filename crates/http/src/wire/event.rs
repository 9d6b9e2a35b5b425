//! What a stream is sent, and a poll answered: the events and their data. Not here: their block form (`encode`).

use grelot_core::{CategoryKey, Change, ChangeKind};
use serde::Serialize;
use utoipa::ToSchema;

use super::Instant;
use super::notification::NotificationOut;

/// `notification.created`: a notification came in.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreatedEvent<'a> {
    /// The notification; in a replay as it is now.
    notification: NotificationOut<'a>,
    /// How many are unread.
    unread_count: u64,
    /// The change.
    seq: u64,
}

/// `notification.read` and `notification.unread`: the read state of one changed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReadStateEvent<'a> {
    /// Which one.
    id: &'a str,
    /// When it was read; null when it is unread.
    #[schema(required = true)]
    read_at: Option<Instant>,
    /// How many are unread.
    unread_count: u64,
    /// The change.
    seq: u64,
}

/// `notification.deleted`: one is gone.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeletedEvent<'a> {
    /// Which one.
    id: &'a str,
    /// How many are unread.
    unread_count: u64,
    /// The change.
    seq: u64,
}

/// `notification.all_read`: all were read at once.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AllReadEvent<'a> {
    /// When.
    read_at: Instant,
    /// Those created at or before this change.
    up_to_seq: u64,
    /// Only those of this category, if any.
    #[schema(required = true)]
    category: Option<&'a str>,
    /// How many are unread.
    unread_count: u64,
    /// The change.
    seq: u64,
}

/// `preferences.updated`, `reset`: the counters; fetch what you show.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CountersEvent {
    /// How many are unread.
    pub(super) unread_count: u64,
    /// The change.
    pub(super) seq: u64,
}

/// `ready`: the stream has everything up to here, and is live.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReadyEvent {
    /// How many are unread.
    pub(super) unread_count: u64,
    /// The last change the stream has.
    pub(super) seq: u64,
    /// Whether the reader named a cursor.
    pub(super) resumed: bool,
}

/// `ping`: a sign of life.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PingEvent {
    /// The last change the stream has.
    pub(super) seq: u64,
}

/// `expiring`: the token expires soon, and the stream closes then.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExpiringEvent {
    /// When.
    pub(super) expires_at: Instant,
    /// The last change the stream has.
    pub(super) seq: u64,
}

/// The data of a change, by its event.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum ChangeData<'a> {
    /// `notification.created`
    Created(CreatedEvent<'a>),
    /// `notification.all_read`
    AllRead(AllReadEvent<'a>),
    /// `notification.read`, `notification.unread`
    ReadState(ReadStateEvent<'a>),
    /// `notification.deleted`
    Deleted(DeletedEvent<'a>),
    /// `preferences.updated`
    Counters(CountersEvent),
}

/// The name of the change's event, and its data.
pub(crate) fn describe(change: &Change) -> (&'static str, ChangeData<'_>) {
    let (unread_count, seq) = (change.unread, change.seq.get());
    match &change.kind {
        ChangeKind::Created(created) => {
            let notification = NotificationOut::from(created.as_ref());
            let event = CreatedEvent { notification, unread_count, seq };
            ("notification.created", ChangeData::Created(event))
        }
        ChangeKind::Read { id, read_at } => {
            let read_at = Some(Instant(*read_at));
            let event = ReadStateEvent { id: id.as_str(), read_at, unread_count, seq };
            ("notification.read", ChangeData::ReadState(event))
        }
        ChangeKind::Unread { id } => {
            let event = ReadStateEvent { id: id.as_str(), read_at: None, unread_count, seq };
            ("notification.unread", ChangeData::ReadState(event))
        }
        ChangeKind::Deleted { id } => {
            let event = DeletedEvent { id: id.as_str(), unread_count, seq };
            ("notification.deleted", ChangeData::Deleted(event))
        }
        ChangeKind::AllRead { read_at, up_to, category } => {
            let event = AllReadEvent {
                read_at: Instant(*read_at),
                up_to_seq: up_to.get(),
                category: category.as_ref().map(CategoryKey::as_str),
                unread_count,
                seq,
            };
            ("notification.all_read", ChangeData::AllRead(event))
        }
        ChangeKind::PreferencesUpdated => {
            ("preferences.updated", ChangeData::Counters(CountersEvent { unread_count, seq }))
        }
        // Nothing of an erased inbox can be resumed: whoever hears of it starts again.
        ChangeKind::Erased => ("reset", ChangeData::Counters(CountersEvent { unread_count, seq })),
    }
}
