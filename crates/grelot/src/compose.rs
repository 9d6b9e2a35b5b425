//! The composition root: makes each part and gives it the others. Nobody else knows which database it is.

use std::sync::Arc;
use std::time::Duration;

use grelot_core::{AttemptOutcome, Clock};
use grelot_http::auth::Authenticator;
use grelot_http::metrics::Metrics;
use grelot_http::{AppState, Readiness, Secret};
use grelot_hub::{Hub, HubSettings, Mailbox};
use grelot_store::Store;
use grelot_worker::{Housekeeping, HousekeepingSettings, Outbox, Retention, Service, Supervisor};

use crate::background::Background;
use crate::builder::Builder;
use crate::clock::SystemClock;
use crate::database::{Database, DatabaseUrl};
use crate::error::BuildError;
use crate::grelot::{Grelot, Parts};
use crate::mail::{Desk, Mail};
use crate::nodes::Link;

/// Commits that may wait for the dispatchers; over it, users are read from the database instead.
const MAILBOX: usize = 4_096;
/// How long the hub and the jobs may take to end.
const GRACE: Duration = Duration::from_secs(5);
/// How long mails that are on their way may take to arrive; what is left is sent again after its lease.
const MAIL_GRACE: Duration = Duration::from_secs(10);

/// Opens the database, connects everything to it, and starts what runs by itself.
pub(crate) async fn compose(builder: Builder, database: DatabaseUrl) -> Result<Grelot, BuildError> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let mail = Mail::set_up(&builder.mail)?;
    let link = Link::set_up(&database, builder.bus.as_deref())?;
    let (publisher, mailbox) = grelot_hub::mailbox(MAILBOX, link.bus());
    let database = Database::open(database, Arc::clone(&clock), Arc::new(publisher)).await?;
    let store = database.ports();
    let secret = Secret::new(store.secret());
    let hub = hub(&builder, &store, Arc::clone(&clock), mailbox);
    let auth =
        Authenticator::new(builder.auth, Arc::clone(&store), Arc::clone(&clock), secret.clone())?;
    let metrics: Arc<Metrics> = Arc::default();
    let joined = database.is_joined().await.map_err(BuildError::Store)?;
    let retention =
        Retention { read: builder.keep_read, inbox_max: builder.inbox_max.over(joined) };
    let mut supervisor = supervisor(&database, &hub, Arc::clone(&clock), retention);
    let adoption = database.adoption(mail.policy);
    for service in link.services(&hub, database.nodes()).into_iter().chain(adoption) {
        supervisor = supervisor.with(service);
    }
    if let Some(outbox) = outbox(&mail, &store, &secret, &metrics, Arc::clone(&clock)) {
        supervisor = supervisor.with(outbox);
    }
    let background = Background::start(supervisor);
    let state = AppState {
        store,
        hub,
        clock,
        auth: Arc::new(auth),
        metrics,
        mail: mail.policy,
        desk: Arc::new(Desk::new(mail.room, Arc::<SystemClock>::default())),
        ping: builder.ping,
        secret,
        readiness: Readiness::default(),
    };
    Ok(Grelot::new(Parts { state, database, background }))
}

fn hub(builder: &Builder, store: &Arc<dyn Store>, clock: Arc<dyn Clock>, mailbox: Mailbox) -> Hub {
    let settings = HubSettings {
        streams_per_user: builder.streams_per_user,
        ping: builder.ping,
        ..HubSettings::default()
    };
    Hub::new(
        settings,
        mailbox,
        Arc::<dyn Store>::clone(store),
        Arc::new(grelot_http::EventEncoder),
        clock,
    )
}

/// The engine that delivers mails, if there is a relay.
fn outbox(
    mail: &Mail,
    store: &Arc<dyn Store>,
    secret: &Secret,
    metrics: &Arc<Metrics>,
    clock: Arc<dyn Clock>,
) -> Option<Service> {
    let post = mail.postman(secret)?;
    let counted = Arc::clone(metrics);
    let outbox = Outbox::new(
        Arc::<dyn Store>::clone(store),
        Arc::new(post),
        clock,
        Arc::new(move |outcome: AttemptOutcome| counted.attempt(outcome)),
        mail.pace.clone(),
    );
    Some(Service::new("outbox", MAIL_GRACE, async move |shutdown| {
        outbox.run(shutdown).await;
        Ok(())
    }))
}

/// What runs by itself. The database comes first, so that it is watched to the end.
fn supervisor(
    database: &Database,
    hub: &Hub,
    clock: Arc<dyn Clock>,
    retention: Retention,
) -> Supervisor {
    let (watched, store) = (database.clone(), database.ports());
    let database = Service::new("database", GRACE, async move |shutdown| {
        tokio::select! {
            () = shutdown.cancelled() => Ok(()),
            reason = watched.fatal() => Err(reason.as_ref().into()),
        }
    });
    let hub = hub.clone();
    let hub = Service::new("hub", GRACE, async move |shutdown| {
        hub.run(shutdown).await;
        Ok(())
    });
    let settings = HousekeepingSettings { retention, ..HousekeepingSettings::default() };
    let jobs = Housekeeping::new(store, clock, settings);
    let jobs = Service::new("housekeeping", GRACE, async move |shutdown| {
        jobs.run(shutdown).await;
        Ok(())
    });
    Supervisor::new().with(database).with(hub).with(jobs)
}
