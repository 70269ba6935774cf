//! `magnet contamination`: what a dataset shares with a benchmark.

use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::Result;
use magnet_proto::process::{Exit, Failure};

use crate::contamination::{self, Account, Benchmark, Ground, Settings};
use crate::dataset::Dataset;

/// Tell what a dataset shares with a benchmark: functions, paths, requests
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    magnet contamination out --against benchmark/tools.json\n  \
    magnet contamination out --against tools/ --conversations test.jsonl --by path,request\n  \
    magnet export out --format trl --out out-trl --drop-contaminated out/contaminated.jsonl\n\n\
    It writes contamination.json (the numbers) and contaminated.jsonl (the conversations, one a \
    line, with what they share) into DIR.")]
pub(super) struct Args {
    /// A run's output folder
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// The benchmark's tools: files, folders or globs, in any form that a library may have
    #[arg(long, value_name = "PATH", required = true, num_args = 1..)]
    against: Vec<String>,
    /// Its conversations, as JSON lines: their requests and calls are compared, too
    #[arg(long, value_name = "FILE", num_args = 1..)]
    conversations: Vec<PathBuf>,
    /// The grounds on which a conversation is listed
    #[arg(long, value_name = "GROUND", value_delimiter = ',',
          default_values = ["function", "path", "request"])]
    by: Vec<Ground>,
    /// From which similarity on functions and requests are alike
    #[arg(long, value_name = "SHARE", default_value_t = 0.7)]
    alike: f64,
    /// How many calls in a row make a shared path
    #[arg(long, value_name = "N", default_value_t = 3)]
    path_length: usize,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    if !(args.alike > 0.0 && args.alike <= 1.0) || args.path_length == 0 {
        let message = "--alike is above 0 and at most 1, --path-length at least 1";
        return Err(Failure::usage(message).hint("leave them out for 0.7 and 3").into());
    }
    let settings =
        Settings { alike: args.alike, path_length: args.path_length, grounds: args.by.clone() };
    let dataset = Dataset::open(&args.dir)?;
    let benchmark = Benchmark::read(&args.against, &args.conversations, &settings)?;
    let compared = contamination::compare(&dataset, &benchmark, &settings)?;
    writeln!(io::stdout(), "{}", compared.account)?;
    eprintln!("numbers: {}", compared.account_file.display());
    eprintln!("list: {}", compared.list_file.display());
    if !compared.account.functions.is_empty() {
        eprintln!("to make data without them: {}", exclusion(&compared.account));
    }
    Ok(Exit::Done)
}

/// The setting that leaves the shared functions out of a campaign.
fn exclusion(account: &Account) -> String {
    let names = account.functions.iter().map(|shared| format!("{:?}", shared.function));
    format!("library.exclude_functions = [{}]", names.collect::<Vec<_>>().join(", "))
}
