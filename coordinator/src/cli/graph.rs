//! `magnet graph`: the function graph to look at.

use std::io::{self, Write};
use std::path::Path;

use anyhow::Result;
use clap::ValueEnum;
use magnet_proto::config::Judge;
use magnet_proto::process::Exit;

use super::campaign::CampaignArgs;
use crate::graph::view;
use crate::prepare;

/// Show the function graph of a campaign
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  magnet graph\n  magnet graph --tools tools/ --format html > graph.html"
)]
pub(super) struct Args {
    #[command(flatten)]
    campaign: CampaignArgs,
    /// What to print
    #[arg(long, value_name = "FORMAT", default_value = "summary")]
    format: Format,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// Numbers to read
    Summary,
    /// For Graphviz
    Dot,
    /// For programs
    Json,
    /// A page to look at
    Html,
}

pub(super) fn run(args: &Args, environment: &[(String, String)]) -> Result<Exit> {
    let campaign = args.campaign.load(environment)?.campaign;
    let prepared = prepare::prepare(&campaign, Path::new("."))?;
    if campaign.graph.judge == Judge::Teacher {
        eprintln!("this is the graph before the judge: `magnet run` has it judged");
    }
    let (library, graph) = (&*prepared.library, &*prepared.graph);
    let (walks, seed) = (&campaign.walk, campaign.campaign.seed);
    let text = match args.format {
        Format::Summary => view::summary(library, graph, walks, seed),
        Format::Dot => view::dot(library, graph),
        Format::Json => view::json(library, graph, walks, seed),
        Format::Html => view::html(library, graph, walks, seed),
    };
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    if !text.ends_with('\n') {
        out.write_all(b"\n")?;
    }
    Ok(out.flush().map(|()| Exit::Done)?)
}
