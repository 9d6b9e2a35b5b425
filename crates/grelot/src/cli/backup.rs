//! `grelot backup`: copies the database while it is in use, and shows how far it is.

use std::path::Path;

use anyhow::{Context as _, anyhow};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::failure::Failure;
use super::output;
use crate::database::DatabaseUrl;
use crate::settings::Settings;

/// Copies the database of `settings` to `target`. The bar is for a terminal; what is done is said in any case.
pub(crate) fn run(settings: &Settings, target: &Path) -> Result<(), Failure> {
    let DatabaseUrl::Sqlite(source) = &settings.database else {
        let advice = "pg_dump copies a PostgreSQL database; this command copies SQLite's file";
        return Err(Failure::Usage(advice.to_owned()));
    };
    if !source.exists() {
        let message = format!("there is no database at {}", source.display());
        return Err(anyhow!(message).into());
    }
    let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
    let style =
        ProgressStyle::with_template("{bar:40} {percent:>3} %  {pos}/{len} pages  {eta} left")
            .context("the progress bar is misdrawn")?;
    bar.set_style(style);
    let copied = grelot_store_sqlite::backup(source, target, &mut |done, all| {
        bar.set_length(all);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    copied.context("there is no backup")?;
    let size = std::fs::metadata(target).map(|file| file.len()).unwrap_or_default();
    output::line(format!("{}: {} bytes", target.display(), size))
}
