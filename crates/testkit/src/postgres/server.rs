//! A PostgreSQL server of one test, whose processes may be killed, frozen and started again. Its address stays.

use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, kill_process, pidfd_open, waitid,
};
use tempfile::TempDir;

use crate::{port, ready};

use super::command::{as_server, initdb, psql, succeed};

/// How long a process may take to end that was killed: it has memory to give back.
const ENDED: Duration = Duration::from_secs(30);

/// A server with a directory of its own.
#[derive(Debug)]
pub struct Server {
    place: TempDir,
    port: u16,
    running: Option<Child>,
}

impl Server {
    /// A new cluster, and its server.
    pub fn start() -> Result<Self> {
        let place = TempDir::with_prefix("grelot-postgres-")?;
        let port = port::free()?;
        let settings = format!(
            "listen_addresses = '127.0.0.1'\nport = {port}\nunix_socket_directories = '{}'\nmax_connections = 200\n",
            place.path().display(),
        );
        initdb(&place.path().join("data"), &settings)?;
        let mut server = Self { place, port, running: None };
        server.restart()?;
        Ok(server)
    }

    /// The address of a database of it.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Runs statements as another program would, and returns what they answer, one row a line.
    pub fn run(&self, database: &str, sql: &str) -> Result<String> {
        succeed(psql(self.place.path(), self.port, database).args(["-c", sql]))
    }

    /// Starts it again after its end, and waits until it takes connections.
    pub fn restart(&mut self) -> Result<()> {
        ensure!(self.running.is_none(), "it runs already");
        let data = self.place.path().join("data");
        // What a kill leaves behind names a process that may be anybody's by now.
        let _absent = fs::remove_file(data.join("postmaster.pid"));
        let mut server = as_server("postgres")?;
        server.arg("-D").arg(&data).stdin(Stdio::null()).stdout(Stdio::null());
        let mut child = server.stderr(Stdio::piped()).spawn().context("cannot start postgres")?;
        let log = child.stderr.take().context("its log cannot be read")?;
        self.running = Some(child);
        ready::wait_for("ready to accept connections", log)
    }

    /// Ends all its processes as a power cut would, and returns when none is left: the next server takes over their port and
    /// their files. What the system had not written stays, as with any kill.
    pub fn kill(&mut self) -> Result<()> {
        let running = self.running.as_ref().context("it does not run")?;
        let main = pid(running.id())?;
        // From here on it starts no other.
        kill_process(main, Signal::STOP)?;
        let standing = WaitIdOptions::STOPPED | WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        waitid(WaitId::Pid(main), standing)?;
        let mut others = Vec::new();
        for process in children(running.id())? {
            // One that has just ended is not waited for.
            others.extend(pidfd_open(pid(process)?, PidfdFlags::empty()));
        }
        self.end(Signal::KILL)?;
        for process in others {
            let mut ended = [PollFd::new(&process, PollFlags::IN)];
            let left = poll(&mut ended, Some(&Timespec::try_from(ENDED)?))?;
            ensure!(left == 1, "a process of it outlives it");
        }
        Ok(())
    }

    /// Ends it without a checkpoint and without a word to its clients, as `pg_ctl stop -m immediate` does.
    pub fn stop_immediately(&mut self) -> Result<()> {
        self.end(Signal::QUIT)
    }

    /// Stops all its processes where they are: connections stay open, and nothing is answered.
    pub fn freeze(&self) -> Result<()> {
        self.signal(Signal::STOP)
    }

    /// They go on.
    pub fn thaw(&self) -> Result<()> {
        self.signal(Signal::CONT)
    }

    fn end(&mut self, signal: Signal) -> Result<()> {
        self.signal(signal)?;
        if let Some(mut running) = self.running.take() {
            running.wait()?;
        }
        Ok(())
    }

    fn signal(&self, signal: Signal) -> Result<()> {
        let running = self.running.as_ref().context("it does not run")?;
        let main = running.id();
        // The first one before the others: it would start them again.
        for process in std::iter::once(main).chain(children(main)?) {
            // One that has just ended needs no signal.
            let _ended = kill_process(pid(process)?, signal);
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // One that is frozen takes this signal too.
        let _ended = self.kill();
    }
}

fn pid(process: u32) -> Result<Pid> {
    Pid::from_raw(i32::try_from(process)?).context("no such process")
}

/// The processes that `parent` started.
fn children(parent: u32) -> Result<Vec<u32>> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let path = entry?.path();
        let number = path.file_name().and_then(|name| name.to_str()?.parse::<u32>().ok());
        if let Some(number) = number
            && parent_of(&path) == Some(parent)
        {
            found.push(number);
        }
    }
    Ok(found)
}

fn parent_of(process: &Path) -> Option<u32> {
    let status = fs::read_to_string(process.join("status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("PPid:"))?;
    line.trim().parse().ok()
}
