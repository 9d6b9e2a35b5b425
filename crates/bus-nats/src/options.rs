//! Where NATS is, from a URL:
//!
//! `nats://user:password@host:4222`, or `tls://` for a server that must speak TLS; several servers of one cluster with
//! commas between. A name without a password is a token. Parameters: `ca`, a file of certificates (PEM) to be trusted
//! instead of those of the system, and `prefix`, for deployments that have one NATS in common.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_nats::{ConnectOptions, ServerAddr};
use percent_encoding::percent_decode_str;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt as _;
use url::Url;

use crate::error::NatsError;

/// What a subject begins with.
const PREFIX: &str = "grelot";
/// What it ends with: how the messages are to be read.
const SUBJECT: &str = "hints.v1";
/// How often a quiet server is asked whether it is there. The third question without an answer ends the connection.
const PING: Duration = Duration::from_secs(1);
/// How long a server may take to greet.
const GREETING: Duration = Duration::from_secs(2);
/// How many messages of others may wait to be heard.
const HEARING: usize = 1_024;

/// Where NATS is, and who asks.
#[derive(Clone)]
pub struct NatsOptions {
    pub(crate) servers: Vec<ServerAddr>,
    pub(crate) subject: String,
    pub(crate) ping: Duration,
    credentials: Option<Credentials>,
    tls: Option<ClientConfig>,
}

#[derive(Clone)]
enum Credentials {
    Password(String, String),
    Token(String),
}

impl std::fmt::Debug for NatsOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("NatsOptions");
        shown.field("servers", &self.names()).field("subject", &self.subject);
        shown.finish_non_exhaustive()
    }
}

impl NatsOptions {
    /// Reads the URL, and the certificates if it names some.
    pub fn parse(url: &str) -> Result<Self, NatsError> {
        let refused = |why: String| NatsError::Url(why);
        let (addresses, query) = url.split_once('?').unwrap_or((url, ""));
        let mut scheme = "";
        let mut credentials = None;
        let mut servers = Vec::new();
        for address in addresses.split(',') {
            let (named, rest) = address.split_once("://").unwrap_or((scheme, address));
            if !matches!(named, "nats" | "tls") {
                return Err(refused("it must begin with nats:// or tls://".to_owned()));
            }
            scheme = named;
            // Its errors never repeat what they are about, which may be a password.
            let mut server = Url::parse(&format!("{scheme}://{rest}"))
                .map_err(|error| refused(error.to_string()))?;
            if server.host_str().is_none_or(str::is_empty) {
                return Err(refused("it names no host".to_owned()));
            }
            credentials = credentials.or(Credentials::of(&server)?);
            let stripped = server.set_username("").and_then(|()| server.set_password(None));
            stripped.map_err(|()| refused("it names no host".to_owned()))?;
            servers.push(ServerAddr::from_url(server).map_err(|error| refused(error.to_string()))?);
        }
        let parameters = Parameters::parse(query)?;
        let is_tls = parameters.roots.is_some() || servers.iter().any(ServerAddr::tls_required);
        let tls = is_tls.then(|| trust(parameters.roots.as_deref())).transpose()?;
        let subject = format!("{}.{SUBJECT}", parameters.prefix);
        Ok(Self { servers, subject, ping: PING, credentials, tls })
    }

    /// Asks a quiet server more or less often whether it is there.
    #[must_use]
    pub fn with_ping(mut self, ping: Duration) -> Self {
        self.ping = ping;
        self
    }

    /// The servers, without the credentials.
    pub fn names(&self) -> String {
        let name = |server: &ServerAddr| match server.host() {
            host if host.contains(':') => format!("[{host}]:{}", server.port()),
            host => format!("{host}:{}", server.port()),
        };
        self.servers.iter().map(name).collect::<Vec<_>>().join(", ")
    }

    /// Whether nothing but TLS will do.
    pub(crate) fn is_tls(&self) -> bool {
        self.tls.is_some()
    }

    /// For one connection: when it ends the bus makes the next, and says so once.
    pub(crate) fn connect(&self) -> ConnectOptions {
        let options = ConnectOptions::new()
            .name("grelot")
            .max_reconnects(self.servers.len())
            .ignore_discovered_servers()
            .ping_interval(self.ping)
            .connection_timeout(GREETING)
            .subscription_capacity(HEARING);
        let options = match self.credentials.clone() {
            None => options,
            Some(Credentials::Token(token)) => options.token(token),
            Some(Credentials::Password(user, password)) => {
                options.user_and_password(user, password)
            }
        };
        match self.tls.clone() {
            None => options,
            Some(tls) => options.require_tls(true).tls_client_config(tls),
        }
    }
}

impl Credentials {
    fn of(server: &Url) -> Result<Option<Self>, NatsError> {
        let decoded = |text: &str| match percent_decode_str(text).decode_utf8() {
            Ok(text) => Ok(text.into_owned()),
            Err(_) => Err(NatsError::Url("its user or password is not UTF-8".to_owned())),
        };
        match (server.username(), server.password()) {
            ("", None) => Ok(None),
            (token, None) => Ok(Some(Self::Token(decoded(token)?))),
            (user, Some(password)) => Ok(Some(Self::Password(decoded(user)?, decoded(password)?))),
        }
    }
}

/// What stands behind the question mark.
struct Parameters {
    roots: Option<PathBuf>,
    prefix: String,
}

impl Parameters {
    fn parse(query: &str) -> Result<Self, NatsError> {
        let mut parameters = Self { roots: None, prefix: PREFIX.to_owned() };
        for (key, value) in url::form_urlencoded::parse(query.as_bytes()) {
            match &*key {
                "ca" => parameters.roots = Some(PathBuf::from(&*value)),
                "prefix" if is_prefix(&value) => parameters.prefix = value.into_owned(),
                "prefix" => {
                    let why = "prefix may have letters, digits, - and _, and dots between them";
                    return Err(NatsError::Url(why.to_owned()));
                }
                _ => {
                    return Err(NatsError::Url(
                        "it may have the parameters ca and prefix".to_owned(),
                    ));
                }
            }
        }
        Ok(parameters)
    }
}

fn is_prefix(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    text.len() <= 100 && text.split('.').all(|part| !part.is_empty() && part.bytes().all(is_plain))
}

/// Trusts the certificates in the file at `roots`, else those of the system.
fn trust(roots: Option<&Path>) -> Result<ClientConfig, NatsError> {
    let refused = |error: rustls::Error| NatsError::Certificates(error.to_string());
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(refused)?;
    let config = match roots {
        None => builder.with_platform_verifier().map_err(refused)?,
        Some(path) => builder.with_root_certificates(read_roots(path)?),
    };
    Ok(config.with_no_client_auth())
}

fn read_roots(path: &Path) -> Result<RootCertStore, NatsError> {
    let refused = |why: String| NatsError::Certificates(format!("{}: {why}", path.display()));
    let mut roots = RootCertStore::empty();
    let found = CertificateDer::pem_file_iter(path).map_err(|error| refused(error.to_string()))?;
    for certificate in found {
        let certificate = certificate.map_err(|error| refused(error.to_string()))?;
        roots.add(certificate).map_err(|error| refused(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(refused("there is no certificate in it".to_owned()));
    }
    Ok(roots)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("nats://bus", "bus:4222")]
    #[case("nats://bus:4333", "bus:4333")]
    #[case("nats://ann:secret@a,b:1,nats://c", "a:4222, b:1, c:4222")]
    #[case("nats://[::1]:4222?prefix=shop.two", "[::1]:4222")]
    fn servers_are_named_without_credentials(#[case] url: &str, #[case] names: &str) {
        let options = NatsOptions::parse(url).unwrap();
        assert_eq!(options.names(), names);
        assert!(!format!("{options:?}{:?}", options.servers).contains("secret"));
    }

    #[rstest]
    #[case("", "it must begin with nats:// or tls://")]
    #[case("bus:4222", "it must begin with nats:// or tls://")]
    #[case("http://bus", "it must begin with nats:// or tls://")]
    #[case("nats://", "it names no host")]
    #[case("nats://a,", "it names no host")]
    #[case("nats://ann:secret@bus:x", "invalid port number")]
    #[case("nats://bus?prefix=", "prefix may have letters, digits, - and _, and dots between them")]
    #[case(
        "nats://bus?prefix=a.*",
        "prefix may have letters, digits, - and _, and dots between them"
    )]
    #[case("nats://bus?user=ann", "it may have the parameters ca and prefix")]
    fn what_cannot_be_used_is_said(#[case] url: &str, #[case] why: &str) {
        let error = NatsOptions::parse(url).unwrap_err();
        assert_eq!(error.to_string(), format!("the URL of NATS cannot be used: {why}"));
    }

    #[test]
    fn deployments_that_have_one_nats_in_common_have_a_subject_each() {
        let subject = |url| NatsOptions::parse(url).unwrap().subject;
        assert_eq!(subject("nats://bus"), "grelot.hints.v1");
        assert_eq!(subject("nats://bus?prefix=shop-2.grelot"), "shop-2.grelot.hints.v1");
    }

    #[test]
    fn certificates_that_cannot_be_read_are_named() {
        let error = NatsOptions::parse("tls://bus?ca=/no/such/file").unwrap_err();
        assert!(matches!(&error, NatsError::Certificates(why) if why.contains("/no/such/file")));
    }
}
