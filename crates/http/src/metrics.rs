//! What is counted, and how it is read: Prometheus, in the OpenMetrics form. No label ever holds a user, a key or a path.
//! Not here: the listener, which the composition root opens apart from the service's own.

use std::fmt::{self, Write as _};
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use axum::Router;
use axum::extract::{MatchedPath, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use grelot_core::{AttemptOutcome, Timestamp};
use grelot_hub::Hub;
use grelot_store::{OutboxStats, Store};
use http::{Method, StatusCode, header};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{
    DescriptorEncoder, EncodeLabelSet, EncodeLabelValue, EncodeMetric, LabelValueEncoder,
};
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use crate::problem::Problem;
use crate::state::AppState;

const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// From what the contract promises (under a millisecond) to what a client gives up on; a long poll takes 25 s.
const BUCKETS: [f64; 12] =
    [0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5, 10.0, 30.0];

/// What the service counts itself.
#[derive(Clone, Debug)]
pub struct Metrics {
    requests: Family<Answered, Counter>,
    durations: Family<Asked, Histogram, fn() -> Histogram>,
    attempts: Family<Attempted, Counter>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    method: &'static str,
    route: Route,
    status: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Asked {
    method: &'static str,
    route: Route,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Attempted {
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Waiting {
    state: &'static str,
}

/// The template of a route: never the path itself, which is the client's to choose.
#[derive(Clone, Debug)]
struct Route(Option<MatchedPath>);

impl Route {
    fn as_str(&self) -> &str {
        self.0.as_ref().map_or("none", MatchedPath::as_str)
    }
}

impl PartialEq for Route {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Route {}

impl Hash for Route {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl EncodeLabelValue for Route {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> fmt::Result {
        encoder.write_str(self.as_str())
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let histogram: fn() -> Histogram = || Histogram::new(BUCKETS);
        let attempts = Family::<Attempted, Counter>::default();
        for outcome in AttemptOutcome::ALL {
            // Each is there from the start: what grows from nothing has no rate.
            drop(attempts.get_or_create(&Attempted { outcome: outcome.name() }));
        }
        let durations = Family::new_with_constructor(histogram);
        Self { requests: Family::default(), durations, attempts }
    }
}

impl Metrics {
    /// Counts an answered request.
    pub(crate) fn answered(
        &self,
        method: &Method,
        route: Option<&MatchedPath>,
        status: StatusCode,
        took: Duration,
    ) {
        let (method, route) = (known_method(method), Route(route.cloned()));
        let answered = Answered { method, route: route.clone(), status: class(status) };
        self.requests.get_or_create(&answered).inc();
        self.durations.get_or_create(&Asked { method, route }).observe(took.as_secs_f64());
    }

    /// Counts an attempt to deliver something.
    pub fn attempt(&self, outcome: AttemptOutcome) {
        self.attempts.get_or_create(&Attempted { outcome: outcome.name() }).inc();
    }

    fn register(&self, registry: &mut Registry) {
        registry.register("http_requests", "Answered requests", self.requests.clone());
        registry.register_with_unit(
            "http_request_duration",
            "Time from a request's head to its answer's",
            Unit::Seconds,
            self.durations.clone(),
        );
        let help = "Attempts to deliver outside of inboxes, by what became of them";
        registry.register("delivery_attempts", help, self.attempts.clone());
    }
}

/// The name of a method: clients may invent others, and a label must not.
pub(crate) fn known_method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

const fn class(status: StatusCode) -> &'static str {
    match status.as_u16() {
        ..200 => "1xx",
        200..300 => "2xx",
        300..400 => "3xx",
        400..500 => "4xx",
        500.. => "5xx",
    }
}

/// `GET /metrics`, to be served on a listener of its own.
pub fn router(state: AppState) -> Router {
    Router::new()
        .route("/metrics", get(expose))
        .fallback(async || Problem::not_found())
        .with_state(state)
}

/// What is counted as it happens is kept; the rest is read now.
fn registry(state: AppState, outbox: Option<OutboxStats>) -> Registry {
    let AppState { hub, store, metrics, clock, .. } = state;
    let mut registry = Registry::with_prefix("grelot");
    let build = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
    registry.register("build", "What is running", build);
    metrics.register(&mut registry);
    if let Some(outbox) = outbox {
        register_outbox(&mut registry, outbox, clock.now());
    }
    registry.register_collector(Box::new(Figures { hub, store }));
    registry
}

fn register_outbox(registry: &mut Registry, outbox: OutboxStats, now: Timestamp) {
    let deliveries = Family::<Waiting, Gauge>::default();
    let states = [("pending", outbox.pending), ("sending", outbox.sending), ("dead", outbox.dead)];
    for (state, count) in states {
        let gauge = deliveries.get_or_create(&Waiting { state });
        gauge.set(i64::try_from(count).unwrap_or(i64::MAX));
    }
    registry.register(
        "deliveries",
        "Deliveries outside of inboxes that have not ended well",
        deliveries,
    );
    let waited = outbox.oldest_due.map_or(0, |due| now.millis().saturating_sub(due.millis()));
    let oldest = Gauge::<f64, AtomicU64>::default();
    oldest.set(Duration::from_millis(u64::try_from(waited).unwrap_or_default()).as_secs_f64());
    registry.register_with_unit(
        "delivery_oldest_due",
        "How long the delivery has been due that nobody took for the longest time; 0 when none is due",
        Unit::Seconds,
        oldest,
    );
}

async fn expose(State(state): State<AppState>) -> Response {
    // While the database is away its figures are missing: old ones would say that nothing moves.
    let outbox = match state.store.outbox_stats().await {
        Ok(outbox) => Some(outbox),
        Err(error) => {
            tracing::warn!(%error, "the outbox was not counted");
            None
        }
    };
    let mut text = String::new();
    match prometheus_client::encoding::text::encode(&mut text, &registry(state, outbox)) {
        Ok(()) => ([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response(),
        Err(error) => Problem::internal().caused_by(error).into_response(),
    }
}

/// What the hub and the store count, read when somebody asks.
struct Figures {
    hub: Hub,
    store: Arc<dyn Store>,
}

impl fmt::Debug for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Figures").finish_non_exhaustive()
    }
}

impl Collector for Figures {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let (hub, store) = (self.hub.stats(), self.store.stats());
        let bus = self.hub.bus_stats();
        let connected = "Whether other nodes can be told now";
        let bus_gauge = bus.map(|bus| ("bus_connected", connected, bus.connected.into()));
        let gauges = [
            ("hub_streams", "Open streams", hub.streams),
            ("hub_users", "Users with an open stream", hub.users),
            ("store_queued", "Units of work that wait for a commit", store.queued),
        ];
        let gauges = gauges.into_iter().chain(bus_gauge);
        for (name, help, value) in gauges {
            // A gauge is signed; nothing of this ever comes near the end of that.
            let gauge = ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX));
            let metric = encoder.encode_descriptor(name, help, None, gauge.metric_type())?;
            gauge.encode(metric)?;
        }
        let counters = [
            ("hub_events", "Events given to streams", hub.events),
            ("hub_deliveries", "Times that a stream was given what it lacked", hub.deliveries),
            (
                "hub_slow_closed",
                "Streams closed because their reader was too slow",
                hub.slow_closed,
            ),
            ("hub_catch_ups", "Times that a user was read from the store", hub.catch_ups),
            ("store_commits", "Commits", store.commits),
            ("store_committed", "Units of work committed", store.committed),
            ("store_refused", "Units of work refused at a full queue", store.refused),
            ("store_failed", "Commits that failed", store.failed),
        ];
        let bus_counters = bus.map(|bus| {
            [
                ("bus_told", "Hints that were sent to other nodes", bus.told),
                ("bus_heard", "Hints that arrived from nodes", bus.heard),
                ("bus_dropped", "Hints that were dropped, and left to the sweep", bus.dropped),
            ]
        });
        for (name, help, value) in counters.into_iter().chain(bus_counters.into_iter().flatten()) {
            let counter = ConstCounter::new(value);
            let metric = encoder.encode_descriptor(name, help, None, counter.metric_type())?;
            counter.encode(metric)?;
        }
        Ok(())
    }
}
