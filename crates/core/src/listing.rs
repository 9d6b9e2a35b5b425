//! How an inbox is walked page by page. Not here: the authentication of cursors, which belongs to `http`.
//!
//! A walk shows each notification at most once and misses none, whatever happens meanwhile, because its cursor carries
//! the position at which it began: what was created later is not walked, and what changed its read state later is walked
//! in the unread section.

use crate::id::CategoryKey;
use crate::inbox::Seq;
use crate::notification::NotificationType;

/// Which notifications a list shows by their present read state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReadStatus {
    /// All: the unread first, then the read.
    #[default]
    All,
    /// Only the unread.
    Unread,
    /// Only the read.
    Read,
}

impl ReadStatus {
    /// Parses `all`, `unread` or `read`.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "all" => Some(Self::All),
            "unread" => Some(Self::Unread),
            "read" => Some(Self::Read),
            _ => None,
        }
    }

    /// The name as the API writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Unread => "unread",
            Self::Read => "read",
        }
    }
}

/// What a list is narrowed to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListFilter {
    /// By read state.
    pub status: ReadStatus,
    /// By type.
    pub kind: Option<NotificationType>,
    /// By category.
    pub category: Option<CategoryKey>,
}

/// The two sections of a list of all notifications, in the order in which they are walked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// What was unread when the walk began, or changed its read state since.
    Unread,
    /// What was read when the walk began, and is as it was.
    Read,
}

/// Where a walk stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The inbox's position when the walk began.
    pub began: Seq,
    /// The section it is in.
    pub section: Section,
    /// The position of the last notification shown; the next page holds lower ones.
    pub below: Seq,
}

impl Cursor {
    /// The first page of a walk that begins at `now`.
    pub const fn start(now: Seq) -> Self {
        Self { began: now, section: Section::Unread, below: now.next() }
    }

    /// The first page of the other section.
    #[must_use]
    pub const fn next_section(self) -> Self {
        Self { began: self.began, section: Section::Read, below: self.began.next() }
    }
}

/// How many notifications a page has by default.
pub const DEFAULT_LIMIT: usize = 20;
/// How many notifications a page has at most.
pub const MAX_LIMIT: usize = 100;
