//! Rows of the host's tables that another program writes: adopted as if they had been asked for here.

use std::sync::Arc;
use std::time::{Duration, Instant};

use grelot_core::{
    Change, ChangeKind, DeliveryState, ListFilter, NotificationId, NotificationType,
    PreferencesUpdate, Seq, UserId,
};
use grelot_store::conformance::{reachable, user};
use grelot_store::{
    Deliveries as _, DeliveryFilter, Inboxes as _, MailPolicy, PreferenceBook as _, ReadAllScope,
    Replay as _, Replayed, StoreError, Users as _,
};
use grelot_store_postgres::PostgresStore;
use tokio::task::JoinSet;

use crate::support::{Session, TempBackend, adopt, check, node, send};

pub(crate) fn insert(id: &str, user: &str) -> String {
    format!(
        r#"INSERT INTO notifications (id, "userId", title) VALUES ('{id}', '{user}', 'title of {id}')"#
    )
}

/// What was told, in short.
pub(crate) fn told(changes: &[Change]) -> Vec<String> {
    let short = |change: &Change| {
        let what = match &change.kind {
            ChangeKind::Created(created) => format!("created {}", created.id.as_str()),
            ChangeKind::Read { id, .. } => format!("read {}", id.as_str()),
            ChangeKind::Unread { id } => format!("unread {}", id.as_str()),
            ChangeKind::Deleted { id } => format!("deleted {}", id.as_str()),
            ChangeKind::PreferencesUpdated => "preferences".to_owned(),
            other => format!("{other:?}"),
        };
        format!("{} {}: {what}, {} unread", change.user.as_str(), change.seq.get(), change.unread)
    };
    changes.iter().map(short).collect()
}

#[tokio::test]
async fn a_row_that_another_program_commits_is_a_notification() {
    let backend = TempBackend::new();
    let (store, heard) = node(&backend).await;
    let ann = user("ann");
    backend.database.run(&format!("BEGIN; {}; ROLLBACK", insert("lost", "ann")));
    assert_eq!(adopt(&store).await, 0);
    backend.database.run(
        r#"BEGIN; INSERT INTO notifications (id, "userId", type, title, body, link, category, data, "createdAt")
        VALUES ('order-1', 'ann', 'SUCCESS', 'Paid', 'Thank you', '/orders/1', 'orders', '{"order": 1}',
        '1999-12-31 23:59:59.5'); COMMIT"#,
    );
    assert!(
        store.list(&ann, &ListFilter::default(), None, 9).await.unwrap().notifications.is_empty()
    );
    assert_eq!(adopt(&store).await, 1);
    let changes = heard.take();
    assert_eq!(told(&changes), ["ann 1: created order-1, 1 unread"]);
    let page = store.list(&ann, &ListFilter::default(), None, 9).await.unwrap();
    let ChangeKind::Created(created) = &changes[0].kind else { panic!("{changes:?}") };
    assert_eq!(page.notifications, [(**created).clone()]);
    let shown = &page.notifications[0];
    assert_eq!((page.inbox.seq, page.inbox.unread), (Seq::new(1), 1));
    assert_eq!(shown.content.kind, NotificationType::Success);
    assert_eq!(shown.content.data.as_ref().unwrap().as_json(), r#"{"order":1}"#);
    assert_eq!(shown.created_at.millis(), 946_684_799_500);
    check(&backend.database);
}

#[tokio::test]
async fn a_row_that_is_read_when_it_is_adopted_counts_for_a_moment() {
    let backend = TempBackend::new();
    let (store, heard) = node(&backend).await;
    backend.database.run(&insert("a", "ann"));
    backend.database.run(&insert("b", "ann"));
    backend.database.run(r#"UPDATE notifications SET "readAt" = now() WHERE id = 'a'"#);
    adopt(&store).await;
    let changes = heard.take();
    let counts =
        ["ann 1: created a, 1 unread", "ann 2: read a, 0 unread", "ann 3: created b, 1 unread"];
    assert_eq!(told(&changes), counts);
    check(&backend.database);
    // Another node, which reads them from the database, tells the same.
    let caught_up = store.catch_up(&user("ann"), Seq::ZERO).await.unwrap();
    let Replayed::Changes { changes: caught_up, .. } = caught_up else { panic!("reset") };
    assert_eq!(caught_up, changes);
}

#[tokio::test]
async fn what_is_read_made_unread_or_deleted_outside_is_told_as_it_is_now() {
    let backend = TempBackend::new();
    let (store, heard) = node(&backend).await;
    let ann = user("ann");
    let id = send(&*store, &ann, "one").await.unwrap();
    let other = send(&*store, &ann, "two").await.unwrap();
    let (id, other) = (id.as_str(), other.as_str());
    heard.take();
    let run = |sql: String| backend.database.run(&sql);
    run(format!(r#"UPDATE notifications SET "readAt" = now() WHERE id = '{id}'"#));
    adopt(&store).await;
    assert_eq!(told(&heard.take()), [format!("ann 3: read {id}, 1 unread")]);
    // Back and forth within one look: nothing happened.
    run(format!(r#"UPDATE notifications SET "readAt" = NULL WHERE id = '{id}'"#));
    run(format!(r#"UPDATE notifications SET "readAt" = now() WHERE id = '{id}'"#));
    run(format!(r#"UPDATE notifications SET "readAt" = NULL WHERE id = '{id}'"#));
    run(format!(r#"UPDATE notifications SET "readAt" = NULL WHERE id = '{other}'"#));
    adopt(&store).await;
    assert_eq!(told(&heard.take()), [format!("ann 4: unread {id}, 2 unread")]);
    check(&backend.database);
    run(format!("UPDATE notifications SET title = 'new' WHERE id = '{id}'"));
    assert_eq!(adopt(&store).await, 0);
    run("DELETE FROM notifications".to_owned());
    adopt(&store).await;
    let mut deleted = told(&heard.take());
    deleted.sort_unstable();
    assert_eq!(deleted.len(), 2);
    assert!(deleted[0].starts_with("ann 5: deleted ") && deleted[0].ends_with(", 1 unread"));
    assert!(deleted[1].starts_with("ann 6: deleted ") && deleted[1].ends_with(", 0 unread"));
    assert_eq!(backend.database.run("SELECT count(*) FROM grelot.outside"), "0");
    check(&backend.database);
    // All of it is in the history.
    let Replayed::Changes { changes, .. } = store.replay(&ann, Seq::new(2)).await.unwrap() else {
        panic!("reset")
    };
    assert_eq!(changes.iter().map(|change| change.seq.get()).collect::<Vec<_>>(), [3, 4, 5, 6]);
}

#[tokio::test]
async fn a_table_that_is_truncated_leaves_nothing_unread() {
    let backend = TempBackend::new();
    let (store, heard) = node(&backend).await;
    let ann = user("ann");
    send(&*store, &ann, "one").await.unwrap();
    send(&*store, &ann, "two").await.unwrap();
    let bob = user("bob");
    let read = send(&*store, &bob, "read").await.unwrap();
    store.set_read(&bob, read, true).await.unwrap();
    backend.database.run(&format!(
        "{}; TRUNCATE notifications; {}",
        insert("a", "ann"),
        insert("b", "ann")
    ));
    heard.take();
    adopt(&store).await;
    let changes = heard.take();
    let ChangeKind::AllRead { up_to, .. } = changes[0].kind else { panic!("{changes:?}") };
    assert_eq!((up_to, changes[0].seq, changes[0].unread), (Seq::new(2), Seq::new(3), 0));
    let (of_bob, of_ann): (Vec<_>, Vec<_>) =
        changes[1..].iter().cloned().partition(|change| change.user == bob);
    assert_eq!(told(&of_ann), ["ann 4: created b, 1 unread"]);
    // Who had only what was read looks again as well.
    assert_eq!((of_bob[0].seq, of_bob[0].unread), (Seq::new(3), 0));
    let resumed = store.replay(&bob, Seq::new(2)).await.unwrap();
    assert!(matches!(resumed, Replayed::Reset { .. }), "{resumed:?}");
    check(&backend.database);
    let resumed = async |since| store.replay(&ann, Seq::new(since)).await.unwrap();
    assert!(matches!(resumed(2).await, Replayed::Reset { .. }));
    assert!(matches!(resumed(3).await, Replayed::Changes { .. }));
}

#[tokio::test]
async fn a_row_that_gets_another_user_leaves_one_inbox_and_comes_into_the_other() {
    let backend = TempBackend::new();
    let (store, heard) = node(&backend).await;
    let id = send(&*store, &user("ann"), "one").await.unwrap();
    let id = id.as_str();
    heard.take();
    backend.database.run(r#"UPDATE notifications SET "userId" = 'bob', seq = 77, "stateSeq" = 78"#);
    adopt(&store).await;
    assert_eq!(
        told(&heard.take()),
        [format!("ann 2: deleted {id}, 0 unread"), format!("bob 1: created {id}, 1 unread")],
    );
    backend.database.run("UPDATE notifications SET id = 'other'");
    adopt(&store).await;
    assert_eq!(
        told(&heard.take()),
        [format!("bob 2: deleted {id}, 0 unread"), "bob 3: created other, 1 unread".to_owned()],
    );
    check(&backend.database);
}

#[tokio::test]
async fn positions_that_another_program_sends_along_are_ignored() {
    let backend = TempBackend::new();
    let (store, heard) = node(&backend).await;
    backend.database.run(
        r#"INSERT INTO notifications (id, "userId", title, seq, "stateSeq") VALUES ('a', 'ann', 'one', 9, 9)"#,
    );
    assert_eq!(store.find_notification(NotificationId::parse("a").unwrap()).await.unwrap(), None);
    adopt(&store).await;
    backend.database.run(r#"UPDATE notifications SET seq = NULL, "stateSeq" = 5, title = 'two'"#);
    assert_eq!(told(&heard.take()), ["ann 1: created a, 1 unread"]);
    assert_eq!(
        backend.database.run(r#"SELECT seq, "stateSeq", title FROM notifications"#),
        "1|0|two"
    );
}

#[tokio::test]
async fn preferences_that_another_program_writes_are_told_and_hold() {
    let backend = TempBackend::new();
    let (store, heard) = node(&backend).await;
    let ann = user("ann");
    backend.database.run(
        r#"INSERT INTO notification_preferences (id, "userId", "inApp", categories) VALUES ('p', 'ann', false, '{"a": true}')"#,
    );
    adopt(&store).await;
    assert_eq!(told(&heard.take()), ["ann 1: preferences, 0 unread"]);
    // Nothing changes.
    backend.database.run(r#"UPDATE notification_preferences SET "inApp" = false"#);
    assert_eq!(adopt(&store).await, 0);
    // The inbox is off: the row stays as it is, and nobody sees it.
    backend.database.run(&insert("muted", "ann"));
    backend.database.run(&insert("seen", "bob"));
    adopt(&store).await;
    backend.database.run(r#"UPDATE notifications SET "readAt" = now() WHERE id = 'muted'"#);
    assert_eq!(adopt(&store).await, 0);
    assert_eq!(told(&heard.take()), ["bob 1: created seen, 1 unread"]);
    assert!(
        store.list(&ann, &ListFilter::default(), None, 9).await.unwrap().notifications.is_empty()
    );
    let view = store.preferences(&ann).await.unwrap();
    assert_eq!(view.preferences.choices.len(), 1);
    backend.database.run("DELETE FROM notification_preferences");
    adopt(&store).await;
    assert_eq!(told(&heard.take()), ["ann 2: preferences, 0 unread"]);
    assert_eq!(backend.database.run("SELECT count(*) FROM notifications WHERE seq IS NULL"), "1");
    check(&backend.database);
}

#[tokio::test]
async fn mails_are_planned_whether_there_is_an_inbox_or_not() {
    let backend = TempBackend::new();
    let (store, _heard) = node(&backend).await;
    for name in ["ann", "bob"] {
        reachable(&*store, name).await;
    }
    let off = PreferencesUpdate { in_app: Some(false), ..PreferencesUpdate::default() };
    store.update_preferences(&user("bob"), &off).await.unwrap();
    for (id, name) in [("a", "ann"), ("b", "bob"), ("c", "cat")] {
        backend.database.run(&insert(id, name));
    }
    adopt(&store).await;
    let filter = DeliveryFilter { state: Some(DeliveryState::Pending), before: None };
    let pending = store.deliveries(filter, 9).await.unwrap();
    let about = |name: &str| {
        let found = pending.iter().find(|found| found.user == user(name));
        found.map(|found| (found.notification.unwrap().as_str().to_owned(), found.in_app.0))
    };
    assert_eq!(about("ann"), Some(("a".to_owned(), true)));
    assert_eq!(about("bob"), Some(("b".to_owned(), false)));
    assert_eq!(about("cat"), None);
}

#[tokio::test]
async fn odd_rows_are_read_as_far_as_they_can_be_and_hold_up_nothing() {
    let backend = TempBackend::new();
    let (store, heard) = node(&backend).await;
    let long = "x".repeat(70);
    backend.database.run(&format!(
        r#"INSERT INTO notifications (id, "userId", title) VALUES ('{long}', 'ann', 'id too long'),
        ('with blank', 'ann', 'id with a blank'), ('control', E'a\nb', 'user with a line break'), ('empty', '', 'no user'), ('far', repeat('u', 600), 'user too long');
        INSERT INTO notifications (id, "userId", title, body, link, category, data, "createdAt") VALUES
        ('42', 'ann', '', repeat('b', 5000), 'javascript:alert(1)', 'No Category!', '[1]', 'infinity'),
        ('{uuid}', 'ann', repeat('t', 300), '', '//host', 'unknown', ('{{"a":"' || repeat('d', 20000) || '"}}')::json,
        '-infinity')"#,
        uuid = "6b7f3c1e-8a7d-4c0e-9a55-0d7c2f1f8e21",
    ));
    assert_eq!(adopt(&store).await, 7);
    assert_eq!(told(&heard.take()).len(), 2);
    let page = store.list(&user("ann"), &ListFilter::default(), None, 9).await.unwrap();
    let [second, first] = &page.notifications[..] else { panic!("{page:?}") };
    assert_eq!((first.id.as_str(), first.content.title.as_str()), ("42", "\u{2026}"));
    assert_eq!(first.content.body.as_ref().unwrap().as_str().len(), 4_000);
    assert_eq!(
        (&first.content.link, &first.content.category, &first.content.data),
        (&None, &None, &None)
    );
    assert_eq!(second.content.title.as_str().len(), 200);
    assert_eq!((&second.content.link, &second.content.data), (&None, &None));
    assert_eq!(second.content.category.as_ref().unwrap().as_str(), "unknown");
    assert!(store.set_read(&user("ann"), first.id, true).await.unwrap().is_some());
    assert_eq!(backend.database.run("SELECT count(*) FROM grelot.outside"), "0");
    check(&backend.database);
}

#[tokio::test]
async fn an_open_transaction_of_another_program_delays_nobody() {
    let backend = TempBackend::new();
    let (store, heard) = node(&backend).await;
    let ann = user("ann");
    let id = send(&*store, &ann, "one").await.unwrap();
    backend.database.run(&insert("first", "ann"));
    // It has written to the inbox, and holds a row that waits to be adopted and one that was.
    let open = format!(
        r#"BEGIN; {}; UPDATE notifications SET "readAt" = now() WHERE id IN ('first', '{}')"#,
        insert("late", "ann"),
        id.as_str(),
    );
    let host = Session::open(&backend.database).await;
    host.run(&open).await;
    heard.take();
    let began = Instant::now();
    backend.database.run(&insert("second", "ann"));
    adopt(&store).await;
    send(&*store, &ann, "three").await.unwrap();
    let meanwhile = told(&heard.take());
    assert!(meanwhile[0].contains("created second") && meanwhile.len() == 2, "{meanwhile:?}");
    assert!(began.elapsed() < Duration::from_secs(2), "it waited for the transaction");
    check(&backend.database);
    host.run("ROLLBACK").await;
    adopt(&store).await;
    assert_eq!(told(&heard.take()), ["ann 4: created first, 4 unread"]);
    check(&backend.database);
}

#[tokio::test]
async fn a_transaction_that_fails_leaves_everything_for_the_next() {
    let backend = TempBackend::new();
    let (store, heard) = node(&backend).await;
    for id in ["a", "b", "c"] {
        backend.database.run(&insert(id, "ann"));
    }
    backend.database.run("ALTER TABLE grelot.deliveries RENAME TO away");
    assert_eq!(store.adopt(MailPolicy::ON).await.unwrap().taken, 0);
    assert_eq!(backend.database.run("SELECT count(*) FROM grelot.outside"), "3");
    assert_eq!(backend.database.run("SELECT count(seq) FROM notifications"), "0");
    backend.database.run("ALTER TABLE grelot.away RENAME TO deliveries");
    assert_eq!(adopt(&store).await, 3);
    assert_eq!(heard.take().len(), 3);
    check(&backend.database);
}

#[tokio::test]
async fn a_program_needs_no_rights_but_those_on_the_tables_of_the_module() {
    let backend = TempBackend::new();
    let (store, heard) = node(&backend).await;
    let role = format!("app_{}", std::process::id());
    backend.database.run(&format!(
        r#"CREATE ROLE {role}; GRANT SELECT, INSERT, UPDATE, DELETE ON notifications, notification_preferences TO {role};
        SET ROLE {role}; {};
        INSERT INTO notification_preferences (id, "userId") VALUES ('p', 'ann')"#,
        insert("a", "ann"),
    ));
    adopt(&store).await;
    backend.database.run(&format!(
        r#"SET ROLE {role}; UPDATE notifications SET "readAt" = now(), seq = 7; DELETE FROM notification_preferences;
        RESET ROLE; DROP OWNED BY {role}; DROP ROLE {role}"#
    ));
    adopt(&store).await;
    assert_eq!(
        told(&heard.take()),
        [
            "ann 1: created a, 1 unread",
            "ann 2: preferences, 1 unread",
            "ann 3: read a, 0 unread",
            "ann 4: preferences, 0 unread",
        ],
    );
}

#[tokio::test]
async fn a_row_that_goes_to_a_user_whom_nobody_can_name_is_let_go() {
    let backend = TempBackend::new();
    let (store, heard) = node(&backend).await;
    backend.database.run(&insert("a", "ann"));
    backend.database.run(r#"UPDATE notifications SET "userId" = ''"#);
    assert_eq!(adopt(&store).await, 2);
    assert_eq!(heard.take(), []);
    assert_eq!(backend.database.run("SELECT count(*) FROM grelot.inboxes"), "0");
}

#[tokio::test]
async fn who_reads_what_another_program_holds_is_told_so_and_keeps_nobody_waiting() {
    let backend = TempBackend::new();
    let (store, _heard) = node(&backend).await;
    let ann = user("ann");
    let id = send(&*store, &ann, "one").await.unwrap();
    let host = Session::open(&backend.database).await;
    host.run(r#"BEGIN; UPDATE notifications SET "readAt" = now()"#).await;
    let everything = ReadAllScope::default();
    let (read, deleted, all, sent) = tokio::join!(
        store.set_read(&ann, id, true),
        store.delete(&ann, id),
        store.read_all(&ann, &everything),
        send(&*store, &ann, "two"),
    );
    assert!(matches!(read, Err(StoreError::Busy)), "{read:?}");
    assert!(matches!(deleted, Err(StoreError::Busy)), "{deleted:?}");
    assert!(matches!(all, Err(StoreError::Busy)), "{all:?}");
    sent.unwrap();
    host.run("COMMIT").await;
    adopt(&store).await;
    check(&backend.database);
}

/// Adopts on several nodes at once until nothing is left.
async fn adopt_side_by_side(nodes: &[Arc<PostgresStore>]) {
    let mut adopters = JoinSet::new();
    for store in nodes {
        let store = Arc::clone(store);
        adopters.spawn(async move { adopt(&store).await });
    }
    adopters.join_all().await;
}

#[tokio::test]
async fn nodes_adopt_side_by_side_and_nothing_comes_twice() {
    let backend = TempBackend::new();
    let [(one, first), (other, second)] = [node(&backend).await, node(&backend).await];
    let nodes = [Arc::clone(&one), Arc::clone(&other), one, other];
    backend.database.run(
        r#"INSERT INTO notifications (id, "userId", title) SELECT 'n' || n, 'user ' || n % 7, 'one'
        FROM generate_series(1, 2940) AS n"#,
    );
    adopt_side_by_side(&nodes).await;
    check(&backend.database);
    backend.database.run(
        r#"UPDATE notifications SET "readAt" = now() WHERE seq % 3 = 0; DELETE FROM notifications WHERE seq % 3 = 1"#,
    );
    adopt_side_by_side(&nodes).await;
    check(&backend.database);
    assert_eq!(backend.database.run("SELECT count(*) FROM grelot.outside"), "0");
    let mut changes = first.take();
    changes.extend(second.take());
    let mut told: Vec<(UserId, Seq)> =
        changes.into_iter().map(|change| (change.user, change.seq)).collect();
    let count = told.len();
    told.sort_unstable();
    told.dedup();
    assert_eq!((told.len(), count), (4_900, 4_900));
    let seqs = backend.database.run("SELECT sum(seq) FROM grelot.inboxes");
    assert_eq!(seqs, "4900");
}

#[tokio::test]
async fn a_mass_insert_is_adopted_in_several_transactions() {
    let backend = TempBackend::new();
    let (store, _heard) = node(&backend).await;
    backend.database.run(
        r#"INSERT INTO notifications (id, "userId", title) SELECT 'n' || n, 'ann', 'one' FROM generate_series(1, 600) AS n"#,
    );
    let first = store.adopt(MailPolicy::Off).await.unwrap();
    assert!(first.more && first.taken < 600);
    check(&backend.database);
    assert_eq!(first.taken + adopt(&store).await, 600);
    assert_eq!(store.inbox(&user("ann")).await.unwrap().unread, 600);
}
