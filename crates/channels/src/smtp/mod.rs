//! The conversation with a relay: connections, TLS, authentication, one mail at a time on each. lettre speaks the protocol; what is
//! here decides when, for how long, and what an answer means. Not here: what is in a mail (`compose`).

mod error;
mod line;
mod relay;
mod session;
mod settings;
mod tls;

pub use error::{RelayError, Stage};
pub use settings::{Security, SmtpSettings, SmtpUrlError};
pub use tls::TlsError;

pub(crate) use relay::Relay;
