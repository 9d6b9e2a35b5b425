//! Every statement of the ports on one page, so that a test can read the plan of each (`plans`). Not here: schema changes
//! (`migrations/`), what joining, copying and the bus ask once (beside their code), and what is made of the rows.
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

/// What `errand::subject` reads, in its order.
macro_rules! subject {
    () => {
        r#"SELECT id, "notificationId", seq IS NOT NULL, content, category, "createdAt", "readyAt" FROM grelot.deliveries"#
    };
}

/// What `deliveries::delivery` reads, in its order, and then the content.
macro_rules! delivery {
    () => {
        r#"SELECT id, "userId", "notificationId", "digestId", state, reason, seq IS NOT NULL, "inAppRule", rule,
        "createdAt", "dueAt", "endedAt", content FROM grelot.deliveries"#
    };
}

/// The first in a user's queue: the one that is out, else the one that became due first. What `outbox::head` reads.
macro_rules! head {
    ($user:literal) => {
        concat!(
            r#"SELECT id, state = 'pending' AS pending, failures = 0 AND lost = 0 AS untouched, "readyAt", "dueAt",
            "leasedUntil" FROM grelot.deliveries WHERE "userId" = "#,
            $user,
            r#" AND state IN ('pending', 'sending') ORDER BY (state = 'pending'), "readyAt", id LIMIT 1"#
        )
    };
}

macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $sql:expr;)*) => {
        $($(#[$doc])* pub(crate) const $name: &str = $sql;)*

        /// Every statement with its name.
        #[cfg(test)]
        pub(crate) const ALL: &[(&str, &str)] = &[$((stringify!($name), $name)),*];
    };
}

statements! {
    /// One row: the inbox, or where an erase left it, or nulls.
    INBOX = r#"SELECT i.seq, i.unread, i."prunedSeq", d."erasedSeq" FROM (VALUES (1)) AS one
        LEFT JOIN grelot.inboxes i ON i."userId" = $1
        LEFT JOIN grelot.departures d ON d.digest = $2 AND i."userId" IS NULL"#;
    INBOXES_AFTER = r#"SELECT "userId", seq FROM grelot.inboxes WHERE "userId" > $1 ORDER BY "userId" LIMIT $2"#;
    /// Those that nobody else holds.
    INBOXES_LOCK_FREE = r#"SELECT "userId" FROM grelot.inboxes WHERE "userId" = ANY ($1::text[])
        FOR NO KEY UPDATE SKIP LOCKED"#;
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
    /// Locks inboxes in the order given, and makes those that are missing: at zero, which is nobody's position.
    INBOXES_CLAIM = r#"INSERT INTO grelot.inboxes AS i ("userId") SELECT * FROM unnest($1::text[])
        ON CONFLICT ("userId") DO UPDATE SET seq = i.seq RETURNING "userId", seq, unread, "prunedSeq""#;
    /// Moves locked inboxes, and writes to their histories what moved them, as `CHANGE_INSERT` does.
    INBOXES_MOVE = r#"WITH moved AS (
            UPDATE grelot.inboxes i SET seq = e.seq, unread = e.unread, "prunedSeq" = e."prunedSeq",
            "historyAt" = greatest(i."historyAt", $5)
            FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[]) AS e ("userId", seq, unread, "prunedSeq")
            WHERE i."userId" = e."userId" RETURNING i."userId", i."historyAt"
        )
        INSERT INTO grelot.changes ("userId", seq, kind, "notificationId", at, "upToSeq", "createdAt", "unreadBefore")
        SELECT c."userId", c.seq, c.kind, c.id, c.at, c."upToSeq", m."historyAt", c.before
        FROM unnest($6::text[], $7::bigint[], $8::text[], $9::text[], $10::bigint[], $11::bigint[], $12::bigint[])
            AS c ("userId", seq, kind, id, at, "upToSeq", before)
        JOIN moved m ON m."userId" = c."userId""#;
    /// Takes those away again that were made for nothing.
    INBOXES_DROP_EMPTY = r#"DELETE FROM grelot.inboxes WHERE "userId" = ANY ($1::text[]) AND seq = 0"#;
    INBOXES_RECOUNT = r#"SELECT u."userId", c.unread FROM unnest($1::text[]) AS u ("userId") CROSS JOIN LATERAL (
        SELECT count(*) AS unread FROM public.notifications n
        WHERE n."userId" = u."userId" AND n."readAt" IS NULL AND n.seq IS NOT NULL) AS c"#;
    INBOX_PRUNED = r#"UPDATE grelot.inboxes SET "prunedSeq" = greatest("prunedSeq", $2) WHERE "userId" = $1"#;
    INBOX_ERASED_IN_PART = r#"UPDATE grelot.inboxes SET seq = $2, unread = $3, "prunedSeq" = $4 WHERE "userId" = $1"#;
    INBOX_ERASE = r#"DELETE FROM grelot.inboxes WHERE "userId" = $1"#;

    /// The rows of a batch: what says the same is sent once. Fails where not all of them are there afterwards: a trigger of
    /// another program may keep a row out, and the commit that follows unasked has to fail with it.
    NOTIFICATIONS_INSERT = r#"WITH kept AS (INSERT INTO public.notifications
        (id, "userId", seq, type, category, title, body, link, data, "createdAt")
        SELECT r.id, r."userId", r.seq, c.type::public."NotificationType", c.category, c.title, c.body, c.link,
        c.data::json, r."createdAt"
        FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::timestamp[])
            AS r (id, "userId", seq, content, "createdAt")
        JOIN unnest($6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[]) WITH ORDINALITY
            AS c (type, category, title, body, link, data, content) USING (content)
        RETURNING 1)
        SELECT 1 / (count(*) = $12)::int FROM kept"#;
    /// The columns of which a host made a text of limited length. The modifier counts four more.
    NOTIFICATIONS_WIDTHS = "SELECT attname::text, atttypmod - 4 FROM pg_attribute
        WHERE attrelid = 'public.notifications'::regclass AND atttypid IN ('varchar'::regtype, 'bpchar'::regtype)
        AND atttypmod > 4 AND NOT attisdropped ORDER BY attnum";
    NOTIFICATION_OF_USER = concat!(notification!(),
        r#" FROM public.notifications WHERE id = $2 AND "userId" = $1 AND seq IS NOT NULL"#);
    NOTIFICATIONS_OF_USER = concat!(notification!(),
        r#" FROM public.notifications WHERE id = ANY ($2::text[]) AND "userId" = $1 AND seq IS NOT NULL"#);
    NOTIFICATION_OF_ANYONE = concat!(notification!(),
        r#", "userId" FROM public.notifications WHERE id = $1 AND seq IS NOT NULL"#);
    NOTIFICATION_STATE = r#"UPDATE public.notifications SET "readAt" = $3, "stateSeq" = $4
        WHERE id = $2 AND "userId" = $1"#;
    NOTIFICATION_READ_ALL = r#"UPDATE public.notifications SET "readAt" = $3, "stateSeq" = $4
        WHERE "userId" = $1 AND "readAt" IS NULL AND seq > $6 AND seq <= $2 AND ($5::text IS NULL OR category = $5)"#;
    /// The first that is unread behind so many others.
    NOTIFICATION_UNREAD_BEHIND = r#"SELECT seq FROM public.notifications
        WHERE "userId" = $1 AND "readAt" IS NULL AND seq > $2 AND seq <= $3 ORDER BY seq OFFSET $4 LIMIT 1"#;
    NOTIFICATIONS_SOME = r#"SELECT id FROM public.notifications WHERE "userId" = $1 LIMIT $2"#;
    NOTIFICATIONS_ERASE = r#"DELETE FROM public.notifications WHERE "userId" = $1 AND id = ANY ($2::text[])
        RETURNING "readAt" IS NULL AND seq IS NOT NULL"#;
    /// Locks those that no other transaction holds, and so waits for none.
    NOTIFICATIONS_HOLD = concat!(notification!(), r#", "userId" FROM public.notifications
        WHERE id = ANY ($1::text[]) FOR NO KEY UPDATE SKIP LOCKED"#);
    NOTIFICATIONS_THERE = "SELECT id FROM public.notifications WHERE id = ANY ($1::text[])";
    /// What stays without a position has been looked at.
    NOTIFICATIONS_MARK = r#"UPDATE public.notifications n SET seq = coalesce(e.seq, n.seq),
        "stateSeq" = coalesce(e."stateSeq", CASE WHEN e.seq IS NULL AND n.seq IS NULL THEN -1 ELSE n."stateSeq" END)
        FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS e (id, seq, "stateSeq") WHERE n.id = e.id"#;
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

    NOTIFICATIONS_READ_BEFORE = r#"SELECT id, "userId" FROM public.notifications
        WHERE "readAt" < $1 AND seq IS NOT NULL ORDER BY "readAt" LIMIT $2 FOR UPDATE SKIP LOCKED"#;
    NOTIFICATIONS_PRUNE = "DELETE FROM public.notifications WHERE id = ANY ($1::text[])";
    NOTIFICATIONS_OLDEST_READ = r#"SELECT id FROM public.notifications
        WHERE "userId" = $1 AND "readAt" IS NOT NULL AND seq > 0 ORDER BY seq LIMIT $2 FOR UPDATE SKIP LOCKED"#;
    NOTIFICATIONS_OLDEST_UNREAD = r#"SELECT id FROM public.notifications
        WHERE "userId" = $1 AND "readAt" IS NULL AND seq > 0 ORDER BY seq LIMIT $2 FOR UPDATE SKIP LOCKED"#;
    NOTIFICATIONS_REMOVE = r#"DELETE FROM public.notifications WHERE "userId" = $1 AND id = ANY ($2::text[])"#;
    /// Counts no further than it has to.
    NOTIFICATIONS_HELD = r#"SELECT count(*) FROM (SELECT 1 FROM public.notifications
        WHERE "userId" = $1 AND seq IS NOT NULL LIMIT $2) AS held"#;

    /// Moves the inbox, and writes to its history what moved it. The age of a change never goes back in one inbox.
    CHANGE_INSERT = r#"WITH moved AS (
            UPDATE grelot.inboxes SET seq = $2, unread = $3, "prunedSeq" = $4,
            "historyAt" = greatest("historyAt", $5) WHERE "userId" = $1 RETURNING "historyAt"
        )
        INSERT INTO grelot.changes ("userId", seq, kind, "notificationId", at, "upToSeq", category, "createdAt",
            "unreadBefore")
        SELECT $1, $2, $6, $7, $8, $9, $10, "historyAt", $11 FROM moved"#;
    CHANGES_SINCE = r#"SELECT seq, kind, "notificationId", at, "upToSeq", category, "unreadBefore" FROM grelot.changes
        WHERE "userId" = $1 AND seq > $2 ORDER BY seq LIMIT $3"#;
    CHANGES_PRUNE = r#"DELETE FROM grelot.changes WHERE "userId" = $1 AND seq <= $2 RETURNING seq"#;
    /// In the order of the index, which ends with the key: of one inbox it finds the first changes first.
    CHANGES_OLD = r#"SELECT "userId", seq FROM grelot.changes WHERE "createdAt" < $1
        ORDER BY "createdAt", "userId", seq LIMIT $2"#;
    CHANGES_ERASE = r#"DELETE FROM grelot.changes WHERE "userId" = $1"#;

    /// Asked many times a second: whether there is anything, and whether it is new.
    OUTSIDE_LAST = "SELECT position FROM grelot.outside ORDER BY position DESC LIMIT 1";
    /// What another node works on is its own. Not from some position on: who took a position earlier may commit later.
    OUTSIDE_TAKE = r#"SELECT position, op, id, "userId", "wasUnread" FROM grelot.outside
        ORDER BY position LIMIT $1 FOR UPDATE SKIP LOCKED"#;
    OUTSIDE_DONE = "DELETE FROM grelot.outside WHERE position = ANY ($1::bigint[])";
    /// Puts them behind all others.
    OUTSIDE_LATER = "UPDATE grelot.outside SET position = DEFAULT WHERE position = ANY ($1::bigint[])";

    /// Whether rows that are older than the triggers are still to be listed, and from which user on.
    JOINING_LOCK = "SELECT after FROM grelot.joining FOR UPDATE";
    JOINING_AFTER = "UPDATE grelot.joining SET after = $1";
    JOINING_END = "DELETE FROM grelot.joining";
    /// In the order of the host's column.
    OLDER_USERS = r#"SELECT "userId", count(*) FROM public.notifications
        WHERE seq IS NULL AND "stateSeq" IS NULL AND "userId" > $1 GROUP BY "userId" ORDER BY "userId" LIMIT $2"#;
    /// The newest of each user, so many as are wanted, but those that another transaction holds.
    OLDER_ROWS = r#"SELECT r.id, u."userId", r.unread FROM unnest($1::text[], $2::bigint[]) AS u ("userId", wanted)
        CROSS JOIN LATERAL (SELECT n.id, n."readAt" IS NULL AS unread FROM public.notifications n
            WHERE n."userId" = u."userId" AND n.seq IS NULL AND n."stateSeq" IS NULL
            ORDER BY n."createdAt" DESC, n.id DESC LIMIT u.wanted FOR NO KEY UPDATE SKIP LOCKED) AS r"#;
    OLDER_LEFT = r#"SELECT u."userId" FROM unnest($1::text[]) AS u ("userId") CROSS JOIN LATERAL (
        SELECT 1 FROM public.notifications n WHERE n."userId" = u."userId" AND n.seq IS NULL
        AND n."stateSeq" IS NULL LIMIT 1) AS n"#;
    /// Leaves rows as they are for good.
    OLDER_ODD = r#"UPDATE public.notifications SET "stateSeq" = -1 WHERE id = ANY ($1::text[])"#;
    BACKFILL_PUT = r#"INSERT INTO grelot.backfill AS b ("userId", next, "left")
        SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[])
        ON CONFLICT ("userId") DO UPDATE SET next = excluded.next, "left" = excluded."left""#;
    BACKFILL_TAKE = r#"SELECT "userId", next, "left" FROM grelot.backfill ORDER BY "userId" LIMIT $1
        FOR UPDATE SKIP LOCKED"#;
    BACKFILL_DONE = r#"DELETE FROM grelot.backfill WHERE "userId" = ANY ($1::text[])"#;
    BACKFILL_LEFT = r#"SELECT count(*), coalesce(sum("left"), 0)::bigint FROM grelot.backfill"#;

    PREFERENCES = r#"SELECT p."inApp", p.email, p.categories::text, m."quietHours", m."emailDigest",
        m."emailDigestHour" FROM public.notification_preferences p
        LEFT JOIN grelot.mail_preferences m ON m."userId" = p."userId" WHERE p."userId" = $1"#;
    PREFERENCES_OF_MANY = r#"SELECT p."inApp", p.email, p.categories::text, m."quietHours", m."emailDigest",
        m."emailDigestHour", p."userId" FROM public.notification_preferences p
        LEFT JOIN grelot.mail_preferences m ON m."userId" = p."userId" WHERE p."userId" = ANY ($1::text[])"#;
    MAIL_PREFERENCES_PUT = r#"INSERT INTO grelot.mail_preferences
        ("userId", "quietHours", "emailDigest", "emailDigestHour") VALUES ($1, $2, $3, $4)
        ON CONFLICT ("userId") DO UPDATE SET "quietHours" = excluded."quietHours",
        "emailDigest" = excluded."emailDigest", "emailDigestHour" = excluded."emailDigestHour""#;
    MAIL_PREFERENCES_ERASE = r#"DELETE FROM grelot.mail_preferences WHERE "userId" = $1"#;
    /// Of the JSON it changes the given keys and removes others; what else is in it is the host's.
    PREFERENCES_PUT = r#"INSERT INTO public.notification_preferences AS p (id, "userId", "inApp", email, categories)
        VALUES ($1, $2, $3, $4, $5::text::jsonb) ON CONFLICT ("userId") DO UPDATE
        SET "inApp" = excluded."inApp", email = excluded.email, categories =
        (CASE jsonb_typeof(p.categories) WHEN 'object' THEN p.categories ELSE '{}' END - $6::text[]) || excluded.categories"#;
    PREFERENCES_ERASE = r#"DELETE FROM public.notification_preferences WHERE "userId" = $1"#;

    CATEGORIES = r#"SELECT key, label, description, "defaultInApp", "defaultEmail", "mandatoryInApp",
        "mandatoryEmail", "mailMode", "mailDelay", "mailTemplates" FROM grelot.categories"#;
    CATEGORIES_OF_KEYS = r#"SELECT key, label, description, "defaultInApp", "defaultEmail", "mandatoryInApp",
        "mandatoryEmail", "mailMode", "mailDelay", "mailTemplates" FROM grelot.categories WHERE key = ANY ($1::text[])"#;
    CATEGORY_PUT = r#"INSERT INTO grelot.categories
        (key, label, description, "defaultInApp", "defaultEmail", "mandatoryInApp", "mandatoryEmail",
        "mailMode", "mailDelay", "mailTemplates")
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (key) DO UPDATE SET label = excluded.label,
        description = excluded.description, "defaultInApp" = excluded."defaultInApp",
        "defaultEmail" = excluded."defaultEmail", "mandatoryInApp" = excluded."mandatoryInApp",
        "mandatoryEmail" = excluded."mandatoryEmail", "mailMode" = excluded."mailMode",
        "mailDelay" = excluded."mailDelay", "mailTemplates" = excluded."mailTemplates" RETURNING xmax = 0"#;
    CATEGORY_DELETE = "DELETE FROM grelot.categories WHERE key = $1";

    CONTACT = r#"SELECT email, name, locale, timezone FROM grelot.contacts WHERE "userId" = $1"#;
    CONTACT_PUT = r#"INSERT INTO grelot.contacts ("userId", email, name, locale, timezone)
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT ("userId") DO UPDATE SET email = excluded.email,
        name = excluded.name, locale = excluded.locale, timezone = excluded.timezone"#;
    CONTACT_ERASE = r#"DELETE FROM grelot.contacts WHERE "userId" = $1"#;
    CONTACTS_WITH_ADDRESS = r#"SELECT "userId", timezone FROM grelot.contacts
        WHERE "userId" = ANY ($1::text[]) AND email IS NOT NULL"#;
    /// Locks contacts in the order given: whoever opens or fills a digest of the user.
    CONTACTS_LOCK = r#"SELECT c.* FROM unnest($1::text[]) AS u ("userId") CROSS JOIN LATERAL (
        SELECT 1 FROM grelot.contacts c WHERE c."userId" = u."userId" FOR NO KEY UPDATE) AS c"#;

    DEPARTURE = r#"SELECT "revokedAt", "erasedSeq" FROM grelot.departures WHERE digest = $1"#;
    DEPARTURES_ERASED = r#"SELECT digest, "erasedSeq" FROM grelot.departures
        WHERE digest = ANY ($1::bytea[]) AND "erasedSeq" IS NOT NULL"#;
    DEPARTURE_REVOKE = r#"INSERT INTO grelot.departures AS d (digest, "revokedAt") VALUES ($1, $2)
        ON CONFLICT (digest) DO UPDATE SET "revokedAt" = greatest(d."revokedAt", excluded."revokedAt"),
        "stampedAt" = excluded."stampedAt" RETURNING "revokedAt""#;
    DEPARTURE_ERASE = r#"INSERT INTO grelot.departures AS d (digest, "revokedAt", "erasedSeq", "erasedAt")
        VALUES ($1, $2, $3, $2) ON CONFLICT (digest) DO UPDATE
        SET "revokedAt" = greatest(d."revokedAt", excluded."revokedAt"),
        "erasedSeq" = excluded."erasedSeq", "erasedAt" = excluded."erasedAt", "stampedAt" = excluded."stampedAt""#;
    /// Whether any departure was stamped since then, and what time it is by the same clock.
    DEPARTURES_LATELY = r#"SELECT coalesce((SELECT max("stampedAt") FROM grelot.departures) >= $1, false),
        (extract(epoch FROM clock_timestamp()) * 1000)::bigint"#;
    DEPARTURES_SINCE = r#"SELECT digest, "revokedAt" FROM grelot.departures
        WHERE digest = ANY ($1::bytea[]) AND "stampedAt" >= $2"#;

    HINTS_NOTIFY = "SELECT pg_notify('grelot_hints', payload) FROM unnest($1::text[]) AS payload";
    INBOXES_BEYOND = r#"SELECT i."userId", i.seq FROM unnest($1::text[], $2::bigint[]) AS known ("userId", seq)
        JOIN grelot.inboxes AS i ON i."userId" = known."userId" COLLATE "C" WHERE i.seq > known.seq"#;

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

    /// The rows of a batch. What never had a row takes its content from its request.
    OUTBOX_INSERT = r#"INSERT INTO grelot.deliveries (id, "userId", "notificationId", seq, content, category,
        "inAppRule", rule, "digestId", state, "readyAt", "dueAt", reason, "createdAt", "endedAt")
        SELECT r.id, r."userId", r."notificationId", r.seq, CASE WHEN r.seq IS NULL THEN c.content END, c.category,
        r."inAppRule", r.rule, r."digestId", r.state, r."dueAt", r."dueAt", r.reason, $11::bigint,
        CASE WHEN r.reason IS NOT NULL THEN $11::bigint END
        FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::text[], $7::text[],
            $8::text[], $9::text[], $10::bigint[], $12::text[])
            AS r (id, "userId", "notificationId", seq, unit, "inAppRule", rule, "digestId", state, "dueAt", reason)
        JOIN unnest($13::text[], $14::text[]) WITH ORDINALITY AS c (content, category, unit) USING (unit)"#;
    /// When the next delivery is due, or a lease runs out: long ago, where it would never.
    OUTBOX_NEXT = r#"SELECT least(
        (SELECT "dueAt" FROM grelot.deliveries WHERE state = 'pending' ORDER BY "dueAt" LIMIT 1),
        (SELECT "leasedUntil" FROM grelot.deliveries WHERE state = 'sending' ORDER BY "leasedUntil" LIMIT 1),
        (SELECT 0::bigint FROM grelot.deliveries WHERE state = 'sending' AND "leasedUntil" IS NULL LIMIT 1))"#;
    OUTBOX_OLDEST_DUE = r#"SELECT "readyAt" FROM grelot.deliveries WHERE state = 'pending' AND "dueAt" <= $1
        ORDER BY "dueAt", "readyAt" LIMIT 1"#;
    /// Those that another node looks at are its own.
    OUTBOX_DUE = r#"SELECT id, "userId", token FROM grelot.deliveries WHERE state = 'pending' AND "dueAt" <= $1
        ORDER BY "dueAt", "readyAt", id LIMIT $2 FOR UPDATE SKIP LOCKED"#;
    OUTBOX_HEADS = concat!(r#"SELECT h.*, u."userId" FROM unnest($1::text[]) AS u ("userId") CROSS JOIN LATERAL ("#,
        head!(r#"u."userId""#), ") AS h");
    OUTBOX_HEAD_LOCK = concat!(head!("$1"), " FOR UPDATE");
    OUTBOX_LEASE = r#"UPDATE grelot.deliveries SET state = 'sending', "leasedUntil" = $2, "startedAt" = $3,
        token = token + 1 WHERE id = ANY ($1::text[])"#;
    OUTBOX_PUT_ASIDE = r#"UPDATE grelot.deliveries d SET "dueAt" = e."dueAt"
        FROM unnest($1::text[], $2::bigint[]) AS e (id, "dueAt") WHERE d.id = e.id"#;
    /// Another program wrote them so, and no lease would ever run out: it does now.
    OUTBOX_ENDLESS = r#"UPDATE grelot.deliveries SET "leasedUntil" = $1 WHERE id = ANY (ARRAY(
        SELECT id FROM grelot.deliveries WHERE state = 'sending' AND "leasedUntil" IS NULL LIMIT $2
        FOR UPDATE SKIP LOCKED))"#;
    OUTBOX_EXPIRED = r#"SELECT id, "userId", lost, "startedAt" FROM grelot.deliveries
        WHERE state = 'sending' AND "leasedUntil" <= $1 ORDER BY "leasedUntil" LIMIT $2 FOR UPDATE SKIP LOCKED"#;
    OUTBOX_LOST = r#"UPDATE grelot.deliveries SET state = $2, lost = $3, "dueAt" = $4, "leasedUntil" = NULL,
        reason = $5, "endedAt" = $6 WHERE id = $1"#;
    OUTBOX_RENEW = r#"UPDATE grelot.deliveries d SET "leasedUntil" = $3
        FROM unnest($1::text[], $2::bigint[]) AS e (id, token)
        WHERE d.id = e.id AND d.token = e.token AND d.state = 'sending'"#;
    OUTBOX_HELD = r#"SELECT "userId", failures, "startedAt", "notificationId" IS NULL FROM grelot.deliveries
        WHERE id = $1 AND token = $2 AND state = 'sending' FOR UPDATE"#;
    OUTBOX_SUBJECT = concat!(subject!(), " WHERE id = $1 AND token = $2 AND state = 'sending'");
    OUTBOX_FAILED = r#"UPDATE grelot.deliveries SET state = 'pending', "dueAt" = $2, failures = $3,
        "leasedUntil" = NULL WHERE id = $1"#;
    OUTBOX_POSTPONED = r#"UPDATE grelot.deliveries SET state = 'pending', "readyAt" = $2, "dueAt" = $2,
        "leasedUntil" = NULL WHERE id = $1"#;
    OUTBOX_END = r#"UPDATE grelot.deliveries d SET state = e.state, reason = e.reason, "endedAt" = $4,
        "leasedUntil" = NULL FROM unnest($1::text[], $2::text[], $3::text[]) AS e (id, state, reason)
        WHERE d.id = e.id"#;
    OUTBOX_RETRY_DEAD = r#"UPDATE grelot.deliveries SET state = 'pending', "readyAt" = $2, "dueAt" = $2,
        failures = 0, lost = 0, reason = NULL, "endedAt" = NULL WHERE id = $1 AND state = 'dead'"#;
    OUTBOX_ENDED = r#"SELECT id FROM grelot.deliveries WHERE "endedAt" < $1 ORDER BY "endedAt" LIMIT $2
        FOR UPDATE SKIP LOCKED"#;
    OUTBOX_REMOVE = "DELETE FROM grelot.deliveries WHERE id = ANY ($1::text[])";
    /// What is on its way comes first: in this order everybody locks the deliveries of one user.
    OUTBOX_LOCK = r#"SELECT id FROM grelot.deliveries WHERE "userId" = $1 AND state IN ('pending', 'sending')
        ORDER BY (state = 'pending'), "readyAt", id FOR UPDATE"#;
    /// Those that have ended; what is locked is being removed already.
    OUTBOX_ERASE_SOME = r#"DELETE FROM grelot.deliveries WHERE id = ANY (ARRAY(SELECT id FROM grelot.deliveries
        WHERE "userId" = $1 AND "endedAt" IS NOT NULL LIMIT $2 FOR UPDATE SKIP LOCKED)) RETURNING id"#;
    OUTBOX_ERASE = r#"DELETE FROM grelot.deliveries WHERE "userId" = $1 RETURNING id"#;

    /// The digests that still collect, of those users who have one.
    DIGESTS_OPEN = r#"SELECT d.*, u."userId" FROM unnest($1::text[]) AS u ("userId") CROSS JOIN LATERAL (
        SELECT id, "dueAt" FROM grelot.deliveries WHERE "userId" = u."userId" AND state = 'pending'
        AND "notificationId" IS NULL AND failures = 0 AND lost = 0 ORDER BY "readyAt", id LIMIT 1 FOR UPDATE) AS d"#;
    DIGESTS_INSERT = r#"INSERT INTO grelot.deliveries
        (id, "userId", "inAppRule", rule, state, "readyAt", "dueAt", "createdAt")
        SELECT d.id, d."userId", 'channel', 'channel', 'pending', d."dueAt", d."dueAt", $4::bigint
        FROM unnest($1::text[], $2::text[], $3::bigint[]) AS d (id, "userId", "dueAt")"#;
    DIGEST_SUBJECTS = concat!(subject!(), r#" WHERE "digestId" = $1 AND state = 'collected'
        ORDER BY "createdAt" DESC, id DESC"#);
    /// Rows that are locked are being erased.
    DIGESTS_REMOVE = r#"DELETE FROM grelot.deliveries WHERE id = ANY (ARRAY(SELECT id FROM grelot.deliveries
        WHERE "digestId" = ANY ($1::text[]) FOR UPDATE SKIP LOCKED))"#;

    DELIVERY = concat!(delivery!(), " WHERE id = $1");
    DELIVERIES = concat!(delivery!(), " WHERE id < $1 ORDER BY id DESC LIMIT $2");
    DELIVERIES_OF_STATE = concat!(delivery!(), " WHERE state = $1 AND id < $2 ORDER BY id DESC LIMIT $3");
    DELIVERIES_OF_NOTIFICATION = concat!(delivery!(), r#" WHERE "notificationId" = $1 ORDER BY id"#);
    DELIVERIES_OF_USER = concat!(delivery!(), r#" WHERE "userId" = $1 ORDER BY id DESC"#);
    DELIVERIES_COUNT = "SELECT count(*) FROM grelot.deliveries WHERE state = $1";

    ATTEMPTS = r#"SELECT "startedAt", "endedAt", outcome, answer, "deliveryId" FROM grelot.attempts
        WHERE "deliveryId" = ANY ($1::text[]) ORDER BY "deliveryId", number"#;
    ATTEMPT_INSERT = r#"INSERT INTO grelot.attempts ("deliveryId", number, "startedAt", "endedAt", outcome, answer)
        VALUES ($1, (SELECT coalesce(max(number), 0) + 1 FROM grelot.attempts WHERE "deliveryId" = $1),
        $2, $3, $4, $5)"#;
    ATTEMPTS_REMOVE = r#"DELETE FROM grelot.attempts WHERE "deliveryId" = ANY ($1::text[])"#;

    SECRET = "SELECT value FROM grelot.secrets WHERE name = 'root'";
    JOINED = "SELECT 1 FROM grelot.secrets WHERE name = 'joined'";
    HEALTH = "SELECT EXISTS (SELECT 1 FROM grelot.secrets)";
}
