//! `magnet report`: the report and the card of a dataset, written again.

use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::Result;
use magnet_proto::process::Exit;

use crate::dataset::Dataset;
use crate::report;

/// Write a dataset's report.html and its card again
#[derive(clap::Args)]
#[command(after_help = "Example:\n  magnet report out")]
pub(super) struct Args {
    /// A run's output folder
    #[arg(value_name = "DIR")]
    dir: PathBuf,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    let page = report::write(&Dataset::open(&args.dir)?)?;
    writeln!(io::stdout(), "{}", page.display())?;
    Ok(Exit::Done)
}
