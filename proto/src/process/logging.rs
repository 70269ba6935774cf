//! Logs: to stderr, as text for people or as JSON for collectors.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// How much is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verbosity {
    /// What a person must act on, and what runs degraded.
    Quiet,
    /// A page per run.
    Normal,
    /// What happens inside, without prompts and replies.
    Debug,
    /// Everything, prompts and replies included.
    Trace,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Sends this process's logs to stderr. `directives` (the value of `RUST_LOG`)
/// go above the verbosity; those that cannot be read are skipped. Called once;
/// a second call changes nothing.
pub fn log_to_stderr(verbosity: Verbosity, format: LogFormat, directives: Option<&str>) {
    let level = match verbosity {
        Verbosity::Quiet => LevelFilter::WARN,
        Verbosity::Normal => LevelFilter::INFO,
        Verbosity::Debug => LevelFilter::DEBUG,
        Verbosity::Trace => LevelFilter::TRACE,
    };
    // The AMQP client logs as errors what we handle and tell ourselves.
    let directives = directives.map_or(format!("{level},lapin=off,rmcp=off"), str::to_owned);
    let filter = EnvFilter::builder().with_default_directive(level.into()).parse_lossy(directives);
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // An error means that another part of the process has set up logs already.
    let _already_set = match format {
        LogFormat::Text => logs.with_ansi(std::io::stderr().is_terminal()).try_init(),
        LogFormat::Json => logs.json().flatten_event(true).try_init(),
    };
}
