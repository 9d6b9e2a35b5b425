//! What templates are tried with before they are used. Not here: the trial (`check`).

use std::fmt;
use std::sync::Arc;

use grelot_core::{Body, Category, Content, Link, NotificationType, Timestamp, Title, UserId};
use minijinja::value::{Enumerator, Object, ObjectRepr, Value};

use crate::language::Language;
use crate::message::{Item, Letter, Matter};

/// A letter with everything in it, about one notification of `category`, in the language of `locale`.
pub(crate) fn sample(
    locale: Option<&str>,
    category: Option<&Category>,
    now: Timestamp,
) -> Option<Letter> {
    let (title, body, name) = match Language::of(locale) {
        Language::English => (
            "Invoice 2026-118 is ready",
            "The invoice for November is ready: 1,240.00 €, due on 24 December.\n\nNothing to do if you pay by direct debit.",
            "Ada Lovelace",
        ),
        Language::French => (
            "La facture 2026-118 est prête",
            "La facture de novembre est prête : 1 240,00 €, à régler avant le 24 décembre.\n\nRien à faire si vous payez par prélèvement.",
            "Ada Lovelace",
        ),
    };
    let content = Content {
        kind: NotificationType::Info,
        category: category.map(|category| category.key.clone()),
        title: Title::parse(title).ok()?,
        body: Some(Body::parse(body).ok()?),
        link: Some(Link::parse("/invoices/118").ok()?),
        data: None,
    };
    Some(Letter {
        id: "csample".to_owned(),
        user: UserId::parse("u_1").ok()?,
        to: "ada@example.com".to_owned(),
        name: Some(name.to_owned()),
        locale: locale.map(str::to_owned),
        timezone: Some("Europe/Paris".to_owned()),
        matter: Matter::One {
            item: Item { content: Arc::new(content), created_at: now },
            category: category.cloned().map(Arc::new),
        },
        unsubscribe: Some("https://example.com/unsubscribe".to_owned()),
    })
}

/// Stands for data of which nobody knows the shape: has every member, is a list of one, and reads as an ellipsis.
#[derive(Debug)]
pub(crate) struct Anything;

impl Object for Anything {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Iterable
    }

    fn get_value(self: &Arc<Self>, _key: &Value) -> Option<Value> {
        Some(Value::from_object(Self))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(vec![Value::from("…")])
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}
