//! Clients at work on one service or several while a test does to them what it likes: some write, some read, and in the end
//! what everybody saw is judged. Not here: the faults.

use std::time::Duration;

use anyhow::{Context as _, Result};
use grelot_testkit::actor::{Actor, Clock};
use grelot_testkit::history::{State, Verdict};
use grelot_testkit::reader::{Pace, Reader};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::json;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use crate::support::{Door, World};

/// A failure names nothing else that changes from run to run.
pub(crate) const SEED: u64 = 20_261_124;
/// At most so many calls begin or end between two strikes. All of a user's changes have to stay under the 1,000 of a
/// replay, since the readers from the beginning come last.
const MOMENTS: u64 = 90;
pub(crate) const USERS: [&str; 4] = ["ada", "bob", "cyd", "dee"];
/// In turn at each door.
const PUBLISHERS: u64 = 6;
/// Of each user at each door. The hasty ones meet every fault, the patient ones say how soon a page is live again.
const READERS: [Pace; 2] = [Pace::AtOnce, Pace::AsTold];

/// What clients can be sent to.
pub(crate) trait Scene {
    /// Where they come in. The first one is asked at the end, and its clock is that of the test.
    fn doors(&self) -> Vec<Door>;
}

impl Scene for World {
    fn doors(&self) -> Vec<Door> {
        vec![self.door()]
    }
}

/// How fast publishers go on.
#[derive(Clone, Copy)]
pub(crate) enum Tempo {
    /// As fast as they are answered.
    Full,
    /// One round of each in so much time: for what lasts, as a replay has to reach back to the beginning.
    Every(Duration),
}

/// For a fault that lasts up to half a minute.
pub(crate) const CALM: Tempo = Tempo::Every(Duration::from_millis(100));

/// Clients at work.
pub(crate) struct Load {
    doors: Vec<Door>,
    readers: Vec<(&'static str, Reader)>,
    publishers: JoinSet<Result<()>>,
    done: watch::Sender<bool>,
    /// That of the calls at the first door.
    pub(crate) clock: Clock,
}

impl Load {
    /// Lets readers connect at each of these doors, and then begins to publish at each.
    pub(crate) async fn start(doors: Vec<Door>, tempo: Tempo) -> Result<Self> {
        let clock = doors.first().context("nobody can come in")?.actor().clock();
        let mut readers = Vec::new();
        for (door, user) in doors.iter().flat_map(|door| USERS.map(|user| (door, user))) {
            for pace in READERS {
                let mut reader = door.reader(user, None, pace);
                reader.connected().await?;
                readers.push((user, reader));
            }
        }
        let (done, stop) = watch::channel(false);
        let mut publishers = JoinSet::new();
        for (number, door) in (0..PUBLISHERS).zip(doors.iter().cycle()) {
            publishers.spawn(publish(number, door.actor(), tempo, stop.clone()));
        }
        Ok(Self { doors, readers, publishers, done, clock })
    }

    /// Waits until every stream shows what is there by now, wherever it is connected.
    pub(crate) async fn caught_up(&mut self) -> Result<()> {
        for (user, reader) in &mut self.readers {
            reader.reached(self.doors[0].seq(user).await?).await?;
        }
        Ok(())
    }

    /// Ends it, and judges.
    pub(crate) async fn end(mut self) -> Result<Verdict> {
        self.done.send_replace(true);
        while let Some(published) = self.publishers.join_next().await {
            published??;
        }
        let first = &self.doors[0];
        for user in USERS {
            self.readers.push((user, first.reader(user, Some(0), Pace::AtOnce)));
        }
        first.judge(&USERS, &mut self.readers).await
    }
}

/// Strikes so often, each time at a random moment of a load on the scene, and judges what everybody saw.
pub(crate) async fn under_load<S: Scene>(
    scene: &mut S,
    strikes: usize,
    strike: impl AsyncFnMut(&mut S, &mut Load) -> Result<()>,
) -> Result<Verdict> {
    under_load_of(scene, Tempo::Full, strikes, strike).await
}

/// The same at this tempo.
pub(crate) async fn under_load_of<S: Scene>(
    scene: &mut S,
    tempo: Tempo,
    strikes: usize,
    mut strike: impl AsyncFnMut(&mut S, &mut Load) -> Result<()>,
) -> Result<Verdict> {
    let mut load = Load::start(scene.doors(), tempo).await?;
    let mut random = StdRng::seed_from_u64(SEED);
    for _ in 0..strikes {
        load.clock.pass(random.random_range(1..=MOMENTS)).await?;
        strike(scene, &mut load).await?;
    }
    load.end().await
}

/// How long a fault lasts is the fault itself: a test waits for nothing here.
pub(crate) async fn lasting(duration: Duration) {
    tokio::time::sleep(duration).await;
}

/// Sends to one user or to all, and reads or deletes some of what it sent, until it is told to stop.
async fn publish(
    number: u64,
    mut actor: Actor,
    tempo: Tempo,
    stop: watch::Receiver<bool>,
) -> Result<()> {
    let mut random = StdRng::seed_from_u64(SEED + 1 + number);
    let mut rounds = match tempo {
        Tempo::Full => None,
        Tempo::Every(time) => Some(tokio::time::interval(time)),
    };
    if let Some(rounds) = &mut rounds {
        rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    }
    for count in 0.. {
        if let Some(rounds) = &mut rounds {
            rounds.tick().await;
        }
        if *stop.borrow() {
            break;
        }
        let one = [USERS[random.random_range(0..USERS.len())]];
        let users: &[&str] = if random.random_ratio(1, 10) { &USERS } else { &one };
        let more = json!({"data": {"filling": "x".repeat(random.random_range(0..6_000))}});
        let ids = actor.notify(&format!("{number}-{count}"), users, more).await?;
        let (user, id) = users.iter().zip(&ids).next().context("no id")?;
        match random.random_range(0..8) {
            0 => actor.change(user, id, State::Read).await?,
            1 => {
                actor.change(user, id, State::Read).await?;
                actor.change(user, id, State::Unread).await?;
            }
            2 => actor.change(user, id, State::Deleted).await?,
            _ => {}
        }
    }
    Ok(())
}
