//! Runs the built binary in a directory of its own, with an environment of its own. Not here: any assertion about it.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, ExitStatus, Output, Stdio};

use grelot_testkit::postgres::Database;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// A secret that is long enough.
pub(crate) const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// A working directory, where `grelot.db` and `grelot.toml` are looked for.
pub(crate) struct Workplace {
    directory: TempDir,
    variables: Vec<(String, String)>,
    /// Goes away after everything that uses it.
    server: Option<Database>,
}

/// What a command said and how it ended.
pub(crate) struct Said {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Workplace {
    /// An empty directory; the environment has the secret alone, and an empty database where one is asked for: else it is
    /// `grelot.db`.
    pub(crate) fn new() -> Self {
        let place = Self { server: Database::if_asked(), ..Self::bare() };
        let url = place.server.as_ref().map(Database::url);
        let place = place.with("GRELOT_JWT_SECRET", SECRET);
        url.into_iter().fold(place, |place, url| place.with("GRELOT_DATABASE", &url))
    }

    /// An empty directory and an empty environment.
    pub(crate) fn bare() -> Self {
        Self { directory: TempDir::new().unwrap(), variables: Vec::new(), server: None }
    }

    /// Adds a variable.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// The URL of its database.
    pub(crate) fn database(&self) -> String {
        let file = || format!("sqlite:{}", self.path().join("grelot.db").display());
        self.server.as_ref().map_or_else(file, Database::url)
    }

    /// Writes a file.
    pub(crate) fn file(&self, name: &str, text: &str) {
        std::fs::write(self.path().join(name), text).unwrap();
    }

    /// The command, not yet run.
    pub(crate) fn command<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_grelot"));
        command.args(arguments).current_dir(self.path()).env_clear().stdin(Stdio::null());
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs a command to its end.
    #[track_caller]
    pub(crate) fn run(&self, arguments: &[&str]) -> Said {
        said(self.command(arguments).output().unwrap())
    }

    /// Runs a command that has to succeed; what it printed, without the last line break.
    #[track_caller]
    pub(crate) fn ok(&self, arguments: &[&str]) -> String {
        let said = self.run(arguments);
        assert_eq!(said.status, 0, "{arguments:?}: {}", said.stderr);
        said.stdout.trim_end_matches('\n').to_owned()
    }

    /// Starts `serve` on a free port and waits until it listens.
    #[track_caller]
    pub(crate) fn serve(&self) -> Server {
        self.serve_with(&["--bind", "127.0.0.1:0", "--metrics-bind", "off"])
    }

    /// Starts `serve` with these flags and waits until it listens.
    #[track_caller]
    pub(crate) fn serve_with(&self, flags: &[&str]) -> Server {
        let mut command = self.command(&[&["serve"], flags].concat());
        let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let mut server = Server { child, stderr, heard: Vec::new(), url: String::new() };
        let line = server.wait_for("listens on http://");
        let rest = line.split("listens on ").nth(1).unwrap();
        rest.split(['"', ',', '\n']).next().unwrap().clone_into(&mut server.url);
        server
    }
}

/// What a finished process said.
pub(crate) fn said(output: Output) -> Said {
    Said {
        status: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A running service; killed when it is dropped.
pub(crate) struct Server {
    child: Child,
    stderr: BufReader<ChildStderr>,
    heard: Vec<String>,
    pub(crate) url: String,
}

impl Server {
    /// Reads what it says until a line with `text`.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, text: &str) -> String {
        loop {
            let mut line = String::new();
            let read = self.stderr.read_line(&mut line).unwrap();
            assert_ne!(read, 0, "it ended without saying {text:?}: {:?}", self.heard);
            if line.contains(text) {
                return line;
            }
            self.heard.push(line);
        }
    }

    /// Everything it said before the last line that was waited for.
    pub(crate) fn heard(&self) -> String {
        self.heard.concat()
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        signal_child(&self.child, signal);
    }

    /// Waits for its end.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}

/// Sends a signal to a child that has not been waited for.
pub(crate) fn signal_child(child: &Child, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    kill_process(pid, signal).unwrap();
}
