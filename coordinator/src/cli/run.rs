//! `magnet run`: all of it on this machine. Run again, it goes on where it was
//! left.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use magnet_proto::config::Campaign;
use magnet_proto::process::{self, Exit};
use magnet_worker::serve::WalkRunner;
use magnet_worker::teacher::stack::Patience;
use tokio::sync::watch as channel;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::campaign::CampaignArgs;
use super::listen::Address;
use crate::dataset::Dataset;
use crate::embedded::{self, Job, Labour, Outcome, Summary};
use crate::finalize::Uncalled;
use crate::graph::judge::Standing;
use crate::ledger::Counts;
use crate::prepare::{self, Prepared};
use crate::progress::{self, Progress};
use crate::status::{Token, Watch};
use crate::trial;
use crate::{probe, report};

/// Make a dataset on this machine; run again, it goes on where it was left
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  magnet run\n  magnet run --tools tools/ --samples 500 --out desk\n  \
                        magnet run campaign.toml --set run.workers=4\n  \
                        magnet run --stay --set run.listen=127.0.0.1:9464"
)]
pub(super) struct Args {
    #[command(flatten)]
    campaign: CampaignArgs,
    /// Stay when the dataset is made, until told to stop: the status page goes
    /// on showing it
    #[arg(long)]
    stay: bool,
}

pub(super) fn run(args: &Args, environment: &[(String, String)]) -> Result<Exit> {
    let effective = args.campaign.load(environment)?;
    let campaign = &effective.campaign;
    let prepared = prepare::prepare(campaign, Path::new("."))?;
    let runtime = tokio::runtime::Runtime::new().context("starting the runtime")?;
    let stop = {
        let _inside = runtime.enter();
        process::stop_on_signals().context("listening for signals")?
    };
    let labour = Labour::Own;
    let Some(prepared) = settled(campaign, prepared, environment, &runtime, labour, &stop)? else {
        return Ok(Exit::Short);
    };
    eprintln!("{}", ingredients(&prepared));
    let watch = Watch::new(campaign, prepared.digest)?;
    watch.board.lead(true);
    if !campaign.run.listen.is_empty() {
        let address = Address::Chosen(campaign.run.listen.clone());
        let token = Token::find(campaign.run.token_file.as_deref(), environment)?;
        runtime.block_on(address.serve(watch.routes(token), &CancellationToken::new()))?;
    }
    let made = to_the_end(campaign, &prepared, environment, &runtime, labour, &watch, &stop);
    stay(args.stay, &made, &runtime, &stop);
    made
}

/// Goes on serving until told to stop, where there is something to show: a
/// dataset, or why the campaign was refused. Other failures end the process,
/// to be started again.
pub(super) fn stay(
    is_wanted: bool,
    made: &Result<Exit>,
    runtime: &tokio::runtime::Runtime,
    stop: &CancellationToken,
) {
    let refusal = |error: &anyhow::Error| {
        let refused = error.downcast_ref::<embedded::Error>();
        refused.filter(|error| matches!(error, embedded::Error::Refused(_))).map(|e| e.to_string())
    };
    let told = match made {
        Ok(_) => Some("the dataset is made".to_owned()),
        Err(error) => refusal(error),
    };
    if let Some(told) = told.filter(|_| is_wanted && !stop.is_cancelled()) {
        eprintln!("{told}; staying until told to stop");
        runtime.block_on(stop.cancelled());
    }
}

/// The campaign with its graph judged, where it wants that; `None` if it was
/// told to stop before.
pub(super) fn settled(
    campaign: &Campaign,
    prepared: Prepared,
    environment: &[(String, String)],
    runtime: &tokio::runtime::Runtime,
    labour: Labour,
    stop: &CancellationToken,
) -> Result<Option<Prepared>> {
    let variable = variable(environment);
    let patience = match labour {
        Labour::Own => Patience::Bounded,
        Labour::Fleet => Patience::Endless,
    };
    let last = Mutex::new(Standing::default());
    let tell = |standing: &Standing| {
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        let is_done = standing.answered == standing.questions;
        let is_new = standing.answered > last.answered;
        if is_new && (is_done || standing.answered >= last.answered + JUDGED_A_LINE) {
            *last = *standing;
            eprintln!("{}", judging(standing));
        }
    };
    let settle = async {
        let prepared = probe::settle(campaign, prepared).await?;
        prepare::settle(campaign, prepared, &variable, patience, &tell).await
    };
    runtime.block_on(async {
        tokio::select! {
            settled = settle => settled.map(Some),
            () = stop.cancelled() => {
                eprintln!("stopped while judging the graph\nhint: the same command goes on from there");
                Ok(None)
            }
        }
    })
}

/// Questions about the graph are told of after so many.
const JUDGED_A_LINE: usize = 500;

fn judging(standing: &Standing) -> String {
    let Standing { questions, answered, kept, unusable } = standing;
    let mut line = format!("judging the graph: {answered} of {questions} questions answered");
    for (count, what) in [(kept, "known before"), (unusable, "without a usable answer")] {
        if *count > 0 {
            write!(line, ", {count} {what}").expect("writing to a string cannot fail");
        }
    }
    line
}

/// Reads a variable of the environment.
pub(super) fn variable(environment: &[(String, String)]) -> impl Fn(&str) -> Option<String> {
    |name| environment.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
}

/// Makes the dataset with whoever works the walks, and says what became of it.
pub(super) fn to_the_end(
    campaign: &Campaign,
    prepared: &Prepared,
    environment: &[(String, String)],
    runtime: &tokio::runtime::Runtime,
    labour: Labour,
    watch: &Watch,
    stop: &CancellationToken,
) -> Result<Exit> {
    let start = Instant::now();
    let made = runtime.block_on(make(campaign, prepared, environment, labour, watch, stop));
    match &made {
        Ok(Summary { outcome: Outcome::Short(why), .. }) => watch.board.end(why),
        Ok(_) => {}
        Err(error) => watch.board.end(&format!("{error:#}")),
    }
    let summary = made?;
    eprintln!("{}", account(&summary.counts, start.elapsed().as_secs_f64()));
    if summary.written.is_some() {
        let page = report::write(&Dataset::open(&campaign.output.dir)?)?;
        eprintln!("to look at: {}", page.display());
        let missing = uncalled(&summary.uncalled, prepared.library.len());
        if !missing.is_empty() {
            eprintln!("{missing}");
        }
    }
    conclude(&summary, &campaign.output.dir)
}

async fn make(
    campaign: &Campaign,
    prepared: &Prepared,
    environment: &[(String, String)],
    labour: Labour,
    watch: &Watch,
    stop: &CancellationToken,
) -> Result<Summary> {
    let metrics = prepare::Metrics::register(&watch.registry)?;
    let (progress, shown) = channel::channel(Progress::default());
    let wiped = CancellationToken::new();
    let display = tokio::spawn(progress::show(shown, wiped.clone()));
    let job = Job {
        campaign,
        digest: prepared.digest,
        library: Arc::clone(&prepared.library),
        graph: Arc::clone(&prepared.graph),
        pack: Arc::clone(&prepared.pack),
        servers: Arc::clone(&prepared.servers),
        prompts: prepared.prompts,
        excluded_paths: &prepared.excluded_paths,
        watch,
        progress,
        cancel: stop.clone(),
        labour,
    };
    let variable = variable(environment);
    let summary = embedded::run(job, |around| {
        let pipeline = prepare::pipeline(&around, &metrics, &variable)?;
        Ok(Arc::new(pipeline) as Arc<dyn WalkRunner>)
    })
    .await;
    wiped.cancel();
    display.await.context("showing the progress")?;
    Ok(summary?)
}

/// One line about what the conversations are made of.
fn ingredients(prepared: &Prepared) -> String {
    let report = &prepared.report;
    let mut line = format!(
        "{} functions in {} categories, {} edges",
        report.functions,
        report.groups.len(),
        prepared.graph.edge_count(),
    );
    if report.refusals + report.repaired_functions > 0 {
        write!(
            line,
            "; {} mended, {} entries refused (`magnet check` tells which)",
            report.repaired_functions, report.refusals
        )
        .expect("writing to a string cannot fail");
    }
    line
}

/// What became of the walks, with every reason.
fn account(counts: &Counts, seconds: f64) -> String {
    let mut text = format!(
        "{} conversations and {} pairs from {} walks in {seconds:.1} s",
        counts.accepted,
        counts.pairs,
        counts.decided(),
    );
    let mut reasons: Vec<_> = counts.rejected_by_reason.iter().collect();
    reasons.sort_by_key(|(reason, count)| (std::cmp::Reverse(**count), **reason));
    let mut put = |label: &str, count: u64| {
        if count > 0 {
            write!(text, "\n{count:>9}  {label}").expect("writing to a string cannot fail");
        }
    };
    for (reason, count) in reasons {
        put(&format!("rejected: {}", reason.label()), *count);
    }
    put("duplicates", counts.duplicates);
    put("near-duplicates", counts.near_duplicates);
    put("over quota, most of them not worked", counts.over_quota);
    put("missing", counts.missing);
    for (ask, spent) in counts.asks.iter() {
        put(&format!("answers: {ask}"), spent.requests);
    }
    if counts.spent.requests > 0 && counts.accepted > 0 {
        let (spent, each) = (&counts.spent, counts.accepted as f64);
        let tokens = spent.input_tokens + spent.output_tokens;
        let usd = spent.micro_usd as f64 / 1e6;
        write!(
            text,
            "\n${usd:.2} and {tokens} tokens; a sample: {:.1} answers, {:.0} tokens, ${:.4}",
            spent.requests as f64 / each,
            tokens as f64 / each,
            usd / each
        )
        .expect("writing to a string cannot fail");
    }
    text
}

/// What of the library is in no conversation; empty if all of it is.
fn uncalled(uncalled: &Uncalled, functions: usize) -> String {
    let by_chance = uncalled.functions - uncalled.uncallable.len() as u64;
    let mut text = trial::told(&uncalled.uncallable);
    if by_chance > 0 {
        let line = if text.is_empty() { "" } else { "\n" };
        write!(text, "{line}{by_chance} of {functions} functions came up in no conversation")
            .expect("writing to a string cannot fail");
    }
    text
}

/// The last word: the path on stdout, or what is short and the way on.
fn conclude(summary: &Summary, out: &Path) -> Result<Exit> {
    match &summary.outcome {
        Outcome::Complete => {
            writeln!(io::stdout(), "{}", out.display())?;
            Ok(Exit::Done)
        }
        Outcome::Short(why) => {
            eprintln!("short: {why}");
            writeln!(io::stdout(), "{}", out.display())?;
            Ok(Exit::Short)
        }
        Outcome::Interrupted => {
            eprintln!(
                "stopped at {} of {} samples\nhint: the same command goes on from there",
                summary.counts.accepted, summary.samples_wanted
            );
            Ok(Exit::Short)
        }
    }
}
