//! From what the store knows of a mail to what the channel makes of it. Not here: the wording and the wire.

use std::sync::Arc;

use grelot_channels::{EmailTemplate, EmailTemplates, Group, Item, Letter, Matter};
use grelot_core::{Category, CategoryKey, DeliveryId, Templates, UserId};
use grelot_store::{Mail, MailItem, MailMatter};

/// The letter of a mail. `unsubscribe` is asked for the link, of the category or of all of them, where there may be one.
pub(super) fn letter(
    id: DeliveryId,
    user: &UserId,
    mail: &Mail,
    unsubscribe: impl FnOnce(Option<&CategoryKey>) -> String,
) -> Letter {
    let locale = mail.locale.as_deref();
    let (matter, about) = match &mail.matter {
        MailMatter::One(item) => (one(item), item.category.as_ref().map(|category| &category.key)),
        MailMatter::Digest { items, more } => {
            (Matter::Digest { groups: groups(items, locale), more: *more }, None)
        }
    };
    Letter {
        id: id.as_str().to_owned(),
        user: user.clone(),
        to: mail.address.clone(),
        name: mail.name.clone(),
        locale: mail.locale.clone(),
        timezone: mail.timezone.clone(),
        matter,
        unsubscribe: (!mail.mandatory).then(|| unsubscribe(about)),
    }
}

fn one(item: &MailItem) -> Matter {
    let category = item.category.clone().map(Arc::new);
    let template =
        category.as_ref().and_then(|category| templates(&category.mail.templates)).map(Arc::new);
    Matter::One { item: shown(item), category, template }
}

fn shown(item: &MailItem) -> Item {
    Item { content: Arc::clone(&item.content), created_at: item.created_at }
}

/// The templates as the channel takes them; `None` when there are none. One without an HTML part is not accepted (`desk`).
pub(super) fn templates(templates: &Templates) -> Option<EmailTemplates> {
    let made: Vec<_> = templates
        .iter()
        .filter_map(|(tag, template)| {
            let html = template.html.clone()?;
            let (subject, text) = (template.subject.clone(), template.text.clone());
            Some((tag.to_owned(), EmailTemplate { subject, html, text }))
        })
        .collect();
    (!made.is_empty()).then(|| EmailTemplates::new(made))
}

/// By category, in the order in which the first of each comes.
fn groups(items: &[MailItem], locale: Option<&str>) -> Vec<Group> {
    let mut groups: Vec<(Option<CategoryKey>, Group)> = Vec::new();
    for item in items {
        let key = item.category.as_ref().map(|category| category.key.clone());
        let at = groups.iter().position(|(known, _)| *known == key).unwrap_or_else(|| {
            let label = item.category.as_ref().and_then(|category| label(category, locale));
            groups.push((key, Group { label, items: Vec::new() }));
            groups.len() - 1
        });
        if let Some((_, group)) = groups.get_mut(at) {
            group.items.push(shown(item));
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

fn label(category: &Category, locale: Option<&str>) -> Option<String> {
    let exact = locale.unwrap_or("en");
    let language = exact.split('-').next().unwrap_or(exact);
    category.label.pick(&[exact, language]).map(str::to_owned)
}
