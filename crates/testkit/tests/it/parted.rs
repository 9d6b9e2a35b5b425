//! Two nodes on one PostgreSQL, of which the second one has wires of its own to its servers. Not here: what becomes of them
//! (`partition`).

use anyhow::Result;
use grelot_testkit::proxy::Proxy;
use grelot_testkit::{nats, postgres};

use crate::load::{Scene, USERS};
use crate::pair::Bus;
use crate::support::{Door, World};

/// What becomes of a wire.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    /// What is sent goes nowhere, and nobody is told.
    Cut,
    /// Every connection is closed, and none is taken.
    Refused,
}

impl Fault {
    pub(crate) const EACH: [Self; 2] = [Self::Cut, Self::Refused];

    pub(crate) async fn begin(self, wire: &mut Proxy) -> Result<()> {
        match self {
            Self::Cut => wire.cut(),
            Self::Refused => wire.refuse().await?,
        }
        Ok(())
    }
}

/// Two nodes, of which the second one has wires of its own.
pub(crate) struct Parted {
    pub(crate) first: World,
    pub(crate) second: World,
    to_database: Proxy,
    /// Where NATS is the bus.
    pub(crate) to_nats: Option<Proxy>,
    // Dropped after the nodes.
    _server: postgres::Server,
    _nats: Option<nats::Server>,
}

impl Parted {
    pub(crate) async fn start(bus: Bus) -> Result<Self> {
        let server = postgres::Server::start()?;
        let to_database = Proxy::start(server.port()).await?;
        let through = format!("postgres://postgres@127.0.0.1:{}/postgres", to_database.port());
        let direct = server.url("postgres");
        let (nats, to_nats) = match bus {
            Bus::Notify => (None, None),
            Bus::Nats => {
                let nats = nats::Server::start()?;
                let wire = Proxy::start(nats.port()).await?;
                (Some(nats), Some(wire))
            }
        };
        let of_nats = nats.as_ref().map(nats::Server::url);
        let through_to_nats =
            to_nats.as_ref().map(|wire| format!("nats://127.0.0.1:{}", wire.port()));
        let mut environment = vec![("GRELOT_DATABASE", &*direct)];
        environment.extend(of_nats.iter().map(|url| ("GRELOT_BUS", &**url)));
        let mut other = vec![("GRELOT_DATABASE", &*through)];
        other.extend(through_to_nats.iter().map(|url| ("GRELOT_BUS", &**url)));
        let first = World::start_with(&environment, &USERS).await?;
        let second = first.beside(&other, &USERS).await?;
        Ok(Self { first, second, to_database, to_nats, _server: server, _nats: nats })
    }

    /// Parts the second node from its database, and from NATS where that is the bus.
    pub(crate) async fn part(&mut self, fault: Fault) -> Result<()> {
        fault.begin(&mut self.to_database).await?;
        match &mut self.to_nats {
            Some(wire) => fault.begin(wire).await,
            None => Ok(()),
        }
    }

    /// Ends that, and waits until the second node is ready again.
    pub(crate) async fn mend(&mut self) -> Result<()> {
        self.to_database.mend().await?;
        if let Some(wire) = &mut self.to_nats {
            wire.mend().await?;
        }
        self.second.program.ready_again().await
    }
}

impl Scene for Parted {
    fn doors(&self) -> Vec<Door> {
        vec![self.first.door(), self.second.door()]
    }
}
