//! Measures Grelot beside its floors, and prints the table. Not here: any number of Grelot's own; it is a black box.
#![expect(
    clippy::cast_precision_loss,
    reason = "counts become figures for people; none comes near 2^53"
)]

mod client;
mod database;
mod floor;
mod process;
mod report;
mod request;
mod rows;
mod server;
mod sink;
mod stats;
mod sys;

use std::ffi::OsString;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::report::{Row, Verdict, markdown, write_results};
use crate::rows::Plan;

#[derive(Parser)]
#[command(about = "Measures Grelot beside floors that do the least possible work")]
struct Arguments {
    /// The server to measure [default: target/release/grelot]
    #[arg(long, global = true)]
    server: Option<PathBuf>,
    /// A small run that shows only that everything works
    #[arg(long, global = true)]
    quick: bool,
    /// Put the figures into bench/README.md and the plot beside it
    #[arg(long, global = true, conflicts_with = "quick")]
    write: bool,
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Every row
    All,
    /// User memory of an idle stream
    Memory,
    /// One event, and a burst, to many streams, beside the floor
    Fanout,
    /// Durable notifications, one a request
    Notify,
    /// Durable notifications, a thousand a request, beside a bare SQLite writer
    Bulk,
    /// From the request to the event
    Latency,
    /// What the inbox feels while 500 mails a second go out
    Mail,
    /// The list of a large inbox in a large table
    List,
    /// Memory and start of the idle process
    Startup,
    /// Hostile input
    Hostile,
    /// Durable notifications on PostgreSQL, beside bare inserts
    Postgres,
    /// From the request on one node to the event on another, with either bus and with a dead one
    Nodes,
    /// Memory and CPU of a stream on one of two nodes, beside a node alone
    Crowd,
    /// What rows of other programs cost them, and how fast they are adopted
    Outside,
    /// What others feel while an inbox of a million is read, erased, trimmed and pruned, on both databases
    Million,
    /// The floor of the fan-out alone, without Grelot
    FanoutFloor,
    #[command(hide = true)]
    StreamFloor,
    #[command(hide = true)]
    HoldStreams { address: SocketAddr, streams: usize },
    #[command(hide = true)]
    Leashed {
        program: PathBuf,
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
}

impl What {
    /// The measurement of this name; every one where there is none.
    fn name(&self) -> Option<&'static str> {
        match self {
            Self::Memory => Some("memory"),
            Self::Fanout => Some("fanout"),
            Self::Notify => Some("notify"),
            Self::Bulk => Some("bulk"),
            Self::Latency => Some("latency"),
            Self::Mail => Some("mail"),
            Self::List => Some("list"),
            Self::Startup => Some("startup"),
            Self::Hostile => Some("hostile"),
            Self::Postgres => Some("postgres"),
            Self::Nodes => Some("nodes"),
            Self::Crowd => Some("crowd"),
            Self::Outside => Some("outside"),
            Self::Million => Some("million"),
            Self::All
            | Self::FanoutFloor
            | Self::StreamFloor
            | Self::HoldStreams { .. }
            | Self::Leashed { .. } => None,
        }
    }
}

/// Says what is going on, beside the table.
pub(crate) fn progress(text: &str) {
    // Nobody reading is no reason to stop.
    drop(writeln!(io::stderr(), "{text}"));
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    if let What::Leashed { program, arguments } = &arguments.what {
        process::become_leashed(program, arguments)?;
    }
    sys::raise_descriptor_limit()?;
    if matches!(arguments.what, What::StreamFloor) {
        floor::stream::serve()?;
    }
    if let What::HoldStreams { address, streams } = arguments.what {
        client::holder::hold(address, streams)?;
    }
    let server = match arguments.server {
        Some(path) => path,
        None => process::default_server()?,
    };
    let plan = Plan { server, quick: arguments.quick };
    anyhow::ensure!(
        !arguments.write || matches!(arguments.what, What::All),
        "only a run of all rows is written"
    );
    if matches!(arguments.what, What::FanoutFloor) {
        writeln!(io::stdout(), "floor: {}", rows::floor_only(&plan)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    measure(&plan, arguments.what.name(), arguments.write)
}

/// Runs the measurements called `name`, or all; fails if one does not run, or misses its target.
fn measure(plan: &Plan, name: Option<&str>, write: bool) -> Result<ExitCode> {
    let machine = sys::machine();
    progress(&machine);
    let begin = Instant::now();
    let (mut table, mut failed): (Vec<Row>, bool) = (Vec::new(), false);
    for measurement in rows::ALL.iter().filter(|m| name.is_none_or(|name| name == m.name)) {
        match (measurement.run)(plan) {
            Ok(rows) => table.extend(rows),
            Err(error) => {
                progress(&format!("{}: {error:#}", measurement.name));
                table.push(Row::broken(measurement.name, &error));
                failed = true;
            }
        }
    }
    failed |= table.iter().any(|row| row.verdict == Verdict::Fail);
    progress(&format!("all of it took {:.0?}", begin.elapsed()));
    let mut out = io::stdout().lock();
    writeln!(out, "{machine}\n\n{}", markdown(&table))?;
    if write {
        write_results(&table, &machine)?;
    }
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
