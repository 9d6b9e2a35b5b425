//! A database of one test, on the server that tests share. Not here: the server (`cluster`), and one that a test may end
//! (`server`).

use std::ffi::OsStr;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Result, ensure};

use super::cluster::Cluster;
use super::command::succeed;

/// A database of its own, dropped with this. What fails here fails the test: it panics.
#[derive(Debug)]
pub struct Database {
    cluster: Cluster,
    name: String,
}

impl Database {
    /// A new, empty database.
    #[expect(clippy::new_without_default, reason = "a server has to be there")]
    pub fn new() -> Self {
        passed(Self::create())
    }

    /// A new, empty database, where `GRELOT_TEST_STORE` is `postgres`; none where it is unset: then a file is tested.
    pub fn if_asked() -> Option<Self> {
        let asked = std::env::var_os("GRELOT_TEST_STORE")?;
        Some(passed(Self::create_if(&asked)))
    }

    fn create_if(asked: &OsStr) -> Result<Self> {
        let name = asked.display();
        ensure!(asked == "postgres", "GRELOT_TEST_STORE is postgres or unset, not {name}");
        Self::create()
    }

    fn create() -> Result<Self> {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let cluster = Cluster::join()?;
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{}_{number}", std::process::id());
        // Process numbers come back.
        let drop = format!("DROP DATABASE IF EXISTS {name}");
        let create = format!("CREATE DATABASE {name}");
        succeed(cluster.psql("postgres").args(["-c", &drop, "-c", &create]))?;
        Ok(Self { cluster, name })
    }

    /// Its URL, over the socket.
    pub fn url(&self) -> String {
        self.cluster.url(&self.name)
    }

    /// Runs statements as another program would, and returns what they answer, one row a line.
    pub fn run(&self, sql: &str) -> String {
        passed(succeed(self.psql().args(["-c", sql])))
    }

    /// The client program.
    pub fn psql(&self) -> Command {
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

#[expect(clippy::panic, reason = "a test fails by a panic")]
fn passed<T>(result: Result<T>) -> T {
    result.unwrap_or_else(|error| panic!("{error:#}"))
}
