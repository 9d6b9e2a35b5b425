//! `grelot deliveries`: what became of emails, and dead letters sent again; beside a running `serve`.

use anyhow::{Context as _, anyhow};
use grelot_core::{DeliveryId, DeliveryState};
use grelot_store::{Delivery, DeliveryFilter, Store};

use super::failure::Failure;
use super::output;
use crate::instant;
use crate::settings::Settings;

/// How many dead letters are read at a time.
const PAGE: usize = 500;

/// What to do.
pub(crate) enum Action {
    /// List those of a state, at most so many.
    List(Option<DeliveryState>, usize),
    /// Show one.
    Show(DeliveryId),
    /// Send one dead letter again, or all.
    Retry(Option<DeliveryId>),
}

/// Does it.
pub(crate) async fn run(settings: &Settings, action: Action) -> Result<(), Failure> {
    let database = super::open_beside(settings).await?;
    let store = database.ports();
    let done = match action {
        Action::List(state, limit) => list(&*store, state, limit).await,
        Action::Show(id) => show(&*store, id).await,
        Action::Retry(Some(id)) => retry(&*store, id).await,
        Action::Retry(None) => retry_all(&*store).await,
    };
    database.close().await;
    done
}

async fn list(
    store: &dyn Store,
    state: Option<DeliveryState>,
    limit: usize,
) -> Result<(), Failure> {
    let filter = DeliveryFilter { state, before: None };
    let found = store.deliveries(filter, limit).await.context("the deliveries cannot be read")?;
    let rows: Vec<[String; 6]> = found.iter().map(row).collect();
    output::table(["ID", "STATE", "USER", "CREATED", "NEXT", "REASON"], &rows)
}

fn row(delivery: &Delivery) -> [String; 6] {
    let waits = matches!(delivery.state, DeliveryState::Pending | DeliveryState::Collected);
    [
        delivery.id.as_str().to_owned(),
        delivery.state.name().to_owned(),
        output::printable(delivery.user.as_str()),
        instant::display(delivery.created_at),
        if waits { instant::display(delivery.due_at) } else { "-".to_owned() },
        delivery.reason.as_deref().map_or_else(|| "-".to_owned(), output::printable),
    ]
}

async fn show(store: &dyn Store, id: DeliveryId) -> Result<(), Failure> {
    let found = store.delivery(id).await.context("the delivery cannot be read")?;
    let delivery = found.ok_or_else(|| unknown(id))?;
    let [_, state, user, created, next, reason] = row(&delivery);
    for (name, value) in
        [("state", state), ("user", user), ("created", created), ("next", next), ("reason", reason)]
    {
        output::line(format!("{name:<13}{value}"))?;
    }
    output::line(format!("{:<13}{}", "rule", delivery.rule.name()))?;
    if let Some(notification) = delivery.notification {
        output::line(format!("{:<13}{}", "notification", notification.as_str()))?;
    }
    if let Some(digest) = delivery.digest {
        output::line(format!("{:<13}{}", "digest", digest.as_str()))?;
    }
    let rows: Vec<[String; 3]> = delivery
        .attempts
        .iter()
        .map(|attempt| {
            let answer = output::printable(&attempt.answer);
            [instant::display(attempt.started_at), attempt.outcome.name().to_owned(), answer]
        })
        .collect();
    output::line(String::new())?;
    output::table(["ATTEMPT", "OUTCOME", "ANSWER"], &rows)
}

async fn retry(store: &dyn Store, id: DeliveryId) -> Result<(), Failure> {
    if store.retry_dead(id).await.context("the delivery was not changed")? {
        return output::line(format!("{} is sent again", id.as_str()));
    }
    let found = store.delivery(id).await.context("the delivery cannot be read")?;
    let delivery = found.ok_or_else(|| unknown(id))?;
    let state = delivery.state.name();
    Err(anyhow!("{} is {state}: only a dead letter is sent again", id.as_str()).into())
}

async fn retry_all(store: &dyn Store) -> Result<(), Failure> {
    let mut count = 0_usize;
    let mut before = None;
    loop {
        let filter = DeliveryFilter { state: Some(DeliveryState::Dead), before };
        let dead = store.deliveries(filter, PAGE).await.context("dead letters cannot be read")?;
        for delivery in &dead {
            let again = store.retry_dead(delivery.id).await;
            count += usize::from(again.context("a dead letter was not changed")?);
        }
        before = dead.last().map(|delivery| delivery.id);
        if dead.len() < PAGE {
            return output::line(format!("{count} dead letters are sent again"));
        }
        output::note(format!("{count} so far"));
    }
}

fn unknown(id: DeliveryId) -> Failure {
    let id = id.as_str();
    anyhow!("there is no delivery {id}; `grelot deliveries list` shows their ids").into()
}
