//! `grelot migrate`: brings the schema up to date, or prints what that would take.

use anyhow::Context as _;
use grelot_store_sqlite::Migration;

use super::failure::Failure;
use super::output;
use crate::settings::Settings;

/// Migrates. A dry run prints SQL and nothing else on standard output.
pub(crate) fn run(settings: &Settings, dry_run: bool) -> Result<(), Failure> {
    let path = settings.database.path();
    let report = grelot_store_sqlite::migrate(path, dry_run).context("nothing was migrated")?;
    if report.pending.is_empty() {
        output::note(format!("{} is up to date", path.display()));
        return Ok(());
    }
    report.pending.iter().try_for_each(|step| {
        if dry_run {
            output::line(format!("-- {}\n{}", name(step), step.sql.trim_end()))
        } else {
            output::line(format!("applied {}", name(step)))
        }
    })
}

fn name(step: &Migration) -> String {
    format!("{:04}_{}", step.number, step.name)
}
