//! `magnet pack`: packs, checked.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Result;
use magnet_proto::library::Library;
use magnet_proto::process::Exit;

use crate::library;
use crate::pack::check::{self, Report, SEEDS};
use crate::pack::{self, Files};

/// Check a pack: its wording, its values, and its worlds by running them
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  magnet pack --check my-pack --tools tools/\n  \
                        magnet pack --check coordinator/src/library/builtin/pack")]
pub(super) struct Args {
    /// The pack's folder
    #[arg(long, value_name = "DIR", required = true)]
    check: PathBuf,
    /// The tool library it is for; may be given several times; without one the
    /// built-in library
    #[arg(long, value_name = "PATH")]
    tools: Vec<String>,
    /// How many seeded worlds are tried
    #[arg(long, value_name = "N", default_value_t = SEEDS)]
    seeds: u64,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    let library = library::load(&args.tools, Path::new("."))?.library;
    let loaded = match pack::load(&Files::read(&args.check)?, &library) {
        Ok(loaded) => loaded,
        Err(problems) => {
            problems.problems.iter().for_each(|problem| eprintln!("{problem}"));
            writeln!(io::stdout(), "{} problems", problems.problems.len())?;
            return Ok(Exit::Short);
        }
    };
    let report = check::check(&loaded, &library, args.seeds);
    let mut out = io::stdout().lock();
    table(&report, &library, &mut out)?;
    report.problems.iter().for_each(|problem| eprintln!("{problem}"));
    let (worded, worlds) = (loaded.pack.phrases.len(), report.tried.len());
    let (all, count) = (library.len(), report.problems.len());
    writeln!(out, "{worded} of {all} functions have phrases, {worlds} a world; {count} problems")?;
    Ok(if report.problems.is_empty() { Exit::Done } else { Exit::Short })
}

/// A line for each function that was tried.
fn table(report: &Report, library: &Library, out: &mut impl Write) -> io::Result<()> {
    for (id, tried) in &report.tried {
        let refusals = tried.commonest(2).into_iter();
        let refusals: Vec<String> =
            refusals.map(|(text, times)| format!("{text} ({times})")).collect();
        let name = &library.get(*id).name;
        let line = format!(
            "{name:<32} {:>5} calls {:>5} refused  {}",
            tried.calls,
            tried.refused,
            refusals.join("; ")
        );
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}
