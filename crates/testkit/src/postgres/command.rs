//! The programs of PostgreSQL: where they are, and as whom they run.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

/// A program of the server, which refuses to run as root: then it runs as the user `postgres`.
pub(super) fn as_server(program: &str) -> Result<Command> {
    as_postgres(path_of(program))
}

/// Any program, as the user of the server.
pub(super) fn as_postgres(program: impl AsRef<OsStr>) -> Result<Command> {
    if !is_root()? {
        return Ok(Command::new(program));
    }
    // Becomes the program, so that the process is the server itself; and ends with this test, however that ends.
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--init-groups"]);
    command.args(["--pdeathsig=KILL", "--"]).arg(program);
    Ok(command)
}

/// Makes a cluster in `data`, with the user `postgres` who needs no password.
pub(super) fn initdb(data: &Path, settings: &str) -> Result<()> {
    let parent = data.parent().context("a cluster needs a directory of its own")?;
    if is_root()? {
        succeed(Command::new("chown").arg("postgres:").arg(parent))?;
    }
    let mut initdb = as_server("initdb")?;
    initdb.arg("-D").arg(data).args(["-U", "postgres", "--auth=trust", "--no-sync", "-E", "UTF8"]);
    initdb.args(["--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US"]);
    succeed(&mut initdb)?;
    let configuration = data.join("postgresql.conf");
    let defaults = fs::read_to_string(&configuration)?;
    fs::write(&configuration, format!("{defaults}{settings}timezone = 'America/New_York'\n"))?;
    Ok(())
}

/// The client program, in a database of the server whose socket is in `directory`.
pub(super) fn psql(directory: &Path, port: u16, database: &str) -> Command {
    let mut psql = Command::new(path_of("psql"));
    psql.arg("-h").arg(directory).arg("-p").arg(port.to_string());
    psql.args(["-U", "postgres", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", database]);
    psql
}

/// Runs it to its end, and returns what it said.
pub(super) fn succeed(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| {
        format!("{command:?}: the tests need a PostgreSQL server; install the package postgresql")
    })?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?}: {said}");
    Ok(String::from_utf8(output.stdout)?.trim_end().to_owned())
}

/// Where Debian puts the newest version, which is in no search path; else wherever the path leads.
pub(super) fn path_of(program: &str) -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions.map(|version| version.path().join("bin").join(program));
    newest.filter(|path| path.exists()).max().unwrap_or_else(|| PathBuf::from(program))
}

fn is_root() -> Result<bool> {
    Ok(fs::metadata("/proc/self")?.uid() == 0)
}
