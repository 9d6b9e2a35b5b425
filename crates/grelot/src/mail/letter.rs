//! From what the store knows of a mail to what the channel makes of it. Not here: the wording and the wire.

use std::sync::Arc;

use grelot_channels::{Group, Item, Letter, Matter};
use grelot_core::{CategoryKey, DeliveryId, UserId};
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
    Matter::One { item: shown(item), category: item.category.clone().map(Arc::new) }
}

fn shown(item: &MailItem) -> Item {
    Item { content: Arc::clone(&item.content), created_at: item.created_at }
}

/// By category, in the order in which the first of each comes.
fn groups(items: &[MailItem], locale: Option<&str>) -> Vec<Group> {
    let mut groups: Vec<(Option<CategoryKey>, Group)> = Vec::new();
    for item in items {
        let key = item.category.as_ref().map(|category| category.key.clone());
        let at = groups.iter().position(|(known, _)| *known == key).unwrap_or_else(|| {
            let label = item.category.as_ref().and_then(|category| category.label.nearest(locale));
            let label = label.map(str::to_owned);
            groups.push((key, Group { label, items: Vec::new() }));
            groups.len() - 1
        });
        if let Some((_, group)) = groups.get_mut(at) {
            group.items.push(shown(item));
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}
