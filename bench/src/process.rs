//! Children that end with us: on return, on error, on panic and on a kill. Not here: what they are told to do.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use anyhow::{Context, Result};
use rustix::process::{Signal, set_parent_process_death_signal};

/// A child process, killed and reaped when dropped.
#[derive(Debug)]
pub(crate) struct Guard(pub(crate) Child);

impl Guard {
    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.0.id()
    }

    /// Fails, with its status, if the child has ended.
    pub(crate) fn check_running(&mut self) -> Result<()> {
        match self.0.try_wait()? {
            None => Ok(()),
            Some(status) => anyhow::bail!("it ended: {status}"),
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // Either fails only if the child is gone already, which is what is wanted.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// A command that runs `program` through our own `leashed` subcommand: killed by the kernel when we die, however
/// we do. (To ask for that between fork and exec would need `unsafe`.)
pub(crate) fn leashed(program: &Path) -> Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.env_clear().arg("leashed").arg(program);
    Ok(command)
}

/// Becomes `program`, on a leash. Returns only if that fails.
pub(crate) fn become_leashed(program: &Path, arguments: &[OsString]) -> Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    let error = Command::new(program).args(arguments).exec();
    Err(error).with_context(|| format!("cannot run {}", program.display()))
}

/// A directory of its own on the repository's disk, removed when dropped.
#[derive(Debug)]
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    /// Makes `NAME-PID` in `target/bench`, empty.
    pub(crate) fn new(name: &str) -> Result<Self> {
        let target = target_directory()?;
        let path = target.join("bench").join(format!("{name}-{}", std::process::id()));
        if path.exists() {
            std::fs::remove_dir_all(&path)?;
        }
        std::fs::create_dir_all(&path)
            .with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Self(path))
    }

    /// A file in it.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed stays in `target`, where it harms nobody.
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// Where cargo put this program: `target/PROFILE/grelot-bench`.
fn target_directory() -> Result<PathBuf> {
    let program = std::env::current_exe()?;
    let target = program.ancestors().find(|path| path.file_name().is_some_and(|n| n == "target"));
    Ok(target.context("this program is not in a target directory")?.to_path_buf())
}

/// The server to measure, where `cargo build --release -p grelot` puts it.
pub(crate) fn default_server() -> Result<PathBuf> {
    Ok(target_directory()?.join("release").join("grelot"))
}
