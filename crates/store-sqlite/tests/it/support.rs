//! What the tests share: stores in directories that go away.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use async_trait::async_trait;
use grelot_core::{Clock, Content, Data, ListFilter, UserId};
use grelot_store::conformance::{Backend, HandClock, Heard, content};
pub(crate) use grelot_store::conformance::{Gate, notify_one as notify, send};
use grelot_store::{Committed, Store};
use grelot_store_sqlite::{SqliteOptions, SqliteStore};
use tempfile::TempDir;

/// A directory for one database.
pub(crate) struct TempBackend {
    directory: TempDir,
}

impl TempBackend {
    pub(crate) fn new() -> Self {
        Self { directory: TempDir::new().unwrap() }
    }

    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.directory().join(name)
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.file("grelot.db")
    }

    pub(crate) fn options(&self) -> SqliteOptions {
        SqliteOptions::new(self.path())
    }

    /// Opens the database with a clock and a listener that the test does not ask.
    pub(crate) fn open_store(&self) -> Arc<SqliteStore> {
        open(self.options())
    }
}

#[async_trait]
impl Backend for TempBackend {
    async fn open(
        &self,
        max_rows: Option<usize>,
        clock: Arc<dyn Clock>,
        listener: Arc<dyn Committed>,
    ) -> Arc<dyn Store> {
        let mut options = self.options();
        options.max_rows = max_rows.unwrap_or(options.max_rows);
        SqliteStore::open(options, clock, listener).unwrap()
    }
}

/// Opens a database with a clock and a listener that the test does not ask.
pub(crate) fn open(options: SqliteOptions) -> Arc<SqliteStore> {
    SqliteStore::open(options, Arc::new(HandClock::new()), Arc::new(Heard::new())).unwrap()
}

/// A notification of about `bytes` bytes.
pub(crate) fn large(title: &str, bytes: usize) -> Content {
    let data = format!("{{\"a\":\"{}\"}}", "x".repeat(bytes));
    Content { data: Some(Data::from_compact_json(&data).unwrap()), ..content(title) }
}

/// The bytes of a file of a live database, read by another process: closing it in this one would drop SQLite's locks.
pub(crate) fn read_live(path: &Path) -> Vec<u8> {
    let output = Command::new("cat").arg(path).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    output.stdout
}

/// Counts what is unread by walking the list, which must agree with the counter of every page.
pub(crate) async fn walk_unread(store: &dyn Store, user: &UserId) -> u64 {
    let (mut unread, mut cursor) = (0, None);
    loop {
        let page = store.list(user, &ListFilter::default(), cursor, 100).await.unwrap();
        unread += page.notifications.iter().filter(|shown| shown.read_at.is_none()).count() as u64;
        cursor = page.next;
        if cursor.is_none() {
            assert_eq!(page.inbox.unread, unread);
            return unread;
        }
    }
}
