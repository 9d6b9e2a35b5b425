//! What one mail is made of, as plain values. Not here: what it looks like (`mailroom`), and why it is sent.

use std::sync::Arc;

use grelot_core::{Category, Content, Timestamp, UserId};

/// One mail to one user.
#[derive(Clone, Debug)]
pub struct Letter {
    /// The id of the delivery, the same each time it is tried: it becomes the `Message-ID`, by which relays and mailboxes
    /// recognise a mail that they have already.
    pub id: String,
    /// Whom it is for.
    pub user: UserId,
    /// Their address.
    pub to: String,
    /// Their name, as a mail greets them.
    pub name: Option<String>,
    /// Their language, a BCP 47 tag; English when it is unknown.
    pub locale: Option<String>,
    /// Their IANA time zone; UTC when it is unknown.
    pub timezone: Option<String>,
    /// What it says.
    pub matter: Matter,
    /// The absolute URL that unsubscribes from mails like this one; `None` for what is mandatory.
    pub unsubscribe: Option<String>,
}

/// What a letter says.
#[derive(Clone, Debug)]
pub enum Matter {
    /// One notification.
    One {
        /// The notification.
        item: Item,
        /// The category it belongs to, if any: the mail is written by its templates, or else by ours.
        category: Option<Arc<Category>>,
    },
    /// Several notifications at once.
    Digest {
        /// Those that are shown, at most [`Matter::MAX_SHOWN`] in all; more are counted, not shown.
        groups: Vec<Group>,
        /// How many there are besides.
        more: u64,
    },
}

impl Matter {
    /// The most notifications that a digest shows.
    pub const MAX_SHOWN: usize = 20;
}

/// The notifications of a digest that belong together.
#[derive(Clone, Debug)]
pub struct Group {
    /// What is written above them, in the language of the user; nothing when `None`.
    pub label: Option<String>,
    /// The notifications, in the order in which they are shown.
    pub items: Vec<Item>,
}

/// One notification, as a mail shows it.
#[derive(Clone, Debug)]
pub struct Item {
    /// What it says.
    pub content: Arc<Content>,
    /// When it was created.
    pub created_at: Timestamp,
}
