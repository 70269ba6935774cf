//! `magnet check`: every problem with its key, and the effective
//! configuration with the origin of every value. No side effect.

use std::io::{self, Write};
use std::path::Path;

use anyhow::Result;
use magnet_proto::config::{Effective, Setting};
use magnet_proto::process::Exit;

use super::campaign::CampaignArgs;
use crate::library;
use crate::terminal::Paint;

/// Tell every problem of a campaign, and its effective configuration
#[derive(clap::Args)]
#[command(after_help = "Example:\n  magnet check campaign.toml --set graph.candidates=20")]
pub(super) struct Args {
    #[command(flatten)]
    campaign: CampaignArgs,
}

pub(super) fn run(args: &Args, environment: &[(String, String)]) -> Result<Exit> {
    let effective = args.campaign.load(environment)?;
    let loaded = library::load(&effective.campaign.library.paths, Path::new("."))?;
    let mut out = io::stdout().lock();
    print(&effective, Paint::stdout(), &mut out)?;
    let mut summary = String::new();
    loaded.report.write_summary(&mut summary)?;
    let commented = summary.lines().map(|line| format!("# {line}").trim_end().to_owned());
    writeln!(out, "\n{}", commented.collect::<Vec<_>>().join("\n"))?;
    eprintln!("no problems found");
    Ok(Exit::Done)
}

/// The configuration as a campaign file that would give the same, each value
/// with its origin as a comment.
fn print(effective: &Effective, paint: Paint, out: &mut impl Write) -> io::Result<()> {
    let mut section = String::new();
    for Setting { key, value, origin } in effective.settings() {
        let (of, name) = key.rsplit_once('.').unwrap_or(("", &key));
        if of != section {
            writeln!(
                out,
                "{}{}",
                if section.is_empty() { "" } else { "\n" },
                paint.bold(&format!("[{of}]"))
            )?;
            section = of.to_owned();
        }
        let assignment = format!("{name} = {value}");
        let comment = format!("# {origin}");
        let comment = if origin == "default" { paint.dim(&comment) } else { paint.cyan(&comment) };
        writeln!(out, "{assignment:<44} {comment}")?;
    }
    Ok(())
}
