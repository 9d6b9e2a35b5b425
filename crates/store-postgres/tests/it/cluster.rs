//! The PostgreSQL server of the tests: started by the first test that needs it, shared by all that run meanwhile, and
//! ended when none has needed it for some seconds. A database of it for each test. Needs `initdb` and root, or a user
//! that may run it.
//!
//! Its time zone is not UTC and its collation is not that of bytes, so that nothing rests on either.

use std::fs::{self, File};
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// A running server, which stays as long as this does.
pub(crate) struct Cluster {
    directory: PathBuf,
    port: u16,
    /// Held shared: whoever ends the server takes it alone.
    _user: File,
}

impl Cluster {
    /// The server, started when there is none.
    pub(crate) fn join() -> Self {
        let owner = fs::metadata("/proc/self").unwrap().uid();
        let directory = std::env::temp_dir().join(format!("grelot-postgres-{owner}"));
        fs::create_dir_all(&directory).unwrap();
        let user = open(&directory.join("users.lock"));
        user.lock_shared().unwrap();
        let starting = open(&directory.join("start.lock"));
        starting.lock().unwrap();
        let port = running(&directory).unwrap_or_else(|| start(&directory));
        Self { directory, port, _user: user }
    }

    /// The client program, in a database.
    fn psql(&self, database: &str) -> Command {
        let mut psql = Command::new(program_path("psql"));
        psql.arg("-h").arg(&self.directory).arg("-p").arg(self.port.to_string());
        psql.args(["-U", "postgres", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", database]);
        psql
    }
}

/// A database of its own, dropped with this.
pub(crate) struct Database {
    cluster: Cluster,
    name: String,
}

impl Database {
    /// A new, empty database.
    pub(crate) fn new() -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let cluster = Cluster::join();
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{}_{number}", std::process::id());
        // Process numbers come back.
        for sql in [format!("DROP DATABASE IF EXISTS {name}"), format!("CREATE DATABASE {name}")] {
            succeed(cluster.psql("postgres").args(["-c", &sql]));
        }
        Self { cluster, name }
    }

    /// Its URL, over the socket.
    pub(crate) fn url(&self) -> String {
        let Cluster { directory, port, .. } = &self.cluster;
        format!("postgres:///{}?host={}&port={port}&user=postgres", self.name, directory.display())
    }

    /// Runs statements as another program would, and returns what they answer, one row a line.
    pub(crate) fn run(&self, sql: &str) -> String {
        succeed(self.psql().args(["-c", sql]))
    }

    /// The client program.
    pub(crate) fn psql(&self) -> Command {
        self.cluster.psql(&self.name)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let drop = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        // Best effort: the server goes away with all of them.
        let _dropped = self.cluster.psql("postgres").args(["-c", &drop]).output();
    }
}

fn open(path: &Path) -> File {
    File::options().create(true).truncate(false).write(true).open(path).unwrap()
}

/// The port of the server that runs already.
fn running(directory: &Path) -> Option<u16> {
    let port = fs::read_to_string(directory.join("port")).ok()?.parse().ok()?;
    let mut ready = Command::new(program_path("pg_isready"));
    ready.arg("-q").arg("-h").arg(directory).args(["-p", &u16::to_string(&port)]);
    ready.status().is_ok_and(|status| status.success()).then_some(port)
}

fn start(directory: &Path) -> u16 {
    let data = directory.join("data");
    if data.exists() {
        // Of a server that was killed.
        fs::remove_dir_all(&data).unwrap();
    }
    if is_root() {
        succeed(Command::new("chown").arg("postgres:").arg(directory));
    }
    let mut initdb = as_server("initdb");
    initdb.arg("-D").arg(&data).args(["-U", "postgres", "--auth=trust", "--no-sync", "-E", "UTF8"]);
    initdb.args(["--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US"]);
    succeed(&mut initdb);
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let settings = format!(
        "listen_addresses = '127.0.0.1'\nport = {port}\nunix_socket_directories = '{}'\n\
         timezone = 'America/New_York'\nmax_connections = 300\nfsync = off\nwal_level = minimal\n\
         max_wal_senders = 0\n",
        directory.display(),
    );
    let configuration = data.join("postgresql.conf");
    let defaults = fs::read_to_string(&configuration).unwrap();
    fs::write(&configuration, defaults + &settings).unwrap();
    let mut server = as_server("pg_ctl");
    server.arg("-D").arg(&data).arg("-l").arg(directory.join("log")).args(["-w", "start"]);
    server.stdout(Stdio::null()).stderr(Stdio::null());
    assert!(server.status().unwrap().success(), "PostgreSQL does not start: see its log");
    fs::write(directory.join("port"), port.to_string()).unwrap();
    watch(directory);
    port
}

/// Ends the server when no test process holds the lock any more, this one included, however it ended.
fn watch(directory: &Path) {
    let end = format!(
        "while sleep 10; do flock -n -x users.lock sh -c '{} -D data -m immediate stop; rm -rf data port log' \
         && exit; done",
        program_path("pg_ctl").display(),
    );
    let mut watch = as_postgres("setsid");
    watch.args(["--fork", "sh", "-c", &end]).current_dir(directory);
    watch.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    assert!(watch.status().unwrap().success());
}

/// A program of the server. It refuses to run as root.
fn as_server(program: &str) -> Command {
    as_postgres(program_path(program))
}

fn as_postgres(program: impl AsRef<std::ffi::OsStr>) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--init-groups", "--"]).arg(program);
    command
}

fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

/// Where Debian puts the newest version, which is in no search path; else wherever the path leads.
fn program_path(program: &str) -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions.map(|version| version.path().join("bin").join(program));
    newest.filter(|path| path.exists()).max().unwrap_or_else(|| PathBuf::from(program))
}

fn succeed(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| {
        panic!("{command:?}: {error}. The tests need a PostgreSQL server: install postgresql")
    });
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}
