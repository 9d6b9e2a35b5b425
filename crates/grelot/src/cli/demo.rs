//! `grelot demo`: a service with a throw-away database, a relay of its own, somebody signed in, and a page to look at.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use grelot_core::{Scope, UserId};
use tempfile::TempDir;
use tokio::net::TcpListener;

use super::failure::Failure;
use super::output;
use super::serve::{metrics_listener, not_built, on_service_runtime, until_signal};
use crate::clock::SystemClock;
use crate::demo::{self, Mailbox};
use crate::grelot::Grelot;
use crate::listen::listen;
use crate::process::Signals;
use crate::settings::{self, Address, Environment, Flags, Purpose, Settings};
use crate::telemetry::{self, Announcer};

/// Who is signed in.
const USER: &str = "demo";
/// How many ports after a taken one are tried.
const PORTS: u16 = 20;
/// How long a minute of delay lasts: nobody watches a demo for five of them.
const MINUTE: Duration = Duration::from_secs(1);
/// How many mails are on their way at a time, and how many begin a second: fewer than its relay takes.
const PACE: (usize, u32) = (4, 50);

/// Serves the demo until a signal.
pub(crate) fn run(flags: &Flags, environment: &Environment) -> Result<(), Failure> {
    let loaded = settings::load(flags, environment, Path::new(""), Purpose::Demo)?;
    let mut settings = loaded.settings;
    // People read the terminal of a demo: what it prints should not drown.
    if !settings.log_chosen {
        "warn".clone_into(&mut settings.log);
    }
    let log = telemetry::start(&settings);
    for warning in &loaded.warnings {
        log.warn(warning);
    }
    on_service_runtime(serve(settings, log))
}

async fn serve(settings: Settings, log: Announcer) -> Result<(), Failure> {
    let mut signals = Signals::listen().context("signals cannot be heard")?;
    let directory =
        TempDir::with_prefix("grelot-demo-").context("no directory for the database")?;
    let listener = listener(&settings, log).await?;
    let url = url(listener.local_addr().context("the listener has no address")?);
    let relay = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
    let relay = relay.context("no port for the relay of the demo")?;
    let smtp = relay.local_addr().context("the relay has no address")?;
    let grelot = build(&settings, &directory, &url, smtp).await?;
    let metrics = metrics_listener(&settings, log).await?;
    let user = UserId::parse(USER).map_err(|violation| anyhow!(violation.detail()))?;
    demo::fill(&grelot, &user).await?;
    let key =
        grelot.create_api_key("demo", &[] as &[Scope]).await.context("no API key was made")?;
    let mailbox = Mailbox::new(Arc::new(SystemClock));
    let router = demo::router(&grelot, mailbox.clone(), &curl(&url, &key, " \\\n  "));
    let token = grelot.mint_token(&user, demo::TOKEN_LIFE).context("no token was made")?;
    let command = curl(&url, &key, " ");
    output::line(format!("page: {url}/\nuser: {USER}\ntoken: {token}\napi key: {key}\n{command}"))?;
    // The mailbox is open for as long as the service runs, its end included.
    let served = tokio::select! {
        served = until_signal(&grelot, listener, router, metrics, &mut signals, log) => served,
        never = mailbox.run(relay) => match never {},
    };
    // The files go with the directory; one that cannot be removed is only litter.
    let _litter = directory.close();
    served
}

async fn build(
    settings: &Settings,
    directory: &TempDir,
    url: &str,
    smtp: SocketAddr,
) -> Result<Grelot, Failure> {
    let mut secret = [0_u8; 32];
    aws_lc_rs::rand::fill(&mut secret)
        .map_err(|_unspecified| anyhow!("the system gave no random bytes"))?;
    let database = directory.path().join("demo.db");
    Grelot::builder()
        .database(format!("sqlite:{}", database.display()))
        .jwt_secret(secret)
        .ping(settings.ping)
        .streams_per_user(settings.streams_per_user)
        .smtp_url(format!("smtp://{smtp}"))
        .mail_from("Grelot demo <bell@demo.example>")
        .public_url(url)
        .app_url(url)
        .mail_pace(PACE.0, PACE.1)
        .mail_minute(MINUTE)
        .build()
        .await
        .map_err(not_built)
}

/// The address that was asked for; when nobody asked and it is taken, the next free port.
async fn listener(settings: &Settings, log: Announcer) -> Result<TcpListener, Failure> {
    let first = &settings.bind;
    let refused = match listen(first).await {
        Ok(listener) => return Ok(listener),
        Err(error) if settings.bind_chosen || error.kind() != io::ErrorKind::AddrInUse => error,
        Err(error) => {
            for port in (1..=PORTS).filter_map(|step| first.port.checked_add(step)) {
                let address = Address { host: first.host.clone(), port };
                if let Ok(listener) = listen(&address).await {
                    log.warn(&format!("{first} is taken, going on with {address}"));
                    return Ok(listener);
                }
            }
            error
        }
    };
    let advice = "choose another with --bind";
    Err(anyhow!("cannot listen on {first}: {refused}; {advice}").into())
}

/// Where a browser on this machine reaches the address.
fn url(mut address: SocketAddr) -> String {
    if address.ip().is_unspecified() {
        address.set_ip(if address.is_ipv4() {
            Ipv4Addr::LOCALHOST.into()
        } else {
            Ipv6Addr::LOCALHOST.into()
        });
    }
    format!("http://{address}")
}

/// A command that rings the bell; `separator` stands between its parts.
fn curl(url: &str, key: &str, separator: &str) -> String {
    let body = r#"{"userId": "demo", "type": "SUCCESS", "title": "Hello from a terminal", "body": "It rang."}"#;
    let parts = [
        format!("curl {url}/api/internal/notify"),
        format!("-H 'authorization: Bearer {key}'"),
        "-H 'content-type: application/json'".to_owned(),
        format!("-d '{body}'"),
    ];
    parts.join(separator)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_every_interface_is_shown_as_one_that_a_browser_can_open() {
        for (address, shown) in [
            ("0.0.0.0:4000", "http://127.0.0.1:4000"),
            ("[::]:80", "http://[::1]:80"),
            ("192.0.2.1:80", "http://192.0.2.1:80"),
        ] {
            assert_eq!(url(address.parse().unwrap()), shown);
        }
    }

    #[test]
    fn the_command_of_the_terminal_is_one_line() {
        assert!(!curl("http://127.0.0.1:4000", "key", " ").contains('\n'));
    }
}
