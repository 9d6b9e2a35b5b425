//! `grelot migrate`: brings the schema up to date, or prints what that would take.

use anyhow::Context as _;

use super::failure::Failure;
use super::output;
use crate::database::DatabaseUrl;
use crate::settings::Settings;

/// A step that the database lacked.
struct Step {
    name: String,
    sql: &'static str,
}

impl Step {
    fn new(number: u32, name: &str, sql: &'static str) -> Self {
        Self { name: format!("{number:04}_{name}"), sql }
    }
}

/// Migrates. A dry run prints SQL and nothing else on standard output.
pub(crate) async fn run(settings: &Settings, dry_run: bool) -> Result<(), Failure> {
    let pending = migrate(&settings.database, dry_run).await.context("nothing was migrated")?;
    if pending.is_empty() {
        output::note(format!("{} is up to date", settings.database));
        return Ok(());
    }
    pending.iter().try_for_each(|step| {
        if dry_run {
            output::line(format!("-- {}\n{}", step.name, step.sql.trim_end()))
        } else {
            output::line(format!("applied {}", step.name))
        }
    })
}

async fn migrate(database: &DatabaseUrl, dry_run: bool) -> anyhow::Result<Vec<Step>> {
    match database {
        DatabaseUrl::Sqlite(path) => {
            let report = grelot_store_sqlite::migrate(path, dry_run)?;
            Ok(report.pending.iter().map(|one| Step::new(one.number, one.name, one.sql)).collect())
        }
        DatabaseUrl::Postgres(url) => {
            let report = grelot_store_postgres::migrate(url, dry_run).await?;
            Ok(report.pending.iter().map(|one| Step::new(one.number, one.name, one.sql)).collect())
        }
    }
}
