//! What the host's tables have to be for Grelot to read and write them: plain tables, in `public`, with columns of the
//! types that Prisma gives them. Looked at before anything is changed. Not here: what Grelot adds to them (`joining`).

use crate::connection::Connection;
use crate::migrate_error::MigrateError;
use crate::rows;

/// Columns of another type, or that are not there. The types in the order of preference, as `to_regtype` reads them.
const ODD: &str = r#"
    SELECT w.r, w.c, w.types[1], coalesce(format_type(a.atttypid, a.atttypmod), '')
    FROM (VALUES
        ('notifications', 'id', '{text,varchar}'::text[]), ('notifications', 'userId', '{text,varchar}'),
        ('notifications', 'type', '{"public.\"NotificationType\""}'), ('notifications', 'title', '{text,varchar}'),
        ('notifications', 'body', '{text,varchar}'), ('notifications', 'link', '{text,varchar}'),
        ('notifications', 'readAt', '{timestamp}'), ('notifications', 'createdAt', '{timestamp}'),
        ('notifications', 'category', '{text,varchar}'), ('notifications', 'data', '{json,jsonb}'),
        ('notifications', 'seq', '{bigint}'), ('notifications', 'stateSeq', '{bigint}'),
        ('notification_preferences', 'id', '{text,varchar}'), ('notification_preferences', 'userId', '{text,varchar}'),
        ('notification_preferences', 'inApp', '{boolean}'), ('notification_preferences', 'email', '{boolean}'),
        ('notification_preferences', 'categories', '{jsonb}')
    ) AS w (r, c, types)
    JOIN pg_class k ON k.oid = to_regclass('public.' || w.r)
    LEFT JOIN pg_attribute a ON a.attrelid = k.oid AND a.attname = w.c AND NOT a.attisdropped
    WHERE CASE WHEN a.attrelid IS NULL THEN w.c NOT IN ('category', 'data', 'seq', 'stateSeq')
        ELSE NOT EXISTS (SELECT 1 FROM unnest(w.types) AS t WHERE to_regtype(t) = a.atttypid) END"#;
/// What the type of a notification cannot say.
const LABELS: &str = r#"
    SELECT l FROM unnest(ARRAY['INFO', 'SUCCESS', 'WARNING', 'ERROR']) AS l
    WHERE to_regtype('public."NotificationType"') IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM pg_enum WHERE enumtypid = to_regtype('public."NotificationType"') AND enumlabel = l)"#;
/// What has the name of a table and is none.
const KINDS: &str = "SELECT relname::text, CASE relkind WHEN 'v' THEN 'a view' WHEN 'm' THEN 'a materialized view'
        WHEN 'p' THEN 'a partitioned table' WHEN 'f' THEN 'a foreign table' ELSE 'something else' END
    FROM pg_class WHERE oid IN (to_regclass('public.notifications'), to_regclass('public.notification_preferences'))
    AND relkind <> 'r'";
/// Tables of the module in another schema, where there are none in `public` and Grelot has not been here.
const ELSEWHERE: &str = "SELECT n.nspname::text FROM pg_class k JOIN pg_namespace n ON n.oid = k.relnamespace
    WHERE k.relname = 'notifications' AND k.relkind IN ('r', 'p') AND n.nspname NOT LIKE 'pg\\_%'
    AND to_regclass('public.notifications') IS NULL AND to_regnamespace('grelot') IS NULL
    AND (SELECT count(*) FROM pg_attribute WHERE attrelid = k.oid AND attname IN ('userId', 'readAt')) = 2
    ORDER BY 1 LIMIT 1";

/// Refuses tables that cannot be used, with what to change about each thing.
pub(crate) async fn refuse_unfit(connection: &Connection) -> Result<(), MigrateError> {
    let client = connection.client()?;
    if let Some(row) = client.query_opt(ELSEWHERE, &[]).await? {
        return Err(MigrateError::Elsewhere(rows::get(&row, 0, "pg_namespace")?));
    }
    let mut unfit = Vec::new();
    for row in &client.query(KINDS, &[]).await? {
        let (table, kind): (&str, &str) =
            (rows::get(row, 0, "pg_class")?, rows::get(row, 1, "pg_class")?);
        unfit.push(format!("public.{table} is {kind}, and has to be an ordinary table"));
    }
    for row in &client.query(ODD, &[]).await? {
        let text = |index| rows::get::<&str>(row, index, "pg_attribute");
        unfit.push(advice(text(0)?, text(1)?, text(2)?, text(3)?));
    }
    for row in &client.query(LABELS, &[]).await? {
        let label: &str = rows::get(row, 0, "pg_enum")?;
        unfit.push(format!(
            "the type NotificationType lacks a value: add {label} to the enum in schema.prisma, or ALTER TYPE \
             public.\"NotificationType\" ADD VALUE '{label}'"
        ));
    }
    if unfit.is_empty() { Ok(()) } else { Err(MigrateError::Unfit(unfit.join("\n  "))) }
}

/// What to do about a column that is `found`, or nothing.
fn advice(table: &str, column: &str, wanted: &str, found: &str) -> String {
    if found.is_empty() {
        return format!("{table} lacks the column \"{column}\", which is {wanted}");
    }
    let prisma = match (wanted, found) {
        ("timestamp", _) if found.contains("with time zone") => "take @db.Timestamptz away from it",
        ("text", "uuid") => "take @db.Uuid away from it",
        ("bigint", _) => "make it BigInt?",
        ("boolean", _) => "make it Boolean",
        ("json", _) => "make it Json? @db.Json",
        ("jsonb", _) => "make it Json",
        ("timestamp", _) => "make it DateTime",
        ("text", _) => "make it String",
        _ => "make it NotificationType, the enum of INFO, SUCCESS, WARNING and ERROR",
    };
    let using = match wanted {
        "timestamp" if found.contains("with time zone") => {
            format!("\"{column}\" AT TIME ZONE 'UTC'")
        }
        _ => format!("\"{column}\"::{wanted}"),
    };
    let before = if column == "type" {
        "ALTER COLUMN \"type\" DROP DEFAULT, ".to_owned()
    } else {
        String::new()
    };
    format!(
        "{table}.\"{column}\" is {found}, and has to be {wanted}: {prisma} in schema.prisma, or ALTER TABLE \
         public.{table} {before}ALTER COLUMN \"{column}\" TYPE {wanted} USING {using}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Database;
    use crate::error::OpenError;
    use crate::migrations::migrate;

    const MODULE: &str = r#"
        CREATE TYPE "NotificationType" AS ENUM ('INFO', 'SUCCESS', 'WARNING', 'ERROR');
        CREATE TABLE notifications ("id" TEXT NOT NULL PRIMARY KEY, "userId" TEXT NOT NULL,
            "type" "NotificationType" NOT NULL DEFAULT 'INFO', "title" TEXT NOT NULL, "body" TEXT, "link" TEXT,
            "readAt" TIMESTAMP(3), "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP)"#;
    const SCHEMAS: &str = "SELECT to_regnamespace('grelot')";

    /// What the refusal says; nothing is changed by it.
    async fn refusal(database: &Database) -> String {
        let refused = migrate(&database.url(), false).await.unwrap_err();
        let shown = migrate(&database.url(), true).await.unwrap_err();
        assert_eq!(refused.to_string(), shown.to_string());
        assert_eq!(database.run(SCHEMAS), "");
        refused.to_string()
    }

    #[tokio::test]
    async fn columns_of_another_type_are_refused_with_the_line_that_mends_them() {
        let database = Database::new();
        database.run(MODULE);
        database.run(
            r#"ALTER TABLE notifications ALTER "createdAt" TYPE timestamptz, ALTER id TYPE uuid USING id::uuid,
            ADD "seq" INT, ALTER "type" DROP DEFAULT, ALTER "type" TYPE text, ALTER title TYPE varchar(50)"#,
        );
        let said = refusal(&database).await;
        for part in ["@db.Timestamptz", "@db.Uuid", "make it BigInt?", "NotificationType, the enum"]
        {
            assert!(said.contains(part), "{said}");
        }
        assert!(!said.contains("title"), "{said}");
        // Each line is one that can be run.
        for (_, line) in said.lines().filter_map(|line| line.split_once(", or ALTER")) {
            database.run(&format!("ALTER{line}"));
        }
        migrate(&database.url(), false).await.unwrap();
    }

    #[tokio::test]
    async fn a_type_that_lacks_a_value_is_refused() {
        let database = Database::new();
        database.run(&MODULE.replace(", 'ERROR'", ""));
        let said = refusal(&database).await;
        assert!(said.contains("ADD VALUE 'ERROR'"), "{said}");
        let (_, line) = said.split_once(", or ").unwrap();
        database.run(line);
        migrate(&database.url(), false).await.unwrap();
    }

    #[tokio::test]
    async fn a_table_that_is_changed_later_is_noticed_at_the_next_start() {
        let database = Database::new();
        migrate(&database.url(), false).await.unwrap();
        database.run(r#"ALTER TABLE notifications ALTER "createdAt" TYPE timestamptz"#);
        for dry_run in [false, true] {
            let refused = migrate(&database.url(), dry_run).await;
            assert!(matches!(refused, Err(OpenError::Migrate(MigrateError::Unfit(_)))));
        }
    }

    #[tokio::test]
    async fn what_is_no_table_is_refused() {
        let database = Database::new();
        database.run(&MODULE.replace("TABLE notifications", "TABLE bells"));
        database.run("CREATE VIEW notifications AS SELECT * FROM bells");
        let said = refusal(&database).await;
        assert!(said.contains("public.notifications is a view"), "{said}");
    }

    #[tokio::test]
    async fn tables_in_another_schema_are_not_doubled_unless_somebody_says_so() {
        let database = Database::new();
        database.run(&format!("CREATE SCHEMA app; SET search_path = app; {MODULE}"));
        let said = refusal(&database).await;
        assert!(said.contains("ALTER TABLE app.notifications SET SCHEMA public"), "{said}");
        database.run("CREATE SCHEMA grelot");
        migrate(&database.url(), false).await.unwrap();
    }
}
