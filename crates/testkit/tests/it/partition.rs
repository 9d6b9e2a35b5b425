//! Nodes that do not reach each other: between the second one and its servers is a wire that is cut, or refuses. The first
//! one goes on; the second one says that it cannot, and catches up. Clients write and read at both. Not here: servers that
//! are away for everybody (`nodes`).

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use grelot_testkit::history::Verdict;

use crate::load::{CALM, lasting, under_load_of};
use crate::pair::{Bus, judged};
use crate::parted::{Fault, Parted};
use crate::support::World;

/// How long a partition lasts: shorter, and longer, than a node waits for its database.
const LASTING: [Duration; 2] = [Duration::from_secs(2), Duration::from_secs(12)];

/// Only hints are lost: the sweep finds what they were of, and nobody who writes notices.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_is_cut_from_the_bus_takes_everything_and_misses_nothing() {
    for fault in Fault::EACH {
        judged(fault, from_bus(fault).await);
    }
}

async fn from_bus(fault: Fault) -> Result<Verdict> {
    let mut parted = Parted::start(Bus::Nats).await?;
    let verdict = under_load_of(&mut parted, CALM, 2, async |parted: &mut Parted, load| {
        let wire = parted.to_nats.as_mut().context("no NATS")?;
        fault.begin(wire).await?;
        load.clock.pass(60).await?;
        // While it lasts: by the sweep.
        load.caught_up().await?;
        ensure!(parted.second.program.is_ready().await?, "hints are all that it lacks");
        let wire = parted.to_nats.as_mut().context("no NATS")?;
        wire.mend().await
    });
    let verdict = verdict.await?;
    let failed = failed_at(&parted.second) + failed_at(&parted.first);
    ensure!(failed == 0, "{failed} calls failed");
    Ok(verdict)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_is_cut_from_the_database_says_so_and_the_other_one_goes_on() {
    for bus in Bus::EACH {
        judged((bus, Fault::Cut), from_everything(bus, Fault::Cut).await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_the_database_refuses_says_so_and_the_other_one_goes_on() {
    for bus in Bus::EACH {
        judged((bus, Fault::Refused), from_everything(bus, Fault::Refused).await);
    }
}

async fn from_everything(bus: Bus, fault: Fault) -> Result<Verdict> {
    let mut parted = Parted::start(bus).await?;
    let mut lasts = LASTING.into_iter();
    let verdict =
        under_load_of(&mut parted, CALM, LASTING.len(), async |parted: &mut Parted, load| {
            parted.part(fault).await?;
            lasting(lasts.next().context("no fault is left")?).await;
            ensure!(!parted.second.program.is_ready().await?, "it says that it takes work");
            // The first one goes on, and not only to be asked.
            load.clock.pass(20).await?;
            parted.mend().await
        });
    let verdict = verdict.await?;
    ensure!(
        failed_at(&parted.first) == 0,
        "{} calls failed at the first",
        failed_at(&parted.first)
    );
    let failed = failed_at(&parted.second);
    ensure!(failed > 0, "no call failed at the second: it was not cut off");
    Ok(verdict)
}

/// How many calls have failed at a node.
fn failed_at(node: &World) -> u64 {
    node.actor().clock().calls().unknown
}
