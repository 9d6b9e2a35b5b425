//! `grelot migrate`: brings the schema up to date, or prints what that would take.

use anyhow::Context as _;

use grelot_store_postgres::{Migration, MigrationReport, PostgresStore};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::failure::Failure;
use super::output;
use crate::database::{Database, DatabaseUrl};
use crate::settings::Settings;

/// Migrates. A dry run prints SQL and nothing else on standard output.
pub(crate) async fn run(settings: &Settings, dry_run: bool) -> Result<(), Failure> {
    let MigrationReport { first, pending, .. } =
        migrate(&settings.database, dry_run).await.context("nothing was migrated")?;
    if pending.is_empty() {
        output::note(format!("{} is up to date", settings.database));
    }
    if !first.is_empty() {
        let comment = "-- first, each by itself and outside of a transaction: the application goes on meanwhile";
        output::line(format!("{comment}\n{};\n", first.join(";\n")))?;
        output::line("-- then, in one transaction")?;
    }
    pending.iter().try_for_each(|Migration { number, name, sql, .. }| {
        if dry_run {
            output::line(format!("-- {number:04}_{name}\n{}", sql.trim_end()))
        } else {
            output::line(format!("applied {number:04}_{name}"))
        }
    })?;
    if dry_run { Ok(()) } else { backfill(settings).await }
}

/// Gives the notifications that were there before Grelot their places in the inboxes, and shows how far it is. The
/// application goes on meanwhile. A service does it as well, by itself.
async fn backfill(settings: &Settings) -> Result<(), Failure> {
    if !matches!(settings.database, DatabaseUrl::Postgres(_)) {
        return Ok(());
    }
    let database = super::open_beside(settings).await?;
    let done = match &database {
        Database::Postgres(store) => places(store).await,
        Database::Sqlite(_) => Ok(()),
    };
    database.close().await;
    done
}

async fn places(store: &PostgresStore) -> Result<(), Failure> {
    let failed = "older notifications did not get their places; start the command again";
    let all = store.backlog().await.context(failed)?.rows;
    if all == 0 {
        return Ok(());
    }
    let bar = ProgressBar::with_draw_target(Some(all), ProgressDrawTarget::stderr());
    let style =
        ProgressStyle::with_template("{bar:40} {percent:>3} %  {pos}/{len} rows  {eta} left");
    bar.set_style(style.context("the progress bar is misdrawn")?);
    let mut rows = 0_usize;
    loop {
        match store.backfill().await.context(failed)? {
            0 => break,
            some => rows += some,
        }
        bar.set_position(rows as u64);
    }
    bar.finish_and_clear();
    output::line(format!("{rows} older notifications got their places"))
}

async fn migrate(database: &DatabaseUrl, dry_run: bool) -> anyhow::Result<MigrationReport> {
    match database {
        DatabaseUrl::Sqlite(path) => Ok(grelot_store_sqlite::migrate(path, dry_run)?),
        DatabaseUrl::Postgres(url) => Ok(grelot_store_postgres::migrate(url, dry_run).await?),
    }
}
