//! What a case of the suite works with: an open store, a clock that it moves by hand, and a listener that remembers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use grelot_core::{
    Category, CategoryKey, CategoryMail, Change, ChannelSet, Choice, Clock, Content, Cursor,
    Fingerprint, ListFilter, Localized, Notification, NotificationId, NotificationType,
    PreferencesUpdate, ReadStatus, Recipients, Timestamp, Title, UserId,
};
use parking_lot::Mutex;
use tokio::sync::watch;

use crate::{Committed, Idempotency, MailPolicy, NotifyError, NotifyRequest, Store};

/// A backend under test: makes new, empty stores.
#[async_trait]
pub trait Backend: Send + Sync {
    /// Opens a new, empty store, whose units of work change at most `max_rows` rows of one user if that is given.
    async fn open(
        &self,
        max_rows: Option<usize>,
        clock: Arc<dyn Clock>,
        listener: Arc<dyn Committed>,
    ) -> Arc<dyn Store>;
}

/// A clock that stands until it is moved.
#[derive(Debug)]
pub struct HandClock(AtomicI64);

impl HandClock {
    /// A clock at some instant of 2026.
    pub fn new() -> Self {
        Self(AtomicI64::new(1_795_000_000_000))
    }

    /// Moves on.
    pub fn advance(&self, by: Duration) {
        let millis = i64::try_from(by.as_millis()).unwrap();
        self.0.fetch_add(millis, Ordering::Relaxed);
    }

    /// Moves back, as a clock does that was wrong.
    pub fn set_back(&self, by: Duration) {
        let millis = i64::try_from(by.as_millis()).unwrap();
        self.0.fetch_sub(millis, Ordering::Relaxed);
    }
}

impl Default for HandClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::Relaxed))
    }
}

/// A listener that remembers what it heard.
#[derive(Debug)]
pub struct Heard {
    changes: Mutex<Vec<Change>>,
    count: watch::Sender<usize>,
}

impl Heard {
    /// A listener that has heard nothing.
    pub fn new() -> Self {
        Self { changes: Mutex::default(), count: watch::Sender::new(0) }
    }

    /// What was heard since this was last asked.
    pub fn take(&self) -> Vec<Change> {
        std::mem::take(&mut *self.changes.lock())
    }

    /// Waits until `count` changes were heard in all.
    pub async fn wait_for(&self, count: usize) {
        self.count.subscribe().wait_for(|heard| *heard >= count).await.unwrap();
    }
}

impl Default for Heard {
    fn default() -> Self {
        Self::new()
    }
}

impl Committed for Heard {
    fn committed(&self, mut changes: Vec<Change>) {
        let count = changes.len();
        self.changes.lock().append(&mut changes);
        self.count.send_modify(|heard| *heard += count);
    }
}

/// An open store with its clock and its listener.
#[derive(Clone)]
pub struct World {
    /// The store.
    pub store: Arc<dyn Store>,
    /// Its clock.
    pub clock: Arc<HandClock>,
    /// Its listener.
    pub heard: Arc<Heard>,
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World").finish_non_exhaustive()
    }
}

impl World {
    /// A new world over a new store, whose units of work change at most `max_rows` rows of one user if that is given.
    pub async fn open(max_rows: Option<usize>, backend: &dyn Backend) -> Self {
        let (clock, heard) = (Arc::new(HandClock::new()), Arc::new(Heard::new()));
        let (as_clock, as_listener) = (Arc::clone(&clock), Arc::clone(&heard));
        Self { store: backend.open(max_rows, as_clock, as_listener).await, clock, heard }
    }

    /// Sends a notification without category that must be created; returns its id.
    pub async fn send(&self, user: &UserId, title: &str) -> NotificationId {
        self.send_content(user, content(title)).await
    }

    /// Sends a notification that must be created; returns its id.
    pub async fn send_content(&self, user: &UserId, content: Content) -> NotificationId {
        notify_one(&*self.store, request(user, content)).await.unwrap()
    }

    /// The notification, which must be there.
    pub async fn get(&self, user: &UserId, id: NotificationId) -> Notification {
        self.store.notification(user, id).await.unwrap().unwrap()
    }

    /// The titles of the whole list, page by page.
    pub async fn titles(&self, user: &UserId, filter: &ListFilter, limit: usize) -> Vec<String> {
        let walked = self.walk(user, filter, limit).await;
        walked.iter().map(|shown| shown.content.title.as_str().to_owned()).collect()
    }

    /// The whole list, page by page.
    pub async fn walk(
        &self,
        user: &UserId,
        filter: &ListFilter,
        limit: usize,
    ) -> Vec<Notification> {
        let mut shown = Vec::new();
        let mut cursor: Option<Cursor> = None;
        loop {
            let page = self.store.list(user, filter, cursor, limit).await.unwrap();
            assert!(page.notifications.len() <= limit);
            shown.extend(page.notifications);
            cursor = page.next;
            if cursor.is_none() {
                return shown;
            }
        }
    }

    /// Puts a category with all channels on by default and `mandatory` ones locked.
    pub async fn put_category(&self, key: &str, mandatory: ChannelSet) {
        self.store.put_category(category(key, ChannelSet::ALL, mandatory)).await.unwrap();
    }
}

/// A user id.
pub fn user(name: &str) -> UserId {
    UserId::parse(name).unwrap()
}

/// A category key.
pub(super) fn key(text: &str) -> CategoryKey {
    CategoryKey::parse(text).unwrap()
}

/// A notification that says `title`, without category.
pub fn content(title: &str) -> Content {
    Content {
        kind: NotificationType::Info,
        category: None,
        title: Title::parse(title).unwrap(),
        body: None,
        link: None,
        data: None,
    }
}

/// A notification that says `title`, of a category.
pub fn content_of(title: &str, category: &str) -> Content {
    Content { category: Some(key(category)), ..content(title) }
}

/// A request for one user, without mail and idempotency key.
pub fn request(user: &UserId, content: Content) -> NotifyRequest {
    NotifyRequest {
        recipients: Recipients::one(user.clone()),
        content,
        idempotency: None,
        mail: MailPolicy::Off,
    }
}

/// Sends the request of one user; returns the id.
pub async fn notify_one(
    store: &dyn Store,
    request: NotifyRequest,
) -> Result<NotificationId, NotifyError> {
    Ok(store.notify(request).await?.entries[0].id.unwrap())
}

/// Sends a notification without category, mail and idempotency key; returns its id.
pub async fn send(
    store: &dyn Store,
    user: &UserId,
    title: &str,
) -> Result<NotificationId, NotifyError> {
    notify_one(store, request(user, content(title))).await
}

/// An idempotency key: the slot `slot` for the request `request`.
pub(super) fn idempotency(slot: u8, request: u8) -> Idempotency {
    Idempotency { slot: Fingerprint([slot; 32]), request: Fingerprint([request; 32]) }
}

/// A category with an English label.
pub fn category(text: &str, defaults: ChannelSet, mandatory: ChannelSet) -> Category {
    Category {
        key: key(text),
        label: Localized::new(vec![("en".to_owned(), text.to_owned())]).unwrap(),
        description: Localized::default(),
        defaults,
        mandatory,
        mail: CategoryMail::default(),
    }
}

/// The list of a read state.
pub(super) fn only(status: ReadStatus) -> ListFilter {
    ListFilter { status, ..ListFilter::default() }
}

/// An update that switches a channel.
pub(super) fn switch_in_app(on: bool) -> PreferencesUpdate {
    PreferencesUpdate { in_app: Some(on), ..PreferencesUpdate::default() }
}

/// An update that chooses for the categories.
pub(super) fn choose(choices: &[(&str, Option<bool>, Option<bool>)]) -> PreferencesUpdate {
    let choices: BTreeMap<CategoryKey, Choice> = choices
        .iter()
        .map(|(text, in_app, email)| (key(text), Choice { in_app: *in_app, email: *email }))
        .collect();
    PreferencesUpdate { choices: Some(choices), ..PreferencesUpdate::default() }
}
