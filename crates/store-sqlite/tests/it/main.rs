//! The tests of the SQLite backend: the conformance suite, and what only this backend promises.
#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

mod backup;
mod committing;
mod erasing;
mod faults;
mod opening;
mod support;

mod conformance {
    //! The suite that every backend passes.

    use crate::support::TempBackend;

    grelot_store::conformance_suite!(TempBackend::new());
}
