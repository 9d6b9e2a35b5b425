//! `grelot copy`: everything from SQLite to PostgreSQL, page by page, then both read again and compared.
//!
//! A page is committed with how far the copy is, so that it goes on exactly there. Until all is verified the target cannot
//! be served.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use aws_lc_rs::digest;
use grelot_store::copy::{CopyError, Row, Standing, TABLES, Table, Value};
use grelot_store_postgres::CopyTarget;
use grelot_store_sqlite::CopySource;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::failure::Failure;
use super::output;
use crate::database::DatabaseUrl;
use crate::process::Signals;
use crate::settings::{Environment, Flags};

/// What the file of a SQLite database begins with.
const HEAD: &[u8] = b"SQLite format 3\0";
/// How many rows are written at a time.
const PAGE: usize = 1_000;

/// Where from and where to: a file, and the URL of a database on a server.
pub(crate) fn ends(
    from: &str,
    to: Option<&str>,
    environment: &Environment,
) -> Result<(PathBuf, String), Failure> {
    // The URL itself is not repeated: it may hold a password.
    let parse = |name: &str, text: &str| {
        DatabaseUrl::parse(text).map_err(|why| Failure::Usage(format!("{name}: {why}")))
    };
    let to = match to {
        Some(text) => parse("--to", text)?,
        None => super::database_settings(&Flags::default(), environment)?.database,
    };
    match (parse("--from", from)?, to) {
        (DatabaseUrl::Sqlite(from), DatabaseUrl::Postgres(to)) => Ok((from, to)),
        _ => Err(Failure::Usage(
            "it is copied from sqlite:PATH to postgres://USER@HOST/DATABASE, and no other way"
                .to_owned(),
        )),
    }
}

/// Copies and verifies, until that is done or a signal.
pub(crate) async fn run(from: &Path, to: &str) -> Result<(), Failure> {
    let mut signals = Signals::listen().context("signals cannot be heard")?;
    tokio::select! {
        done = copy(from, to) => done,
        () = signals.next() => {
            Err(anyhow!("interrupted; the same command goes on where this one was").into())
        }
    }
}

async fn copy(from: &Path, to: &str) -> Result<(), Failure> {
    if !from.exists() {
        return Err(anyhow!("there is no database at {}", from.display()).into());
    }
    if !is_sqlite(from).context("nothing was copied: the source cannot be read")? {
        return Err(anyhow!("nothing was copied: {} is no SQLite database", from.display()).into());
    }
    let source = CopySource::open(from)
        .context("nothing was copied (a server that uses the source has to be stopped)")?;
    let failed = |error: CopyError| Failure::from(anyhow::Error::new(error));
    let (target, standing) =
        CopyTarget::open(to, &source.origin().map_err(failed)?).await.map_err(failed)?;
    let all: u64 = TABLES
        .iter()
        .map(|table| source.count(table))
        .sum::<Result<u64, CopyError>>()
        .map_err(failed)?;
    let Standing::Unfinished(done) = standing else {
        return output::line(
            "already there: the copy was verified when it was made, and nothing was done now; what happened to either \
             side since is not looked at",
        );
    };
    if done > 0 {
        output::note(format!("going on after {done} of {all} rows"));
    }
    let copying = bar("copied", all)?;
    let written = write(&source, &target, done, &copying).await;
    copying.finish_and_clear();
    written.context("the copy is unfinished; the same command goes on where this one was")?;
    let verifying = bar("verified", all)?;
    let verified = verify(&source, &target, &verifying).await;
    verifying.finish_and_clear();
    let verified = verified?;
    target.finish().await.map_err(failed)?;
    output::table(["TABLE", "ROWS", "CHECKSUM"], &verified)?;
    output::note(format!("verified: {all} rows; set GRELOT_DATABASE to the target and start"));
    Ok(())
}

/// Whether the file begins as one of SQLite's does. An empty one is a database without tables.
fn is_sqlite(path: &Path) -> io::Result<bool> {
    let mut head = Vec::new();
    File::open(path)?.take(HEAD.len() as u64).read_to_end(&mut head)?;
    Ok(head.is_empty() || head == HEAD)
}

/// Writes what is missing: all rows but the first `done`.
async fn write(
    source: &CopySource,
    target: &CopyTarget,
    done: u64,
    bar: &ProgressBar,
) -> Result<(), CopyError> {
    let mut seen = 0;
    for table in TABLES {
        let mut pages = Pages::new(source, table);
        while let Some(page) = pages.next()? {
            // Rows come in the same order whenever they are read.
            let there = usize::try_from(done.saturating_sub(seen)).unwrap_or(usize::MAX);
            seen += page.len() as u64;
            if let Some(missing @ [_, ..]) = page.get(there..) {
                target.write(table, missing, seen).await?;
            }
            bar.set_position(seen);
        }
    }
    Ok(())
}

/// Reads both sides and compares every row, page by page; a line a table, with a checksum of what is there now.
async fn verify(
    source: &CopySource,
    target: &CopyTarget,
    bar: &ProgressBar,
) -> Result<Vec<[String; 3]>, Failure> {
    let failed = |error: CopyError| Failure::from(anyhow::Error::new(error));
    let mut verified = Vec::new();
    for table in TABLES {
        let mut checksum = Checksum::new();
        let (mut count, mut pages) = (0, Pages::new(source, table));
        while let Some(page) = pages.next().map_err(failed)? {
            let found = target.rows_like(table, page).await.map_err(failed)?;
            if page != found {
                return Err(differs(table, page).into());
            }
            checksum.add(&found);
            count += page.len() as u64;
            bar.inc(page.len() as u64);
        }
        let there = target.count(table).await.map_err(failed)?;
        if there != count {
            let message =
                format!("{}: {count} rows were copied, and {there} are there", table.name);
            return Err(anyhow!("{message}; {AGAIN}").into());
        }
        verified.push([table.name.to_owned(), count.to_string(), checksum.finish()]);
    }
    Ok(verified)
}

/// What to do with a copy that is not one.
const AGAIN: &str =
    "something else wrote to the target: drop it, make an empty database, and copy again";

fn differs(table: &Table, page: &[Row]) -> anyhow::Error {
    let key = |row: Option<&Row>| {
        let key = row.and_then(|row| row.get(..table.key)).unwrap_or_default();
        let parts: Vec<String> = key.iter().map(readable).collect();
        output::printable(&parts.join(", "))
    };
    let (first, last) = (key(page.first()), key(page.last()));
    anyhow!("{}: rows from {first} to {last} are not as they were copied; {AGAIN}", table.name)
}

/// A part of a key, for people.
fn readable(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Text(text) => text.clone(),
        Value::Bytes(bytes) => format!("{bytes:02x?}"),
    }
}

/// The rows of a table, page by page.
struct Pages<'s> {
    source: &'s CopySource,
    table: &'static Table,
    page: Vec<Row>,
}

impl<'s> Pages<'s> {
    fn new(source: &'s CopySource, table: &'static Table) -> Self {
        Self { source, table, page: Vec::new() }
    }

    /// The next page; `None` behind the last one.
    fn next(&mut self) -> Result<Option<&[Row]>, CopyError> {
        self.page = self.source.page(self.table, self.page.last(), PAGE)?;
        Ok((!self.page.is_empty()).then_some(&self.page[..]))
    }
}

/// A checksum over rows, in the order of their keys.
struct Checksum {
    digest: digest::Context,
    bytes: Vec<u8>,
}

impl Checksum {
    fn new() -> Self {
        Self { digest: digest::Context::new(&digest::SHA256), bytes: Vec::new() }
    }

    fn add(&mut self, rows: &[Row]) {
        for value in rows.iter().flatten() {
            value.write_to(&mut self.bytes);
        }
        self.digest.update(&self.bytes);
        self.bytes.clear();
    }

    /// With the name of the algorithm.
    fn finish(self) -> String {
        format!("{:?}", self.digest.finish())
    }
}

/// For a terminal; what is done is said in any case.
fn bar(what: &str, all: u64) -> Result<ProgressBar, Failure> {
    let bar = ProgressBar::with_draw_target(Some(all), ProgressDrawTarget::stderr());
    let template =
        format!("{{bar:40}} {{percent:>3}} %  {{pos}}/{{len}} rows {what}  {{eta}} left");
    let style = ProgressStyle::with_template(&template).context("the progress bar is misdrawn")?;
    bar.set_style(style);
    Ok(bar)
}
