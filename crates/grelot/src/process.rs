//! What concerns the process as a whole: cryptography, signals, descriptors, the runtime.

use std::io;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Chooses the one cryptographic provider for TLS and for tokens. Both libraries stop the process at their first use
/// when nobody has chosen.
pub(crate) fn install_crypto() {
    // An error says that it was chosen before, which is as good.
    let _chosen = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let _chosen = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
}

/// Raises the limit of open files to what the system allows: each stream is one. Returns the limit.
pub(crate) fn raise_descriptor_limit() -> Option<u64> {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, ..limit };
    if setrlimit(Resource::Nofile, raised).is_ok() { limit.maximum } else { limit.current }
}

/// The runtime of a service: a thread a core, at least two, so that a long computation never stops everything.
pub(crate) fn service_runtime() -> io::Result<Runtime> {
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    Builder::new_multi_thread().worker_threads(cores.max(2)).enable_all().build()
}

/// The runtime of a short command.
pub(crate) fn command_runtime() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

/// The signals that ask the process to end.
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Begins to listen; from now on they do not kill the process.
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Waits for the next one.
    pub(crate) async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
