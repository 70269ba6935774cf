//! `magnet verify`: every record of a dataset checked again from its own proof.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use magnet_proto::bundle::Bundle;
use magnet_proto::parts::Parts;
use magnet_proto::process::Exit;
use magnet_proto::{CampaignDigest, Digest};
use serde_json::Value;

use crate::dataset::Dataset;
use crate::verify::{self, Programs, Replayer, Scope, Verdict};

/// Check every record of a dataset again, without a model
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  magnet verify out\n  magnet verify out --execute")]
pub(super) struct Args {
    /// A run's output folder
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// Execute every call again, those of the pairs' rejected sides too
    #[arg(long)]
    execute: bool,
    /// Let the servers that the dataset names be started, programs with your
    /// rights, and be sent what the variables hold that it names
    #[arg(long)]
    start_servers: bool,
    /// Where the campaign's parts are, if not in the folder
    #[arg(long, value_name = "URL", default_value = "file:parts")]
    parts: String,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    let dataset = Dataset::open(&args.dir)?;
    let runtime = tokio::runtime::Runtime::new().context("starting the runtime")?;
    let verdict = runtime.block_on(async {
        let replayer = replayer(args).await;
        let scope = if args.execute { Scope::EveryCall } else { Scope::Samples };
        verify::verify(&dataset, replayer.map_err(|why| format!("{why:#}")), scope).await
    })?;
    for problem in &verdict.problems {
        eprintln!("mismatch: {problem}");
    }
    if verdict.unavailable > 0 {
        let why = verdict.unavailable_because.as_deref();
        eprintln!("unavailable: {}", why.unwrap_or("no executor here makes the outputs again"));
    }
    writeln!(io::stdout(), "{}", account(&verdict, args.execute))?;
    Ok(if verdict.mismatches > 0 { Exit::Short } else { Exit::Done })
}

fn account(verdict: &Verdict, is_executed: bool) -> String {
    let calls = match (is_executed, verdict.volatile) {
        (true, 0) => format!("; {} calls executed again", verdict.calls),
        (true, volatile) => {
            format!("; {} calls executed again, but for {volatile} volatile values", verdict.calls)
        }
        (false, _) => String::new(),
    };
    format!(
        "{} reproduced, {} mismatch, {} unavailable; {} pairs checked{calls}",
        verdict.reproduced, verdict.mismatches, verdict.unavailable, verdict.pairs
    )
}

/// Makes outputs again from the campaign's bundle, which a run leaves beside
/// its dataset.
async fn replayer(args: &Args) -> Result<Replayer> {
    let dir: &Path = &args.dir;
    let manifest = dir.join("manifest.json");
    let text = std::fs::read_to_string(&manifest)
        .with_context(|| format!("reading \"{}\"", manifest.display()))?;
    let manifest: Value = serde_json::from_str(&text).context("reading the manifest")?;
    let campaign = manifest.get("campaign").and_then(Value::as_str).unwrap_or_default();
    let campaign = CampaignDigest(campaign.parse::<Digest>()?);
    let parts = Parts::open(&args.parts, dir)?;
    let programs = if args.start_servers { Programs::Allowed } else { Programs::Forbidden };
    Replayer::new(Bundle::open(&parts, &campaign).await?, programs)
}
