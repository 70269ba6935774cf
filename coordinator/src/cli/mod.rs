//! The command line: one file a subcommand.
//!
//! stdout is data or the final path, stderr is talk; meaning never depends on
//! colour. Exit codes: 0 done, 1 short of what was asked, 2 a wrong command
//! line or configuration, 3 a service could not be reached.

mod campaign;
mod check;
mod completions;
mod contamination;
mod coordinator;
mod dlq;
mod export;
mod failure;
mod graph;
mod inspect;
mod listen;
mod man;
mod operate;
mod pack;
mod plan;
mod report;
mod run;
mod verify;
mod worker;

use std::process::ExitCode;

use anyhow::Result;
use clap::{ArgAction, CommandFactory, Parser, Subcommand, ValueEnum};
use magnet_proto::config;
use magnet_proto::process::{self, Exit, LogFormat, Verbosity};

/// Multi-turn tool-use training data from a library of function signatures.
#[derive(Parser)]
#[command(name = "magnet", version, propagate_version = true, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Tell more: -v for what happens inside, -vv for everything
    #[arg(short, long, global = true, action = ArgAction::Count)]
    verbose: u8,
    /// How logs are written to stderr
    #[arg(long, global = true, value_name = "FORMAT", default_value = "text")]
    log: Log,
}

#[derive(Clone, Copy, ValueEnum)]
enum Log {
    Text,
    Json,
}

#[derive(Subcommand)]
enum Command {
    Run(run::Args),
    Check(check::Args),
    Plan(plan::Args),
    Graph(graph::Args),
    Pack(pack::Args),
    Coordinator(coordinator::Args),
    Worker(worker::Args),
    Status(operate::StatusArgs),
    Pause(operate::PauseArgs),
    Resume(operate::ResumeArgs),
    Cancel(operate::CancelArgs),
    Dlq(dlq::Args),
    Contamination(contamination::Args),
    Export(export::Args),
    Inspect(inspect::Args),
    Verify(verify::Args),
    Report(report::Args),
    Completions(completions::Args),
    Man(man::Args),
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let environment = config::environment();
    let value = |name: &str| {
        environment.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    };
    process::tell_panics_plainly(value("RUST_BACKTRACE").is_some_and(|value| value != "0"));
    let cli = Cli::parse();
    process::log_to_stderr(verbosity(&cli), log_format(&cli), value("RUST_LOG"));
    match dispatch(cli.command, &environment) {
        Ok(exit) => exit.into(),
        Err(error) if crate::terminal::reader_left(&error) => Exit::Done.into(),
        Err(error) => {
            let (text, exit) = process::tell(error.as_ref(), failure::classify);
            eprintln!("{text}");
            exit.into()
        }
    }
}

fn dispatch(command: Command, environment: &[(String, String)]) -> Result<Exit> {
    match command {
        Command::Run(args) => run::run(&args, environment),
        Command::Check(args) => check::run(&args, environment),
        Command::Plan(args) => plan::run(&args, environment),
        Command::Graph(args) => graph::run(&args, environment),
        Command::Pack(args) => pack::run(&args, environment),
        Command::Coordinator(args) => coordinator::run(&args, environment),
        Command::Worker(args) => worker::run(&args, environment),
        Command::Status(args) => operate::status(&args, environment),
        Command::Pause(args) => operate::pause(&args, environment),
        Command::Resume(args) => operate::resume(&args, environment),
        Command::Cancel(args) => operate::cancel(&args, environment),
        Command::Dlq(args) => dlq::run(&args, environment),
        Command::Contamination(args) => contamination::run(&args),
        Command::Export(args) => export::run(&args),
        Command::Inspect(args) => inspect::run(&args),
        Command::Verify(args) => verify::run(&args),
        Command::Report(args) => report::run(&args),
        Command::Completions(args) => completions::run(&args, &mut Cli::command()),
        Command::Man(args) => man::run(&args, Cli::command()),
    }
}

fn verbosity(cli: &Cli) -> Verbosity {
    match cli.verbose {
        0 => Verbosity::Quiet,
        1 => Verbosity::Debug,
        _ => Verbosity::Trace,
    }
}

fn log_format(cli: &Cli) -> LogFormat {
    match cli.log {
        Log::Text => LogFormat::Text,
        Log::Json => LogFormat::Json,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound_and_every_subcommand_shows_an_example() {
        let mut command = Cli::command();
        command.build();
        command.clone().debug_assert();
        for subcommand in command.get_subcommands().filter(|c| c.get_name() != "help") {
            let help = subcommand.get_after_help().map(ToString::to_string).unwrap_or_default();
            let example = format!("magnet {}", subcommand.get_name());
            assert!(help.contains(&example), "{example} has no example");
        }
    }
}
