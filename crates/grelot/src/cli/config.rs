//! `grelot config check`: the effective configuration, secrets masked, and where each value came from.

use std::path::Path;

use super::failure::Failure;
use super::output;
use crate::builder::InboxMax;
use crate::database::DatabaseUrl;
use crate::settings::{self, DEFINITIONS, Environment, Flags, Layers, Purpose, Setting};

/// Checks what `serve` would start with, and prints it.
pub(crate) fn check(flags: &Flags, environment: &Environment) -> Result<(), Failure> {
    let directory = Path::new("");
    let loaded = settings::load(flags, environment, directory, Purpose::Serve)?;
    for warning in &loaded.warnings {
        output::note(format!("warning: {warning}"));
    }
    let layers = Layers::collect(flags, environment, directory, Purpose::Serve);
    let rows: Vec<[String; 3]> = DEFINITIONS
        .iter()
        .map(|definition| match layers.values.get(&definition.setting) {
            // What it is then only the database knows.
            Some(given)
                if definition.setting == Setting::InboxMax
                    && loaded.settings.inbox_max == InboxMax::Usual
                    && matches!(loaded.settings.database, DatabaseUrl::Postgres(_)) =>
            {
                let text = format!("{}, 0 in a joined database", given.text);
                [definition.variable.to_owned(), text, given.origin.to_string()]
            }
            Some(given) => [
                definition.variable.to_owned(),
                output::printable(&settings::masked(definition.setting, &given.text)),
                given.origin.to_string(),
            ],
            None => [definition.variable.to_owned(), "-".to_owned(), "not set".to_owned()],
        })
        .collect();
    output::table(["SETTING", "VALUE", "FROM"], &rows)
}
