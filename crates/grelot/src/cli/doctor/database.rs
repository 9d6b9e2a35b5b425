//! The check of a PostgreSQL database, from here: whether it can be reached, and has all that Grelot put into it. Nothing is
//! changed. Not here: what is missing then does (`grelot migrate`, or a start, puts it back).

use super::finding::Finding;
use crate::settings::Environment;

/// Looks at the database, if the environment names one on a server.
pub(super) async fn check(environment: &Environment) -> Option<Finding> {
    let what = "database";
    let url = environment.text("GRELOT_DATABASE")?;
    if !url.starts_with("postgres") {
        return None;
    }
    let found = match grelot_store_postgres::migrate(url, true).await {
        Ok(found) => found,
        Err(error) => return Some(Finding::fail(what, error.to_string())),
    };
    if found.pending.is_empty() {
        return Some(Finding::ok(what, "has every table, column, index and trigger"));
    }
    let steps: Vec<&str> = found.pending.iter().map(|step| step.name).collect();
    let text = format!(
        "lacks something of {}, perhaps since a migration of the application took it away: what other programs write \
         may not be seen; run `grelot migrate`",
        steps.join(", ")
    );
    Some(Finding::fail(what, text))
}
