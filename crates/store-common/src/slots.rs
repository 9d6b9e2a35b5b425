//! The idempotency keys of requests in flight. Not here: the answers that are kept afterwards (`answer`).

use std::collections::HashSet;
use std::sync::Arc;

use grelot_core::Fingerprint;
use parking_lot::Mutex;

/// The slots of requests that are queued or running. As bounded as the queue.
#[derive(Debug, Default)]
pub struct Slots(Mutex<HashSet<Fingerprint>>);

/// A slot that is taken until this is dropped. It belongs to the unit of work: a caller that goes away frees nothing.
#[derive(Debug)]
pub struct SlotGuard {
    slots: Arc<Slots>,
    slot: Fingerprint,
}

impl Slots {
    /// Takes `slot`; `None` when a request in flight has it.
    pub fn take(self: &Arc<Self>, slot: Fingerprint) -> Option<SlotGuard> {
        self.0.lock().insert(slot).then(|| SlotGuard { slots: Arc::clone(self), slot })
    }
}

impl Drop for SlotGuard {
    fn drop(&mut self) {
        self.slots.0.lock().remove(&self.slot);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_free_again_when_its_guard_is_gone() {
        let slots = Arc::new(Slots::default());
        let slot = Fingerprint([7; 32]);
        let guard = slots.take(slot);
        assert!(guard.is_some());
        assert!(slots.take(slot).is_none());
        assert!(slots.take(Fingerprint([8; 32])).is_some());
        drop(guard);
        assert!(slots.take(slot).is_some());
    }
}
