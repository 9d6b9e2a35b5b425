//! What is moved when a whole database goes from one backend to another: its tables, and rows in a form that is neither
//! backend's. Not here: reading and writing them, which each backend does, and the order of events (the command line).

use thiserror::Error;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// A whole number; instants of our own tables are such.
    Number,
    /// Yes or no, as 1 or 0.
    Flag,
    /// An instant in a table of the module, as milliseconds since the epoch.
    Instant,
    /// Bytes.
    Bytes,
    /// The type of a notification, as text.
    Type,
    /// JSON that comes back as it was written.
    Json,
    /// JSON of which only the meaning is kept: as text without blanks, keys in order.
    Object,
}

/// A column, with the name that it has in both backends.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
}

/// A table of a copy.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// How many of the columns, from the first one on, say which row it is. Rows are read in their order.
    pub key: usize,
    /// All columns.
    pub columns: &'static [Column],
}

/// A value of a row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// None.
    Null,
    /// A number, a flag or an instant.
    Number(i64),
    /// Text or JSON.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

/// A row: a value for each column of its table, in their order.
pub type Row = Vec<Value>;

impl Value {
    /// Appends bytes that no other value has: what a checksum is made of.
    pub fn write_to(&self, out: &mut Vec<u8>) {
        let (tag, bytes): (u8, &[u8]) = match self {
            Self::Null => (0, &[]),
            Self::Number(number) => (1, &number.to_be_bytes()),
            Self::Text(text) => (2, text.as_bytes()),
            Self::Bytes(bytes) => (3, bytes),
        };
        out.push(tag);
        out.extend_from_slice(&(bytes.len() as u64).to_be_bytes());
        out.extend_from_slice(bytes);
    }
}

/// Which database is copied.
#[derive(Clone, Debug)]
pub struct Origin {
    /// Its secret, which the copy takes over.
    pub secret: [u8; 32],
    /// What changes when the database does: a copy that was interrupted goes on only while this is the same.
    pub summary: String,
}

/// How far a copy was when it was last interrupted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// So many rows are there, counted through all tables.
    Unfinished(u64),
    /// All are there, and were verified.
    Verified,
}

/// Why a copy does not go on.
#[derive(Debug, Error)]
pub enum CopyError {
    /// The source could not be read.
    #[error("the source cannot be read: {0}")]
    Source(String),
    /// The target could not be read or written.
    #[error("the target cannot be written: {0}")]
    Target(String),
    /// Another copy to the same target is running.
    #[error("another copy to this target is running")]
    Running,
    /// A node has the target open.
    #[error("a grelot has the target open: stop every node that uses it, then copy")]
    Used,
    /// The target has rows that no copy brought there.
    #[error(
        "the target has rows in {0} already, and nothing is written over them; make an empty database and name that"
    )]
    Occupied(&'static str),
    /// The target is, or was to be, a copy of another database.
    #[error("the target holds a copy of another database; make an empty database and name that")]
    Foreign,
    /// The source has changed since an unfinished copy of it began.
    #[error(
        "the source was used after this copy began; drop the target, make an empty database, and copy again"
    )]
    Moved,
}

macro_rules! tables {
    ($($name:literal $key:literal { $($column:literal $kind:ident),* $(,)? })*) => {
        /// Every table, in the order in which they are copied. The secret comes last and by itself: it is what makes
        /// the copy a database that can be served.
        pub const TABLES: &[Table] = &[$(Table {
            name: $name,
            key: $key,
            columns: &[$(Column { name: $column, kind: Kind::$kind }),*],
        }),*];
    };
}

tables! {
    "categories" 1 {
        "key" Text, "label" Text, "description" Text, "defaultInApp" Flag, "defaultEmail" Flag,
        "mandatoryInApp" Flag, "mandatoryEmail" Flag, "mailMode" Text, "mailDelay" Number, "mailTemplates" Text,
    }
    "contacts" 1 { "userId" Text, "email" Text, "name" Text, "locale" Text, "timezone" Text }
    "departures" 1 { "digest" Bytes, "revokedAt" Number, "erasedSeq" Number, "erasedAt" Number }
    "api_keys" 1 {
        "id" Text, "name" Text, "digest" Bytes, "scopes" Text, "createdAt" Number, "revokedAt" Number,
    }
    "idempotency" 1 { "slot" Bytes, "request" Bytes, "answer" Bytes, "createdAt" Number }
    "notification_preferences" 1 {
        "userId" Text, "id" Text, "inApp" Flag, "email" Flag, "categories" Object,
    }
    "mail_preferences" 1 {
        "userId" Text, "quietHours" Text, "emailDigest" Text, "emailDigestHour" Number,
    }
    "inboxes" 1 {
        "userId" Text, "seq" Number, "unread" Number, "prunedSeq" Number, "historyAt" Number,
    }
    "notifications" 1 {
        "id" Text, "userId" Text, "type" Type, "title" Text, "body" Text, "link" Text, "readAt" Instant,
        "createdAt" Instant, "category" Text, "data" Json, "seq" Number, "stateSeq" Number,
    }
    "changes" 2 {
        "userId" Text, "seq" Number, "kind" Text, "notificationId" Text, "at" Number, "upToSeq" Number,
        "category" Text, "createdAt" Number, "unreadBefore" Number,
    }
    "deliveries" 1 {
        "id" Text, "userId" Text, "channel" Text, "notificationId" Text, "seq" Number, "content" Text,
        "category" Text, "inAppRule" Text, "rule" Text, "digestId" Text, "state" Text, "readyAt" Number,
        "dueAt" Number, "startedAt" Number, "leasedUntil" Number, "token" Number, "failures" Number,
        "lost" Number, "reason" Text, "createdAt" Number, "endedAt" Number,
    }
    "attempts" 2 {
        "deliveryId" Text, "number" Number, "startedAt" Number, "endedAt" Number, "outcome" Text, "answer" Text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(values: &[Value]) -> Vec<u8> {
        let mut out = Vec::new();
        for value in values {
            value.write_to(&mut out);
        }
        out
    }

    #[test]
    fn values_that_differ_have_bytes_that_differ() {
        let text = |text: &str| Value::Text(text.to_owned());
        let rows = [
            vec![Value::Null, text("")],
            vec![text(""), Value::Null],
            vec![text("ab"), text("c")],
            vec![text("a"), text("bc")],
            vec![Value::Bytes(b"ab".to_vec()), text("c")],
            vec![Value::Number(0), Value::Number(1)],
        ];
        for (index, row) in rows.iter().enumerate() {
            for other in &rows[index + 1..] {
                assert_ne!(bytes(row), bytes(other));
            }
        }
    }
}
