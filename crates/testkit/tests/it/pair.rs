//! Two nodes on one PostgreSQL, over either bus. Not here: what becomes of them.

use anyhow::Result;
use grelot_testkit::history::Verdict;
use grelot_testkit::{nats, postgres};

use crate::load::{Scene, USERS};
use crate::support::{Door, World};

/// How nodes tell each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bus {
    Notify,
    Nats,
}

impl Bus {
    pub(crate) const EACH: [Self; 2] = [Self::Notify, Self::Nats];
}

/// Two nodes, with what they need. Clients come in at both.
pub(crate) struct Pair {
    pub(crate) first: World,
    pub(crate) second: World,
    // Dropped after the nodes.
    pub(crate) server: postgres::Server,
    pub(crate) nats: Option<nats::Server>,
}

impl Pair {
    pub(crate) async fn start(bus: Bus) -> Result<Self> {
        let server = postgres::Server::start()?;
        let nats = match bus {
            Bus::Notify => None,
            Bus::Nats => Some(nats::Server::start()?),
        };
        let mut environment = vec![("GRELOT_DATABASE", server.url("postgres"))];
        environment.extend(nats.iter().map(|nats| ("GRELOT_BUS", nats.url())));
        let environment: Vec<(&str, &str)> =
            environment.iter().map(|(name, value)| (*name, &**value)).collect();
        let first = World::start_with(&environment, &USERS).await?;
        let second = first.beside(&[], &USERS).await?;
        Ok(Self { first, second, server, nats })
    }
}

impl Pair {
    /// Waits until both nodes are ready after a fault of what they need.
    pub(crate) async fn ready_again(&self) -> Result<()> {
        self.first.program.ready_again().await?;
        self.second.program.ready_again().await
    }
}

impl Scene for Pair {
    fn doors(&self) -> Vec<Door> {
        vec![self.first.door(), self.second.door()]
    }
}

/// What every verdict has to be.
#[track_caller]
pub(crate) fn judged(what: impl std::fmt::Debug, verdict: Result<Verdict>) -> Verdict {
    let verdict = verdict.unwrap();
    println!("{what:?}: {verdict}");
    assert!(verdict.faults.is_empty(), "{what:?}: {verdict}");
    assert_eq!(verdict.resets, 0, "{what:?}: every stream could resume");
    verdict
}
