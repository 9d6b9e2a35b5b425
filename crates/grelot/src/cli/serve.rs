//! `grelot serve`, and what `demo` shares with it: listening, announcing, ending on a signal.

use std::future::Future;
use std::io;
use std::path::Path;

use anyhow::{Context as _, anyhow};
use axum::Router;
use grelot_http::auth::AuthSettingsError;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::failure::Failure;
use crate::builder::Builder;
use crate::error::BuildError;
use crate::grelot::Grelot;
use crate::listen::listen;
use crate::process::{self, Signals};
use crate::settings::{self, Environment, Flags, Problem, Purpose, Setting, Settings};
use crate::telemetry::{self, Announcer};

/// Serves until a signal.
pub(crate) fn run(flags: &Flags, environment: &Environment) -> Result<(), Failure> {
    let loaded = settings::load(flags, environment, Path::new(""), Purpose::Serve)?;
    let log = telemetry::start(&loaded.settings);
    for warning in &loaded.warnings {
        log.warn(warning);
    }
    on_service_runtime(serve(loaded.settings, log))
}

/// Runs a service to its end on a runtime of its own. What still runs then, after a second signal, is left behind.
pub(crate) fn on_service_runtime(
    service: impl Future<Output = Result<(), Failure>>,
) -> Result<(), Failure> {
    process::raise_descriptor_limit();
    let runtime = process::service_runtime().context("the runtime cannot be started")?;
    let outcome = runtime.block_on(service);
    runtime.shutdown_background();
    outcome
}

async fn serve(settings: Settings, log: Announcer) -> Result<(), Failure> {
    let mut signals = Signals::listen().context("signals cannot be heard")?;
    let grelot = builder(&settings).build().await.map_err(not_built)?;
    let listener = listen(&settings.bind).await.map_err(|error| taken(&settings, &error))?;
    let metrics = metrics_listener(&settings, log).await?;
    let router = grelot.whole_router();
    announce(&listener, metrics.as_ref(), log)?;
    until_signal(&grelot, listener, router, metrics, &mut signals, log).await
}

/// What the settings ask for.
fn builder(settings: &Settings) -> Builder {
    let mut builder = Grelot::builder()
        .database(settings.database.reveal())
        .ping(settings.ping)
        .streams_per_user(settings.streams_per_user);
    builder.bus = settings.bus.as_ref().map(|url| url.reveal().to_owned());
    builder.auth = settings.auth();
    builder.mail = settings.mail.clone();
    builder.keep_read = settings.keep_read;
    builder.inbox_max = settings.inbox_max;
    builder
}

/// What users are recognised by is a matter of configuration; the rest happened at run time.
pub(crate) fn not_built(error: BuildError) -> Failure {
    match error {
        BuildError::Authentication(error) => {
            let setting = match error {
                AuthSettingsError::NoKeys | AuthSettingsError::SecretTooShort => Setting::JwtSecret,
                AuthSettingsError::PublicKey(_) => Setting::JwtPublicKeyFile,
                AuthSettingsError::KeySetUrl(_) => Setting::JwtJwksUrl,
                AuthSettingsError::CookieName => Setting::CookieName,
                AuthSettingsError::Origins(_) => Setting::AllowedOrigins,
            };
            Failure::Configuration(Problem::of(setting, error.to_string()).into())
        }
        error => Failure::Runtime(anyhow::Error::new(error)),
    }
}

/// An address that cannot be listened on, with the way out.
fn taken(settings: &Settings, error: &io::Error) -> anyhow::Error {
    let reason = reason(error);
    anyhow!(
        "cannot listen on {}: {reason}; choose another with --bind or GRELOT_BIND",
        settings.bind
    )
}

fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => "another program listens there".to_owned(),
        _ => error.to_string(),
    }
}

/// The listener of the metrics. One that nobody asked for by name is not worth refusing to serve.
pub(crate) async fn metrics_listener(
    settings: &Settings,
    log: Announcer,
) -> Result<Option<TcpListener>, Failure> {
    let Some(address) = &settings.metrics else { return Ok(None) };
    match listen(address).await {
        Ok(listener) => Ok(Some(listener)),
        Err(error) => {
            let advice = "choose another with GRELOT_METRICS_BIND, or off";
            let message =
                format!("cannot serve metrics on {address}: {}; {advice}", reason(&error));
            if settings.metrics_chosen {
                return Err(Failure::runtime(message));
            }
            log.warn(&format!("{message}; going on without metrics"));
            Ok(None)
        }
    }
}

fn announce(
    listener: &TcpListener,
    metrics: Option<&TcpListener>,
    log: Announcer,
) -> Result<(), Failure> {
    let address = listener.local_addr().context("the listener has no address")?;
    let metrics = metrics.map(TcpListener::local_addr).transpose();
    let metrics = metrics.context("the listener has no address")?;
    let metrics = metrics.map(|address| format!(", metrics on http://{address}/metrics"));
    let metrics = metrics.unwrap_or_default();
    let version = env!("CARGO_PKG_VERSION");
    log.say(&format!("grelot {version} listens on http://{address}{metrics}"));
    Ok(())
}

/// Serves until a signal, and then ends in order; a second signal ends it at once.
pub(crate) async fn until_signal(
    grelot: &Grelot,
    listener: TcpListener,
    router: Router,
    metrics: Option<TcpListener>,
    signals: &mut Signals,
    log: Announcer,
) -> Result<(), Failure> {
    let told = CancellationToken::new();
    let heard = async {
        signals.next().await;
        log.say("ending: streams are told to come back, requests are finished");
        told.cancel();
        signals.next().await;
    };
    tokio::select! {
        served = grelot.serve(listener, router, metrics, told.cancelled()) => {
            served.context("the service ended").map_err(Failure::from)
        }
        () = heard => {
            log.warn("ended at once, as a second signal asked for");
            Err(Failure::Reported)
        }
    }
}
