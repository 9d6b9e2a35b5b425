//! The contacts and categories of the demo, the notifications that are there from the start, and those that its buttons send.

use anyhow::Context as _;
use grelot_core::{
    Category, CategoryKey, CategoryMail, Channel, ChannelSet, Contact, Localized, NotificationType,
    UserId,
};

use crate::grelot::Grelot;
use crate::new_notification::NewNotification;

/// A notification of the demo.
pub(super) struct Example {
    name: &'static str,
    kind: NotificationType,
    category: &'static str,
    title: &'static str,
    body: &'static str,
    link: Option<&'static str>,
}

/// Every example, the oldest first.
pub(super) const EXAMPLES: [Example; 5] = [
    Example {
        name: "storage",
        kind: NotificationType::Warning,
        category: "billing",
        title: "Your storage is almost full",
        body: "9.2 of 10 GB are in use. Make room, or choose a larger plan.",
        link: Some("/settings/storage"),
    },
    Example {
        name: "sign-in",
        kind: NotificationType::Warning,
        category: "security",
        title: "New sign-in from Lisbon",
        body: "Firefox on Linux, just now. If this was not you, change your password.",
        link: Some("/settings/sessions"),
    },
    Example {
        name: "payment",
        kind: NotificationType::Error,
        category: "billing",
        title: "A payment failed",
        body: "The card ending in 4242 was declined.",
        link: Some("/settings/billing"),
    },
    Example {
        name: "welcome",
        kind: NotificationType::Info,
        category: "social",
        title: "Camille commented on Roadmap",
        body: "“Could we ship the inbox before the summer?”",
        link: Some("/documents/roadmap"),
    },
    Example {
        name: "invoice",
        kind: NotificationType::Success,
        category: "billing",
        title: "Invoice ready",
        body: "March is ready.",
        link: Some("/invoices/42"),
    },
];

/// How mails address the users, and in which language.
const CONTACTS: [(&str, &str, &str); 2] = [("demo", "Ada", "en"), ("camille", "Camille", "fr")];

/// The example of that name, for `user`.
pub(super) fn named(name: &str, user: &str) -> Option<NewNotification> {
    EXAMPLES.iter().find(|example| example.name == name).map(|example| notification(example, user))
}

fn notification(example: &Example, user: &str) -> NewNotification {
    let notification = NewNotification::to(user)
        .kind(example.kind)
        .category(example.category)
        .title(example.title)
        .body(example.body);
    match example.link {
        Some(link) => notification.link(link),
        None => notification,
    }
}

/// Makes the contacts and categories, and sends every example once.
pub(crate) async fn fill(grelot: &Grelot, user: &UserId) -> anyhow::Result<()> {
    for (user, name, locale) in CONTACTS {
        let user = UserId::parse(user).map_err(|violation| anyhow::anyhow!(violation.detail()))?;
        let contact = Contact {
            email: Some(format!("{}@demo.example", name.to_lowercase())),
            name: Some(name.to_owned()),
            locale: Some(locale.to_owned()),
            timezone: Some("Europe/Paris".to_owned()),
        };
        let put = grelot.state().store.put_contact(&user, contact);
        put.await.context("a contact of the demo was not stored")?;
    }
    for category in categories()? {
        grelot.put_category(category).await.context("a category of the demo was not stored")?;
    }
    for example in &EXAMPLES {
        let notification = notification(example, user.as_str());
        grelot.notify(notification).await.context("an example was not sent")?;
    }
    Ok(())
}

fn categories() -> anyhow::Result<[Category; 3]> {
    let none = ChannelSet::NONE;
    Ok([
        category("billing", ["Billing", "Facturation"], ChannelSet::ALL, none)?,
        category(
            "security",
            ["Security", "Sécurité"],
            ChannelSet::ALL,
            none.with(Channel::InApp, true),
        )?,
        category("social", ["Comments", "Commentaires"], none.with(Channel::InApp, true), none)?,
    ])
}

fn category(
    key: &str,
    [english, french]: [&str; 2],
    defaults: ChannelSet,
    mandatory: ChannelSet,
) -> anyhow::Result<Category> {
    let texts = [("en", english), ("fr", french)];
    let texts = texts.map(|(tag, text)| (tag.to_owned(), text.to_owned())).to_vec();
    let told = |violation: grelot_core::Violation| anyhow::anyhow!(violation.detail());
    Ok(Category {
        key: CategoryKey::parse(key).map_err(told)?,
        label: Localized::new(texts).map_err(told)?,
        description: Localized::default(),
        defaults,
        mandatory,
        mail: CategoryMail::default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_an_example_of_every_type_and_each_is_valid() {
        let categories = categories().unwrap();
        for kind in NotificationType::ALL {
            assert!(EXAMPLES.iter().any(|example| example.kind == kind), "{}", kind.name());
        }
        for example in &EXAMPLES {
            assert!(categories.iter().any(|category| category.key.as_str() == example.category));
            let request = notification(example, "demo").into_request(grelot_store::MailPolicy::Off);
            assert!(request.is_ok(), "{}", example.name);
        }
    }
}
