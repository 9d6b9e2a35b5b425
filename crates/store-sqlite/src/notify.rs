//! The port `Notify`: the hot path. Three statements a notification: the preferences, the inbox, the row.

use std::sync::Arc;

use async_trait::async_trait;
use grelot_core::{
    Category, Change, ChangeKind, Channel, Content, Decision, Notification, NotificationId,
    Preferences, Seq, UserId, resolve,
};
use grelot_store::{
    Delivered, EmailOutcome, InAppOutcome, MailPolicy, Notify, NotifyAnswer, NotifyError,
    NotifyRequest, Preview,
};
use rusqlite::params;

use crate::error::Failure;
use crate::idempotency::Kept;
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
        let previews = users.map(|user| self.decide(user, category.as_ref(), request.mail));
        previews.collect::<Result<_, _>>().map(Ok)
    }

    /// What comes of a notification to `user`, and why.
    fn decide(
        &self,
        user: &UserId,
        category: Option<&Category>,
        mail: MailPolicy,
    ) -> Result<Preview, Failure> {
        let preferences = self.stored_preferences(user)?;
        let chosen = |preferences: &Preferences| {
            Channel::ALL.map(|channel| resolve(channel, category, preferences))
        };
        let [in_app_decision, email_decision] =
            preferences.map_or_else(|| chosen(&Preferences::default()), |stored| chosen(&stored));
        let in_app =
            if in_app_decision.enabled { InAppOutcome::Created } else { InAppOutcome::Muted };
        let email = self.email_outcome(user, mail, email_decision)?;
        Ok(Preview { in_app, in_app_decision, email, email_decision })
    }

    /// What comes of the email. The outbox arrives with version 0.2: until then nothing is queued, so where everything
    /// else speaks for a mail the answer is that this installation sends none.
    fn email_outcome(
        &self,
        user: &UserId,
        mail: MailPolicy,
        decision: Decision,
    ) -> Result<EmailOutcome, Failure> {
        if mail == MailPolicy::Off {
            return Ok(EmailOutcome::Off);
        }
        if !decision.enabled {
            return Ok(EmailOutcome::Muted);
        }
        if !self.has_address(user)? {
            return Ok(EmailOutcome::NoAddress);
        }
        Ok(EmailOutcome::Off)
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
            let decided = self.decide(user, category, request.mail)?;
            let id = match decided.in_app {
                InAppOutcome::Created => Some(self.create(user, content)?),
                InAppOutcome::Muted => None,
            };
            entries.push(Delivered { id, in_app: decided.in_app, email: decided.email });
        }
        if let Some(key) = request.idempotency {
            self.keep_answer(key, &entries)?;
        }
        Ok(Ok(NotifyAnswer { entries, replayed: false }))
    }

    fn create(&mut self, user: &UserId, content: &Arc<Content>) -> Result<NotificationId, Failure> {
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
        Ok(id)
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
