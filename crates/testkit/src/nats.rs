//! A NATS server of one test, which may be killed, frozen and started again. Its address stays.
//!
//! The program is that of the search path, else the one that `scripts/test` installs.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use rustix::process::{Pid, Signal, kill_process};

use crate::{port, ready};

/// A server that keeps nothing.
#[derive(Debug)]
pub struct Server {
    arguments: Vec<OsString>,
    port: u16,
    running: Option<Child>,
}

impl Server {
    /// A server that anyone on this machine may use.
    pub fn start() -> Result<Self> {
        Self::start_with([""; 0])
    }

    /// A server with more arguments than its address.
    pub fn start_with(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Result<Self> {
        let port = port::free()?;
        let arguments = arguments.into_iter().map(|text| text.as_ref().to_owned()).collect();
        let mut server = Self { arguments, port, running: None };
        server.restart()?;
        Ok(server)
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its process.
    pub fn process(&self) -> Option<u32> {
        self.running.as_ref().map(Child::id)
    }

    /// Starts it again after its end, and waits until it takes connections.
    pub fn restart(&mut self) -> Result<()> {
        ensure!(self.running.is_none(), "it runs already");
        let mut server = Command::new(program());
        server.args(["-a", "127.0.0.1", "-p", &self.port.to_string()]).args(&self.arguments);
        server.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = server.spawn().context(
            "the tests need nats-server: scripts/test installs it, or put one into the search path",
        )?;
        let log = child.stderr.take().context("its log cannot be read")?;
        self.running = Some(child);
        ready::wait_for("Server is ready", log)
    }

    /// Ends it without a word to its clients.
    pub fn kill(&mut self) -> Result<()> {
        self.signal(Signal::KILL)?;
        if let Some(mut running) = self.running.take() {
            running.wait()?;
        }
        Ok(())
    }

    /// Stops it where it is: connections stay open, and nothing is answered.
    pub fn freeze(&self) -> Result<()> {
        self.signal(Signal::STOP)
    }

    /// It goes on.
    pub fn thaw(&self) -> Result<()> {
        self.signal(Signal::CONT)
    }

    fn signal(&self, signal: Signal) -> Result<()> {
        let process = self.process().context("it does not run")?;
        let pid = Pid::from_raw(i32::try_from(process)?).context("no such process")?;
        Ok(kill_process(pid, signal)?)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // One that is frozen takes this signal too.
        let _ended = self.kill();
    }
}

fn program() -> PathBuf {
    const NAME: &str = "nats-server";
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut found = std::env::split_paths(&path).map(|folder| folder.join(NAME));
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    let installed = root.map(|root| root.join(".cache/venv/bin").join(NAME));
    let installed = installed.filter(|path| path.is_file());
    found.find(|path| path.is_file()).or(installed).unwrap_or_else(|| PathBuf::from(NAME))
}
