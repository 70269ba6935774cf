//! `magnet inspect`: trajectories, readable, in the terminal.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::Result;
use magnet_proto::process::{Exit, Failure};

use crate::dataset::{Conversation, Dataset, PairRecord, Rejected};
use crate::inspect::{render, render_rejected};
use crate::terminal::Paint;

/// Read conversations of a dataset in the terminal
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  magnet inspect out\n  magnet inspect out --id 3fa9 | less -R\n  \
                        magnet inspect out --rejected"
)]
pub(super) struct Args {
    /// A run's output folder
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// The id of a conversation, or how it begins
    #[arg(long, value_name = "SAMPLE")]
    id: Option<String>,
    /// Show rejected walks instead, as far as they came
    #[arg(long, conflicts_with = "id")]
    rejected: bool,
    /// How many conversations to show, or how many rejected walks of each reason
    #[arg(long, short = 'n', value_name = "N", default_value_t = 3)]
    count: usize,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    let dataset = Dataset::open(&args.dir)?;
    if args.rejected {
        return show_rejected(&dataset, args.count);
    }
    let chosen = choose(&dataset, args)?;
    if let (Some(id), true) = (&args.id, chosen.is_empty()) {
        let failure = Failure::usage(format!("no conversation's id begins with {id:?}"));
        return Err(failure.hint("leave --id out to see the first ones with their ids").into());
    }
    let pairs = pairs_of(&dataset, &chosen)?;
    let mut out = io::stdout().lock();
    for (at, conversation) in chosen.iter().enumerate() {
        let own: Vec<PairRecord> =
            pairs.iter().filter(|pair| pair.belongs_to(&conversation.id)).cloned().collect();
        let gap = if at == 0 { "" } else { "\n\n" };
        write!(out, "{gap}{}", render(conversation, &own, Paint::stdout()))?;
    }
    out.flush()?;
    Ok(Exit::Done)
}

/// The first rejected walks of each reason, reason by reason.
fn show_rejected(dataset: &Dataset, of_each: usize) -> Result<Exit> {
    let mut by_reason: BTreeMap<String, Vec<Rejected>> = BTreeMap::new();
    for line in dataset.rejected() {
        let walk: Rejected = line?.parse()?;
        let same = by_reason.entry(walk.reason.clone()).or_default();
        if same.len() < of_each {
            same.push(walk);
        }
    }
    if by_reason.is_empty() {
        let failure = Failure::usage("no rejected walk is kept beside this dataset");
        let hint = "none was rejected, or run.keep_rejected was 0 when they were worked";
        return Err(failure.hint(hint).into());
    }
    let mut out = io::stdout().lock();
    for (at, walk) in by_reason.values().flatten().enumerate() {
        let gap = if at == 0 { "" } else { "\n\n" };
        write!(out, "{gap}{}", render_rejected(walk, Paint::stdout()))?;
    }
    out.flush()?;
    Ok(Exit::Done)
}

/// The first conversations, or those of the id.
fn choose(dataset: &Dataset, args: &Args) -> Result<Vec<Conversation>> {
    let mut chosen = Vec::new();
    for line in dataset.sft() {
        if chosen.len() == args.count {
            break;
        }
        let line = line?;
        // Cheaper than reading every record of a large dataset.
        if args.id.as_ref().is_some_and(|id| !line.text.contains(id.as_str())) {
            continue;
        }
        let conversation: Conversation = line.parse()?;
        if args.id.as_ref().is_none_or(|id| conversation.id.starts_with(id.as_str())) {
            chosen.push(conversation);
        }
    }
    Ok(chosen)
}

/// The pairs of the chosen conversations. Both files are in walk order, so a
/// later walk ends the search.
fn pairs_of(dataset: &Dataset, chosen: &[Conversation]) -> Result<Vec<PairRecord>> {
    let last = chosen.iter().map(|conversation| conversation.metadata.walk).max().unwrap_or(0);
    let mut pairs = Vec::new();
    for line in dataset.preference() {
        let pair: PairRecord = line?.parse()?;
        if pair.metadata.walk > last {
            break;
        }
        if chosen.iter().any(|conversation| pair.belongs_to(&conversation.id)) {
            pairs.push(pair);
        }
    }
    Ok(pairs)
}
