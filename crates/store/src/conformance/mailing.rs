//! Users who get mail, and what they get it about.

use grelot_core::{CategoryMail, ChannelSet, Contact, Content, MailMode, NotificationId, UserId};

use super::world::{category, notify_one, request, user};
use crate::{MailPolicy, NotifyRequest, Store};

/// A user with an address.
pub async fn reachable(store: &dyn Store, name: &str) -> UserId {
    let user = user(name);
    let email = Some(format!("{name}@example.com"));
    store.put_contact(&user, Contact { email, ..Contact::default() }).await.unwrap();
    user
}

/// Puts a category whose mails go out as `mode` says.
pub async fn put_mail_category(
    store: &dyn Store,
    key: &str,
    mode: MailMode,
    mandatory: ChannelSet,
) {
    let mut category = category(key, ChannelSet::ALL, mandatory);
    category.mail = CategoryMail { mode, ..CategoryMail::default() };
    store.put_category(category).await.unwrap();
}

/// Sends a notification that is mailed as well; returns its id.
pub async fn mail(store: &dyn Store, user: &UserId, content: Content) -> NotificationId {
    let request = NotifyRequest { mail: MailPolicy::ON, ..request(user, content) };
    notify_one(store, request).await.unwrap()
}
