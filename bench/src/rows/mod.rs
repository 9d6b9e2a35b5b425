//! The rows of the table, one module each. Not here: how sockets are read (`client`), what a floor does (`floor`).

mod bulk;
mod crowd;
mod fanout;
mod hostile;
mod hostile_cases;
mod latency;
mod list;
mod load;
mod mail;
mod memory;
mod million;
mod million_rows;
mod nodes;
mod notify;
mod outside;
mod postgres;
mod startup;

use std::path::PathBuf;

use anyhow::Result;

use crate::report::Row;

pub(crate) use fanout::floor_only;

/// What is measured, and how thoroughly.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// The server to measure.
    pub(crate) server: PathBuf,
    /// Whether this is only to show that everything works.
    pub(crate) quick: bool,
}

impl Plan {
    /// The size of something in this run.
    pub(crate) fn size(&self, full: usize, quick: usize) -> usize {
        if self.quick { quick } else { full }
    }
}

/// A measurement: what it is called on the command line, and what it does.
pub(crate) struct Measurement {
    /// Its name.
    pub(crate) name: &'static str,
    /// Measures.
    pub(crate) run: fn(&Plan) -> Result<Vec<Row>>,
}

/// Every measurement, in the order of the table.
pub(crate) const ALL: [Measurement; 14] = [
    Measurement { name: "memory", run: memory::run },
    Measurement { name: "fanout", run: fanout::run },
    Measurement { name: "notify", run: notify::run },
    Measurement { name: "bulk", run: bulk::run },
    Measurement { name: "latency", run: latency::run },
    Measurement { name: "mail", run: mail::run },
    Measurement { name: "list", run: list::run },
    Measurement { name: "startup", run: startup::run },
    Measurement { name: "hostile", run: hostile::run },
    Measurement { name: "postgres", run: postgres::run },
    Measurement { name: "nodes", run: nodes::run },
    Measurement { name: "crowd", run: crowd::run },
    Measurement { name: "outside", run: outside::run },
    Measurement { name: "million", run: million::run },
];
