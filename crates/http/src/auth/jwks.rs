//! A published key set (RFC 7517): fetched when it is first needed, kept while its endpoint is away. Not here: which
//! keys are acceptable (`keys`).

use std::sync::Arc;
use std::time::Duration;

use grelot_core::{Clock, Timestamp};
use jsonwebtoken::Algorithm;
use parking_lot::RwLock;
use serde::Deserialize;
use thiserror::Error;
use tokio::sync::{Mutex, MutexGuard};
use tokio::task::JoinSet;
use url::{Host, Url};

use super::keys::{Jwk, VerifyingKey};
use super::settings::AuthSettingsError;

/// For connecting, and for the whole answer.
const TIMEOUT: Duration = Duration::from_secs(5);
/// A longer answer is refused.
const MAX_BYTES: usize = 256 * 1024;
/// Keys beyond it are ignored.
const MAX_KEYS: usize = 64;
/// An unknown key id asks again at most so often.
const INTERVAL: Duration = Duration::from_mins(1);
/// The same while no set has ever been had.
const FIRST_INTERVAL: Duration = Duration::from_secs(2);
/// Then it is fetched anew, so that a withdrawn key dies.
const MAX_AGE: Duration = Duration::from_mins(10);

/// A key set and where it comes from.
#[derive(Debug)]
pub(super) struct Jwks {
    url: Url,
    client: reqwest::Client,
    clock: Arc<dyn Clock>,
    current: RwLock<Arc<KeySet>>,
    fetching: Mutex<Fetching>,
}

/// The keys of one answer.
#[derive(Debug, Default)]
struct KeySet {
    keys: Vec<(Option<String>, VerifyingKey)>,
    fetched_at: Option<Timestamp>,
}

/// The one fetch that may run. It is a task of its own, so that a caller who goes away does not stop it; this owns it.
#[derive(Debug, Default)]
struct Fetching {
    last: Option<Timestamp>,
    running: JoinSet<Result<KeySet, FetchError>>,
}

#[derive(Debug, Error)]
enum FetchError {
    #[error("the endpoint cannot be reached: {0}")]
    Http(#[from] reqwest::Error),
    #[error("the endpoint answered {0}")]
    Status(reqwest::StatusCode),
    #[error("the answer is longer than {MAX_BYTES} bytes")]
    TooLong,
    #[error("the answer is no key set")]
    Malformed,
}

impl Jwks {
    pub(super) fn new(url: &str, clock: Arc<dyn Clock>) -> Result<Self, AuthSettingsError> {
        let bad = |detail: &str| AuthSettingsError::KeySetUrl(detail.to_owned());
        let url = Url::parse(url).map_err(|error| bad(&format!("is no URL: {error}")))?;
        let local = is_loopback(&url);
        if url.scheme() != "https" && !(url.scheme() == "http" && local) {
            return Err(bad("must be https, or http to this machine"));
        }
        let mut client = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .connect_timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none());
        if local {
            client = client.no_proxy();
        }
        let client = client.build().map_err(|error| bad(&format!("cannot be used: {error}")))?;
        let (current, fetching) = (RwLock::default(), Mutex::default());
        Ok(Self { url, client, clock, current, fetching })
    }

    /// The key with this id for this algorithm; without an id, the only key of the algorithm.
    pub(super) async fn key(
        &self,
        kid: Option<&str>,
        algorithm: Algorithm,
    ) -> Option<VerifyingKey> {
        let set = Arc::clone(&self.current.read());
        let now = self.clock.now();
        if set.find(kid, algorithm).is_none() {
            self.refresh(self.fetching.lock().await).await;
        } else if set.is_older_than(MAX_AGE, now) {
            // One caller takes the trouble; the others go on with what there is.
            if let Ok(fetching) = self.fetching.try_lock() {
                self.refresh(fetching).await;
            }
        } else {
            return set.find(kid, algorithm).cloned();
        }
        self.current.read().find(kid, algorithm).cloned()
    }

    /// Fetches the set, unless it was tried a moment ago; joins a fetch that somebody else began.
    async fn refresh(&self, mut fetching: MutexGuard<'_, Fetching>) {
        let now = self.clock.now();
        if fetching.running.is_empty() {
            let ever = self.current.read().fetched_at.is_some();
            let interval = if ever { INTERVAL } else { FIRST_INTERVAL };
            if fetching.last.is_some_and(|last| last <= now && now < last.after(interval)) {
                return;
            }
            fetching.last = Some(now);
            fetching.running.spawn(fetch(self.client.clone(), self.url.clone(), now));
        }
        while let Some(joined) = fetching.running.join_next().await {
            match joined {
                Ok(Ok(set)) => *self.current.write() = Arc::new(set),
                Ok(Err(error)) => {
                    tracing::warn!(url = %self.url, %error, "the key set was not fetched");
                }
                Err(error) => tracing::error!(%error, "the fetch of the key set did not end well"),
            }
        }
    }
}

impl KeySet {
    fn find(&self, kid: Option<&str>, algorithm: Algorithm) -> Option<&VerifyingKey> {
        let mut fits = self.keys.iter().filter(|(id, key)| {
            key.algorithm() == algorithm && (kid.is_none() || id.as_deref() == kid)
        });
        match (fits.next(), fits.next()) {
            (Some((_, key)), None) => Some(key),
            _ => None,
        }
    }

    fn is_older_than(&self, age: Duration, now: Timestamp) -> bool {
        self.fetched_at.is_none_or(|at| now < at || at.after(age) <= now)
    }

    /// Reads a set. Keys that we do not know are passed over: the set may serve others too.
    fn parse(json: &[u8], fetched_at: Timestamp) -> Result<Self, FetchError> {
        #[derive(Deserialize)]
        struct Set {
            keys: Vec<serde_json::Value>,
        }
        let set: Set = serde_json::from_slice(json).map_err(|_error| FetchError::Malformed)?;
        let keys = set.keys.into_iter().filter_map(|value| {
            let jwk: Jwk = serde_json::from_value(value).ok()?;
            let key = jwk.verifying_key()?;
            Some((jwk.kid, key))
        });
        Ok(Self { keys: keys.take(MAX_KEYS).collect(), fetched_at: Some(fetched_at) })
    }
}

async fn fetch(client: reqwest::Client, url: Url, now: Timestamp) -> Result<KeySet, FetchError> {
    let mut response = client.get(url).header("accept", "application/json").send().await?;
    if response.status() != reqwest::StatusCode::OK {
        return Err(FetchError::Status(response.status()));
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > MAX_BYTES {
            return Err(FetchError::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    KeySet::parse(&body, now)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::fixture;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    /// A set of one P-256 key, which need not be a point of the curve to be found.
    fn set(kid: &str) -> String {
        let coordinate = "A".repeat(43);
        format!(
            r#"{{"keys":[{{"kty":"oct","k":"AAAA","kid":"x"}},7,
            {{"kty":"EC","crv":"P-256","kid":"{kid}","x":"{coordinate}","y":"{coordinate}"}}]}}"#
        )
    }

    /// An endpoint on this machine that answers what it is told to.
    struct Endpoint {
        url: String,
        hits: Arc<AtomicUsize>,
        answer: Arc<parking_lot::Mutex<(u16, String)>>,
        _server: JoinSet<()>,
    }

    impl Endpoint {
        async fn start() -> Self {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("http://{}/keys", listener.local_addr().unwrap());
            let hits = Arc::new(AtomicUsize::new(0));
            let answer = Arc::new(parking_lot::Mutex::new((200, set("k1"))));
            let (counted, answers) = (Arc::clone(&hits), Arc::clone(&answer));
            let mut server = JoinSet::new();
            server.spawn(async move {
                loop {
                    let (mut socket, _) = listener.accept().await.unwrap();
                    let mut request = vec![0; 4_096];
                    let _head = socket.read(&mut request).await.unwrap();
                    counted.fetch_add(1, Ordering::Relaxed);
                    let (status, body) = answers.lock().clone();
                    let length = body.len();
                    let head = format!("HTTP/1.1 {status} X\r\nlocation: /keys2\r\n");
                    let rest =
                        format!("connection: close\r\ncontent-length: {length}\r\n\r\n{body}");
                    // A client that has seen enough hangs up, which is its right.
                    let _sent = socket.write_all(format!("{head}{rest}").as_bytes()).await;
                }
            });
            Self { url, hits, answer, _server: server }
        }

        fn answers(&self, status: u16, body: impl Into<String>) {
            *self.answer.lock() = (status, body.into());
        }

        fn hits(&self) -> usize {
            self.hits.load(Ordering::Relaxed)
        }
    }

    async fn has(keys: &Jwks, kid: Option<&str>) -> bool {
        keys.key(kid, Algorithm::ES256).await.is_some()
    }

    #[tokio::test]
    async fn a_set_is_fetched_once_and_again_when_it_is_old() {
        let (endpoint, clock) = (Endpoint::start().await, fixture::clock());
        let keys = Jwks::new(&endpoint.url, Arc::<fixture::HandClock>::clone(&clock)).unwrap();
        assert_eq!(endpoint.hits(), 0);
        assert!(has(&keys, Some("k1")).await);
        assert!(has(&keys, None).await, "the only key of the algorithm");
        clock.advance(599_999);
        assert!(has(&keys, Some("k1")).await);
        assert_eq!(endpoint.hits(), 1);
        clock.advance(1);
        endpoint.answers(200, set("k2"));
        assert!(!has(&keys, Some("k1")).await, "a withdrawn key dies");
        assert_eq!(endpoint.hits(), 2);
    }

    #[tokio::test]
    async fn an_unknown_key_asks_again_at_most_once_a_minute() {
        let (endpoint, clock) = (Endpoint::start().await, fixture::clock());
        let keys = Jwks::new(&endpoint.url, Arc::<fixture::HandClock>::clone(&clock)).unwrap();
        assert!(!has(&keys, Some("k2")).await);
        endpoint.answers(200, set("k2"));
        clock.advance(59_999);
        assert!(!has(&keys, Some("k2")).await);
        assert_eq!(endpoint.hits(), 1);
        clock.advance(1);
        assert!(has(&keys, Some("k2")).await);
        assert_eq!(endpoint.hits(), 2);
    }

    #[tokio::test]
    async fn an_endpoint_that_is_away_costs_no_key() {
        let (endpoint, clock) = (Endpoint::start().await, fixture::clock());
        let keys = Jwks::new(&endpoint.url, Arc::<fixture::HandClock>::clone(&clock)).unwrap();
        assert!(has(&keys, Some("k1")).await);
        for (status, body) in [
            (500, String::new()),
            (302, set("k9")),
            (200, "not json".to_owned()),
            (200, format!(r#"{{"keys":[],"x":"{}"}}"#, "x".repeat(MAX_BYTES))),
        ] {
            endpoint.answers(status, body);
            clock.advance(700_000);
            assert!(has(&keys, Some("k1")).await, "{status}");
        }
        assert_eq!(endpoint.hits(), 5);
    }

    #[tokio::test]
    async fn an_endpoint_that_is_away_at_first_is_asked_again_soon() {
        let (endpoint, clock) = (Endpoint::start().await, fixture::clock());
        endpoint.answers(503, "");
        let keys = Jwks::new(&endpoint.url, Arc::<fixture::HandClock>::clone(&clock)).unwrap();
        assert!(!has(&keys, Some("k1")).await);
        endpoint.answers(200, set("k1"));
        assert!(!has(&keys, Some("k1")).await);
        clock.advance(2_000);
        assert!(has(&keys, Some("k1")).await);
    }

    #[tokio::test]
    async fn many_askers_share_one_fetch() {
        let endpoint = Endpoint::start().await;
        let keys = Jwks::new(&endpoint.url, fixture::clock()).unwrap();
        let askers = (0..50).map(|_| has(&keys, Some("k1")));
        assert!(futures_util::future::join_all(askers).await.into_iter().all(|found| found));
        assert_eq!(endpoint.hits(), 1);
    }

    #[tokio::test]
    async fn a_caller_who_goes_away_does_not_stop_the_fetch() {
        let endpoint = Endpoint::start().await;
        let keys = Jwks::new(&endpoint.url, fixture::clock()).unwrap();
        let mut first = Box::pin(has(&keys, Some("k1")));
        assert!(futures_util::poll!(first.as_mut()).is_pending());
        drop(first);
        assert!(has(&keys, Some("k1")).await);
        assert_eq!(endpoint.hits(), 1);
    }

    #[rstest::rstest]
    #[case("https://id.example/keys", true)]
    #[case("http://127.0.0.1:1/keys", true)]
    #[case("http://[::1]/keys", true)]
    #[case("http://localhost/keys", true)]
    #[case("http://id.example/keys", false)]
    #[case("http://127.0.0.1.evil.test/keys", false)]
    #[case("http://localhost.evil.test/keys", false)]
    #[case("file:///etc/keys", false)]
    #[case("keys", false)]
    #[tokio::test]
    async fn a_set_comes_by_https_or_from_this_machine(#[case] url: &str, #[case] good: bool) {
        assert_eq!(Jwks::new(url, fixture::clock()).is_ok(), good);
    }
}
