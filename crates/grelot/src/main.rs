//! The `grelot` binary: hands arguments and environment to [`grelot::cli`]. Not here: anything else.

use std::process::ExitCode;

use grelot::cli::{self, Environment};

#[cfg(feature = "jemalloc")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    cli::main(std::env::args_os(), &Environment::of_process())
}
