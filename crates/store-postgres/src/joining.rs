//! Joins a database that its host uses already: what has to be done to large tables is done beforehand, without locking the
//! host out; and what must be there of it is looked for. Not here: the steps themselves (`migrations`), and rows that are
//! older (`backfill`).

use std::time::Duration;

use tokio::time::sleep;
use tokio_postgres::error::SqlState;
use tracing::info;

use crate::connection::Connection;
use crate::error::Failure;
use crate::migrate_error::MigrateError;
use crate::rows;

/// What a node holds while it migrates: a number that no other program is likely to use. It is tried and not waited for: an
/// index that is built meanwhile would wait for whoever waits.
const TRY_LOCK: &str = "SELECT pg_try_advisory_lock(7241967325311086702)";
const UNLOCK: &str = "SELECT pg_advisory_unlock(7241967325311086702)";
const PAUSE: Duration = Duration::from_millis(100);
/// How often a table is asked for that the host is using. Everybody else waits behind who asks, so each time is short.
const ATTEMPTS: u32 = 30;

const MODULE: &str = "SELECT to_regclass('public.notifications') IS NOT NULL";
const COLUMNS: &str = r#"ALTER TABLE public.notifications ADD COLUMN IF NOT EXISTS "category" TEXT,
    ADD COLUMN IF NOT EXISTS "data" JSON, ADD COLUMN IF NOT EXISTS "seq" BIGINT,
    ADD COLUMN IF NOT EXISTS "stateSeq" BIGINT"#;
/// The indexes of the migrations on the table that may be large.
const INDEXES: [(&str, &str); 6] = [
    ("notifications_userId_readAt_idx", r#"("userId", "readAt")"#),
    ("notifications_unread_idx", r#"("userId", "seq") WHERE "readAt" IS NULL"#),
    ("notifications_read_idx", r#"("userId", "seq") WHERE "readAt" IS NOT NULL"#),
    ("notifications_readAt_idx", r#"("readAt") WHERE "readAt" IS NOT NULL"#),
    (
        "notifications_older_idx",
        r#"("userId", "createdAt", "id") WHERE "seq" IS NULL AND "stateSeq" IS NULL"#,
    ),
    ("notifications_waiting_idx", r#"("id") WHERE "seq" IS NULL AND "stateSeq" = 0"#),
];

/// Finds the rows that nobody wrote down: a trigger was away when they came. Looked for once, as all that is written down has
/// to be read for it; what a row has and what is written down of it change in one transaction, so that none which another
/// node adopts is among them.
const MISSED: &str = r#"DECLARE missed CURSOR WITH HOLD FOR
    SELECT n.id FROM public.notifications n WHERE n.seq IS NULL AND n."stateSeq" = 0
    AND NOT EXISTS (SELECT 1 FROM grelot.outside o WHERE o.op = 'inserted' AND o.id = n.id)"#;
const SOME_MISSED: &str = "FETCH 1000 FROM missed";
/// Makes older rows of them, unless another node did. Those that another program holds are left to the next start.
const MARK_MISSED: &str = r#"UPDATE public.notifications SET "stateSeq" = NULL WHERE id = ANY (ARRAY(
    SELECT id FROM public.notifications WHERE id = ANY ($1::text[]) AND seq IS NULL AND "stateSeq" = 0
    FOR NO KEY UPDATE SKIP LOCKED))"#;
/// Has the users of older rows listed, unless they are listed or being listed.
const LIST: &str = r#"INSERT INTO grelot.joining (after) SELECT '' WHERE NOT EXISTS (SELECT 1 FROM grelot.backfill)
    AND EXISTS (SELECT 1 FROM public.notifications WHERE seq IS NULL AND "stateSeq" IS NULL)
    ON CONFLICT (one) DO NOTHING"#;
/// Has all of them listed once more.
const LIST_AGAIN: &str =
    "INSERT INTO grelot.joining DEFAULT VALUES ON CONFLICT (one) DO UPDATE SET after = ''";

/// Which parts of it are not there, each in words.
pub(crate) const MISSING: &str = r#"
    SELECT 'the column "' || c || '" of notifications'
        FROM unnest(ARRAY['category', 'data', 'seq', 'stateSeq']) AS c WHERE NOT EXISTS (
            SELECT 1 FROM pg_attribute WHERE attrelid = to_regclass('public.notifications') AND attname = c
            AND NOT attisdropped)
    UNION ALL SELECT 'the trigger ' || t || ' on ' || r FROM (VALUES
            ('grelot_guard_insert', 'notifications'), ('grelot_guard_update', 'notifications'),
            ('grelot_inserted', 'notifications'), ('grelot_updated', 'notifications'),
            ('grelot_deleted', 'notifications'), ('grelot_truncated', 'notifications'),
            ('grelot_inserted', 'notification_preferences'), ('grelot_updated', 'notification_preferences'),
            ('grelot_deleted', 'notification_preferences')
        ) AS v (t, r) WHERE NOT EXISTS (
            SELECT 1 FROM pg_trigger WHERE tgrelid = to_regclass('public.' || r) AND tgname = t
            AND tgenabled IN ('O', 'A'))
    UNION ALL SELECT 'the index ' || i FROM unnest(ARRAY['notifications_unread_idx', 'notifications_read_idx',
            'notifications_readAt_idx', 'notifications_older_idx', 'notifications_waiting_idx']) AS i WHERE NOT EXISTS (
            SELECT 1 FROM pg_index WHERE indexrelid = to_regclass(format('public.%I', i)) AND indisvalid)"#;

/// Waits until no other node migrates. Whoever holds it must not leave without `unlock`, or closes the connection.
pub(crate) async fn lock(connection: &Connection) -> Result<(), MigrateError> {
    let client = connection.client()?;
    // A step may take longer than a request, and so may the index that waits for the host's transactions.
    client.batch_execute("SET statement_timeout = 0; SET lock_timeout = 0").await?;
    for attempt in 0_u64.. {
        if rows::get(&client.query_one(TRY_LOCK, &[]).await?, 0, "pg_locks")? {
            break;
        }
        if attempt == 0 {
            info!("waiting for another node that migrates the database");
        }
        sleep(PAUSE).await;
    }
    Ok(())
}

pub(crate) async fn unlock(connection: &Connection) -> Result<(), MigrateError> {
    connection.client()?.batch_execute(UNLOCK).await?;
    Ok(())
}

/// Gives the host's table its columns and indexes, if the table is there already. Nothing is rewritten, and nobody has to
/// wait while an index is built.
pub(crate) async fn make_room(connection: &Connection) -> Result<(), MigrateError> {
    for statement in room(connection).await? {
        if statement == COLUMNS {
            in_turn(connection, COLUMNS).await?;
            continue;
        }
        info!(
            statement,
            "working on an index on notifications, which the application can use meanwhile"
        );
        connection.client()?.batch_execute(&statement).await?;
    }
    Ok(())
}

/// The statements that this takes, in their order.
pub(crate) async fn room(connection: &Connection) -> Result<Vec<String>, MigrateError> {
    let client = connection.client()?;
    let mut statements = Vec::new();
    if !rows::get::<bool>(&client.query_one(MODULE, &[]).await?, 0, "pg_class")? {
        return Ok(statements);
    }
    if missing(connection).await?.iter().any(|what| what.starts_with("the column")) {
        statements.push(COLUMNS.to_owned());
    }
    for (name, columns) in INDEXES {
        let valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(format('public.%I', $1::text))";
        match client.query_opt(valid, &[&name]).await? {
            Some(row) if rows::get::<bool>(&row, 0, "pg_index")? => continue,
            // Left by one who was interrupted.
            Some(_) => statements.push(format!(r#"DROP INDEX CONCURRENTLY public."{name}""#)),
            None => {}
        }
        statements.push(format!(
            r#"CREATE INDEX CONCURRENTLY "{name}" ON public.notifications {columns}"#
        ));
    }
    Ok(statements)
}

/// Runs `statements` in a transaction that waits for each table only briefly, again and again.
pub(crate) async fn in_turn(connection: &Connection, statements: &str) -> Result<(), MigrateError> {
    let client = connection.client()?;
    let transaction = format!("BEGIN; SET LOCAL lock_timeout = '500ms'; {statements}; COMMIT");
    for attempt in 1.. {
        let Err(error) = client.batch_execute(&transaction).await else {
            break;
        };
        client.batch_execute("ROLLBACK").await?;
        if error.code() != Some(&SqlState::LOCK_NOT_AVAILABLE) {
            return Err(error.into());
        }
        if attempt == ATTEMPTS {
            return Err(MigrateError::Held);
        }
        sleep(PAUSE * attempt.min(10)).await;
    }
    Ok(())
}

/// Looks for rows that came while a trigger was away or switched off, and has them listed among the older ones.
pub(crate) async fn find_missed(connection: &Connection) -> Result<(), MigrateError> {
    let client = connection.client()?;
    // What is written down has no index by what it is about, which a loop over it would need.
    let settings = "SET statement_timeout = 0; SET enable_nestloop = off";
    client.batch_execute(&format!("{settings}; {MISSED}")).await?;
    let mut missed = 0;
    loop {
        let some = client.query(SOME_MISSED, &[]).await?;
        if some.is_empty() {
            break;
        }
        let ids: Vec<&str> = some
            .iter()
            .map(|row| rows::get(row, 0, "notifications.id"))
            .collect::<Result<_, _>>()?;
        missed += client.execute(MARK_MISSED, &[&ids]).await?;
    }
    client.batch_execute("CLOSE missed").await?;
    let list = if missed == 0 { LIST } else { LIST_AGAIN };
    if client.execute(list, &[]).await? > 0 {
        info!("notifications that came while Grelot could not see it are taken in as older ones");
    }
    Ok(())
}

/// What is missing of what makes a database one that Grelot has joined.
pub(crate) async fn missing(connection: &Connection) -> Result<Vec<String>, Failure> {
    let client = connection.client()?;
    let found = client.query(MISSING, &[]).await?;
    found.iter().map(|row| rows::get(row, 0, "pg_class")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrations::MIGRATIONS;

    #[test]
    fn every_index_on_the_large_table_is_built_without_locking_the_host_out() {
        let mut found = 0;
        for step in MIGRATIONS {
            for statement in
                step.sql.split(';').filter(|one| one.contains("ON public.notifications ("))
            {
                let statement: Vec<&str> = statement.split_whitespace().collect();
                let statement = statement.join(" ");
                let (_, index) = statement.split_once("CREATE INDEX IF NOT EXISTS ").unwrap();
                let known = |(name, columns): &(&str, &str)| {
                    index == format!(r#""{name}" ON public.notifications {columns}"#)
                };
                assert!(INDEXES.iter().any(known), "{index}");
                found += 1;
            }
        }
        assert_eq!(found, INDEXES.len());
    }
}
