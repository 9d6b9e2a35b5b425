//! The real binary under test. Not here: what it is asked (`api`), and what may become of it (the tests).

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, ensure};
use parking_lot::Mutex;
use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process, prlimit};
use tempfile::TempDir;
use tokio::sync::watch;

/// The secret of users' tokens.
pub const SECRET: &str = "0123456789abcdef0123456789abcdef";
/// How long a start may take before it counts as hanging. What a test demands of a start is the test's own matter.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long an orderly end may take.
const STOP: Duration = Duration::from_secs(40);
/// How many lines of its log a failure shows.
const LINES: usize = 12;
/// How often `/readyz` is asked, as a balancer does, and how long one answer may take.
const PROBE: Duration = Duration::from_millis(20);
const ANSWER: Duration = Duration::from_secs(1);

/// Since when it answers `/readyz` with 200; nothing while it does not run.
pub type Up = Option<Instant>;

/// How a start went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// It answers requests, so long after it was started.
    Ready(Duration),
    /// It ended before it listened.
    Ended,
}

/// A service with a directory of its own, whose process may come and go. Its address stays.
#[derive(Debug)]
pub struct Program {
    binary: PathBuf,
    place: TempDir,
    environment: Vec<(String, String)>,
    address: Option<SocketAddr>,
    api_key: String,
    running: Option<Running>,
    up: watch::Sender<Up>,
    log: Arc<Mutex<String>>,
}

#[derive(Debug)]
struct Running {
    child: Child,
    /// Ends when the process has: it reads what that says.
    listener: JoinHandle<()>,
    ended: watch::Receiver<bool>,
}

impl Program {
    /// A service of its own on an empty SQLite database, with an API key; nothing runs yet.
    pub fn new() -> Result<Self> {
        Self::with(&[])
    }

    /// The same, with more variables of the environment, such as another database.
    pub fn with(environment: &[(&str, &str)]) -> Result<Self> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let mut program = Self::bare(environment.iter().map(owned).collect(), String::new())?;
        let output = Command::new(&program.binary)
            .args(["keys", "create", "--name", "test"])
            .current_dir(program.place.path())
            .env_clear()
            .envs(program.environment.iter().cloned())
            .output()?;
        ensure!(output.status.success(), "no key: {}", String::from_utf8_lossy(&output.stderr));
        program.api_key.push_str(String::from_utf8(output.stdout)?.trim());
        Ok(program)
    }

    /// Another node of the same deployment: the same environment and the same key.
    pub fn beside(&self) -> Result<Self> {
        Self::bare(self.environment.clone(), self.api_key.clone())
    }

    fn bare(environment: Vec<(String, String)>, api_key: String) -> Result<Self> {
        Ok(Self {
            binary: binary()?,
            place: TempDir::with_prefix("grelot-test-")?,
            environment,
            address: None,
            api_key,
            running: None,
            up: watch::channel(None).0,
            log: Arc::default(),
        })
    }

    /// An API key with every scope.
    pub fn api_key(&self) -> &str {
        &self.api_key
    }

    /// The directory of its database.
    pub fn path(&self) -> &Path {
        self.place.path()
    }

    /// Sets a variable of the environment, from the next start on.
    pub fn set(&mut self, name: &str, value: &str) {
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    /// Where it listens, once it has been ready.
    pub fn address(&self) -> Result<SocketAddr> {
        self.address.context("it was never ready")
    }

    /// The same as a URL.
    pub fn url(&self) -> Result<String> {
        self.address().map(|address| format!("http://{address}"))
    }

    /// Whether `/readyz` says so, within a second.
    pub async fn is_ready(&self) -> Result<bool> {
        Ok(is_ready(self.address()?).await)
    }

    /// Waits until it is ready after a fault of what it needs; from then on it counts how long a stream stays away.
    pub async fn ready_again(&self) -> Result<()> {
        let address = self.address()?;
        let mut probe = tokio::time::interval(PROBE);
        let ready = async {
            while !is_ready(address).await {
                probe.tick().await;
            }
        };
        tokio::time::timeout(PATIENCE, ready)
            .await
            .with_context(|| format!("it is not ready again: {}", self.log()))?;
        self.up.send_replace(Some(Instant::now()));
        Ok(())
    }

    /// Whether it is there to be asked. Clients wait for this instead of trying again and again.
    pub fn up(&self) -> watch::Receiver<Up> {
        self.up.subscribe()
    }

    /// The last lines that it has logged, however often it was started.
    pub fn log(&self) -> String {
        let log = self.log.lock();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(LINES)..].join("\n")
    }

    /// Starts it and waits until it is ready.
    pub async fn start(&mut self) -> Result<Duration> {
        match self.start_under(&[]).await? {
            Start::Ready(after) => Ok(after),
            Start::Ended => Err(anyhow!("it ended instead of starting: {}", self.log())),
        }
    }

    /// Starts it as the last arguments of another command, such as `strace`, which has to become it.
    pub async fn start_under(&mut self, prefix: &[&str]) -> Result<Start> {
        ensure!(self.running.is_none(), "it runs already");
        let begin = Instant::now();
        let (listens, mut address) = watch::channel(None);
        let mut running = self.spawn(prefix, listens)?;
        let mut ended = running.ended.clone();
        let listening = async {
            tokio::select! {
                address = address.wait_for(Option::is_some) => address.ok().and_then(|found| *found),
                _ended = ended.wait_for(|ended| *ended) => None,
            }
        };
        let address = tokio::time::timeout(PATIENCE, listening).await.context("it hangs")?;
        if let Some(address) = address {
            self.address = Some(address);
            if is_ready(address).await {
                self.running = Some(running);
                self.up.send_replace(Some(Instant::now()));
                return Ok(Start::Ready(begin.elapsed()));
            }
        }
        running.reap()?;
        Ok(Start::Ended)
    }

    fn spawn(
        &self,
        prefix: &[&str],
        listens: watch::Sender<Option<SocketAddr>>,
    ) -> Result<Running> {
        let bind = self.address.map_or_else(|| "127.0.0.1:0".to_owned(), |known| known.to_string());
        let mut command = match prefix {
            [] => Command::new(&self.binary),
            [program, arguments @ ..] => {
                let mut command = Command::new(program);
                command.args(arguments).arg(&self.binary);
                command
            }
        };
        let mut child = command
            .args(["serve", "--bind", &bind, "--metrics-bind", "off"])
            .current_dir(self.place.path())
            .env_clear()
            .env("GRELOT_JWT_SECRET", SECRET)
            .envs(self.environment.iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {prefix:?} {}", self.binary.display()))?;
        let stderr = child.stderr.take().context("its messages cannot be read")?;
        let (end, ended) = watch::channel(false);
        let (log, up) = (Arc::clone(&self.log), self.up.clone());
        let listener = std::thread::spawn(move || {
            listen(stderr, &log, &listens);
            up.send_replace(None);
            end.send_replace(true);
        });
        Ok(Running { child, listener, ended })
    }

    /// Ends it as a power cut would.
    pub fn kill(&mut self) -> Result<()> {
        self.up.send_replace(None);
        self.running.take().map_or(Ok(()), |mut running| running.reap())
    }

    /// Ends it as an operator does, by `SIGTERM`, and demands that it ends well; returns how long that took.
    pub async fn stop(&mut self) -> Result<Duration> {
        let begin = Instant::now();
        let mut running = self.running.take().context("it does not run")?;
        let pid = Pid::from_raw(i32::try_from(running.child.id())?).context("no such process")?;
        kill_process(pid, Signal::TERM)?;
        let ended = running.ended.wait_for(|ended| *ended);
        tokio::time::timeout(STOP, ended).await.context("it does not end")??;
        let status = running.child.wait()?;
        ensure!(status.success(), "it ended with {status}: {}", self.log());
        Ok(begin.elapsed())
    }

    /// Waits until it has ended by itself, or by what it was started under.
    pub async fn ended(&mut self) -> Result<()> {
        if let Some(running) = &mut self.running {
            running.ended.wait_for(|ended| *ended).await?;
        }
        self.kill()
    }

    /// Sets the soft limit of what size its files may have; none lifts it.
    pub fn limit_files(&self, bytes: Option<u64>) -> Result<()> {
        let running = self.running.as_ref().context("it does not run")?;
        let pid = Pid::from_raw(i32::try_from(running.child.id())?);
        prlimit(pid, Resource::Fsize, Rlimit { current: bytes, maximum: None })?;
        Ok(())
    }
}

impl Running {
    /// Makes sure that it has ended, and that nothing of it is still to be heard.
    fn reap(&mut self) -> Result<()> {
        let _already_ended = self.child.kill();
        self.child.wait()?;
        // Joining needs the handle itself; a finished thread takes its place.
        let listener = std::mem::replace(&mut self.listener, std::thread::spawn(|| {}));
        listener.join().map_err(|_panic| anyhow!("its messages could not be read"))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ended = self.kill();
    }
}

/// Reads what the process says until it ends, and finds in it where it listens.
fn listen(stderr: ChildStderr, log: &Mutex<String>, listens: &watch::Sender<Option<SocketAddr>>) {
    for line in BufReader::new(stderr).lines().map_while(Result::ok) {
        if let Some((_, rest)) = line.split_once("listens on http://") {
            let end = rest.find(['"', ',']).unwrap_or(rest.len());
            listens.send_replace(rest[..end].parse().ok());
        }
        let mut log = log.lock();
        log.push_str(&line);
        log.push('\n');
    }
}

async fn is_ready(address: SocketAddr) -> bool {
    let request = reqwest::Client::new().get(format!("http://{address}/readyz"));
    let answer = request.timeout(ANSWER).send().await;
    answer.is_ok_and(|answer| answer.status().is_success())
}

/// The binary of the same build as the running test: `target/<profile>/grelot`, beside the folder of the test.
pub fn binary() -> Result<PathBuf> {
    let test = std::env::current_exe()?;
    let profile = test.parent().and_then(Path::parent).context("the test is nowhere")?;
    let binary = profile.join("grelot");
    ensure!(
        binary.exists(),
        "{} is not built; run `cargo build -p grelot` first, as scripts/test does",
        binary.display()
    );
    Ok(binary)
}
