//! What a delivery that is due comes to: the mail, or why there is none. Not here: who asks, and what follows (`outbox`).

use std::sync::Arc;

use grelot_core::calendar::Zone;
use grelot_core::delivery::{InInbox, is_mandatory, quiet_until, still_wanted};
use grelot_core::{
    Body, Category, CategoryKey, Channel, Contact, Content, Data, DeliveryId, Link, NotificationId,
    NotificationType, Preferences, SkipReason, Timestamp, Title, UserId,
};
use grelot_store::{DIGEST_ITEMS, Errand, Lease, Mail, MailItem, MailMatter};
use rusqlite::{Row, params};
use serde_json::{Map, Value, json};

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

impl Snapshot<'_> {
    pub(crate) fn errand(&self, lease: &Lease) -> Result<Option<Errand>, Failure> {
        let held = rows::optional(
            self.connection,
            sql::OUTBOX_SUBJECT,
            params![lease.id.as_str(), rows::int(lease.token)],
            subject,
        )?;
        let Some(held) = held else {
            return Ok(None);
        };
        let reader = self.reader(&lease.user)?;
        let errand = if held.notification.is_some() {
            self.one(&reader, held)?
        } else {
            self.digest(&reader, &held)?
        };
        Ok(Some(errand))
    }

    fn reader(&self, user: &UserId) -> Result<Reader, Failure> {
        Ok(Reader {
            user: user.clone(),
            contact: self.contact(user)?.unwrap_or_default(),
            preferences: self.stored_preferences(user)?.unwrap_or_default(),
        })
    }

    fn one(&self, reader: &Reader, subject: Subject) -> Result<Errand, Failure> {
        let category = match &subject.category {
            None => None,
            Some(key) => self.category(key)?,
        };
        let (created_at, ready_at) = (subject.created_at, subject.ready_at);
        let judged = self.judge(reader, category.as_ref(), subject)?;
        if let Err(reason) = judged.wanted {
            return Ok(Errand::Skip(reason));
        }
        let mandatory = is_mandatory(Channel::Email, category.as_ref());
        let content = judged.content.ok_or(Failure::Corrupt("deliveries.content"))?;
        let matter = MailMatter::One(MailItem { content, created_at, category });
        Ok(self.send(reader, (mandatory, mandatory), ready_at, matter, Vec::new()))
    }

    fn digest(&self, reader: &Reader, digest: &Subject) -> Result<Errand, Failure> {
        let categories = self.categories()?;
        let (mut items, mut more, mut collected) = (Vec::new(), 0_u64, Vec::new());
        let (mut any_mandatory, mut all_mandatory) = (false, true);
        for subject in self.subjects_of(digest.delivery)? {
            let category = subject.category.as_ref().and_then(|key| categories.get(key));
            let (delivery, created_at) = (subject.delivery, subject.created_at);
            let judged = self.judge(reader, category, subject)?;
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
    pub(crate) fn collected(
        &self,
        user: &UserId,
        digest: DeliveryId,
    ) -> Result<Vec<(DeliveryId, Option<SkipReason>)>, Failure> {
        let (reader, categories) = (self.reader(user)?, self.categories()?);
        let judge = |subject: Subject| {
            let category = subject.category.as_ref().and_then(|key| categories.get(key));
            let delivery = subject.delivery;
            Ok((delivery, self.judge(&reader, category, subject)?.wanted.err()))
        };
        self.subjects_of(digest)?.into_iter().map(judge).collect()
    }

    /// What a digest collected, newest first.
    fn subjects_of(&self, digest: DeliveryId) -> Result<Vec<Subject>, Failure> {
        rows::all(self.connection, sql::DIGEST_SUBJECTS, [digest.as_str()], subject)
    }

    /// Whether the reader still wants it, by what their inbox says now.
    fn judge(
        &self,
        reader: &Reader,
        category: Option<&Category>,
        subject: Subject,
    ) -> Result<Judged, Failure> {
        let (in_inbox, content) = match (subject.notification, subject.has_row) {
            (Some(id), true) => match self.notification(&reader.user, id)? {
                None => (InInbox::Deleted, None),
                Some(found) if found.read_at.is_some() => (InInbox::Read, Some(found.content)),
                Some(found) => (InInbox::Unread, Some(found.content)),
            },
            _ => (InInbox::Never, subject.content.map(Arc::new)),
        };
        let has_address = reader.contact.email.is_some();
        let wanted = still_wanted(in_inbox, category, &reader.preferences, has_address);
        Ok(Judged { wanted, content })
    }
}

/// The columns that every such query selects.
fn subject(row: &Row<'_>) -> Result<Subject, Failure> {
    Ok(Subject {
        delivery: rows::parsed(row, 0, "deliveries.id", DeliveryId::parse)?,
        notification: rows::parsed_or_null(
            row,
            1,
            "deliveries.notificationId",
            NotificationId::parse,
        )?,
        has_row: row.get(2)?,
        content: rows::parsed_or_null(row, 3, "deliveries.content", decode)?,
        category: rows::parsed_or_null(row, 4, "deliveries.category", |text| {
            CategoryKey::parse(text).ok()
        })?,
        created_at: rows::instant(row, 5)?,
        ready_at: rows::instant(row, 6)?,
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
