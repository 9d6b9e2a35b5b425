//! The TLS of a connection: certificates are verified, always, against the system's authorities and those that were added. Not here:
//! whether there is TLS (`settings`).

use lettre::transport::smtp::client::{Certificate, TlsParameters};

use super::settings::{Security, SmtpSettings};

/// Why TLS cannot be set up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlsError {
    /// The file of the CA was not read.
    #[error("the file of ca= was not read")]
    NoCa,
    /// The file of the CA has no certificate.
    #[error("the file of ca= must have certificates in PEM: {0}")]
    Ca(String),
    /// The TLS library.
    #[error("TLS cannot be set up (are there CA certificates on this system?): {0}")]
    Setup(String),
}

/// What the settings ask for; `None` where there is no TLS.
pub(super) fn parameters(settings: &SmtpSettings) -> Result<Option<TlsParameters>, TlsError> {
    if settings.security == Security::None {
        return Ok(None);
    }
    let mut builder = TlsParameters::builder(settings.host.clone());
    match (&settings.ca_pem, settings.ca_file()) {
        (Some(pem), _) => {
            let ca = Certificate::from_pem(pem).map_err(|error| TlsError::Ca(error.to_string()))?;
            builder = builder.add_root_certificate(ca);
        }
        (None, Some(_)) => return Err(TlsError::NoCa),
        (None, None) => {}
    }
    builder.build().map(Some).map_err(|error| TlsError::Setup(error.to_string()))
}
