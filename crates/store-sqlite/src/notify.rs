//! The port `Notify`: the hot path. Three statements a notification: the preferences, the inbox, the row.

use std::sync::Arc;

use async_trait::async_trait;
use grelot_core::delivery::plan_mail;
use grelot_core::{
    Category, Change, ChangeKind, Channel, Content, Notification, NotificationId, Preferences, Seq,
    Timestamp, UserId, resolve,
};
use grelot_store::{
    Delivered, EmailOutcome, InAppOutcome, MailPolicy, Notify, NotifyAnswer, NotifyError,
    NotifyRequest, Preview,
};
use grelot_store_common::Kept;
use rusqlite::params;

use crate::error::Failure;
use crate::outbox::Decided;
use crate::snapshot::Snapshot;
use crate::store::SqliteStore;
use crate::tx::Tx;
use crate::{rows, sql};

#[async_trait]
impl Notify for SqliteStore {
    async fn notify(&self, request: NotifyRequest) -> Result<NotifyAnswer, NotifyError> {
        let slot = match request.idempotency {
            None => None,
            Some(key) => Some(self.slots.take(key.slot).ok_or(NotifyError::InFlight)?),
        };
        let weight = request.recipients.users().len();
        let content = Arc::new(request.content.clone());
        self.write(weight, slot, move |tx| tx.notify(&request, &content)).await?
    }

    async fn preview(&self, request: &NotifyRequest) -> Result<Vec<Preview>, NotifyError> {
        let request = request.clone();
        self.read(move |snapshot| snapshot.preview(&request)).await?
    }
}

impl Snapshot<'_> {
    fn preview(
        &self,
        request: &NotifyRequest,
    ) -> Result<Result<Vec<Preview>, NotifyError>, Failure> {
        let category = match &request.content.category {
            None => None,
            Some(key) => match self.category(key)? {
                None => return Ok(Err(NotifyError::UnknownCategory)),
                found => found,
            },
        };
        let users = request.recipients.users().iter();
        let previews = users
            .map(|user| self.decide(user, category.as_ref(), request.mail, self.context.now()));
        previews.map(|decided| Ok(decided?.preview)).collect::<Result<_, _>>().map(Ok)
    }

    /// What comes of a notification to `user`, and why.
    fn decide(
        &self,
        user: &UserId,
        category: Option<&Category>,
        mail: MailPolicy,
        now: Timestamp,
    ) -> Result<Decided, Failure> {
        let preferences = self.stored_preferences(user)?;
        let chosen = |preferences: &Preferences| {
            Channel::ALL.map(|channel| resolve(channel, category, preferences))
        };
        let [in_app_decision, email_decision] = match &preferences {
            None => chosen(&Preferences::default()),
            Some(stored) => chosen(stored),
        };
        let in_app =
            if in_app_decision.enabled { InAppOutcome::Created } else { InAppOutcome::Muted };
        let (email, plan) = match mail {
            MailPolicy::Off => (EmailOutcome::Off, None),
            MailPolicy::On { .. } if !email_decision.enabled => (EmailOutcome::Muted, None),
            MailPolicy::On { minute } => match self.zone_with_address(user)? {
                None => (EmailOutcome::NoAddress, None),
                Some(zone) => {
                    let preferences = preferences.unwrap_or_default();
                    let plan = plan_mail(category, &preferences, &zone, now, minute);
                    (EmailOutcome::Queued, Some(plan))
                }
            },
        };
        let preview = Preview { in_app, in_app_decision, email, email_decision };
        Ok(Decided { preview, plan })
    }
}

impl Tx<'_> {
    /// Everything that refuses comes before anything is written, so that a refusal leaves nothing to roll back.
    fn notify(
        &mut self,
        request: &NotifyRequest,
        content: &Arc<Content>,
    ) -> Result<Result<NotifyAnswer, NotifyError>, Failure> {
        if let Some(key) = request.idempotency {
            match self.kept_answer(key)? {
                Kept::Nothing => {}
                Kept::Answer(entries) => {
                    return Ok(Ok(NotifyAnswer { entries, replayed: true }));
                }
                Kept::Other => return Ok(Err(NotifyError::IdempotencyMismatch)),
            }
        }
        let categories = match &content.category {
            None => None,
            Some(_) => Some(self.cached_categories()?),
        };
        let category = match (&content.category, &categories) {
            (Some(key), Some(categories)) => match categories.get(key) {
                None => return Ok(Err(NotifyError::UnknownCategory)),
                found => found,
            },
            _ => None,
        };
        let mut entries = Vec::with_capacity(request.recipients.users().len());
        for user in request.recipients.users() {
            let decided = self.decide(user, category, request.mail, self.now)?;
            let Preview { in_app, email, .. } = decided.preview;
            let row = match in_app {
                InAppOutcome::Created => Some(self.create(user, content)?),
                InAppOutcome::Muted => None,
            };
            let id = self.queue(user, row, content, &decided)?;
            entries.push(Delivered { id, in_app, email });
        }
        if let Some(key) = request.idempotency {
            self.keep_answer(key, &entries)?;
        }
        Ok(Ok(NotifyAnswer { entries, replayed: false }))
    }

    fn create(
        &mut self,
        user: &UserId,
        content: &Arc<Content>,
    ) -> Result<(NotificationId, Seq), Failure> {
        let (seq, unread) = self.count_created(user)?;
        let id = self.context.next_id(self.now);
        let Content { kind, category, title, body, link, data } = &**content;
        rows::execute(
            self.connection,
            sql::NOTIFICATION_INSERT,
            params![
                id.as_str(),
                user.as_str(),
                rows::int(seq.get()),
                kind.name(),
                category.as_ref().map(grelot_core::CategoryKey::as_str),
                title.as_str(),
                body.as_ref().map(grelot_core::Body::as_str),
                link.as_ref().map(grelot_core::Link::as_str),
                data.as_ref().map(grelot_core::Data::as_json),
                self.now.millis(),
            ],
        )?;
        let notification = Notification {
            id,
            user: user.clone(),
            seq,
            content: Arc::clone(content),
            read_at: None,
            created_at: self.now,
        };
        let kind = ChangeKind::Created(Arc::new(notification));
        self.tell(Change { user: user.clone(), seq, unread, kind });
        Ok((id, seq))
    }

    /// Moves the inbox by a creation; returns its position and count.
    fn count_created(&self, user: &UserId) -> Result<(Seq, u64), Failure> {
        let moved = rows::optional(
            self.connection,
            sql::INBOX_CREATED,
            params![user.as_str(), self.now.millis()],
            |row| Ok((rows::seq(row, 0, "inboxes.seq")?, rows::count(row, 1, "inboxes.unread")?)),
        )?;
        if let Some(moved) = moved {
            return Ok(moved);
        }
        let first = self.inbox_without_row(user)?.created();
        self.put_inbox(user, first)?;
        Ok((first.seq, first.unread))
    }
}
