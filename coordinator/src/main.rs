//! The binary `magnet`: every role as a subcommand.

fn main() -> std::process::ExitCode {
    magnet_coordinator::cli::main()
}
