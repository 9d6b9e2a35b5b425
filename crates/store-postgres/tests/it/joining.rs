//! Joining a database that its host uses already: its rows come in, silently, and it is never locked out.

use std::time::{Duration, Instant};

use grelot_core::{ListFilter, Seq};
use grelot_store::conformance::user;
use grelot_store::{Inboxes as _, MailPolicy, Replay as _, Replayed};
use grelot_store_postgres::{Backlog, PostgresStore, migrate};

use crate::cluster::Database;
use crate::support::{Session, TempBackend, adopt, check, node, send};

/// The tables as Prisma makes them, from the module's own schema.
const MODULE: &str = r#"
    CREATE TYPE "NotificationType" AS ENUM ('INFO', 'SUCCESS', 'WARNING', 'ERROR');
    CREATE TABLE notifications ("id" TEXT NOT NULL, "userId" TEXT NOT NULL,
        "type" "NotificationType" NOT NULL DEFAULT 'INFO', "title" TEXT NOT NULL, "body" TEXT, "link" TEXT,
        "readAt" TIMESTAMP(3), "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
        CONSTRAINT "notifications_pkey" PRIMARY KEY ("id"));
    CREATE INDEX "notifications_userId_readAt_idx" ON notifications ("userId", "readAt");
    CREATE TABLE notification_preferences ("id" TEXT NOT NULL, "userId" TEXT NOT NULL,
        "inApp" BOOLEAN NOT NULL DEFAULT true, "email" BOOLEAN NOT NULL DEFAULT true,
        "categories" JSONB NOT NULL DEFAULT '{}', CONSTRAINT "notification_preferences_pkey" PRIMARY KEY ("id"));
    CREATE UNIQUE INDEX "notification_preferences_userId_key" ON notification_preferences ("userId")"#;
const COLUMNS: &str = r#"ALTER TABLE notifications ADD "category" TEXT, ADD "data" JSON, ADD "seq" BIGINT,
    ADD "stateSeq" BIGINT"#;

/// `rows` of `users`, the later the newer, a third of them read.
fn rows(rows: usize, users: usize) -> String {
    format!(
        r#"INSERT INTO notifications (id, "userId", title, "readAt", "createdAt")
        SELECT 'old-' || n, 'user ' || n % {users}, 'one', CASE WHEN n % 3 = 0 THEN now() END,
            '2020-01-01'::timestamp + n * interval '1 minute' FROM generate_series(0, {rows} - 1) AS n"#
    )
}

fn insert(id: &str, user: &str) -> String {
    format!(r#"INSERT INTO notifications (id, "userId", title) VALUES ('{id}', '{user}', 'new')"#)
}

/// The positions of each inbox have no gap.
fn check_gapless(database: &Database) {
    let gaps = database.run(
        r#"SELECT i."userId", i.seq, u.count FROM grelot.inboxes i LEFT JOIN (
            SELECT "userId", count(DISTINCT seq) FROM (
                SELECT "userId", seq FROM notifications WHERE seq > 0 UNION ALL SELECT "userId", seq FROM grelot.changes
            ) AS used GROUP BY 1
        ) AS u USING ("userId") WHERE i.seq <> coalesce(u.count, 0)"#,
    );
    assert_eq!(gaps, "");
}

/// Goes on until there is nothing to do; returns how many rows are done with.
async fn backfill(store: &PostgresStore) -> usize {
    let mut done = 0;
    loop {
        match store.backfill().await.unwrap() {
            0 => return done,
            some => done += some,
        }
    }
}

#[tokio::test]
async fn older_rows_come_in_silently_while_the_host_goes_on() {
    let backend = TempBackend::new();
    backend.database.run(MODULE);
    backend.database.run(COLUMNS);
    backend.database.run(&rows(20_000, 500));
    let (store, heard) = node(&backend).await;
    assert_eq!(store.backlog().await.unwrap(), Backlog { users: 500, rows: 20_000 });
    assert!(store.is_joined().await.unwrap());
    let (mut new, mut done) = (0, 0);
    // The last of the loop finds nothing more.
    loop {
        let filled = store.backfill().await.unwrap();
        done += filled;
        let inserts = ["user 0", "user 250", "user 499", "nobody yet"].map(|name| {
            new += 1;
            insert(&format!("new-{new}"), name)
        });
        backend.database.run(&inserts.join(";"));
        send(&*store, &user("user 7"), "sent").await.unwrap();
        adopt(&store).await;
        check(&backend.database);
        if filled == 0 {
            break;
        }
    }
    assert_eq!((done, store.backlog().await.unwrap()), (20_000, Backlog::default()));
    check_gapless(&backend.database);
    // What is new was told, and nothing else; nothing old was mailed.
    let sent = new / 4;
    assert_eq!(heard.take().len(), new + sent);
    assert_eq!(backend.database.run("SELECT count(*) FROM grelot.deliveries"), new.to_string());
    let wrong_order = r#"SELECT count(*) FROM notifications a JOIN notifications b USING ("userId")
        WHERE "userId" IN ('user 0', 'user 7', 'user 250') AND a."createdAt" < b."createdAt" AND a.seq > b.seq
        AND a.id LIKE 'old%'"#;
    assert_eq!(backend.database.run(wrong_order), "0");
    let inbox = store.inbox(&user("user 1")).await.unwrap();
    assert_eq!((inbox.seq, inbox.unread, inbox.pruned), (Seq::new(40), 27, Seq::new(40)));
    // Whoever had looked at it before looks again.
    let replayed = store.replay(&user("user 1"), Seq::ZERO).await.unwrap();
    assert!(matches!(replayed, Replayed::Reset { .. }));
}

#[tokio::test]
async fn a_table_without_the_columns_gets_them_where_no_prisma_is() {
    let backend = TempBackend::new();
    backend.database.run(MODULE);
    backend.database.run(&rows(30, 3));
    let (store, _heard) = node(&backend).await;
    assert_eq!(store.missing().await.unwrap(), [""; 0]);
    assert_eq!(backfill(&store).await, 30);
    check(&backend.database);
    check_gapless(&backend.database);
    let page = store.list(&user("user 2"), &ListFilter::default(), None, 99).await.unwrap();
    assert_eq!(page.notifications.len(), 10);
}

#[tokio::test]
async fn rows_of_a_host_that_is_in_the_middle_of_something_are_not_missed() {
    let backend = TempBackend::new();
    backend.database.run(MODULE);
    backend.database.run(COLUMNS);
    backend.database.run(&rows(30, 3));
    let host = Session::open(&backend.database).await;
    host.run(&format!("BEGIN; {}", insert("half-done", "user 0"))).await;
    let url = backend.database.url();
    let migrating = migrate(&url, false);
    let host_goes_on = async {
        for number in 0..5 {
            // Another one is not locked out meanwhile.
            let (other, began) = (Session::open(&backend.database).await, Instant::now());
            other.run(&insert(&format!("meanwhile-{number}"), "user 1")).await;
            assert!(began.elapsed() < Duration::from_secs(4), "the host is locked out");
        }
        host.run(&insert("half-done-too", "user 2")).await;
        host.run("COMMIT").await;
    };
    let (migrated, ()) = tokio::join!(migrating, host_goes_on);
    migrated.unwrap();
    let (store, _heard) = node(&backend).await;
    adopt(&store).await;
    backfill(&store).await;
    assert_eq!(
        backend.database.run("SELECT count(*) FROM notifications WHERE seq IS NOT NULL"),
        "37"
    );
    check(&backend.database);
    check_gapless(&backend.database);
}

#[tokio::test]
async fn what_a_migration_of_the_host_takes_away_is_noticed_and_put_back() {
    let backend = TempBackend::new();
    let (store, _heard) = node(&backend).await;
    for name in ["ann", "bob"] {
        send(&*store, &user(name), "one").await.unwrap();
    }
    let read = send(&*store, &user("cat"), "read").await.unwrap();
    store.set_read(&user("cat"), read, true).await.unwrap();
    assert_eq!(store.missing().await.unwrap(), [""; 0]);
    backend
        .database
        .run("DROP TRIGGER grelot_inserted ON notifications; DROP INDEX notifications_read_idx");
    backend.database.run("ALTER TABLE notification_preferences DISABLE TRIGGER grelot_updated");
    assert_eq!(
        store.missing().await.unwrap(),
        [
            "the trigger grelot_inserted on notifications",
            "the trigger grelot_updated on notification_preferences",
            "the index notifications_read_idx",
        ],
    );
    // Meanwhile nobody sees what happens.
    backend.database.run("DROP TRIGGER grelot_guard_insert ON notifications; DROP TRIGGER grelot_deleted ON notifications");
    backend.database.run(&insert("unseen", "ann"));
    backend.database.run(r#"DELETE FROM notifications WHERE "userId" = 'bob'"#);
    backend.database.run(
        r#"DROP TRIGGER grelot_updated ON notifications;
        UPDATE notifications SET "readAt" = NULL WHERE "userId" = 'cat'"#,
    );
    assert_eq!(adopt(&store).await, 0);
    store.close().await;
    let (store, heard) = node(&backend).await;
    assert_eq!(store.missing().await.unwrap(), [""; 0]);
    assert_eq!(backfill(&store).await, 1);
    backend.database.run(&insert("seen", "ann"));
    let seen_by_bob = store.inbox(&user("bob")).await.unwrap().seq;
    adopt(&store).await;
    // What is told to bob comes after a gap, across which nobody resumes: his page is read again.
    let of_whom: Vec<_> =
        heard.take().into_iter().map(|change| (change.user, change.seq)).collect();
    let bob = store.inbox(&user("bob")).await.unwrap();
    assert_eq!(
        of_whom,
        [(user("ann"), Seq::new(3)), (user("bob"), bob.seq), (user("cat"), Seq::new(4))]
    );
    assert_eq!(store.inbox(&user("cat")).await.unwrap().unread, 1);
    assert_eq!((bob.unread, bob.seq), (0, seen_by_bob.next().next()));
    let resumed = store.catch_up(&user("bob"), seen_by_bob).await.unwrap();
    assert!(matches!(resumed, Replayed::Reset { .. }), "{resumed:?}");
    assert_eq!(store.inbox(&user("ann")).await.unwrap().unread, 3);
    check(&backend.database);
}

/// The titles that `ann` sees, newest first.
async fn titles(store: &PostgresStore) -> Vec<String> {
    let page = store.list(&user("ann"), &ListFilter::default(), None, 99).await.unwrap();
    page.notifications.iter().map(|row| row.content.title.as_str().to_owned()).collect()
}

#[tokio::test]
async fn rows_that_came_while_one_trigger_was_away_come_in_as_older_ones() {
    let backend = TempBackend::new();
    let (store, _heard) = node(&backend).await;
    send(&*store, &user("ann"), "one").await.unwrap();
    // What is still to be adopted when the next node starts is no older row.
    backend.database.run(&insert("seen", "bob"));
    backend.database.run("DROP TRIGGER grelot_inserted ON notifications");
    backend.database.run(&insert("unseen", "ann"));
    store.close().await;
    let (store, heard) = node(&backend).await;
    assert_eq!(backfill(&store).await, 1);
    assert_eq!(heard.take().len(), 0);
    assert_eq!(titles(&store).await, ["new", "one"]);
    // Of it, and of an inbox that is counted anew.
    assert_eq!(adopt(&store).await, 2);
    assert_eq!(heard.take().len(), 1);
    check(&backend.database);
}

#[tokio::test]
async fn rows_that_came_while_triggers_were_switched_off_come_in_at_the_next_start() {
    let backend = TempBackend::new();
    let (store, _heard) = node(&backend).await;
    for trigger in ["ALL", "grelot_inserted"] {
        let switch = |how| format!("ALTER TABLE notifications {how} TRIGGER {trigger}");
        let insert = insert(&format!("unseen-{trigger}"), "ann");
        backend.database.run(&[switch("DISABLE"), insert, switch("ENABLE")].join(";"));
    }
    assert_eq!(store.missing().await.unwrap(), [""; 0]);
    assert_eq!(adopt(&store).await, 0);
    store.close().await;
    let (store, heard) = node(&backend).await;
    assert_eq!(backfill(&store).await, 2);
    assert_eq!((adopt(&store).await, heard.take().len()), (0, 0));
    assert_eq!(titles(&store).await, ["new", "new"]);
    check(&backend.database);
}

#[tokio::test]
async fn rows_that_stay_out_of_the_inbox_do_not_come_in_at_the_next_start() {
    let backend = TempBackend::new();
    let (store, _heard) = node(&backend).await;
    backend.database.run(
        r#"INSERT INTO notification_preferences (id, "userId", "inApp") VALUES ('p', 'ann', false);
        INSERT INTO notifications (id, "userId", title) VALUES ('off', 'ann', 'switched off'), ('a b', 'bob', 'odd id')"#,
    );
    adopt(&store).await;
    store.close().await;
    for _ in 0..2 {
        let (store, _heard) = node(&backend).await;
        backfill(&store).await;
        assert_eq!((adopt(&store).await, titles(&store).await.len()), (0, 0));
        store.close().await;
    }
    let left = "SELECT string_agg(id, ',' ORDER BY id) FROM notifications WHERE seq IS NULL";
    assert_eq!(backend.database.run(left), "a b,off");
    check(&backend.database);
}

#[tokio::test]
async fn odd_rows_and_rows_that_are_held_do_not_stop_the_others() {
    let backend = TempBackend::new();
    backend.database.run(MODULE);
    backend.database.run(&rows(30, 3));
    backend.database.run(
        r#"INSERT INTO notifications (id, "userId", title) VALUES ('a b', 'user 0', 'odd id'), ('c', E'\n', 'odd user')"#,
    );
    let (store, _heard) = node(&backend).await;
    backend.database.run(r"INSERT INTO grelot.backfill VALUES ('', 1, 1), ('user -', -1, 1)");
    let host = Session::open(&backend.database).await;
    host.run(r#"BEGIN; UPDATE notifications SET "readAt" = now() WHERE id = 'old-4'"#).await;
    assert_eq!(backfill(&store).await, 30);
    assert_eq!(store.backlog().await.unwrap(), Backlog { users: 1, rows: 1 });
    check(&backend.database);
    host.run("COMMIT").await;
    assert_eq!(backfill(&store).await, 1);
    assert_eq!(store.backlog().await.unwrap(), Backlog::default());
    adopt(&store).await;
    check(&backend.database);
    let left = "SELECT string_agg(id, ',' ORDER BY id) FROM notifications WHERE seq IS NULL";
    assert_eq!(backend.database.run(left), "a b,c");
}

#[tokio::test]
async fn nodes_backfill_side_by_side() {
    let backend = TempBackend::new();
    backend.database.run(MODULE);
    backend.database.run(&rows(6_000, 40));
    let nodes = tokio::join!(node(&backend), node(&backend));
    let (one, other) = (&nodes.0.0, &nodes.1.0);
    let done = tokio::join!(backfill(one), backfill(other));
    let rest = backfill(one).await;
    assert_eq!(done.0 + done.1 + rest, 6_000);
    assert_eq!(one.adopt(MailPolicy::Off).await.unwrap().taken, 0);
    check(&backend.database);
    check_gapless(&backend.database);
}
