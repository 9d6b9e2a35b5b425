//! What a delivery that is due comes to: the mail, or why there is none. Not here: who asks, and what follows (`outbox`).

use std::collections::HashMap;
use std::slice;
use std::sync::Arc;

use futures_util::future::try_join;
use grelot_core::calendar::Zone;
use grelot_core::delivery::{InInbox, is_mandatory, quiet_until, still_wanted};
use grelot_core::{
    Body, Category, CategoryKey, Channel, Contact, Content, Data, DeliveryId, Link, Notification,
    NotificationId, NotificationType, Preferences, SkipReason, Timestamp, Title, UserId,
};
use grelot_store::{DIGEST_ITEMS, Errand, Lease, Mail, MailItem, MailMatter};
use serde_json::{Map, Value, json};
use tokio_postgres::Row;

use crate::error::Failure;
use crate::snapshot::Snapshot;
use crate::{rows, sql};

/// A notification that a mail may be about.
struct Subject {
    delivery: DeliveryId,
    notification: Option<NotificationId>,
    has_row: bool,
    content: Option<Content>,
    category: Option<CategoryKey>,
    created_at: Timestamp,
    ready_at: Timestamp,
}

/// The user, as a mail knows them.
struct Reader {
    user: UserId,
    contact: Contact,
    preferences: Preferences,
}

/// What becomes of a subject, once the reader's inbox was asked.
struct Judged {
    wanted: Result<(), SkipReason>,
    content: Option<Arc<Content>>,
}

/// What the reader's inbox holds now of what mails may be about.
type InboxNow = HashMap<NotificationId, Notification>;

impl Snapshot {
    pub(crate) async fn errand(&self, lease: &Lease) -> Result<Option<Errand>, Failure> {
        let params: rows::Params<'_> = &[&lease.id.as_str(), &rows::int(lease.token)];
        let held = rows::optional(&self.connection, sql::OUTBOX_SUBJECT, params, subject).await?;
        let Some(held) = held else {
            return Ok(None);
        };
        let reader = self.reader(&lease.user).await?;
        let errand = if held.notification.is_some() {
            self.one(&reader, held).await?
        } else {
            self.digest(&reader, &held).await?
        };
        Ok(Some(errand))
    }

    async fn reader(&self, user: &UserId) -> Result<Reader, Failure> {
        let (contact, preferences) =
            try_join(self.contact(user), self.stored_preferences(user)).await?;
        Ok(Reader {
            user: user.clone(),
            contact: contact.unwrap_or_default(),
            preferences: preferences.unwrap_or_default(),
        })
    }

    async fn one(&self, reader: &Reader, subject: Subject) -> Result<Errand, Failure> {
        let keys = subject.category.iter().collect();
        let mut categories = self.categories_of(&keys).await?;
        let category = subject.category.as_ref().and_then(|key| categories.remove(key));
        let (created_at, ready_at) = (subject.created_at, subject.ready_at);
        let mut inbox = self.inbox_now(&reader.user, slice::from_ref(&subject)).await?;
        let judged = reader.judge(category.as_ref(), subject, &mut inbox);
        if let Err(reason) = judged.wanted {
            return Ok(Errand::Skip(reason));
        }
        let mandatory = is_mandatory(Channel::Email, category.as_ref());
        let content = judged.content.ok_or(Failure::Corrupt("deliveries.content"))?;
        let matter = MailMatter::One(MailItem { content, created_at, category });
        Ok(self.send(reader, (mandatory, mandatory), ready_at, matter, Vec::new()))
    }

    async fn digest(&self, reader: &Reader, digest: &Subject) -> Result<Errand, Failure> {
        let categories = self.categories().await?;
        let subjects = self.subjects_of(digest.delivery).await?;
        let mut inbox = self.inbox_now(&reader.user, &subjects).await?;
        let (mut items, mut more, mut collected) = (Vec::new(), 0_u64, Vec::new());
        let (mut any_mandatory, mut all_mandatory) = (false, true);
        for subject in subjects {
            let category = subject.category.as_ref().and_then(|key| categories.get(key));
            let (delivery, created_at) = (subject.delivery, subject.created_at);
            let judged = reader.judge(category, subject, &mut inbox);
            collected.push((delivery, judged.wanted.err()));
            if judged.wanted.is_err() {
                continue;
            }
            let mandatory = is_mandatory(Channel::Email, category);
            any_mandatory |= mandatory;
            all_mandatory &= mandatory;
            match judged.content {
                Some(content) if items.len() < DIGEST_ITEMS => {
                    items.push(MailItem { content, created_at, category: category.cloned() });
                }
                _ => more += 1,
            }
        }
        if items.is_empty() {
            return Ok(Errand::Skip(SkipReason::Empty));
        }
        let matter = MailMatter::Digest { items, more };
        Ok(self.send(reader, (any_mandatory, all_mandatory), digest.ready_at, matter, collected))
    }

    /// The mail, or the end of the quiet hours that it waits for.
    fn send(
        &self,
        reader: &Reader,
        (passes_quiet, mandatory): (bool, bool),
        ready_at: Timestamp,
        matter: MailMatter,
        collected: Vec<(DeliveryId, Option<SkipReason>)>,
    ) -> Errand {
        let Contact { email, name, locale, timezone } = &reader.contact;
        let zone = Zone::named(timezone.as_deref());
        let quiet = reader.preferences.quiet;
        match quiet_until(quiet, passes_quiet, &zone, self.context.now()) {
            Some(until) => Errand::Wait(until),
            None => Errand::Send(Box::new(Mail {
                address: email.clone().unwrap_or_default(),
                name: name.clone(),
                locale: locale.clone(),
                timezone: timezone.clone(),
                mandatory,
                ready_at,
                matter,
                collected,
            })),
        }
    }

    /// What a digest collected, each with the reason against it, if there is one.
    pub(crate) async fn collected(
        &self,
        user: &UserId,
        digest: DeliveryId,
    ) -> Result<Vec<(DeliveryId, Option<SkipReason>)>, Failure> {
        let (reader, categories) = (self.reader(user).await?, self.categories().await?);
        let subjects = self.subjects_of(digest).await?;
        let mut inbox = self.inbox_now(user, &subjects).await?;
        let judge = |subject: Subject| {
            let category = subject.category.as_ref().and_then(|key| categories.get(key));
            (subject.delivery, reader.judge(category, subject, &mut inbox).wanted.err())
        };
        Ok(subjects.into_iter().map(judge).collect())
    }

    /// What a digest collected, newest first.
    async fn subjects_of(&self, digest: DeliveryId) -> Result<Vec<Subject>, Failure> {
        rows::all(&self.connection, sql::DIGEST_SUBJECTS, &[&digest.as_str()], subject).await
    }

    async fn inbox_now(&self, user: &UserId, subjects: &[Subject]) -> Result<InboxNow, Failure> {
        let with_row = subjects.iter().filter(|subject| subject.has_row);
        let ids: Vec<&str> = with_row
            .filter_map(|subject| subject.notification.as_ref().map(NotificationId::as_str))
            .collect();
        if ids.is_empty() {
            return Ok(InboxNow::new());
        }
        let params: rows::Params<'_> = &[&user.as_str(), &ids];
        let found = rows::all(&self.connection, sql::NOTIFICATIONS_OF_USER, params, |row| {
            let notification = rows::notification(row, user)?;
            Ok((notification.id, notification))
        });
        Ok(found.await?.into_iter().collect())
    }
}

impl Reader {
    /// Whether the reader still wants it, by what their inbox says now.
    fn judge(&self, category: Option<&Category>, subject: Subject, inbox: &mut InboxNow) -> Judged {
        let (in_inbox, content) = match (subject.notification, subject.has_row) {
            (Some(id), true) => match inbox.remove(&id) {
                None => (InInbox::Deleted, None),
                Some(found) if found.read_at.is_some() => (InInbox::Read, Some(found.content)),
                Some(found) => (InInbox::Unread, Some(found.content)),
            },
            _ => (InInbox::Never, subject.content.map(Arc::new)),
        };
        let has_address = self.contact.email.is_some();
        let wanted = still_wanted(in_inbox, category, &self.preferences, has_address);
        Judged { wanted, content }
    }
}

/// The columns that every such query selects.
fn subject(row: &Row) -> Result<Subject, Failure> {
    let notification = "deliveries.notificationId";
    Ok(Subject {
        delivery: rows::parsed(row, 0, "deliveries.id", DeliveryId::parse)?,
        notification: rows::parsed_or_null(row, 1, notification, NotificationId::parse)?,
        has_row: rows::get(row, 2, "deliveries.seq")?,
        content: rows::parsed_or_null(row, 3, "deliveries.content", decode)?,
        category: rows::parsed_or_null(row, 4, "deliveries.category", |text| {
            CategoryKey::parse(text).ok()
        })?,
        created_at: rows::instant(row, 5, "deliveries.createdAt")?,
        ready_at: rows::instant(row, 6, "deliveries.readyAt")?,
    })
}

/// A notification that has no row of its own, as JSON.
pub(crate) fn encode(content: &Content) -> String {
    let Content { kind, category, title, body, link, data } = content;
    json!({
        "type": kind.name(),
        "category": category.as_ref().map(CategoryKey::as_str),
        "title": title.as_str(),
        "body": body.as_ref().map(Body::as_str),
        "link": link.as_ref().map(Link::as_str),
        "data": data.as_ref().map(Data::as_json),
    })
    .to_string()
}

/// The other way; `None` when the text is not of this form.
pub(crate) fn decode(text: &str) -> Option<Content> {
    let object: Map<String, Value> = serde_json::from_str(text).ok()?;
    let text = |name: &str| match object.get(name) {
        Some(Value::String(text)) => Some(text.as_str()),
        _ => None,
    };
    let parsed = |name: &str| text(name).is_some();
    Some(Content {
        kind: NotificationType::parse(text("type")?).ok()?,
        category: text("category").and_then(|text| CategoryKey::parse(text).ok()),
        title: Title::parse(text("title")?).ok()?,
        body: text("body").and_then(|text| Body::parse(text).ok()),
        link: text("link").and_then(|text| Link::parse(text).ok()),
        data: text("data").and_then(|text| Data::from_compact_json(text).ok()),
    })
    .filter(|content| {
        content.body.is_some() == parsed("body") && content.data.is_some() == parsed("data")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_decodes_to_itself() {
        let bare = Content {
            kind: NotificationType::Warning,
            category: None,
            title: Title::parse("Hello \"you\"\n").unwrap(),
            body: None,
            link: None,
            data: None,
        };
        let full = Content {
            category: CategoryKey::parse("billing").ok(),
            body: Body::parse("").ok(),
            link: Link::parse("/invoices/1").ok(),
            data: Data::from_compact_json(r#"{"a":[1,"é"]}"#).ok(),
            ..bare.clone()
        };
        for content in [bare, full] {
            assert_eq!(decode(&encode(&content)), Some(content));
        }
        assert_eq!(decode("{}"), None);
    }
}
