//! The hostile tests of the whole program, judged by the one checker: kills, faults of the disk, servers that
//! come and go; and the house rules.
//! Not here: what a single call answers (each crate's own tests).

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]
#![expect(clippy::print_stdout, reason = "a hostile test says how much it proved")]

mod disk;
mod kill;
mod load;
mod nodes;
mod pair;
mod parted;
mod partition;
mod postgres;
mod postgres_faults;
mod returns;
mod rolling;
mod support;
mod syscalls;
mod tidy;
