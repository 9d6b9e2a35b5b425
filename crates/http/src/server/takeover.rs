//! Where a route leaves a stream that may leave the engine. Not here: who takes it from there (`connection`).

use std::sync::Arc;

use grelot_hub::Admission;
use parking_lot::Mutex;

/// In the extensions of a request whose connection can be taken over. A request without one is answered by an ordinary
/// body: it has a body itself, is not HTTP/1.1, or came by somebody else's server.
#[derive(Clone, Debug, Default)]
pub struct TakeoverSlot(Arc<Mutex<Option<Admission>>>);

impl TakeoverSlot {
    /// Offers a stream. When this says yes, answer 200 with an empty body: once that answer has passed every layer, the
    /// connection is the hub's, and its head is the first thing that is written.
    #[must_use]
    pub fn offer(&self, admission: &Admission) -> bool {
        *self.0.lock() = Some(admission.clone());
        true
    }

    /// Takes what was offered.
    pub(super) fn take(&self) -> Option<Admission> {
        self.0.lock().take()
    }
}
