//! TLS to the server: always verified, against the certificates of the system or those of a file.
//!
//! `grelot-bus-nats` has these lines as well: the room that both stand on, the ports, knows neither files nor TLS, and thirty
//! lines are not worth a room. What is mended here is mended there.

use std::path::Path;
use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt as _;
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::error::OpenError;

/// How to speak TLS with a server.
#[derive(Clone)]
pub(crate) struct Tls(ClientConfig);

impl Tls {
    /// Trusts the certificates in the file at `roots` (PEM), else those of the system.
    pub(crate) fn new(roots: Option<&Path>) -> Result<Self, OpenError> {
        let refused = |error: rustls::Error| OpenError::Certificates(error.to_string());
        let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(refused)?;
        let config = match roots {
            None => builder.with_platform_verifier().map_err(refused)?,
            Some(path) => builder.with_root_certificates(read_roots(path)?),
        };
        Ok(Self(config.with_no_client_auth()))
    }

    pub(crate) fn connector(&self) -> MakeRustlsConnect {
        MakeRustlsConnect::new(self.0.clone())
    }
}

fn read_roots(path: &Path) -> Result<RootCertStore, OpenError> {
    let refused = |why: String| OpenError::Certificates(format!("{}: {why}", path.display()));
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
