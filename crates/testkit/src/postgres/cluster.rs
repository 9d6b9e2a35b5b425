//! The PostgreSQL server that tests share: started by the first test that needs it, and ended when none has needed it for
//! some seconds, however the last one ended. Not here: the databases of it (`database`).

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use super::command::{as_postgres, as_server, initdb, path_of, psql, succeed};

/// A running server, which stays as long as this does.
#[derive(Debug)]
pub(super) struct Cluster {
    directory: PathBuf,
    port: u16,
    /// Held shared: whoever ends the server takes it alone.
    _user: File,
}

impl Cluster {
    /// The server, started when there is none.
    pub(super) fn join() -> Result<Self> {
        let owner = fs::metadata("/proc/self")?.uid();
        let directory = std::env::temp_dir().join(format!("grelot-postgres-{owner}"));
        fs::create_dir_all(&directory)?;
        let user = open(&directory.join("users.lock"))?;
        user.lock_shared()?;
        let starting = open(&directory.join("start.lock"))?;
        starting.lock()?;
        let port = running(&directory).map_or_else(|| start(&directory), Ok)?;
        Ok(Self { directory, port, _user: user })
    }

    /// The client program, in a database.
    pub(super) fn psql(&self, database: &str) -> Command {
        psql(&self.directory, self.port, database)
    }

    /// The address of a database, over the socket.
    pub(super) fn url(&self, database: &str) -> String {
        let (directory, port) = (self.directory.display(), self.port);
        format!("postgres:///{database}?host={directory}&port={port}&user=postgres")
    }
}

fn open(path: &Path) -> Result<File> {
    Ok(File::options().create(true).truncate(false).write(true).open(path)?)
}

/// The port of the server that runs already.
fn running(directory: &Path) -> Option<u16> {
    let port = fs::read_to_string(directory.join("port")).ok()?.parse().ok()?;
    let mut ready = Command::new(path_of("pg_isready"));
    ready.arg("-q").arg("-h").arg(directory).args(["-p", &u16::to_string(&port)]);
    ready.status().is_ok_and(|status| status.success()).then_some(port)
}

fn start(directory: &Path) -> Result<u16> {
    let data = directory.join("data");
    if data.exists() {
        // Of a server that was killed.
        fs::remove_dir_all(&data)?;
    }
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
    let settings = format!(
        "listen_addresses = '127.0.0.1'\nport = {port}\nunix_socket_directories = '{}'\n\
         max_connections = 300\nfsync = off\nwal_level = minimal\nmax_wal_senders = 0\n",
        directory.display(),
    );
    initdb(&data, &settings)?;
    let mut server = as_server("pg_ctl")?;
    server.arg("-D").arg(&data).arg("-l").arg(directory.join("log")).args(["-w", "start"]);
    // What it starts lives on, and would hold a pipe.
    server.stdout(Stdio::null()).stderr(Stdio::null());
    let log = directory.join("log");
    ensure!(server.status()?.success(), "PostgreSQL does not start: see {}", log.display());
    fs::write(directory.join("port"), port.to_string())?;
    watch(directory)?;
    Ok(port)
}

/// Ends the server when no test process holds the lock any more, this one included, however it ended.
fn watch(directory: &Path) -> Result<()> {
    let end = format!(
        "while sleep 10; do flock -n -x users.lock sh -c '{} -D data -m immediate stop; rm -rf data port log' \
         && exit; done",
        path_of("pg_ctl").display(),
    );
    let mut watch = as_postgres("setsid")?;
    watch.args(["--fork", "sh", "-c", &end]).current_dir(directory);
    watch.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    succeed(&mut watch).map(|_said| ()).context("nothing would end the server")
}
