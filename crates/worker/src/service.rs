//! A long-running task with a name. Not here: who runs it (`supervisor`).

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

/// How a service ended: well, or with what stopped it.
pub type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

type Running = Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// A long-running task that ends when it is told to.
pub struct Service {
    pub(crate) name: &'static str,
    pub(crate) grace: Duration,
    pub(crate) start: Box<dyn FnOnce(CancellationToken) -> Running + Send>,
}

impl Service {
    /// A service that runs until its token is cancelled, and then has `grace` to finish what it holds before it is
    /// aborted.
    pub fn new<F, R>(name: &'static str, grace: Duration, run: F) -> Self
    where
        F: FnOnce(CancellationToken) -> R + Send + 'static,
        R: Future<Output = Outcome> + Send + 'static,
    {
        Self { name, grace, start: Box::new(move |shutdown| Box::pin(run(shutdown))) }
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service")
            .field("name", &self.name)
            .field("grace", &self.grace)
            .finish_non_exhaustive()
    }
}
