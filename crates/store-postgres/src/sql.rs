//! Every statement of this backend on one page, so that a test can read the plan of each. Not here: schema changes
//! (`migrations/`), and what is made of the rows.
//!
//! The host's tables hold instants as `timestamp(3)` in UTC, ours as milliseconds. The predicate on `"readAt"` is always
//! a literal, so that it finds the partial index of its section.

/// What `rows::notification` reads, in its order.
macro_rules! notification {
    () => {
        r#"SELECT id, seq, type::text, category, title, body, link, data::text, "readAt", "createdAt""#
    };
}

/// What every list narrows by. `$2` is the cursor, `$3` the limit.
macro_rules! narrowed {
    () => {
        r#" AND seq < $2 AND ($4::text IS NULL OR type = $4::public."NotificationType")
        AND ($5::text IS NULL OR category = $5)"#
    };
}

macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $sql:expr;)*) => {
        $($(#[$doc])* pub(crate) const $name: &str = $sql;)*

        /// Every statement with its name.
        #[cfg(test)]
        const ALL: &[(&str, &str)] = &[$((stringify!($name), $name)),*];
    };
}

statements! {
    /// One row: the inbox, or where an erase left it, or nulls.
    INBOX = r#"SELECT i.seq, i.unread, i."prunedSeq", d."erasedSeq" FROM (VALUES (1)) AS one
        LEFT JOIN grelot.inboxes i ON i."userId" = $1
        LEFT JOIN grelot.departures d ON d.digest = $2 AND i."userId" IS NULL"#;
    INBOX_LOCK = r#"SELECT seq, unread, "prunedSeq" FROM grelot.inboxes WHERE "userId" = $1 FOR NO KEY UPDATE"#;
    /// Locks the inbox, and makes it when there is none: at zero, which is nobody's position.
    INBOX_CLAIM = r#"INSERT INTO grelot.inboxes AS i ("userId") VALUES ($1)
        ON CONFLICT ("userId") DO UPDATE SET seq = i.seq RETURNING seq, unread, "prunedSeq""#;
    /// Moves inboxes by so many creations each, in the order given, and makes those that are missing: the hot path.
    INBOXES_CREATED = r#"INSERT INTO grelot.inboxes AS i ("userId", seq, unread)
        SELECT * FROM unnest($1::text[], $2::bigint[], $2::bigint[])
        ON CONFLICT ("userId") DO UPDATE SET seq = i.seq + excluded.seq, unread = i.unread + excluded.unread
        RETURNING "userId", seq, unread"#;
    /// Lifts new inboxes above where an erase left them.
    INBOXES_LIFT = r#"UPDATE grelot.inboxes i SET seq = i.seq + e.seq, "prunedSeq" = e.seq
        FROM unnest($1::text[], $2::bigint[]) AS e ("userId", seq) WHERE i."userId" = e."userId""#;
    INBOX_PRUNED = r#"UPDATE grelot.inboxes SET "prunedSeq" = greatest("prunedSeq", $2) WHERE "userId" = $1"#;
    INBOX_ERASE = r#"DELETE FROM grelot.inboxes WHERE "userId" = $1"#;

    /// The rows of a batch: what says the same is sent once.
    NOTIFICATIONS_INSERT = r#"INSERT INTO public.notifications
        (id, "userId", seq, type, category, title, body, link, data, "createdAt")
        SELECT r.id, r."userId", r.seq, c.type::public."NotificationType", c.category, c.title, c.body, c.link,
        c.data::json, r."createdAt"
        FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::timestamp[])
            AS r (id, "userId", seq, content, "createdAt")
        JOIN unnest($6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[]) WITH ORDINALITY
            AS c (type, category, title, body, link, data, content) USING (content)"#;
    NOTIFICATION_OF_USER = concat!(notification!(),
        r#" FROM public.notifications WHERE id = $2 AND "userId" = $1 AND seq IS NOT NULL"#);
    NOTIFICATION_OF_ANYONE = concat!(notification!(),
        r#", "userId" FROM public.notifications WHERE id = $1 AND seq IS NOT NULL"#);
    NOTIFICATION_STATE = r#"UPDATE public.notifications SET "readAt" = $3, "stateSeq" = $4
        WHERE id = $2 AND "userId" = $1"#;
    NOTIFICATION_READ_ALL = r#"UPDATE public.notifications SET "readAt" = $3, "stateSeq" = $4
        WHERE "userId" = $1 AND "readAt" IS NULL AND seq <= $2 AND ($5::text IS NULL OR category = $5)"#;
    NOTIFICATION_DELETE = r#"DELETE FROM public.notifications WHERE id = $2 AND "userId" = $1"#;
    NOTIFICATION_ERASE = r#"DELETE FROM public.notifications WHERE "userId" = $1"#;
    NOTIFICATIONS_SINCE_UNREAD = concat!(notification!(), r#" FROM public.notifications
        WHERE "userId" = $1 AND "readAt" IS NULL AND seq > $2 ORDER BY seq LIMIT $3"#);
    NOTIFICATIONS_SINCE_READ = concat!(notification!(), r#" FROM public.notifications
        WHERE "userId" = $1 AND "readAt" IS NOT NULL AND seq > $2 ORDER BY seq LIMIT $3"#);

    /// What is unread now.
    LIST_UNREAD = concat!(notification!(), r#" FROM public.notifications
        WHERE "userId" = $1 AND "readAt" IS NULL"#, narrowed!(), " ORDER BY seq DESC LIMIT $3");
    /// What is read now.
    LIST_READ = concat!(notification!(), r#" FROM public.notifications
        WHERE "userId" = $1 AND "readAt" IS NOT NULL"#, narrowed!(), " ORDER BY seq DESC LIMIT $3");
    /// What was read when a walk began at $6, and is as it was.
    LIST_READ_BEFORE = concat!(notification!(), r#" FROM public.notifications
        WHERE "userId" = $1 AND "readAt" IS NOT NULL AND ("stateSeq" IS NULL OR "stateSeq" <= $6)"#,
        narrowed!(), " ORDER BY seq DESC LIMIT $3");
    /// What was read since a walk began at $6, down to $7.
    LIST_READ_SINCE = concat!(notification!(), r#" FROM public.notifications
        WHERE "userId" = $1 AND "readAt" IS NOT NULL AND seq > $7 AND "stateSeq" > $6"#,
        narrowed!(), " ORDER BY seq DESC LIMIT $3");

    /// Moves the inbox, and writes to its history what moved it. The age of a change never goes back in one inbox.
    CHANGE_INSERT = r#"WITH moved AS (
            UPDATE grelot.inboxes SET seq = $2, unread = $3, "prunedSeq" = $4,
            "historyAt" = greatest("historyAt", $5) WHERE "userId" = $1 RETURNING "historyAt"
        )
        INSERT INTO grelot.changes ("userId", seq, kind, "notificationId", at, "upToSeq", category, "createdAt")
        SELECT $1, $2, $6, $7, $8, $9, $10, "historyAt" FROM moved"#;
    CHANGES_SINCE = r#"SELECT seq, kind, "notificationId", at, "upToSeq", category FROM grelot.changes
        WHERE "userId" = $1 AND seq > $2 ORDER BY seq LIMIT $3"#;
    CHANGES_PRUNE = r#"DELETE FROM grelot.changes WHERE "userId" = $1 AND seq <= $2 RETURNING seq"#;
    /// In the order of the index, which ends with the key: of one inbox it finds the first changes first.
    CHANGES_OLD = r#"SELECT "userId", seq FROM grelot.changes WHERE "createdAt" < $1
        ORDER BY "createdAt", "userId", seq LIMIT $2"#;
    CHANGES_ERASE = r#"DELETE FROM grelot.changes WHERE "userId" = $1"#;

    PREFERENCES = r#"SELECT "inApp", email, categories::text FROM public.notification_preferences
        WHERE "userId" = $1"#;
    PREFERENCES_OF_MANY = r#"SELECT "inApp", email, categories::text, "userId" FROM public.notification_preferences
        WHERE "userId" = ANY ($1::text[])"#;
    PREFERENCES_PUT = r#"INSERT INTO public.notification_preferences (id, "userId", "inApp", email, categories)
        VALUES ($1, $2, $3, $4, $5::text::jsonb) ON CONFLICT ("userId") DO UPDATE
        SET "inApp" = excluded."inApp", email = excluded.email, categories = excluded.categories"#;
    PREFERENCES_ERASE = r#"DELETE FROM public.notification_preferences WHERE "userId" = $1"#;

    CATEGORIES = r#"SELECT key, label, description, "defaultInApp", "defaultEmail", "mandatoryInApp",
        "mandatoryEmail" FROM grelot.categories"#;
    CATEGORIES_OF_KEYS = r#"SELECT key, label, description, "defaultInApp", "defaultEmail", "mandatoryInApp",
        "mandatoryEmail" FROM grelot.categories WHERE key = ANY ($1::text[])"#;
    CATEGORY_PUT = r#"INSERT INTO grelot.categories
        (key, label, description, "defaultInApp", "defaultEmail", "mandatoryInApp", "mandatoryEmail")
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (key) DO UPDATE SET label = excluded.label,
        description = excluded.description, "defaultInApp" = excluded."defaultInApp",
        "defaultEmail" = excluded."defaultEmail", "mandatoryInApp" = excluded."mandatoryInApp",
        "mandatoryEmail" = excluded."mandatoryEmail" RETURNING xmax = 0"#;
    CATEGORY_DELETE = "DELETE FROM grelot.categories WHERE key = $1";

    CONTACT = r#"SELECT email, name, locale, timezone FROM grelot.contacts WHERE "userId" = $1"#;
    CONTACT_PUT = r#"INSERT INTO grelot.contacts ("userId", email, name, locale, timezone)
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT ("userId") DO UPDATE SET email = excluded.email,
        name = excluded.name, locale = excluded.locale, timezone = excluded.timezone"#;
    CONTACT_ERASE = r#"DELETE FROM grelot.contacts WHERE "userId" = $1"#;
    CONTACTS_WITH_ADDRESS = r#"SELECT "userId" FROM grelot.contacts
        WHERE "userId" = ANY ($1::text[]) AND email IS NOT NULL"#;

    DEPARTURE = r#"SELECT "revokedAt", "erasedSeq" FROM grelot.departures WHERE digest = $1"#;
    DEPARTURES_ERASED = r#"SELECT digest, "erasedSeq" FROM grelot.departures
        WHERE digest = ANY ($1::bytea[]) AND "erasedSeq" IS NOT NULL"#;
    DEPARTURE_REVOKE = r#"INSERT INTO grelot.departures AS d (digest, "revokedAt") VALUES ($1, $2)
        ON CONFLICT (digest) DO UPDATE SET "revokedAt" = greatest(d."revokedAt", excluded."revokedAt")
        RETURNING "revokedAt""#;
    DEPARTURE_ERASE = r#"INSERT INTO grelot.departures AS d (digest, "revokedAt", "erasedSeq", "erasedAt")
        VALUES ($1, $2, $3, $2) ON CONFLICT (digest) DO UPDATE
        SET "revokedAt" = greatest(d."revokedAt", excluded."revokedAt"),
        "erasedSeq" = excluded."erasedSeq", "erasedAt" = excluded."erasedAt""#;

    API_KEY = r#"SELECT id, name, digest, scopes, "createdAt", "revokedAt" FROM grelot.api_keys WHERE id = $1"#;
    API_KEYS = r#"SELECT id, name, digest, scopes, "createdAt", "revokedAt" FROM grelot.api_keys
        ORDER BY "createdAt", id"#;
    API_KEY_INSERT = r#"INSERT INTO grelot.api_keys (id, name, digest, scopes, "createdAt", "revokedAt")
        VALUES ($1, $2, $3, $4, $5, $6)"#;
    API_KEY_REVOKE = r#"UPDATE grelot.api_keys SET "revokedAt" = coalesce("revokedAt", $2) WHERE id = $1
        RETURNING "revokedAt""#;

    IDEMPOTENCY = r#"SELECT slot, request, answer, "createdAt" FROM grelot.idempotency
        WHERE slot = ANY ($1::bytea[])"#;
    /// Takes slots, in the order given, from nobody or from an answer that is older than $5.
    IDEMPOTENCY_PUT = r#"INSERT INTO grelot.idempotency AS i (slot, request, answer, "createdAt")
        SELECT * FROM unnest($1::bytea[], $2::bytea[], $3::bytea[], $4::bigint[])
        ON CONFLICT (slot) DO UPDATE SET request = excluded.request, answer = excluded.answer,
        "createdAt" = excluded."createdAt" WHERE i."createdAt" <= excluded."createdAt" - $5"#;
    IDEMPOTENCY_PRUNE = r#"DELETE FROM grelot.idempotency WHERE slot = ANY (ARRAY(
        SELECT slot FROM grelot.idempotency WHERE "createdAt" < $1 ORDER BY "createdAt" LIMIT $2
        FOR UPDATE SKIP LOCKED))"#;

    SECRET = "SELECT value FROM grelot.secrets WHERE name = 'root'";
    HEALTH = "SELECT EXISTS (SELECT 1 FROM grelot.secrets)";
}

#[cfg(test)]
mod tests {
    use tokio_postgres::SimpleQueryMessage;

    use super::*;
    use crate::cluster::Database;
    use crate::connection::{Connection, Target};
    use crate::migrations;

    /// Every table but those that only the operator adds to.
    const GROWING: [&str; 7] = [
        "notifications",
        "notification_preferences",
        "inboxes",
        "changes",
        "contacts",
        "departures",
        "idempotency",
    ];

    /// 1,000 users with 100 notifications each; the other tables hold enough that a scan would be dear.
    const FILL: &str = r#"
        INSERT INTO public.notifications (id, "userId", title, seq, "readAt", "stateSeq")
            SELECT 'n' || n, 'user ' || n % 1000, 'title', 1 + n / 1000,
            CASE WHEN n % 3 > 0 THEN now() END, CASE WHEN n % 3 > 0 THEN 100 + n / 1000 END
            FROM generate_series(0, 99999) AS n;
        INSERT INTO grelot.inboxes ("userId", seq, unread)
            SELECT 'user ' || n, 200, 33 FROM generate_series(0, 19999) AS n;
        INSERT INTO grelot.changes ("userId", seq, kind, "createdAt")
            SELECT 'user ' || n % 1000, 101 + n / 1000, 'read', n FROM generate_series(0, 49999) AS n;
        INSERT INTO public.notification_preferences (id, "userId")
            SELECT 'p' || n, 'user ' || n FROM generate_series(0, 19999) AS n;
        INSERT INTO grelot.contacts ("userId", email)
            SELECT 'user ' || n, 'a@example.com' FROM generate_series(0, 19999) AS n;
        INSERT INTO grelot.departures (digest, "revokedAt")
            SELECT sha256(n::text::bytea), n FROM generate_series(0, 19999) AS n;
        INSERT INTO grelot.idempotency (slot, request, answer, "createdAt")
            SELECT sha256(n::text::bytea), '', '', n FROM generate_series(0, 19999) AS n;
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
            assert!(!scans(&plan), "{name}: {plan}");
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
        let unread =
            ("notifications_unread_idx", r#"Index Cond: (("userId" = $1) AND (seq < $2))"#);
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
            (CHANGES_OLD, ("changes_age", r#"("createdAt" < $1)"#)),
        ] {
            let plan = plan(&connection, sql).await;
            assert!(plan.contains(index) && plan.contains(condition), "{sql}: {plan}");
        }
    }
}
