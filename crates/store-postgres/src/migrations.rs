//! The schema, as numbered steps that are applied once each, by whichever node comes first. Not here: what the tables
//! mean (`migrations/*.sql`).
//!
//! The version before runs beside the one after while nodes are replaced, and starts on its schema, in a rollout or when it
//! is taken back: a step adds, and what it replaces goes in a later version. The database remembers of each step which
//! programs that holds for.

use grelot_store_common::{Applied, Migration, MigrationReport, new_secret};
use tokio_postgres::Row;

use crate::columns;
use crate::connection::{Connection, Target};
use crate::error::{Failure, OpenError};
use crate::joining;
use crate::migrate_error::MigrateError;
use crate::rights;
use crate::rows;
use crate::sql;

/// Every step, in order.
pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration {
        number: 1,
        name: "initial",
        sql: include_str!("../migrations/0001_initial.sql"),
        oldest: 1,
    },
    Migration {
        number: 2,
        name: "outbox",
        sql: include_str!("../migrations/0002_outbox.sql"),
        oldest: 1,
    },
    // Whoever does not know its triggers would write as another program does.
    Migration {
        number: 3,
        name: OUTSIDE,
        sql: include_str!("../migrations/0003_outside.sql"),
        oldest: 3,
    },
];

/// The step that is repeated where something of it was taken away.
const OUTSIDE: &str = "outside";
const TABLE: &str = "CREATE SCHEMA IF NOT EXISTS grelot;
    CREATE TABLE IF NOT EXISTS grelot.migrations (
        number INTEGER NOT NULL PRIMARY KEY,
        name TEXT NOT NULL,
        checksum BYTEA NOT NULL,
        oldest INTEGER NOT NULL
    )";

/// Brings the database at `url` up to date, and says what that took. A dry run only says what it would take, and changes
/// nothing.
///
/// # Errors
/// When the URL cannot be used, the database cannot be reached, or its schema cannot be brought up to date.
pub async fn migrate(url: &str, dry_run: bool) -> Result<MigrationReport, OpenError> {
    let connection = connect(&Target::parse(url)?).await?;
    refuse_unfinished(&connection).await?;
    if !dry_run {
        return bring_up(&connection).await;
    }
    match look(&connection).await {
        Ok(found) => Ok(found),
        Err(error) => Err(rights::explain(&connection, error).await.into()),
    }
}

/// A copy has its schema already, and is not to be used before it is whole.
async fn refuse_unfinished(connection: &Connection) -> Result<(), OpenError> {
    let failed = |error: tokio_postgres::Error| OpenError::Migrate(error.into());
    let client = connection.client().map_err(MigrateError::from)?;
    let begun = "SELECT 1 WHERE to_regclass('grelot.copies') IS NOT NULL";
    if client.query_opt(begun, &[]).await.map_err(failed)?.is_none() {
        return Ok(());
    }
    let unfinished = "SELECT 1 FROM grelot.copies WHERE NOT verified LIMIT 1";
    match client.query_opt(unfinished, &[]).await.map_err(failed)? {
        Some(_) => Err(OpenError::Unfinished),
        None => Ok(()),
    }
}

/// The time zone of a session that asks for none, as this role gets it: what `now()` is to an application that writes without
/// a zone. `None` where no application had its notifications here before Grelot came.
///
/// # Errors
/// When the URL cannot be used, or the database cannot be reached.
pub async fn usual_time_zone(url: &str) -> Result<Option<String>, OpenError> {
    let mut target = Target::parse(url)?;
    target.config.options("");
    let connection = connect(&target).await?;
    let failed = |failure: Failure| OpenError::Database(failure.to_string());
    let client = connection.client().map_err(failed)?;
    let asked = client.query_opt(USUAL_TIME_ZONE, &[]).await.map_err(Failure::from);
    let zone = asked.map_err(failed)?.map(|row| rows::get(&row, 0, "timezone")).transpose();
    zone.map_err(failed)
}

const USUAL_TIME_ZONE: &str =
    "SELECT current_setting('timezone') FROM grelot.secrets WHERE name = 'joined'";

/// What a migration would do, or why it would not.
async fn look(connection: &Connection) -> Result<MigrationReport, MigrateError> {
    let mut found = report(connection, MIGRATIONS).await?;
    columns::refuse_unfit(connection).await?;
    refuse_drift(connection).await?;
    if !found.pending.is_empty() {
        found.first = joining::room(connection).await?;
    }
    Ok(found)
}

/// Brings the database up to date, and reads the secret of this installation.
pub(crate) async fn prepare(target: &Target) -> Result<[u8; 32], OpenError> {
    let connection = connect_migrated(target).await?;
    let secret = rows::optional(&connection, sql::SECRET, &[], |row| {
        let secret: &[u8] = rows::get(row, 0, "secrets.value")?;
        secret.try_into().map_err(|_other_length| Failure::Corrupt("secrets.value"))
    });
    let secret = secret.await.map_err(|failure| OpenError::Database(failure.to_string()))?;
    // Only `copy` takes it away, until it is done.
    let secret = secret.ok_or(OpenError::Unfinished)?;
    joining::find_missed(&connection).await?;
    Ok(secret)
}

/// Brings the database up to date, and goes on with the connection that did.
pub(crate) async fn connect_migrated(target: &Target) -> Result<Connection, OpenError> {
    let connection = connect(target).await?;
    bring_up(&connection).await?;
    Ok(connection)
}

/// Applies what is pending.
pub(crate) async fn bring_up(connection: &Connection) -> Result<MigrationReport, OpenError> {
    match apply(connection, MIGRATIONS).await {
        Ok(found) => Ok(found),
        Err(error) => Err(rights::explain(connection, error).await.into()),
    }
}

pub(crate) async fn connect(target: &Target) -> Result<Connection, OpenError> {
    let failed = |failure: Failure| OpenError::Database(failure.to_string());
    Connection::take(&target.pool(1)?).await.map_err(failed)
}

/// Applies what is pending, in one transaction that other nodes wait for. On an error the connection is closed, and the
/// transaction with it.
async fn apply(
    connection: &Connection,
    steps: &[Migration],
) -> Result<MigrationReport, MigrateError> {
    let found = report(connection, steps).await?;
    columns::refuse_unfit(connection).await?;
    if found.pending.is_empty() {
        return Ok(found);
    }
    joining::lock(connection).await?;
    // Once more under the lock: another node may have been faster.
    let found = report(connection, steps).await?;
    if !found.pending.is_empty() {
        refuse_drift(connection).await?;
        joining::make_room(connection).await?;
        joining::in_turn(connection, &statements(&found.pending)?).await?;
    }
    joining::unlock(connection).await?;
    Ok(found)
}

/// The steps as one text, with what remembers them.
fn statements(steps: &[Migration]) -> Result<String, MigrateError> {
    let mut parts = vec![TABLE.to_owned()];
    for step in steps {
        let Migration { number, name, oldest, .. } = *step;
        let checksum = hex(&step.checksum());
        parts.push(step.sql.to_owned());
        parts.push(format!(
            "INSERT INTO grelot.migrations (number, name, checksum, oldest)
            VALUES ({number}, '{name}', '\\x{checksum}', {oldest}) ON CONFLICT (number) DO NOTHING"
        ));
        if number == 1 {
            let secret = hex(&new_secret()?);
            parts.push(format!(
                "INSERT INTO grelot.secrets (name, value) VALUES ('root', '\\x{secret}')"
            ));
            parts.push(MARK_JOINED.to_owned());
        }
    }
    Ok(parts.join(";\n"))
}

/// Whose rows these are is remembered: those of an application are not removed unless somebody says so.
const MARK_JOINED: &str = "INSERT INTO grelot.secrets (name, value) SELECT 'joined', ''
    WHERE EXISTS (SELECT 1 FROM public.notifications) OR to_regclass('public._prisma_migrations') IS NOT NULL";

fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| char::from_digit(u32::from(digit), 16)).collect()
}

/// A table that Prisma manages gets its columns from Prisma.
async fn refuse_drift(connection: &Connection) -> Result<(), MigrateError> {
    let lacking = "SELECT to_regclass('public._prisma_migrations') IS NOT NULL
        AND to_regclass('public.notifications') IS NOT NULL
        AND (SELECT count(*) FROM pg_attribute WHERE attrelid = to_regclass('public.notifications')
            AND attname IN ('category', 'data', 'seq', 'stateSeq') AND NOT attisdropped) < 4";
    let row = connection.client()?.query_one(lacking, &[]).await?;
    if rows::get(&row, 0, "pg_attribute")? { Err(MigrateError::Prisma) } else { Ok(()) }
}

/// Compares the steps that the database remembers with `steps`.
async fn report(
    connection: &Connection,
    steps: &[Migration],
) -> Result<MigrationReport, MigrateError> {
    let client = connection.client()?;
    // Asked of the catalogue itself: a session may remember names as unknown which another one has made meanwhile.
    let known = "SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_tables
        WHERE schemaname = 'grelot' AND tablename = 'migrations')";
    let mut applied: Vec<Row> = Vec::new();
    if rows::get(&client.query_one(known, &[]).await?, 0, "pg_tables")? {
        let remembered = "SELECT number, checksum, oldest FROM grelot.migrations ORDER BY number";
        applied = client.query(remembered, &[]).await?;
    }
    let applied: Vec<Applied> = applied.iter().map(remembered).collect::<Result<_, _>>()?;
    let mut report = MigrationReport::new(steps, applied)?;
    // A migration of the host may have taken something away. Where a newer version put it, that one puts it back.
    let outside = report.present.iter().find(|step| step.name == OUTSIDE).copied();
    if let Some(outside) = outside {
        report.missing = joining::missing(connection).await?;
        if report.newer.is_empty() && !report.missing.is_empty() {
            report.pending.push(outside);
        }
    }
    Ok(report)
}

fn remembered(row: &Row) -> Result<Applied, Failure> {
    let step = |index, name| {
        u32::try_from(rows::get::<i32>(row, index, name)?)
            .map_err(|_negative| Failure::Corrupt(name))
    };
    Ok(Applied {
        number: step(0, "migrations.number")?,
        checksum: rows::get(row, 1, "migrations.checksum")?,
        oldest: step(2, "migrations.oldest")?,
    })
}

#[cfg(test)]
mod tests {
    use grelot_store_common::SchemaError;

    use super::*;
    use crate::cluster::Database;

    const NOTE: Migration =
        Migration { number: 2, name: "note", sql: "CREATE TABLE note (text TEXT);", oldest: 1 };
    /// The tables as a host has them that runs Prisma.
    const PRISMA: &str = r#"CREATE TABLE _prisma_migrations (id TEXT);
        CREATE TYPE "NotificationType" AS ENUM ('INFO', 'SUCCESS', 'WARNING', 'ERROR');
        CREATE TABLE notifications ("id" TEXT NOT NULL, "userId" TEXT NOT NULL,
            "type" "NotificationType" NOT NULL DEFAULT 'INFO', "title" TEXT NOT NULL, "body" TEXT, "link" TEXT,
            "readAt" TIMESTAMP(3), "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
            CONSTRAINT "notifications_pkey" PRIMARY KEY ("id"))"#;

    async fn database() -> (Database, Connection) {
        let database = Database::new();
        let connection = connect(&Target::parse(&database.url()).unwrap()).await.unwrap();
        (database, connection)
    }

    #[test]
    fn steps_are_numbered_from_one_without_a_gap() {
        let numbers: Vec<u32> = MIGRATIONS.iter().map(|step| step.number).collect();
        assert!(numbers.into_iter().eq(1..=u32::try_from(MIGRATIONS.len()).unwrap()));
    }

    #[tokio::test]
    async fn each_step_is_applied_once() {
        let (_database, connection) = database().await;
        let steps = [MIGRATIONS[0], NOTE];
        assert_eq!(apply(&connection, &steps[..1]).await.unwrap().pending, steps[..1]);
        let second = apply(&connection, &steps).await.unwrap();
        assert_eq!((second.present, second.pending), (steps[..1].to_vec(), steps[1..].to_vec()));
        assert!(apply(&connection, &steps).await.unwrap().pending.is_empty());
    }

    #[tokio::test]
    async fn nodes_that_start_at_once_migrate_once() {
        let database = Database::new();
        let url = database.url();
        let mut nodes = tokio::task::JoinSet::new();
        for _ in 0..4 {
            let url = url.clone();
            nodes.spawn(async move { migrate(&url, false).await.unwrap().pending.len() });
        }
        let applied: usize = nodes.join_all().await.into_iter().sum();
        assert_eq!(applied, MIGRATIONS.len());
    }

    #[tokio::test]
    async fn a_dry_run_shows_the_statements_and_changes_nothing() {
        let database = Database::new();
        for _ in 0..2 {
            let shown = migrate(&database.url(), true).await.unwrap();
            assert_eq!(shown.pending, MIGRATIONS);
        }
        assert_eq!(database.run("SELECT to_regnamespace('grelot')"), "");
    }

    #[tokio::test]
    async fn a_dry_run_shows_what_is_done_to_a_table_of_an_application_in_its_order() {
        let database = Database::new();
        database.run(&PRISMA.replace("CREATE TABLE _prisma_migrations (id TEXT);", ""));
        let shown = migrate(&database.url(), true).await.unwrap();
        let [columns, indexes @ ..] = &shown.first[..] else { panic!("{shown:?}") };
        assert!(columns.starts_with("ALTER TABLE public.notifications ADD COLUMN"), "{columns}");
        assert!(indexes.iter().all(|one| one.starts_with("CREATE INDEX CONCURRENTLY")));
        for statement in &shown.first {
            database.run(statement);
        }
        assert_eq!(migrate(&database.url(), true).await.unwrap().first, [""; 0]);
        migrate(&database.url(), false).await.unwrap();
        assert_eq!(
            migrate(&database.url(), true).await.unwrap(),
            MigrationReport { present: MIGRATIONS.to_vec(), ..MigrationReport::default() }
        );
    }

    #[tokio::test]
    async fn a_server_that_reads_backslashes_in_strings_is_migrated_as_well() {
        let database = Database::new();
        let name = database.run("SELECT current_database()");
        database.run(&format!("ALTER DATABASE {name} SET standard_conforming_strings = off"));
        assert_eq!(migrate(&database.url(), false).await.unwrap().pending, MIGRATIONS);
    }

    #[tokio::test]
    async fn the_time_zone_of_other_programs_is_not_that_of_our_sessions() {
        let database = Database::new();
        let name = database.run("SELECT current_database()");
        database.run(&format!("ALTER DATABASE {name} SET timezone = 'Asia/Tokyo'"));
        migrate(&database.url(), false).await.unwrap();
        assert_eq!(usual_time_zone(&database.url()).await.unwrap(), None, "nobody else writes");
        database.run("INSERT INTO grelot.secrets (name, value) VALUES ('joined', '')");
        let zone = usual_time_zone(&database.url()).await.unwrap();
        assert_eq!(zone.as_deref(), Some("Asia/Tokyo"));
    }

    #[tokio::test]
    async fn a_step_in_another_wording_is_refused() {
        let (_database, connection) = database().await;
        apply(&connection, &[MIGRATIONS[0], NOTE]).await.unwrap();
        let reworded = Migration { sql: "CREATE TABLE note (text JSON);", ..NOTE };
        let refused = apply(&connection, &[MIGRATIONS[0], reworded]).await;
        assert!(matches!(refused, Err(MigrateError::Schema(SchemaError::Changed(2)))));
    }

    #[tokio::test]
    async fn an_older_version_starts_beside_a_newer_one_that_says_so() {
        let (_database, connection) = database().await;
        apply(&connection, &[MIGRATIONS[0], NOTE]).await.unwrap();
        let older = apply(&connection, &MIGRATIONS[..1]).await.unwrap();
        assert_eq!((older.present, older.pending), (MIGRATIONS[..1].to_vec(), Vec::new()));
        assert_eq!(older.newer, [NOTE.number]);
    }

    #[tokio::test]
    async fn an_older_version_beside_which_a_newer_one_does_not_run_is_refused() {
        let (_database, connection) = database().await;
        let demanding = Migration { oldest: 2, ..NOTE };
        apply(&connection, &[MIGRATIONS[0], demanding]).await.unwrap();
        let older = apply(&connection, &MIGRATIONS[..1]).await;
        assert!(matches!(older, Err(MigrateError::Schema(SchemaError::Newer(2)))));
        assert!(apply(&connection, &[MIGRATIONS[0], demanding]).await.is_ok());
    }

    #[tokio::test]
    async fn what_a_newer_version_put_on_the_host_s_tables_an_older_one_leaves_to_it() {
        let (database, connection) = database().await;
        let next = Migration { number: 4, oldest: 3, ..NOTE };
        let newer = [MIGRATIONS, &[next]].concat();
        apply(&connection, &newer).await.unwrap();
        database.run("DROP TRIGGER grelot_inserted ON notifications");
        assert_eq!(apply(&connection, MIGRATIONS).await.unwrap().pending, []);
        assert_eq!(apply(&connection, &newer).await.unwrap().pending, MIGRATIONS[2..]);
    }

    #[tokio::test]
    async fn a_step_that_fails_leaves_nothing_of_the_others() {
        let (database, connection) = database().await;
        let broken = Migration { sql: "CREATE TABLE broken (", ..NOTE };
        assert!(apply(&connection, &[MIGRATIONS[0], broken]).await.is_err());
        drop(connection);
        let left =
            database.run("SELECT to_regnamespace('grelot'), to_regclass('public.notifications')");
        assert_eq!(left, "|");
    }

    #[tokio::test]
    async fn every_database_has_a_secret_of_its_own() {
        let (one, other) = (Database::new(), Database::new());
        let secret = async |database: &Database| {
            prepare(&Target::parse(&database.url()).unwrap()).await.unwrap()
        };
        let first = secret(&one).await;
        assert_eq!(first, secret(&one).await);
        assert_ne!(first, secret(&other).await);
    }

    #[tokio::test]
    async fn a_table_that_prisma_manages_is_not_altered() {
        let database = Database::new();
        database.run(PRISMA);
        let refused = migrate(&database.url(), false).await;
        let Err(OpenError::Migrate(MigrateError::Prisma)) = refused else { panic!("{refused:?}") };
        assert_eq!(database.run("SELECT to_regnamespace('grelot')"), "");
        database.run(
            r#"ALTER TABLE notifications ADD "category" TEXT, ADD "data" JSON, ADD "seq" BIGINT, ADD "stateSeq" BIGINT"#,
        );
        assert_eq!(migrate(&database.url(), false).await.unwrap().pending, MIGRATIONS);
    }
}
