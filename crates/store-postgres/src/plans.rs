//! The plan of every statement on tables with rows: none scans a table that grows, however large it is.

use tokio_postgres::SimpleQueryMessage;

use crate::cluster::Database;
use crate::connection::{Connection, Target};
use crate::migrations;
use crate::sql::*;

/// Every table but those that only the operator adds to.
const GROWING: [&str; 12] = [
    "backfill",
    "outside",
    "mail_preferences",
    "deliveries",
    "attempts",
    "notifications",
    "notification_preferences",
    "inboxes",
    "changes",
    "contacts",
    "departures",
    "idempotency",
];

/// 10,000 users with 100 notifications each; the other tables hold enough that a scan would be dear.
const FILL: &str = r#"
    SET grelot.self = 'on';
    INSERT INTO public.notifications (id, "userId", title, seq, "readAt", "stateSeq")
        SELECT 'n' || n, 'user ' || n % 10000, 'title', 1 + n / 10000,
        CASE WHEN n % 3 > 0 THEN now() END, CASE WHEN n % 3 > 0 THEN 100 + n / 10000 END
        FROM generate_series(0, 999999) AS n;
    INSERT INTO grelot.inboxes ("userId", seq, unread)
        SELECT 'user ' || n, 200, 33 FROM generate_series(0, 19999) AS n;
    INSERT INTO grelot.changes ("userId", seq, kind, "createdAt", "unreadBefore")
        SELECT 'user ' || n % 1000, 101 + n / 1000, 'read', n, 1 FROM generate_series(0, 49999) AS n;
    INSERT INTO public.notification_preferences (id, "userId")
        SELECT 'p' || n, 'user ' || n FROM generate_series(0, 19999) AS n;
    INSERT INTO grelot.mail_preferences ("userId")
        SELECT 'user ' || n FROM generate_series(0, 19999) AS n;
    INSERT INTO grelot.contacts ("userId", email)
        SELECT 'user ' || n, 'a@example.com' FROM generate_series(0, 19999) AS n;
    INSERT INTO grelot.deliveries (id, "userId", "notificationId", seq, "inAppRule", rule, "digestId", state,
        "readyAt", "dueAt", "leasedUntil", "createdAt", "endedAt")
        SELECT 'd' || n, 'user ' || n % 1000, CASE WHEN n % 10 > 0 THEN 'n' || n END, 1, 'default', 'default',
        CASE WHEN n % 20 = 1 THEN 'd' || n - 1 END,
        CASE WHEN n < 100 THEN 'sending' WHEN n < 2000 THEN 'pending' WHEN n < 3000 THEN 'collected'
            WHEN n < 3010 THEN 'dead' ELSE 'sent' END,
        n, n, CASE WHEN n < 100 THEN n END, n, CASE WHEN n >= 3000 THEN n END
        FROM generate_series(0, 19999) AS n;
    INSERT INTO grelot.attempts ("deliveryId", number, "startedAt", "endedAt", outcome, answer)
        SELECT 'd' || n, 1, n, n, 'sent', '250 ok' FROM generate_series(0, 19999) AS n;
    INSERT INTO grelot.departures (digest, "revokedAt")
        SELECT sha256(n::text::bytea), n FROM generate_series(0, 19999) AS n;
    INSERT INTO grelot.idempotency (slot, request, answer, "createdAt")
        SELECT sha256(n::text::bytea), '', '', n FROM generate_series(0, 19999) AS n;
    INSERT INTO grelot.outside (op, id, "userId")
        SELECT 'inserted', 'o' || n, 'user ' || n FROM generate_series(0, 19999) AS n;
    INSERT INTO public.notifications (id, "userId", title)
        SELECT 'old' || n, 'user ' || n % 100, 'title' FROM generate_series(0, 19999) AS n;
    INSERT INTO grelot.backfill ("userId", next, "left")
        SELECT 'user ' || n, 1, 1 FROM generate_series(0, 19999) AS n;
    ANALYZE;
"#;

/// A database with enough in it.
async fn filled() -> (Database, Connection) {
    let database = Database::new();
    migrations::migrate(&database.url(), false).await.unwrap();
    database.run(FILL);
    let pool = Target::parse(&database.url()).unwrap().pool(1).unwrap();
    (database, Connection::take(&pool).await.unwrap())
}

/// How the statement is run whatever its parameters are: what a prepared statement comes to after some runs.
async fn plan(connection: &Connection, sql: &str) -> String {
    let client = connection.client().unwrap();
    let parameters = client.prepare(sql).await.unwrap().params().len();
    let nulls = match parameters {
        0 => String::new(),
        some => format!("({})", vec!["NULL"; some].join(", ")),
    };
    let explain = format!(
        "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = on; PREPARE statement AS {sql};
         EXPLAIN EXECUTE statement{nulls}; DEALLOCATE statement",
    );
    let messages = client.simple_query(&explain).await.unwrap();
    let lines = messages.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn scans(plan: &str) -> bool {
    GROWING.iter().any(|table| {
        plan.lines().any(|line| {
            line.contains(&format!("Seq Scan on {table}"))
                || line.contains(&format!("Seq Scan on public.{table}"))
        })
    })
}

#[tokio::test]
async fn no_statement_scans_or_sorts_a_table_that_grows() {
    let (_database, connection) = filled().await;
    for (name, sql) in ALL {
        let plan = plan(&connection, sql).await;
        // The operator's only.
        assert!(!scans(&plan) || *name == "BACKFILL_LEFT", "{name}: {plan}");
        assert!(!plan.contains("Sort") || *name == "API_KEYS", "{name}: {plan}");
    }
}

#[tokio::test]
async fn the_test_of_plans_would_notice_a_scan() {
    let (_database, connection) = filled().await;
    let scan = plan(&connection, "SELECT id FROM public.notifications WHERE title = $1").await;
    assert!(scans(&scan), "{scan}");
    let sort = r#"SELECT id FROM public.notifications WHERE "userId" = $1 ORDER BY title"#;
    let sort = plan(&connection, sort).await;
    assert!(sort.contains("Sort"), "{sort}");
}

#[tokio::test]
async fn each_list_begins_at_its_cursor() {
    let (_database, connection) = filled().await;
    let unread = ("notifications_unread_idx", r#"Index Cond: (("userId" = $1) AND (seq < $2))"#);
    let read = ("notifications_read_idx", unread.1);
    for (sql, (index, condition)) in [
        (LIST_UNREAD, unread),
        (LIST_READ, read),
        (LIST_READ_BEFORE, read),
        (
            LIST_READ_SINCE,
            (read.0, r#"Index Cond: (("userId" = $1) AND (seq > $7) AND (seq < $2))"#),
        ),
        (NOTIFICATIONS_SINCE_UNREAD, (unread.0, r#"(("userId" = $1) AND (seq > $2))"#)),
        (NOTIFICATIONS_SINCE_READ, (read.0, r#"(("userId" = $1) AND (seq > $2))"#)),
        (NOTIFICATION_OF_USER, ("notifications_pkey", "Index Cond: (id = $2)")),
        (CHANGES_SINCE, ("changes_pkey", r#"(("userId" = $1) AND (seq > $2))"#)),
        (OUTBOX_DUE, ("deliveries_due", r#"Index Cond: ("dueAt" <= $1)"#)),
        (OUTBOX_HEAD_LOCK, ("deliveries_queue", r#"Index Cond: ("userId" = $1)"#)),
        (DIGEST_SUBJECTS, ("deliveries_digest", r#"Index Cond: ("digestId" = $1)"#)),
        (DELIVERIES, ("deliveries_pkey", "Index Cond: (id < $1)")),
        (DELIVERIES_OF_STATE, ("deliveries_state", "Index Cond: ((state = $1) AND (id < $2))")),
        (INBOXES_RECOUNT, (unread.0, r#"(("userId" = u."userId") AND (seq IS NOT NULL))"#)),
        (CHANGES_OLD, ("changes_age", r#"("createdAt" < $1)"#)),
    ] {
        let plan = plan(&connection, sql).await;
        assert!(plan.contains(index) && plan.contains(condition), "{sql}: {plan}");
    }
}
