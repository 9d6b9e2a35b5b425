//! The notification, and whom one is for. Not here: the decision who gets it (`resolve`).

use std::collections::HashSet;
use std::sync::Arc;

use crate::id::{CategoryKey, NotificationId, UserId};
use crate::inbox::Seq;
use crate::text::{Body, Data, Link, Title, Violation};
use crate::time::Timestamp;

/// How a notification is coloured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum NotificationType {
    /// Neutral; the default.
    #[default]
    Info,
    /// Something went well.
    Success,
    /// Something needs a look.
    Warning,
    /// Something failed.
    Error,
}

impl NotificationType {
    /// Every type, in the order of the original module.
    pub const ALL: [Self; 4] = [Self::Info, Self::Success, Self::Warning, Self::Error];

    /// The name as the API and the database write it: `INFO`, `SUCCESS`, `WARNING` or `ERROR`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Info => "INFO",
            Self::Success => "SUCCESS",
            Self::Warning => "WARNING",
            Self::Error => "ERROR",
        }
    }

    /// Parses the name, exactly as [`name`](Self::name) writes it.
    ///
    /// # Errors
    /// A [`Violation`] that lists the names.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.name() == text)
            .ok_or(Violation::new("must be one of INFO, SUCCESS, WARNING, ERROR"))
    }
}

/// What a notification says: the same for every recipient of one request, and shared between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// How it is coloured.
    pub kind: NotificationType,
    /// The configurable type it belongs to, if any.
    pub category: Option<CategoryKey>,
    /// The headline.
    pub title: Title,
    /// The text below it.
    pub body: Option<Body>,
    /// Where it leads.
    pub link: Option<Link>,
    /// What the host's own components need.
    pub data: Option<Data>,
}

/// A notification in a user's inbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    /// Its id.
    pub id: NotificationId,
    /// Whose inbox it is in.
    pub user: UserId,
    /// The change of the inbox that created it.
    pub seq: Seq,
    /// What it says.
    pub content: Arc<Content>,
    /// When it was read; `None` while unread.
    pub read_at: Option<Timestamp>,
    /// When it was created.
    pub created_at: Timestamp,
}

/// Whom a request is for: 1 to 1,000 distinct users, in order of first mention.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipients(Vec<UserId>);

impl Recipients {
    /// The most distinct users of one request.
    pub const MAX: usize = 1_000;

    /// One user.
    pub fn one(user: UserId) -> Self {
        Self(vec![user])
    }

    /// Several users; duplicates are removed.
    ///
    /// # Errors
    /// A [`Violation`] when none is named, or more than [`MAX`](Self::MAX) distinct ones.
    pub fn many(users: Vec<UserId>) -> Result<Self, Violation> {
        let mut seen = HashSet::with_capacity(users.len());
        let distinct: Vec<UserId> =
            users.into_iter().filter(|user| seen.insert(user.clone())).collect();
        if distinct.is_empty() || distinct.len() > Self::MAX {
            return Err(Violation::new("must name 1 to 1000 distinct users"));
        }
        Ok(Self(distinct))
    }

    /// The users, in order of first mention.
    pub fn users(&self) -> &[UserId] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn users(names: &[&str]) -> Vec<UserId> {
        names.iter().map(|name| UserId::parse(name).unwrap()).collect()
    }

    #[test]
    fn recipients_are_distinct_in_order_of_first_mention() {
        let recipients = Recipients::many(users(&["b", "a", "b", "c", "a"])).unwrap();
        assert_eq!(recipients.users(), users(&["b", "a", "c"]));
    }

    #[test]
    fn the_limit_counts_distinct_users() {
        let names: Vec<String> = (0..1_000).map(|n| format!("u_{n}")).collect();
        let mut many: Vec<UserId> = names.iter().map(|n| UserId::parse(n).unwrap()).collect();
        many.extend(users(&["u_0", "u_1"]));
        assert!(Recipients::many(many.clone()).is_ok());
        many.extend(users(&["one too many"]));
        assert!(Recipients::many(many).is_err());
        assert!(Recipients::many(Vec::new()).is_err());
    }

    #[test]
    fn type_names_parse_back() {
        for kind in NotificationType::ALL {
            assert_eq!(NotificationType::parse(kind.name()), Ok(kind));
        }
        assert!(NotificationType::parse("info").is_err());
    }
}
