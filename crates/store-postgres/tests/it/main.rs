//! The tests of the PostgreSQL backend: the conformance suite, and what only this backend promises.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by a panic")]

mod adopting;
mod bus;
mod choices;
mod cluster;
mod commit_order;
mod failing;
mod joining;
mod nodes;
mod odd_rows;
mod outbox;
mod outside;
mod outside_counts;
mod refusing;
mod retention;
mod support;
mod tables;

mod conformance_of_nodes {
    //! The suite of every backend that several processes share.

    use crate::support::TempBackend;

    grelot_store::conformance_suite_of_nodes!(TempBackend::new());
}

mod conformance {
    //! The suite that every backend passes.

    use crate::support::TempBackend;

    grelot_store::conformance_suite!(TempBackend::new());
}
