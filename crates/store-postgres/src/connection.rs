//! Connections: what the URL says, what every session has, and how one is lent. Not here: TLS itself (`tls`).

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use deadpool_postgres::{
    ClientWrapper, Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime,
};
use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt as _, StreamExt as _};
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::{AsyncMessage, Client, Config, NoTls};
use url::form_urlencoded;

use crate::error::{Failure, OpenError, explain};
use crate::tls::Tls;

/// How long a statement may run, on the server.
pub(crate) const STATEMENT_TIMEOUT: Duration = Duration::from_secs(4);
/// How long a statement waits for a row that another transaction holds.
const LOCK_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a transaction may stand still on the server, waiting for our next word. Less than others wait for its rows: a node
/// that is cut off, or stopped, in the middle of one must not fail what other nodes write.
const IDLE_TIMEOUT: Duration = Duration::from_millis(1_500);
/// How long a whole unit of work may take, on our side: a server that stands still says nothing.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);
/// How long a new connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long what was sent may stay unacknowledged: a network that swallows everything says nothing either.
const TCP_USER_TIMEOUT: Duration = Duration::from_secs(10);

/// What a server says unasked, for as long as the connection lives. The client works only while this is polled.
pub(crate) type Messages = BoxStream<'static, Result<AsyncMessage, tokio_postgres::Error>>;

/// What the URL says, with what every session has.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) config: Config,
    /// `None` where TLS is never spoken, which needs no certificates either.
    tls: Option<Tls>,
}

impl Target {
    pub(crate) fn parse(url: &str) -> Result<Self, OpenError> {
        let address = Address::parse(url)?;
        let mut config: Config = address.rest.parse().map_err(|error: tokio_postgres::Error| {
            // The error names the parameter and never repeats the URL.
            OpenError::Url(explain(&error))
        })?;
        let mode = address.mode.unwrap_or_else(|| default_mode(&config));
        config.ssl_mode(match mode {
            // Whoever reaches the socket's directory is on this machine; PostgreSQL knows no TLS there.
            _ if config.get_hosts().iter().all(|host| !matches!(host, Host::Tcp(_))) => {
                SslMode::Disable
            }
            Mode::Disable => SslMode::Disable,
            Mode::Prefer => SslMode::Prefer,
            Mode::Require => SslMode::Require,
        });
        if config.get_application_name().is_none() {
            config.application_name("grelot");
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_TIMEOUT);
        }
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(TCP_USER_TIMEOUT);
        }
        config.options(session_options(config.get_options()));
        let tls = match config.get_ssl_mode() {
            SslMode::Disable => None,
            _ => Some(Tls::new(address.root_certificates.as_deref())?),
        };
        Ok(Self { config, tls })
    }

    /// A connection outside of the pool, for what stays on it: a client, and what drives it and brings what the server says
    /// unasked.
    pub(crate) async fn connect(&self) -> Result<(Client, Messages), Failure> {
        Ok(match &self.tls {
            None => {
                let (client, mut connection) = self.config.connect(NoTls).await?;
                (client, stream::poll_fn(move |cx| connection.poll_message(cx)).boxed())
            }
            Some(tls) => {
                let (client, mut connection) = self.config.connect(tls.connector()).await?;
                (client, stream::poll_fn(move |cx| connection.poll_message(cx)).boxed())
            }
        })
    }

    /// A pool of at most `size` connections, which are made when they are needed.
    pub(crate) fn pool(&self, size: usize) -> Result<Pool, OpenError> {
        let (config, options) =
            (self.config.clone(), ManagerConfig { recycling_method: RecyclingMethod::Fast });
        let manager = match &self.tls {
            None => Manager::from_config(config, NoTls, options),
            Some(tls) => Manager::from_config(config, tls.connector(), options),
        };
        Pool::builder(manager)
            .max_size(size.max(1))
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(PATIENCE))
            .create_timeout(Some(CONNECT_TIMEOUT))
            .build()
            .map_err(|error| OpenError::Database(error.to_string()))
    }
}

/// What holds on every session. `grelot.self` marks our own transactions for the triggers on the host's tables. Every
/// statement has an index whose order is its own: the planner is kept from scans that are cheap only while a table is
/// small, or an inbox short.
fn session_options(given: Option<&str>) -> String {
    format!(
        "{} -c timezone=UTC -c standard_conforming_strings=on -c jit=off -c random_page_cost=1.1 -c enable_seqscan=off \
         -c enable_bitmapscan=off -c statement_timeout={} -c lock_timeout={} \
         -c idle_in_transaction_session_timeout={} -c grelot.self=on",
        given.unwrap_or_default(),
        STATEMENT_TIMEOUT.as_millis(),
        LOCK_TIMEOUT.as_millis(),
        IDLE_TIMEOUT.as_millis(),
    )
}

/// A connection of a pool, which it goes back to when it is settled: no transaction is open and no answer is awaited.
/// Else, whatever the reason, it is closed: nobody could tell what it is in the middle of.
pub(crate) struct Connection {
    object: Option<Object>,
    settled: AtomicBool,
}

impl Connection {
    /// Takes a connection of `pool`.
    pub(crate) async fn take(pool: &Pool) -> Result<Self, Failure> {
        let object = pool.get().await.map_err(|error| match error {
            PoolError::Backend(error) => Failure::Connection(explain(&error)),
            PoolError::Timeout(_) => Failure::Connection(format!(
                "the server does not answer within {} s; is it PostgreSQL that listens there?",
                CONNECT_TIMEOUT.as_secs()
            )),
            other => Failure::Connection(other.to_string()),
        })?;
        Ok(Self { object: Some(object), settled: AtomicBool::new(false) })
    }

    /// What speaks to the server, and prepares each statement once.
    pub(crate) fn client(&self) -> Result<&ClientWrapper, Failure> {
        self.object.as_deref().ok_or_else(|| Failure::Connection("it was given back".to_owned()))
    }

    /// Sends a statement without waiting for its answer: whatever is sent later on this connection comes after it, and
    /// fails where it failed.
    pub(crate) fn send(&self, statement: &str) {
        if let Some(object) = &self.object {
            let _sent = object.batch_execute(statement).now_or_never();
        }
    }

    /// From here on in this transaction a row that another one holds is waited for only briefly.
    pub(crate) fn hurry(&self) {
        self.send("SET LOCAL lock_timeout = '100ms'");
    }

    /// Ends the transaction after `failure`. Where the session may be at fault, is late, or has nobody to tell, it is ended
    /// by closing.
    pub(crate) fn roll_back(&self, failure: &Failure) {
        if failure.spares_session() {
            self.send("ROLLBACK");
        }
        self.settle_after(failure);
    }

    /// It may go back to the pool, unless the next one would fail on it as this one did. What is wrong with all that are as
    /// old is met once, and not once with each: those that wait in the pool are closed as well.
    pub(crate) fn settle_after(&self, failure: &Failure) {
        if failure.spares_session() {
            self.settle();
        } else if failure.dooms_others()
            && let Some(pool) = self.object.as_ref().and_then(Object::pool)
        {
            pool.retain(|_, _| false);
        }
    }

    /// It may go back to the pool.
    pub(crate) fn settle(&self) {
        self.settled.store(true, Ordering::Relaxed);
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(object) = self.object.take()
            && !self.settled.load(Ordering::Relaxed)
        {
            drop(Object::take(object));
        }
    }
}

/// The ways to use TLS. Where it is used the server's certificate is verified, its name included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Disable,
    /// If the server offers it.
    Prefer,
    Require,
}

/// The URL, less what this program reads itself.
#[derive(Debug)]
struct Address {
    rest: String,
    mode: Option<Mode>,
    root_certificates: Option<PathBuf>,
}

impl Address {
    fn parse(url: &str) -> Result<Self, OpenError> {
        let refused = |why: &str| Err(OpenError::Url(why.to_owned()));
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return refused("it must begin with postgres://");
        }
        let (base, query) = url.split_once('?').unwrap_or((url, ""));
        let mut address = Self { rest: base.to_owned(), mode: None, root_certificates: None };
        let mut separator = '?';
        for part in query.split('&').filter(|part| !part.is_empty()) {
            let Some((key, value)) = form_urlencoded::parse(part.as_bytes()).next() else {
                continue;
            };
            match (&*key, &*value) {
                ("sslmode", "disable") => address.mode = Some(Mode::Disable),
                ("sslmode", "prefer") => address.mode = Some(Mode::Prefer),
                ("sslmode", "require" | "verify-ca" | "verify-full") => {
                    address.mode = Some(Mode::Require);
                }
                ("sslmode", _) => {
                    return refused(
                        "sslmode must be disable, prefer, require, verify-ca or verify-full",
                    );
                }
                ("sslrootcert", path) => address.root_certificates = Some(PathBuf::from(path)),
                // What Prisma has in its URLs, which hosts will paste here.
                ("schema", "public") | ("connection_limit" | "pool_timeout", _) => {}
                ("schema", _) => {
                    return refused("the module's tables are in the schema public and no other");
                }
                ("pgbouncer", "true") => {
                    return refused(
                        "prepared statements need a connection of their own: give the server's address, \
                         not PgBouncer's",
                    );
                }
                _ => {
                    address.rest.push(separator);
                    address.rest.push_str(part);
                    separator = '&';
                }
            }
        }
        Ok(address)
    }
}

/// What a URL that says nothing means: no TLS where nothing leaves the machine, else as the server offers it.
fn default_mode(config: &Config) -> Mode {
    let is_local = |host: &Host| match host {
        Host::Tcp(name) => {
            name == "localhost" || name.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
        }
        Host::Unix(_) => true,
    };
    if config.get_hosts().iter().all(is_local) { Mode::Disable } else { Mode::Prefer }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode_of(url: &str) -> SslMode {
        Target::parse(url).unwrap().config.get_ssl_mode()
    }

    #[test]
    fn tls_is_as_the_url_says_and_as_the_server_offers_when_it_says_nothing() {
        assert_eq!(mode_of("postgres://db.example/grelot"), SslMode::Prefer);
        assert_eq!(mode_of("postgres://db.example/grelot?sslmode=disable"), SslMode::Disable);
        assert_eq!(mode_of("postgres://db.example/grelot?sslmode=require"), SslMode::Require);
        assert_eq!(mode_of("postgresql://db.example/g?sslmode=verify-full"), SslMode::Require);
    }

    #[test]
    fn a_connection_that_stays_on_the_machine_needs_no_tls() {
        assert_eq!(mode_of("postgres://localhost/grelot"), SslMode::Disable);
        assert_eq!(mode_of("postgres://127.0.0.1:5433/grelot"), SslMode::Disable);
        assert_eq!(mode_of("postgres://localhost/grelot?sslmode=require"), SslMode::Require);
        assert_eq!(mode_of("postgres:///grelot?host=/run/x&sslmode=require"), SslMode::Disable);
    }

    #[test]
    fn every_session_has_its_bounds_and_keeps_what_the_url_asks() {
        let target =
            Target::parse("postgres://h/d?options=-c%20work_mem%3D8MB&schema=public").unwrap();
        let options = target.config.get_options().unwrap();
        let bounds = ["statement_timeout=4000", "lock_timeout=2000", "session_timeout=1500"];
        for given in ["-c work_mem=8MB ", "timezone=UTC"].iter().chain(&bounds) {
            assert!(options.contains(given), "{options}");
        }
        assert!(target.config.get_tcp_user_timeout().is_some());
    }

    #[test]
    fn a_url_that_cannot_be_used_is_refused_without_repeating_it() {
        for url in [
            "mysql://h/d",
            "postgres://u:secret@h/d?sslmode=maybe",
            "postgres://u:secret@h/d?schema=other",
            "postgres://u:secret@h/d?pgbouncer=true",
            "postgres://u:secret@h/d?nonsense=1",
            "postgres://u:secret@h:port/d",
        ] {
            let Err(OpenError::Url(why)) = Target::parse(url) else { panic!("{url}") };
            assert!(!why.contains("secret"), "{why}");
        }
    }
}
