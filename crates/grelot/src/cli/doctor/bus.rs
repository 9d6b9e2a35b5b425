//! The check of the NATS between nodes, from here: whether it takes us, and passes on what is said. Not here: what it is for
//! (`grelot-bus-nats`).

use grelot_bus_nats::{NatsBus, NatsOptions};

use super::finding::Finding;
use crate::settings::Environment;

/// Connects as a node would, if the environment names a NATS.
pub(super) async fn check(environment: &Environment) -> Option<Finding> {
    let what = "bus";
    let url = environment.text("GRELOT_BUS")?;
    let options = match NatsOptions::parse(url) {
        Ok(options) => options,
        Err(error) => return Some(Finding::fail(what, error.to_string())),
    };
    let names = options.names();
    Some(match NatsBus::check(options).await {
        Ok(()) => Finding::ok(what, format!("{names} passes on what is said")),
        Err(error) => {
            let text = format!(
                "{error}; meanwhile nodes hear of each other within 2 s, from the database"
            );
            Finding::fail(what, crate::cli::output::printable(&text))
        }
    })
}
