//! What connects the nodes of one deployment: the bus between them, and the sweep that heals it. A database in a file has one
//! node, which needs neither. Not here: what a hub does with what it hears (`hub`).

use std::sync::Arc;
use std::time::Duration;

use grelot_bus_nats::{NatsBus, NatsOptions};
use grelot_hub::{Hub, Sweep};
use grelot_store::{Bus, Heard, Nodes};
use grelot_store_postgres::{NotifyBus, PostgresOptions};
use grelot_worker::Service;

use crate::database::DatabaseUrl;
use crate::error::BuildError;

/// How long what connects the nodes may take to end.
const GRACE: Duration = Duration::from_secs(5);
/// How often the database is asked what no hint told.
const SWEEP: Duration = Duration::from_secs(2);

/// How this node hears of the others.
pub(crate) enum Link {
    /// There are no others.
    Alone,
    /// By the database that they share.
    Notify(Arc<NotifyBus>),
    /// By a NATS beside it.
    Nats(Arc<NatsBus>),
}

impl Link {
    /// Nothing is told or heard before the [`services`](Self::services) run.
    pub(crate) fn set_up(database: &DatabaseUrl, bus: Option<&str>) -> Result<Self, BuildError> {
        match (database, bus) {
            (DatabaseUrl::Sqlite(_), None) => Ok(Self::Alone),
            (DatabaseUrl::Sqlite(_), Some(_)) => Err(BuildError::Setting(
                "a bus connects several nodes, which need PostgreSQL: set `database` to postgres://..., or leave `bus` out",
            )),
            (DatabaseUrl::Postgres(url), None) => {
                Ok(Self::Notify(NotifyBus::new(&PostgresOptions::new(url))?))
            }
            (DatabaseUrl::Postgres(_), Some(bus)) => {
                Ok(Self::Nats(NatsBus::new(NatsOptions::parse(bus)?)))
            }
        }
    }

    /// Where this node tells the others, if there are any.
    pub(crate) fn bus(&self) -> Option<Arc<dyn Bus>> {
        match self {
            Self::Alone => None,
            Self::Notify(bus) => Some(Arc::<NotifyBus>::clone(bus)),
            Self::Nats(bus) => Some(Arc::<NatsBus>::clone(bus)),
        }
    }

    /// What has to run so that `hub` hears of the others; `nodes` is the database that they share.
    pub(crate) fn services(self, hub: &Hub, nodes: Option<Arc<dyn Nodes>>) -> Vec<Service> {
        let heard: Arc<dyn Heard> = Arc::new(hub.clone());
        let bus = match self {
            Self::Alone => None,
            Self::Notify(bus) => Some(Service::new("bus", GRACE, async move |shutdown| {
                bus.run(heard, shutdown).await;
                Ok(())
            })),
            Self::Nats(bus) => Some(Service::new("bus", GRACE, async move |shutdown| {
                bus.run(heard, shutdown).await;
                Ok(())
            })),
        };
        let sweep = nodes.map(|nodes| {
            let sweep = Sweep::new(hub.clone(), nodes, SWEEP);
            Service::new("sweep", GRACE, async move |shutdown| {
                sweep.run(shutdown).await;
                Ok(())
            })
        });
        bus.into_iter().chain(sweep).collect()
    }
}
