//! Grelot under test, as a black box: its command line, its environment, its HTTP. Not here: the load.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::client::http::{Connection, PATIENCE};
use crate::process::{Guard, Scratch, leashed};
use crate::request::{self, SECRET};
use crate::sys;

/// A running server with a database of its own.
pub(crate) struct Server {
    process: Guard,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// A key for its internal plane.
    pub(crate) api_key: String,
    /// From exec to the first 200 of `/readyz`.
    pub(crate) started_in: Duration,
    binary: PathBuf,
    database: String,
    environment: Environment,
    scratch: Scratch,
}

/// A server that was killed, and what it needs to go on.
pub(crate) struct Stopped {
    api_key: String,
    binary: PathBuf,
    database: String,
    environment: Environment,
    scratch: Scratch,
}

impl Stopped {
    /// The address of its database.
    pub(crate) fn database(&self) -> &str {
        &self.database
    }

    /// Starts it again on the same database.
    pub(crate) fn restart(mut self) -> Result<Server> {
        let environment = std::mem::take(&mut self.environment);
        self.restart_with(environment)
    }

    /// The same, with these settings instead of those it had.
    pub(crate) fn restart_with(self, environment: Environment) -> Result<Server> {
        let Self { api_key, binary, database, scratch, .. } = self;
        let (process, address, started_in) = spawn(&binary, &database, &environment, &scratch)?;
        Ok(Server { process, address, api_key, started_in, binary, database, environment, scratch })
    }
}

/// Settings besides the usual ones.
pub(crate) type Environment = Vec<(&'static str, String)>;

impl Server {
    /// Starts `binary` on an empty database, named after the row that is measured.
    pub(crate) fn start(binary: &Path, name: &str) -> Result<Self> {
        Self::start_with(binary, name, Vec::new())
    }

    /// The same, with more settings.
    pub(crate) fn start_with(binary: &Path, name: &str, environment: Environment) -> Result<Self> {
        let scratch = Scratch::new(name)?;
        let database = database(&scratch);
        Self::start_in(binary, scratch, database, environment)
    }

    /// The same, on the empty PostgreSQL database at `url`.
    pub(crate) fn start_on(
        binary: &Path,
        name: &str,
        url: String,
        environment: Environment,
    ) -> Result<Self> {
        Self::start_in(binary, Scratch::new(name)?, url, environment)
    }

    fn start_in(
        binary: &Path,
        scratch: Scratch,
        database: String,
        environment: Environment,
    ) -> Result<Self> {
        ensure!(binary.exists(), "{} is not built", binary.display());
        let api_key = create_key(binary, &database)?;
        let (process, address, started_in) = spawn(binary, &database, &environment, &scratch)?;
        let binary = binary.to_path_buf();
        let server =
            Self { process, address, api_key, started_in, binary, database, environment, scratch };
        server.create_category()?;
        Ok(server)
    }

    /// Another node on the same database, with the same settings and the same key.
    pub(crate) fn beside(&self, name: &str) -> Result<Self> {
        let scratch = Scratch::new(name)?;
        let (process, address, started_in) =
            spawn(&self.binary, &self.database, &self.environment, &scratch)?;
        Ok(Self {
            process,
            address,
            api_key: self.api_key.clone(),
            started_in,
            binary: self.binary.clone(),
            database: self.database.clone(),
            environment: self.environment.clone(),
            scratch,
        })
    }

    /// Kills it and starts it again on the same database.
    pub(crate) fn restart(self) -> Result<Self> {
        self.stop().restart()
    }

    /// Kills it; it may be started again.
    pub(crate) fn stop(self) -> Stopped {
        let Self { process, api_key, binary, database, environment, scratch, .. } = self;
        drop(process);
        Stopped { api_key, binary, database, environment, scratch }
    }

    fn create_category(&self) -> Result<()> {
        let body = br#"{"label":{"en":"Billing"}}"#;
        let request =
            request::with_body("PUT", "/api/internal/categories/billing", &self.api_key, body);
        let answer = self.connect()?.call(&request)?;
        ensure!(answer.status == 201, "creating the category got {}", answer.status);
        Ok(())
    }

    /// The address of its database.
    pub(crate) fn database(&self) -> &str {
        &self.database
    }

    /// A connection to it.
    pub(crate) fn connect(&self) -> Result<Connection> {
        Connection::open(self.address).context("cannot connect to the server")
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.process.pid()
    }
}

fn database(scratch: &Scratch) -> String {
    format!("sqlite:{}", scratch.file("grelot.db").display())
}

/// Makes an API key by the command line, which also makes the database.
fn create_key(binary: &Path, database: &str) -> Result<String> {
    let output = Command::new(binary)
        .env_clear()
        .args(["keys", "create", "--name", "bench", "--database", database])
        .stdin(Stdio::null())
        .output()?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "keys create failed: {errors}");
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

/// Makes an empty database as `grelot migrate` does, for the bare writer.
pub(crate) fn migrate(binary: &Path, scratch: &Scratch) -> Result<PathBuf> {
    ensure!(binary.exists(), "{} is not built", binary.display());
    create_key(binary, &database(scratch))?;
    Ok(scratch.file("grelot.db"))
}

fn spawn(
    binary: &Path,
    database: &str,
    environment: &Environment,
    scratch: &Scratch,
) -> Result<(Guard, SocketAddr, Duration)> {
    let address = free_address()?;
    let log = File::create(scratch.file("log"))?;
    let mut command = leashed(binary)?;
    command
        .args(["serve", "--database", database, "--bind", &address.to_string()])
        .env("GRELOT_JWT_SECRET", SECRET)
        .env("GRELOT_METRICS_BIND", "127.0.0.1:0")
        .env("GRELOT_STREAMS_PER_USER", "20000")
        .envs(environment.iter().cloned())
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log);
    let begin = Instant::now();
    let mut process = Guard(command.spawn()?);
    while !is_ready(address) {
        let log = || std::fs::read_to_string(scratch.file("log")).unwrap_or_default();
        process.check_running().with_context(log).context("the server does not start")?;
        ensure!(begin.elapsed() < PATIENCE, "not ready in {PATIENCE:?}: {}", log());
        sys::pause(Duration::from_micros(500));
    }
    Ok((process, address, begin.elapsed()))
}

fn is_ready(address: SocketAddr) -> bool {
    let request = b"GET /readyz HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n";
    Connection::open(address)
        .map_err(anyhow::Error::from)
        .and_then(|mut connection| connection.call(request))
        .is_ok_and(|answer| answer.status == 200)
}

/// An address that was free a moment ago.
fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}
