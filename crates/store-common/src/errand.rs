//! What a delivery that is due comes to: the mail, or why there is none. Not here: reading what that is decided from (the
//! backends), and the rules (`grelot_core::delivery`).

use std::sync::Arc;

use grelot_core::calendar::Zone;
use grelot_core::category::Categories;
use grelot_core::delivery::{InInbox, is_mandatory, quiet_until, still_wanted};
use grelot_core::{
    Category, CategoryKey, Channel, Contact, Content, DeliveryId, Notification, NotificationId,
    Preferences, SkipReason, Timestamp,
};
use grelot_store::{DIGEST_ITEMS, Errand, Mail, MailItem, MailMatter};

/// A notification that a mail may be about; or a digest, which has none of its own.
#[derive(Clone, Debug)]
pub struct Subject {
    /// Its delivery.
    pub delivery: DeliveryId,
    /// The notification; `None` for a digest.
    pub notification: Option<NotificationId>,
    /// Whether it had a row in the inbox.
    pub has_row: bool,
    /// What it says, where it had none.
    pub content: Option<Content>,
    /// Its category.
    pub category: Option<CategoryKey>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When its mail was due.
    pub ready_at: Timestamp,
}

impl Subject {
    /// The row of the inbox to look at, if there was one.
    pub fn row(&self) -> Option<NotificationId> {
        self.notification.filter(|_| self.has_row)
    }

    fn category_in<'c>(&self, categories: &'c Categories) -> Option<&'c Category> {
        self.category.as_ref().and_then(|key| categories.get(key))
    }
}

/// What a digest collected, each with the reason against it, if there is one.
pub type Collected = Vec<(DeliveryId, Option<SkipReason>)>;

/// The user, as a mail knows them.
#[derive(Clone, Debug, Default)]
pub struct Reader {
    /// Where mails go.
    pub contact: Contact,
    /// What the user chose.
    pub preferences: Preferences,
}

/// What becomes of a subject, once the reader's inbox was asked.
struct Judged {
    wanted: Result<(), SkipReason>,
    content: Option<Arc<Content>>,
}

impl Reader {
    /// The errand of a mail about one notification. `row` finds what the reader's inbox holds of a notification now; `None`
    /// when there is nothing that the mail could say.
    pub fn one<E>(
        &self,
        subject: Subject,
        category: Option<Category>,
        now: Timestamp,
        mut row: impl FnMut(NotificationId) -> Result<Option<Notification>, E>,
    ) -> Result<Option<Errand>, E> {
        let (created_at, ready_at) = (subject.created_at, subject.ready_at);
        let judged = self.judge(category.as_ref(), subject, &mut row)?;
        if let Err(reason) = judged.wanted {
            return Ok(Some(Errand::Skip(reason)));
        }
        let mandatory = is_mandatory(Channel::Email, category.as_ref());
        Ok(judged.content.map(|content| {
            let matter = MailMatter::One(MailItem { content, created_at, category });
            self.send((mandatory, mandatory), ready_at, matter, Vec::new(), now)
        }))
    }

    /// The errand of a digest, from what it collected, newest first.
    pub fn digest<E>(
        &self,
        digest: &Subject,
        subjects: Vec<Subject>,
        categories: &Categories,
        now: Timestamp,
        mut row: impl FnMut(NotificationId) -> Result<Option<Notification>, E>,
    ) -> Result<Errand, E> {
        let (mut items, mut more, mut collected) = (Vec::new(), 0_u64, Vec::new());
        let (mut any_mandatory, mut all_mandatory) = (false, true);
        for subject in subjects {
            let category = subject.category_in(categories);
            let (delivery, created_at) = (subject.delivery, subject.created_at);
            let judged = self.judge(category, subject, &mut row)?;
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
        Ok(self.send((any_mandatory, all_mandatory), digest.ready_at, matter, collected, now))
    }

    /// What would become of each that a digest collected.
    pub fn collected<E>(
        &self,
        subjects: Vec<Subject>,
        categories: &Categories,
        mut row: impl FnMut(NotificationId) -> Result<Option<Notification>, E>,
    ) -> Result<Collected, E> {
        let judge = |subject: Subject| {
            let (delivery, category) = (subject.delivery, subject.category_in(categories));
            Ok((delivery, self.judge(category, subject, &mut row)?.wanted.err()))
        };
        subjects.into_iter().map(judge).collect()
    }

    /// Whether the reader still wants it, by what their inbox says now.
    fn judge<E>(
        &self,
        category: Option<&Category>,
        subject: Subject,
        row: &mut impl FnMut(NotificationId) -> Result<Option<Notification>, E>,
    ) -> Result<Judged, E> {
        let (in_inbox, content) = match subject.row() {
            None => (InInbox::Never, subject.content.map(Arc::new)),
            Some(id) => match row(id)? {
                None => (InInbox::Deleted, None),
                Some(found) if found.read_at.is_some() => (InInbox::Read, Some(found.content)),
                Some(found) => (InInbox::Unread, Some(found.content)),
            },
        };
        let has_address = self.contact.email.is_some();
        let wanted = still_wanted(in_inbox, category, &self.preferences, has_address);
        Ok(Judged { wanted, content })
    }

    /// The mail, or the end of the quiet hours that it waits for.
    fn send(
        &self,
        (passes_quiet, mandatory): (bool, bool),
        ready_at: Timestamp,
        matter: MailMatter,
        collected: Collected,
        now: Timestamp,
    ) -> Errand {
        let Contact { email, name, locale, timezone } = &self.contact;
        let zone = Zone::named(timezone.as_deref());
        match quiet_until(self.preferences.quiet, passes_quiet, &zone, now) {
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
}
