//! `copy`: everything is there afterwards, whatever happens in between, and nothing is written over what is not a copy.

use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::Arc;

use grelot_store::Notify as _;
use grelot_store::conformance::{HandClock, Heard, content, request, user};
use grelot_store_postgres::{PostgresOptions, PostgresStore};
use grelot_store_sqlite::{SqliteOptions, SqliteStore};
use grelot_testkit::postgres::Server;

use crate::filled;
use crate::support::{Said, Workplace, said};

/// What holds a copy up when it comes to the history: rows before it are there, rows after it are not.
const HOLD: &str = "CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NULL; END $$;
    CREATE TRIGGER hold BEFORE INSERT ON grelot.changes FOR EACH STATEMENT EXECUTE FUNCTION hold()";
const WAITING: &str = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted";
const HOLDING: &str =
    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 1 AND granted";

/// A filled SQLite database, and a PostgreSQL server with an empty one.
struct Ends {
    place: Workplace,
    server: Server,
    clock: Arc<HandClock>,
}

impl Ends {
    async fn new() -> Self {
        let server = Server::start().unwrap();
        server.run("postgres", "CREATE DATABASE target").unwrap();
        let ends = Self { place: Workplace::new(), server, clock: Arc::default() };
        let store = ends.source();
        filled::fill(&*store, &ends.clock).await;
        store.close();
        ends
    }

    fn file(&self) -> PathBuf {
        self.place.path().join("grelot.db")
    }

    fn source(&self) -> Arc<SqliteStore> {
        open(&self.file(), &self.clock)
    }

    async fn target(&self) -> Arc<PostgresStore> {
        let options = PostgresOptions::new(self.server.url("target"));
        let clock = Arc::clone(&self.clock);
        PostgresStore::open(options, clock, Arc::new(Heard::new())).await.unwrap()
    }

    fn copy(&self) -> Said {
        self.copy_from("sqlite:grelot.db")
    }

    fn copy_from(&self, source: &str) -> Said {
        self.place.run(&["copy", "--from", source, "--to", &self.server.url("target")])
    }

    fn sql(&self, sql: &str) -> String {
        self.server.run("target", sql).unwrap()
    }

    /// Does `meanwhile` while a copy stands in the middle; the copy goes on afterwards, if it still lives.
    fn in_the_middle(&self, meanwhile: impl FnOnce(&mut Child)) -> Said {
        self.place.ok(&["migrate", "--database", &self.server.url("target")]);
        self.sql(HOLD);
        std::thread::scope(|scope| {
            // Ends by the word of this test.
            scope.spawn(|| {
                self.server.run("target", "SELECT pg_advisory_lock(1); SELECT pg_sleep(600)")
            });
            self.wait_for(HOLDING);
            let (from, to) = ("sqlite:grelot.db", self.server.url("target"));
            let mut command = self.place.command(&["copy", "--from", from, "--to", &to]);
            command.stdout(Stdio::piped()).stderr(Stdio::piped());
            let mut copy = command.spawn().unwrap();
            self.wait_for(WAITING);
            meanwhile(&mut copy);
            self.sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)' AND pid <> pg_backend_pid()",
            );
            said(copy.wait_with_output().unwrap())
        })
    }

    fn wait_for(&self, count: &str) {
        let mut tries = 0;
        while self.sql(count) == "0" {
            tries += 1;
            assert!(tries < 1_000, "it does not come to {count}");
        }
    }
}

fn open(path: &Path, clock: &Arc<HandClock>) -> Arc<SqliteStore> {
    let clock = Arc::clone(clock);
    SqliteStore::open(SqliteOptions::new(path), clock, Arc::new(Heard::new())).unwrap()
}

/// Fails at the first difference, and not with a page of everything.
fn assert_same(before: &[String], after: &[String]) {
    for (before, after) in before.iter().zip(after) {
        assert_eq!(before, after);
    }
    assert_eq!(before.len(), after.len());
}

#[tokio::test]
async fn a_copy_answers_everything_as_the_original_does() {
    let ends = Ends::new().await;
    let source = ends.source();
    let before = filled::answers(&*source).await;
    source.close();

    let copied = ends.copy();
    assert_eq!(copied.status, 0, "{}", copied.stderr);
    assert!(copied.stderr.contains("verified: "), "{}", copied.stderr);
    for table in ["notifications ", "changes ", "attempts ", "departures ", "idempotency "] {
        let line = copied.stdout.lines().find(|line| line.starts_with(table)).unwrap();
        assert_ne!(line.split_whitespace().nth(1), Some("0"), "{line}");
    }
    let again = ends.copy();
    assert_eq!(again.status, 0, "{}", again.stderr);
    assert!(again.stdout.starts_with("already there: the copy was verified"), "{}", again.stdout);

    let target = ends.target().await;
    assert_same(&before, &filled::answers(&*target).await);
    assert_eq!(ends.sql("SELECT count(*) FROM grelot.outside"), "0");
    assert!(target.notify(filled::repeated()).await.unwrap().replayed);
    target.close().await;
}

#[tokio::test]
async fn a_copy_that_was_killed_goes_on_where_it_was_and_is_not_served_before() {
    let ends = Ends::new().await;
    let source = ends.source();
    let before = filled::answers(&*source).await;
    source.close();

    ends.in_the_middle(|copy| copy.kill().unwrap());
    let refused = ends.place.run(&["keys", "list", "--database", &ends.server.url("target")]);
    assert_eq!(refused.status, 1);
    assert!(refused.stderr.contains("unfinished copy"), "{}", refused.stderr);
    let migrated = ends.place.run(&["migrate", "--database", &ends.server.url("target")]);
    assert!(migrated.stderr.contains("unfinished copy"), "{}", migrated.stderr);
    assert!(!migrated.stderr.contains("up to date"), "{}", migrated.stderr);

    let copied = ends.copy();
    assert_eq!(copied.status, 0, "{}", copied.stderr);
    assert!(copied.stderr.contains("going on after "), "{}", copied.stderr);
    let target = ends.target().await;
    assert_same(&before, &filled::answers(&*target).await);
    target.close().await;
}

#[tokio::test]
async fn a_row_that_was_damaged_on_the_way_is_found() {
    let ends = Ends::new().await;
    let damage =
        "UPDATE notifications SET title = 'other' WHERE id = (SELECT min(id) FROM notifications)";
    let said = ends.in_the_middle(|_| _ = ends.sql(damage));
    assert_eq!(said.status, 1);
    assert!(said.stderr.contains("notifications: rows from c"), "{}", said.stderr);
    let store = ends.place.run(&["keys", "list", "--database", &ends.server.url("target")]);
    assert_eq!(store.status, 1, "it can be served");

    let added = "INSERT INTO grelot.contacts (\"userId\") VALUES ('other'); UPDATE notifications SET title = '№ 0'
        WHERE title = 'other'";
    ends.sql(added);
    let said = ends.copy();
    assert_eq!(said.status, 1);
    assert!(
        said.stderr.contains("contacts: 3 rows were copied, and 4 are there"),
        "{}",
        said.stderr
    );
}

#[tokio::test]
async fn nothing_is_written_over_what_is_no_copy() {
    let ends = Ends::new().await;
    let refused = |said: Said, why: &str| {
        assert_eq!(said.status, 1, "{}", said.stderr);
        assert!(said.stderr.contains(why), "{}", said.stderr);
    };
    // Whatever is asked, the source is nobody else's.
    let source = ends.source();
    refused(ends.copy(), "another grelot serves this database");
    source.close();
    refused(ends.copy_from("sqlite:none.db"), "there is no database at none.db");
    ends.place.file("notes.txt", "this is a text, and longer than a head");
    refused(ends.copy_from("sqlite:notes.txt"), "notes.txt is no SQLite database");

    ends.place.ok(&["migrate", "--database", &ends.server.url("target")]);
    ends.sql("INSERT INTO notifications (id, \"userId\", title) VALUES ('a', 'ann', 'a host wrote this')");
    refused(ends.copy(), "the target has rows in notifications already");
    ends.sql("DELETE FROM notifications");

    ends.in_the_middle(|copy| copy.kill().unwrap());
    open(&ends.place.path().join("other.db"), &ends.clock).close();
    refused(ends.copy_from("sqlite:other.db"), "a copy of another database");
    let source = ends.source();
    source.notify(request(&user("ann"), content("later"))).await.unwrap();
    source.close();
    refused(ends.copy(), "the source was used after this copy began");
}

#[tokio::test]
async fn a_database_of_an_application_is_refused_as_it_is() {
    let ends = Ends::new().await;
    ends.sql(
        "CREATE TABLE notifications (id TEXT PRIMARY KEY); INSERT INTO notifications VALUES ('a')",
    );
    let said = ends.copy();
    assert_eq!(said.status, 1, "{}", said.stderr);
    assert!(
        said.stderr.contains("the target has rows in notifications already"),
        "{}",
        said.stderr
    );
    assert_eq!(ends.sql("SELECT to_regnamespace('grelot')"), "");
    let columns = "SELECT count(*) FROM pg_attribute WHERE attrelid = 'notifications'::regclass AND attnum > 0";
    assert_eq!(ends.sql(columns), "1");
}

// Its sessions end while this test waits for a process.
#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_a_node_has_open_is_refused() {
    let ends = Ends::new().await;
    let target = ends.target().await;
    let said = ends.copy();
    assert_eq!(said.status, 1, "{}", said.stderr);
    assert!(said.stderr.contains("a grelot has the target open"), "{}", said.stderr);
    target.close().await;
    let said = ends.copy();
    assert_eq!(said.status, 0, "{}", said.stderr);
}

#[test]
fn a_copy_goes_one_way_and_shows_no_password() {
    let place = Workplace::bare();
    for ends in
        [["postgres://u:hunter2@h/d", "sqlite:a.db"], ["sqlite:a.db", "mysql://u:hunter2@h"]]
    {
        let said = place.run(&["copy", "--from", ends[0], "--to", ends[1]]);
        assert_eq!(said.status, 2, "{}", said.stderr);
        assert!(!said.stderr.contains("hunter2"), "{}", said.stderr);
    }
}
