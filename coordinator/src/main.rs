//! The binary `magnet`: every role as a subcommand.

/// Walks are made of many small, short-lived values: with the system's
/// allocator a fifth of a run's CPU time is spent on them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    magnet_coordinator::cli::main()
}
