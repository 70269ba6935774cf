//! `magnet plan`: what a campaign will take, before anything is spent.

use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use magnet_proto::config::{Budget, Campaign};
use magnet_proto::process::Exit;
use magnet_worker::teacher::chat::Purpose;

use super::campaign::CampaignArgs;
use crate::plan::{
    self, ASSUMED_LATENCY, ASSUMED_YIELD, Cost, Demand, Estimate, Models, STUDENT_ERRORS,
};
use crate::prepare;

/// Estimate calls, tokens, money and time; nothing is called or written
#[derive(clap::Args)]
#[command(after_help = "Example:\n  magnet plan campaign.toml --samples 10000")]
pub(super) struct Args {
    #[command(flatten)]
    campaign: CampaignArgs,
}

pub(super) fn run(args: &Args, environment: &[(String, String)]) -> Result<Exit> {
    let campaign = args.campaign.load(environment)?.campaign;
    let prepared = prepare::prepare(&campaign, Path::new("."))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("starting the runtime")?;
    let estimate = runtime.block_on(plan::estimate(&campaign, &prepared))?;
    let mut out = io::stdout().lock();
    print(&campaign, &estimate, &mut out)?;
    Ok(Exit::Done)
}

fn print(campaign: &Campaign, estimate: &Estimate, out: &mut impl Write) -> io::Result<()> {
    let Estimate { samples, walk_yield, measured, is_assumed, walks, demand } = estimate;
    let how = match is_assumed {
        false => format!("measured on {measured} walks"),
        true => format!(
            "assumed: {:.0} % of what a rehearsal of {measured} walks gave",
            ASSUMED_YIELD * 100.0
        ),
    };
    writeln!(out, "samples   {samples}")?;
    writeln!(out, "yield     {:.0} % of walks ({how})", walk_yield * 100.0)?;
    writeln!(out, "walks     {walks}")?;
    if (*walks as f64 * walk_yield) < 0.995 * *samples as f64 {
        writeln!(
            out,
            "          the walk limit ends it at some {:.0} samples: raise \
                       campaign.max_walks",
            *walks as f64 * walk_yield
        )?;
    }
    match demand {
        Demand::Offline { core_time } => {
            let cores = std::thread::available_parallelism().map_or(1, usize::from);
            writeln!(out, "calls     offline teacher: 0 calls, 0 tokens, $0")?;
            writeln!(out, "time      some {} of one core", spell(*core_time))?;
            writeln!(out, "workers   {cores}: one a core")
        }
        Demand::Models(models) => print_models(campaign, models, *samples, out),
    }
}

fn print_models(
    campaign: &Campaign,
    models: &Models,
    samples: u64,
    out: &mut impl Write,
) -> io::Result<()> {
    let (total, usd) = (models.total, models.usd);
    writeln!(out, "\n{:<18}{:>12}{:>16}{:>16}", "asks", "calls", "input tokens", "output tokens")?;
    let asks = models.asks.iter().map(|(purpose, cost)| (purpose.label(), cost));
    for (label, cost) in asks.chain([("all", &total)]) {
        let Cost { requests, input_tokens, output_tokens, .. } = cost;
        writeln!(out, "{label:<18}{requests:>12.0}{input_tokens:>16.0}{output_tokens:>16.0}")?;
    }
    writeln!(
        out,
        "cached    {:.0} of the input tokens, where a server keeps what prompts begin alike",
        total.cached_input_tokens
    )?;
    let each = samples.max(1) as f64;
    let named: Vec<String> =
        models.shares.iter().map(|share| format!("\"{}\"", share.model)).collect();
    writeln!(
        out,
        "\nmoney     ${usd:.2} with {}; a sample: {:.1} calls, {:.0} tokens, ${:.4}",
        named.join(" and "),
        total.requests / each,
        (total.input_tokens + total.output_tokens) / each,
        usd / each,
    )?;
    if let Some(short) = over_budget(&campaign.budget, &total, usd) {
        writeln!(out, "          over the budget: {short} ends it early")?;
    }
    if let Some(slowest) = models.shares.first() {
        let (time, bound) = (spell(slowest.time), slowest.bound_by);
        writeln!(
            out,
            "time      {time} at least, set by {bound} of [teacher.{}]",
            slowest.endpoint
        )?;
    }
    writeln!(out, "workers   {} with run.in_flight = {}", models.workers, campaign.run.in_flight)?;
    let latency = ASSUMED_LATENCY.as_secs();
    writeln!(out, "assumed   4 characters a token, {latency} s an answer, no answer asked again")?;
    if models.asks.iter().any(|(purpose, _)| *purpose == Purpose::RollOut) {
        let share = STUDENT_ERRORS * 100.0;
        writeln!(out, "          a student that gets {share:.0} % of its turns with calls wrong")?;
    }
    Ok(())
}

/// The first limit that the estimate breaks.
fn over_budget(budget: &Budget, total: &Cost, usd: f64) -> Option<&'static str> {
    let tokens = total.input_tokens + total.output_tokens;
    let limits = [
        ("max_usd", budget.max_usd, usd),
        ("max_requests", budget.max_requests as f64, total.requests),
        ("max_tokens", budget.max_tokens as f64, tokens),
    ];
    let broken = |(_, limit, amount): &(&str, f64, f64)| *limit > 0.0 && amount > limit;
    limits.into_iter().find(broken).map(|(name, ..)| name)
}

fn spell(time: Duration) -> String {
    match time.as_secs_f64() {
        seconds if seconds < 1.0 => format!("{:.0} ms", seconds * 1e3),
        seconds if seconds < 120.0 => format!("{seconds:.0} s"),
        seconds if seconds < 7_200.0 => format!("{:.0} min", seconds / 60.0),
        seconds => format!("{:.1} h", seconds / 3_600.0),
    }
}
