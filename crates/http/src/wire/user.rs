//! The smaller bodies of both planes: read-all, token, export, changes.

use grelot_core::{CategoryKey, Preferences, Seq};
use grelot_store::{Export, ReadAllScope};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

use super::Instant;
use super::contact::ContactOut;
use super::event::ChangeData;
use super::mailed::MailedOut;
use super::notification::NotificationOut;
use super::preferences::ChoiceOut;
use super::schedule::{DigestOut, QuietHoursOut};
use crate::json::{Errors, Field, FromJson, Object};

/// Which notifications a read-all is about; all there are when it is absent.
#[derive(Debug, ToSchema)]
#[schema(as = ReadAllRequest, rename_all = "camelCase", examples(json!({"upToSeq": 42})))]
#[expect(dead_code, reason = "the schema of a body that is read straight into domain types")]
pub(crate) struct ReadAllSchema {
    /// Only those created at or before this position; absent or too large: now.
    #[schema(minimum = 0)]
    up_to_seq: Option<u64>,
    /// Only those of this category.
    #[schema(pattern = "^[a-z0-9][a-z0-9._-]{0,63}$")]
    category: Option<String>,
}

/// The same, as a domain type.
#[derive(Debug, Default)]
pub(crate) struct ReadAllIn(pub(crate) ReadAllScope);

impl FromJson for ReadAllIn {
    fn from_json(field: &Field<'_>, errors: &mut Errors) -> Option<Self> {
        let object = Object::read(field, &["upToSeq", "category"], errors)?;
        let up_to = object.optional("upToSeq").and_then(Field::non_null);
        let up_to = up_to.and_then(|f| f.whole_number(errors)).map(Seq::new);
        let category = object.optional("category").and_then(Field::non_null);
        let category = category.and_then(|f| f.parse(errors, CategoryKey::parse));
        Some(Self(ReadAllScope { up_to, category }))
    }
}

/// How long a token lives.
#[derive(Debug, ToSchema)]
#[schema(as = TokenRequest, rename_all = "camelCase", examples(json!({"ttlSeconds": 900})))]
pub(crate) struct TokenIn {
    /// Seconds.
    #[schema(minimum = 1, maximum = 86400)]
    pub(crate) ttl_seconds: u64,
}

impl FromJson for TokenIn {
    fn from_json(field: &Field<'_>, errors: &mut Errors) -> Option<Self> {
        let object = Object::read(field, &["ttlSeconds"], errors)?;
        let field = object.required("ttlSeconds", errors)?;
        let ttl_seconds = field.whole_number(errors)?;
        if (1..=86_400).contains(&ttl_seconds) {
            return Some(Self { ttl_seconds });
        }
        field.refuse("must be 1 to 86400", errors)
    }
}

/// A token.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Token)]
pub(crate) struct TokenOut {
    /// The JWT.
    pub(crate) token: String,
    /// When it expires.
    pub(crate) expires_at: Instant,
}

/// Everything that is stored about a user.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = UserExport)]
pub(crate) struct ExportOut<'a> {
    /// The user.
    pub(crate) user_id: &'a str,
    /// When this was read.
    pub(crate) exported_at: Instant,
    /// The version of the inbox.
    pub(crate) seq: u64,
    /// How many notifications are unread.
    pub(crate) unread_count: u64,
    /// How the user is reached; null when nothing is stored.
    #[schema(required = true)]
    pub(crate) contact: Option<ContactOut<'a>>,
    /// What the user chose; null when nothing is stored.
    #[schema(required = true)]
    pub(crate) preferences: Option<StoredPreferencesOut<'a>>,
    /// Up to when the user's sessions are revoked; null when they never were.
    #[schema(required = true)]
    pub(crate) sessions_revoked_at: Option<Instant>,
    /// Every notification, newest first.
    pub(crate) notifications: Vec<NotificationOut<'a>>,
    /// Every delivery outside of the inbox, newest first; those that ended more than 30 days ago are gone.
    pub(crate) deliveries: Vec<MailedOut<'a>>,
}

/// Preferences as they are stored, choices of deleted categories included.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = StoredPreferences)]
pub(crate) struct StoredPreferencesOut<'a> {
    in_app: bool,
    email: bool,
    categories: BTreeMap<&'a str, ChoiceOut>,
    #[schema(required = true)]
    quiet_hours: Option<QuietHoursOut>,
    email_digest: DigestOut,
    #[schema(minimum = 0, maximum = 23)]
    email_digest_hour: u8,
}

impl<'a> ExportOut<'a> {
    pub(crate) fn new(user_id: &'a str, exported_at: Instant, export: &'a Export) -> Self {
        Self {
            user_id,
            exported_at,
            seq: export.inbox.seq.get(),
            unread_count: export.inbox.unread,
            contact: export.contact.as_ref().map(ContactOut::from),
            preferences: export.preferences.as_ref().map(StoredPreferencesOut::from),
            sessions_revoked_at: export.sessions_revoked_at.map(Instant),
            notifications: export.notifications.iter().map(NotificationOut::from).collect(),
            deliveries: export.deliveries.iter().map(MailedOut::from).collect(),
        }
    }
}

impl<'a> From<&'a Preferences> for StoredPreferencesOut<'a> {
    fn from(preferences: &'a Preferences) -> Self {
        let choices = preferences.choices.iter();
        Self {
            in_app: preferences.switches.has(grelot_core::Channel::InApp),
            email: preferences.switches.has(grelot_core::Channel::Email),
            categories: choices.map(|(key, choice)| (key.as_str(), (*choice).into())).collect(),
            quiet_hours: preferences.quiet.map(QuietHoursOut::from),
            email_digest: preferences.digest.rhythm.into(),
            email_digest_hour: preferences.digest.hour,
        }
    }
}

/// What a poll missed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Changes)]
pub(crate) struct ChangesOut<'a> {
    /// The changes after `since`, in order.
    #[schema(max_items = 500)]
    pub(crate) events: Vec<ChangeOut<'a>>,
    /// What to send as `since` the next time.
    pub(crate) seq: u64,
    /// Whether more changes wait already.
    pub(crate) more: bool,
    /// Whether the changes cannot be given: fetch the list again.
    pub(crate) reset: bool,
    /// How many notifications are unread; only with a reset.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) unread_count: Option<u64>,
}

/// One change, as an event of the stream.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Change)]
pub(crate) struct ChangeOut<'a> {
    /// The change.
    pub(crate) seq: u64,
    /// The name of the event, such as `notification.created`.
    pub(crate) event: &'static str,
    /// What the stream sends with it.
    pub(crate) data: ChangeData<'a>,
}
