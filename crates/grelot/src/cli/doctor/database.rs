//! The check of a PostgreSQL database, from here: whether it can be reached, and has all that Grelot put into it. Nothing is
//! changed. Not here: what is missing then does (`grelot migrate`, or a start, puts it back).

use grelot_store_postgres::MigrationReport;

use super::finding::Finding;
use crate::settings::Environment;

const WHAT: &str = "database";
/// As PostgreSQL names it.
const UTC: [&str; 6] = ["UTC", "Etc/UTC", "GMT", "Etc/GMT", "Universal", "Zulu"];

/// Looks at the database, if the environment names one on a server.
pub(super) async fn check(environment: &Environment) -> Vec<Finding> {
    let Some(url) = environment.text("GRELOT_DATABASE").filter(|url| url.starts_with("postgres"))
    else {
        return Vec::new();
    };
    let found = match grelot_store_postgres::migrate(url, true).await {
        Ok(found) => found,
        Err(error) => return vec![Finding::fail(WHAT, error.to_string())],
    };
    let mut findings = vec![schema(&found)];
    if let Ok(Some(zone)) = grelot_store_postgres::usual_time_zone(url).await
        && !UTC.contains(&&*zone)
    {
        let zone = crate::cli::output::printable(&zone);
        findings.push(Finding::warn(
            WHAT,
            format!(
                "sessions that ask for no time zone have {zone}: what another program writes with now(), or without \
                 createdAt, is off by so much; ALTER ROLE ... SET timezone = 'UTC' for its role (docs/joining.md)"
            ),
        ));
    }
    findings
}

fn schema(found: &MigrationReport) -> Finding {
    if !found.missing.is_empty() {
        let text = format!(
            "lacks {}, perhaps since a migration of the application: what other programs write may not be seen; run \
             `grelot migrate`, or start a node",
            found.missing.join(", ")
        );
        return Finding::fail(WHAT, text);
    }
    if found.pending.is_empty() {
        return Finding::ok(WHAT, "has every table, column, index and trigger");
    }
    let steps: Vec<&str> = found.pending.iter().map(|step| step.name).collect();
    let text = format!("is to be migrated ({}); run `grelot migrate`", steps.join(", "));
    Finding::fail(WHAT, text)
}
