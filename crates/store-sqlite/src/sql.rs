//! Every statement of this backend on one page, so that a test can read the plan of each. Not here: schema changes
//! (`migrations/`), and what is made of the rows.

/// What `rows::notification` reads, in its order.
macro_rules! notification {
    () => {
        "SELECT id, seq, type, category, title, body, link, data, readAt, createdAt"
    };
}

/// What `errand::subject` reads, in its order.
macro_rules! subject {
    () => {
        "SELECT id, notificationId, seq IS NOT NULL, content, category, createdAt, readyAt FROM deliveries"
    };
}

/// What `deliveries::delivery` reads, in its order, and then the content.
macro_rules! delivery {
    () => {
        "SELECT id, userId, notificationId, digestId, state, reason, seq IS NOT NULL, inAppRule, rule, createdAt,
        dueAt, endedAt, content FROM deliveries"
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
    INBOX = "SELECT seq, unread, prunedSeq FROM inboxes WHERE userId = ?1";
    /// One more notification, unread: the hot path, in one statement.
    INBOX_CREATED = "UPDATE inboxes SET seq = seq + 1, unread = unread + 1, changedAt = max(changedAt, ?2)
        WHERE userId = ?1 RETURNING seq, unread";
    INBOX_PUT = "INSERT INTO inboxes (userId, seq, unread, prunedSeq, changedAt) VALUES (?1, ?2, ?3, ?4, ?5)
        ON CONFLICT (userId) DO UPDATE SET seq = excluded.seq, unread = excluded.unread,
        prunedSeq = excluded.prunedSeq, changedAt = max(changedAt, excluded.changedAt) RETURNING changedAt";
    INBOX_PRUNED = "UPDATE inboxes SET prunedSeq = max(prunedSeq, ?2) WHERE userId = ?1";
    INBOXES_AFTER = "SELECT userId, seq FROM inboxes WHERE userId > ?1 ORDER BY userId LIMIT ?2";
    INBOX_ERASE = "DELETE FROM inboxes WHERE userId = ?1";

    NOTIFICATION_INSERT = "INSERT INTO notifications
        (id, userId, seq, type, category, title, body, link, data, createdAt)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    NOTIFICATION_OF_USER = concat!(notification!(), " FROM notifications WHERE id = ?2 AND userId = ?1");
    NOTIFICATION_OF_ANYONE = concat!(notification!(), ", userId FROM notifications WHERE id = ?1");
    NOTIFICATION_STATE = "UPDATE notifications SET isRead = ?4, readAt = ?5, stateSeq = ?6
        WHERE userId = ?1 AND isRead = ?2 AND seq = ?3";
    NOTIFICATION_READ_ALL = "UPDATE notifications SET isRead = 1, readAt = ?3, stateSeq = ?4
        WHERE userId = ?1 AND isRead = 0 AND seq > ?5 AND seq <= ?2";
    NOTIFICATION_READ_ALL_OF_CATEGORY = "UPDATE notifications SET isRead = 1, readAt = ?3, stateSeq = ?4
        WHERE userId = ?1 AND isRead = 0 AND seq > ?5 AND seq <= ?2 AND category = ?6";
    /// The position of the one after the next ?4 that are unread.
    NOTIFICATION_UNREAD_BEHIND = "SELECT seq FROM notifications
        WHERE userId = ?1 AND isRead = 0 AND seq > ?2 AND seq <= ?3 ORDER BY seq LIMIT 1 OFFSET ?4";
    NOTIFICATION_DELETE = "DELETE FROM notifications WHERE userId = ?1 AND isRead = ?2 AND seq = ?3";
    NOTIFICATION_ERASE = "DELETE FROM notifications WHERE userId = ?1";
    NOTIFICATIONS_READ_BEFORE = "SELECT userId, seq FROM notifications INDEXED BY notifications_read
        WHERE isRead = 1 AND readAt < ?1 ORDER BY readAt LIMIT ?2";
    NOTIFICATIONS_OLDEST = "SELECT seq, id FROM notifications WHERE userId = ?1 AND isRead = ?2 ORDER BY seq LIMIT ?3";
    /// Counts no further than it has to.
    NOTIFICATIONS_HELD = "SELECT count(*) FROM (SELECT 1 FROM notifications WHERE userId = ?1 LIMIT ?2)";
    NOTIFICATIONS_SINCE = concat!(notification!(), " FROM notifications
        WHERE userId = ?1 AND isRead = ?2 AND seq > ?3 ORDER BY seq LIMIT ?4");

    /// What is unread (?2 = 0) or read (1) now.
    LIST = concat!(notification!(), " FROM notifications
        WHERE userId = ?1 AND isRead = ?2 AND seq < ?3
        AND (?5 IS NULL OR type = ?5) AND (?6 IS NULL OR category = ?6)
        ORDER BY seq DESC LIMIT ?4");
    /// What was read when a walk began at ?7, and is as it was.
    LIST_READ_BEFORE = concat!(notification!(), " FROM notifications
        WHERE userId = ?1 AND isRead = ?2 AND seq < ?3 AND (stateSeq IS NULL OR stateSeq <= ?7)
        AND (?5 IS NULL OR type = ?5) AND (?6 IS NULL OR category = ?6)
        ORDER BY seq DESC LIMIT ?4");
    /// What was read since a walk began at ?7, down to ?8.
    LIST_READ_SINCE = concat!(notification!(), " FROM notifications
        WHERE userId = ?1 AND isRead = ?2 AND seq < ?3 AND seq > ?8 AND stateSeq > ?7
        AND (?5 IS NULL OR type = ?5) AND (?6 IS NULL OR category = ?6)
        ORDER BY seq DESC LIMIT ?4");

    CHANGE_INSERT = "INSERT INTO changes (userId, seq, kind, notificationId, at, upToSeq, category, createdAt, unreadBefore)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    CHANGES_SINCE = "SELECT seq, kind, notificationId, at, upToSeq, category, unreadBefore FROM changes
        WHERE userId = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3";
    CHANGES_PRUNE = "DELETE FROM changes WHERE userId = ?1 AND seq <= ?2 RETURNING seq";
    /// In the order of the index, which ends with the key: of one inbox it finds the first changes first.
    CHANGES_OLD = "SELECT userId, seq FROM changes WHERE createdAt < ?1 ORDER BY createdAt, userId, seq LIMIT ?2";
    CHANGES_ERASE = "DELETE FROM changes WHERE userId = ?1";

    PREFERENCES = "SELECT inApp, email, categories, quietHours, emailDigest, emailDigestHour FROM notification_preferences WHERE userId = ?1";
    PREFERENCES_PUT = "INSERT INTO notification_preferences
        (id, userId, inApp, email, categories, quietHours, emailDigest, emailDigestHour)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (userId) DO UPDATE
        SET inApp = excluded.inApp, email = excluded.email, categories = excluded.categories,
        quietHours = excluded.quietHours, emailDigest = excluded.emailDigest,
        emailDigestHour = excluded.emailDigestHour";
    PREFERENCES_ERASE = "DELETE FROM notification_preferences WHERE userId = ?1";

    CATEGORIES = "SELECT key, label, description, defaultInApp, defaultEmail, mandatoryInApp, mandatoryEmail,
        mailMode, mailDelay, mailTemplates FROM categories";
    CATEGORY = "SELECT key, label, description, defaultInApp, defaultEmail, mandatoryInApp, mandatoryEmail,
        mailMode, mailDelay, mailTemplates FROM categories WHERE key = ?1";
    CATEGORY_PUT = "INSERT OR REPLACE INTO categories
        (key, label, description, defaultInApp, defaultEmail, mandatoryInApp, mandatoryEmail,
        mailMode, mailDelay, mailTemplates) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    CATEGORY_DELETE = "DELETE FROM categories WHERE key = ?1";

    CONTACT = "SELECT email, name, locale, timezone FROM contacts WHERE userId = ?1";
    CONTACT_PUT = "INSERT OR REPLACE INTO contacts (userId, email, name, locale, timezone)
        VALUES (?1, ?2, ?3, ?4, ?5)";
    CONTACT_ERASE = "DELETE FROM contacts WHERE userId = ?1";
    /// Of a user who has an address.
    CONTACT_ZONE = "SELECT timezone FROM contacts WHERE userId = ?1 AND email IS NOT NULL";

    DEPARTURE = "SELECT revokedAt, erasedSeq FROM departures WHERE digest = ?1";
    DEPARTURE_REVOKE = "INSERT INTO departures (digest, revokedAt) VALUES (?1, ?2)
        ON CONFLICT (digest) DO UPDATE SET revokedAt = max(revokedAt, excluded.revokedAt) RETURNING revokedAt";
    DEPARTURE_ERASE = "INSERT INTO departures (digest, revokedAt, erasedSeq, erasedAt) VALUES (?1, ?2, ?3, ?2)
        ON CONFLICT (digest) DO UPDATE SET revokedAt = max(revokedAt, excluded.revokedAt),
        erasedSeq = excluded.erasedSeq, erasedAt = excluded.erasedAt";

    API_KEY = "SELECT id, name, digest, scopes, createdAt, revokedAt FROM api_keys WHERE id = ?1";
    API_KEYS = "SELECT id, name, digest, scopes, createdAt, revokedAt FROM api_keys ORDER BY createdAt, id";
    API_KEY_INSERT = "INSERT INTO api_keys (id, name, digest, scopes, createdAt, revokedAt)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    API_KEY_REVOKE = "UPDATE api_keys SET revokedAt = coalesce(revokedAt, ?2) WHERE id = ?1 RETURNING revokedAt";

    IDEMPOTENCY = "SELECT request, answer, createdAt FROM idempotency WHERE slot = ?1";
    IDEMPOTENCY_PUT = "INSERT OR REPLACE INTO idempotency (slot, request, answer, createdAt)
        VALUES (?1, ?2, ?3, ?4)";
    IDEMPOTENCY_PRUNE = "DELETE FROM idempotency WHERE slot IN
        (SELECT slot FROM idempotency WHERE createdAt < ?1 ORDER BY createdAt LIMIT ?2)";

    /// The planner does not know that most deliveries have ended: the indexes of the others are named.
    OUTBOX_INSERT = "INSERT INTO deliveries (id, userId, notificationId, seq, content, category, inAppRule, rule,
        digestId, state, readyAt, dueAt, reason, createdAt, endedAt)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?11, ?12, ?13, ?14)";
    OUTBOX_NEXT_DUE = "SELECT dueAt FROM deliveries INDEXED BY deliveries_due
        WHERE state = 'pending' AND dueAt > 0 ORDER BY dueAt LIMIT 1";
    OUTBOX_NEXT_LEASE = "SELECT leasedUntil FROM deliveries INDEXED BY deliveries_leased
        WHERE state = 'sending' AND leasedUntil > 0 ORDER BY leasedUntil LIMIT 1";
    /// One that is out for ever: its lease ran out long ago.
    OUTBOX_NEXT_ENDLESS = "SELECT 0 FROM deliveries INDEXED BY deliveries_leased
        WHERE state = 'sending' AND leasedUntil IS NULL LIMIT 1";
    OUTBOX_OLDEST_DUE = "SELECT readyAt FROM deliveries INDEXED BY deliveries_due
        WHERE state = 'pending' AND dueAt <= ?1
        ORDER BY dueAt, readyAt LIMIT 1";
    OUTBOX_DUE = "SELECT id, userId, token FROM deliveries INDEXED BY deliveries_due
        WHERE state = 'pending' AND dueAt <= ?1
        ORDER BY dueAt, readyAt, id LIMIT ?2";
    /// The states are named as the index names them, or it would not be used.
    OUTBOX_HEAD = "SELECT id, state = 'pending', failures = 0 AND lost = 0, readyAt, dueAt, leasedUntil FROM deliveries INDEXED BY deliveries_queue
        WHERE userId = ?1 AND state IN ('pending', 'sending') ORDER BY readyAt, id LIMIT 1";
    OUTBOX_LEASE = "UPDATE deliveries SET state = 'sending', leasedUntil = ?2, startedAt = ?3, token = token + 1
        WHERE id = ?1";
    OUTBOX_PUT_ASIDE = "UPDATE deliveries SET dueAt = ?2 WHERE id = ?1";
    /// Another program wrote them so, and no lease would ever run out: it does now.
    OUTBOX_ENDLESS = "UPDATE deliveries SET leasedUntil = ?1 WHERE id IN (
        SELECT id FROM deliveries INDEXED BY deliveries_leased
        WHERE state = 'sending' AND leasedUntil IS NULL LIMIT ?2)";
    OUTBOX_EXPIRED = "SELECT id, userId, lost, startedAt FROM deliveries INDEXED BY deliveries_leased
        WHERE state = 'sending' AND leasedUntil <= ?1
        ORDER BY leasedUntil LIMIT ?2";
    OUTBOX_LOST = "UPDATE deliveries SET state = ?2, lost = ?3, dueAt = ?4, leasedUntil = NULL, reason = ?5,
        endedAt = ?6 WHERE id = ?1";
    OUTBOX_RENEW = "UPDATE deliveries SET leasedUntil = ?3 WHERE id = ?1 AND token = ?2 AND state = 'sending'";
    OUTBOX_HELD = "SELECT userId, failures, startedAt, notificationId IS NULL FROM deliveries
        WHERE id = ?1 AND token = ?2 AND state = 'sending'";
    OUTBOX_SUBJECT = concat!(subject!(), " WHERE id = ?1 AND token = ?2 AND state = 'sending'");
    OUTBOX_FAILED = "UPDATE deliveries SET state = 'pending', dueAt = ?2, failures = ?3, leasedUntil = NULL
        WHERE id = ?1";
    OUTBOX_POSTPONED = "UPDATE deliveries SET state = 'pending', readyAt = ?2, dueAt = ?2, leasedUntil = NULL
        WHERE id = ?1";
    OUTBOX_END = "UPDATE deliveries SET state = ?2, reason = ?3, endedAt = ?4, leasedUntil = NULL WHERE id = ?1";
    OUTBOX_RETRY_DEAD = "UPDATE deliveries SET state = 'pending', readyAt = ?2, dueAt = ?2, failures = 0, lost = 0,
        reason = NULL, endedAt = NULL WHERE id = ?1 AND state = 'dead'";
    OUTBOX_ENDED = "SELECT id FROM deliveries WHERE endedAt < ?1 ORDER BY endedAt LIMIT ?2";
    OUTBOX_REMOVE = "DELETE FROM deliveries WHERE id = ?1";
    OUTBOX_OF_USER = "SELECT id FROM deliveries WHERE userId = ?1 LIMIT ?2";
    OUTBOX_ERASE = "DELETE FROM deliveries WHERE userId = ?1";

    DIGEST_OPEN = "SELECT id, dueAt FROM deliveries INDEXED BY deliveries_queue WHERE userId = ?1 AND state IN ('pending', 'sending')
        AND state = 'pending' AND notificationId IS NULL AND failures = 0 AND lost = 0 ORDER BY readyAt, id LIMIT 1";
    DIGEST_INSERT = "INSERT INTO deliveries (id, userId, inAppRule, rule, state, readyAt, dueAt, createdAt)
        VALUES (?1, ?2, 'channel', 'channel', 'pending', ?3, ?3, ?4)";
    DIGEST_SUBJECTS = concat!(subject!(), " WHERE digestId = ?1 AND state = 'collected'
        ORDER BY createdAt DESC, id DESC");
    DIGEST_REMOVE = "DELETE FROM deliveries WHERE digestId = ?1";

    DELIVERY = concat!(delivery!(), " WHERE id = ?1");
    DELIVERIES = concat!(delivery!(), " WHERE id < ?1 ORDER BY id DESC LIMIT ?2");
    DELIVERIES_OF_STATE = concat!(delivery!(), " WHERE state = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3");
    DELIVERIES_OF_NOTIFICATION = concat!(delivery!(), " WHERE notificationId = ?1 ORDER BY id");
    DELIVERIES_OF_USER = concat!(delivery!(), " WHERE userId = ?1 ORDER BY id DESC");
    DELIVERIES_COUNT = "SELECT count(*) FROM deliveries WHERE state = ?1";

    ATTEMPTS = "SELECT startedAt, endedAt, outcome, answer FROM attempts WHERE deliveryId = ?1 ORDER BY number";
    ATTEMPT_INSERT = "INSERT INTO attempts (deliveryId, number, startedAt, endedAt, outcome, answer)
        VALUES (?1, (SELECT coalesce(max(number), 0) + 1 FROM attempts WHERE deliveryId = ?1), ?2, ?3, ?4, ?5)";
    ATTEMPTS_REMOVE = "DELETE FROM attempts WHERE deliveryId = ?1";
    ATTEMPTS_ERASE = "DELETE FROM attempts WHERE deliveryId IN (SELECT id FROM deliveries WHERE userId = ?1)";

    HEALTH = "SELECT EXISTS (SELECT 1 FROM secrets)";
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;
    use crate::migrations;

    /// Every table but those that only the operator adds to.
    const GROWING: [&str; 9] = [
        "notifications",
        "notification_preferences",
        "inboxes",
        "changes",
        "contacts",
        "departures",
        "idempotency",
        "deliveries",
        "attempts",
    ];

    fn plan(connection: &Connection, sql: &str) -> String {
        let mut query = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let nulls = vec![rusqlite::types::Null; query.parameter_count()];
        let rows =
            query.query_map(rusqlite::params_from_iter(nulls), |row| row.get::<_, String>(3));
        rows.unwrap().map(Result::unwrap).collect::<Vec<_>>().join("\n")
    }

    fn database() -> Connection {
        let mut connection = Connection::open_in_memory().unwrap();
        migrations::apply(&mut connection).unwrap();
        connection
    }

    #[test]
    fn no_statement_scans_or_sorts_a_table_that_grows() {
        let connection = database();
        for (name, sql) in ALL {
            let plan = plan(&connection, sql);
            for table in GROWING {
                assert!(!plan.contains(&format!("SCAN {table}")), "{name}: {plan}");
            }
            assert!(!plan.contains("TEMP B-TREE") || *name == "API_KEYS", "{name}: {plan}");
        }
    }

    #[test]
    fn the_test_of_plans_would_notice_a_scan() {
        let scan = plan(&database(), "SELECT id FROM notifications WHERE title = ?1");
        assert!(scan.contains("SCAN notifications"), "{scan}");
        let sort =
            plan(&database(), "SELECT id FROM notifications WHERE userId = ?1 ORDER BY title");
        assert!(sort.contains("TEMP B-TREE"), "{sort}");
    }

    #[test]
    fn each_list_begins_at_its_cursor() {
        let connection = database();
        for (sql, key) in [
            (LIST, "(userId=? AND isRead=? AND seq<?)"),
            (LIST_READ_BEFORE, "(userId=? AND isRead=? AND seq<?)"),
            (LIST_READ_SINCE, "(userId=? AND isRead=? AND seq>? AND seq<?)"),
            (NOTIFICATIONS_SINCE, "(userId=? AND isRead=? AND seq>?)"),
            (CHANGES_SINCE, "(userId=? AND seq>?)"),
            (NOTIFICATION_READ_ALL, "(userId=? AND isRead=? AND seq>? AND seq<?)"),
            (NOTIFICATION_UNREAD_BEHIND, "(userId=? AND isRead=? AND seq>? AND seq<?)"),
            (NOTIFICATION_OF_USER, "notifications_id (id=?"),
            (CHANGES_OLD, "changes_age (createdAt<?)"),
        ] {
            let plan = plan(&connection, sql);
            assert!(plan.contains(key), "{sql}: {plan}");
        }
    }
}
