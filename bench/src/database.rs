//! A PostgreSQL server of one measurement, as it is made by default: what is committed is on the disk. And the statements
//! that other programs run in it. Not here: Grelot.

use anyhow::{Context as _, Result};
use grelot_testkit::postgres;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;
use tokio_postgres::{Client, NoTls};

/// A server with a cluster of its own, removed when dropped.
pub(crate) struct Cluster {
    server: postgres::Server,
}

impl Cluster {
    /// Starts one.
    pub(crate) fn start() -> Result<Self> {
        let server = postgres::Server::start().context("PostgreSQL")?;
        Ok(Self { server })
    }

    /// The address of its database `name`, made empty.
    pub(crate) fn create(&self, name: &str) -> Result<String> {
        self.server.run("postgres", &format!("CREATE DATABASE {name}"))?;
        Ok(self.server.url(name))
    }
}

/// The runtime of programs that speak to a database themselves.
pub(crate) fn runtime() -> Result<Runtime> {
    Ok(Builder::new_current_thread().enable_all().build()?)
}

/// A connection to the database at `url`, driven in `tasks`.
pub(crate) async fn connect(url: &str, tasks: &mut JoinSet<()>) -> Result<Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    // Its error is that of whatever statement waits for it.
    tasks.spawn(async move { drop(connection.await) });
    Ok(client)
}
