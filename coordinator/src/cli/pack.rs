//! `magnet pack`: packs, made by a model or checked.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use magnet_proto::config::{self, Campaign, EndpointKind, Overrides};
use magnet_proto::library::Library;
use magnet_proto::process::{self, Exit, Failure};
use magnet_proto::state::embedded::EmbeddedState;
use magnet_proto::state::{Spending, State};
use magnet_worker::teacher::chat::usage;
use magnet_worker::teacher::stack::{Patience, Stacks};
use prometheus::Registry;

use crate::pack::check::{self, Report, SEEDS};
use crate::pack::make::{self, Folder, Got, Made, Making, Part};
use crate::pack::{self, Files, Loaded};
use crate::{execute, graph, library, prepare};

/// A module takes a model longer than a sentence does.
const PATIENCE: Duration = Duration::from_secs(300);
/// Problems told after a making; the check tells all.
const MAX_TOLD: usize = 20;

/// Have a model write a library's pack, or check one
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  magnet pack campaign.toml --tools tools/ --out my-pack\n  \
                        magnet pack campaign.toml --teacher big --out my-pack --set budget.max_usd=5\n  \
                        magnet pack --check my-pack --tools tools/\n  \
                        magnet pack --check coordinator/src/library/builtin/pack")]
pub(super) struct Args {
    /// The campaign file: its library, its teachers, its budget
    #[arg(value_name = "CAMPAIGN.toml")]
    file: Option<PathBuf>,
    /// The tool library; may be given several times; without one the campaign's
    #[arg(long, value_name = "PATH")]
    tools: Vec<String>,
    /// The pack's folder; what it holds is kept and not asked for again
    #[arg(long, value_name = "DIR", required_unless_present = "check")]
    out: Option<PathBuf>,
    /// Which [teacher.NAME] writes it; by default the one of roles.teacher
    #[arg(long, value_name = "NAME", conflicts_with = "check")]
    teacher: Option<String>,
    /// Check the pack in this folder
    #[arg(long, value_name = "DIR", conflicts_with = "out")]
    check: Option<PathBuf>,
    /// How many seeded worlds a check tries
    #[arg(long, value_name = "N", default_value_t = SEEDS)]
    seeds: u64,
    /// Set any key: --set teacher.big.model=…; may be given several times
    #[arg(long = "set", value_name = "KEY=VALUE")]
    assignments: Vec<String>,
}

pub(super) fn run(args: &Args, environment: &[(String, String)]) -> Result<Exit> {
    let mut overrides = Overrides::default();
    args.assignments.iter().for_each(|assignment| overrides.set(assignment));
    if !args.tools.is_empty() {
        overrides.flag("--tools", "library.paths", args.tools.clone());
    }
    let campaign = config::load(args.file.as_deref(), &overrides, environment)?.campaign;
    let loaded = library::load(&campaign.library.paths, Path::new("."))?;
    let loaded = loaded.without(&campaign.library.exclude_functions)?;
    match (&args.check, &args.out) {
        (Some(folder), _) => check(folder, &loaded.library, args.seeds),
        (None, Some(folder)) => {
            let teacher = args.teacher.as_deref().unwrap_or(&campaign.roles.teacher).to_owned();
            make(campaign, &teacher, &loaded, folder, environment)
        }
        (None, None) => Err(Failure::usage("no folder is named").hint("--out DIR").into()),
    }
}

fn check(folder: &Path, library: &Library, seeds: u64) -> Result<Exit> {
    let loaded = match pack::load(&Files::read(folder)?, library) {
        Ok(loaded) => loaded,
        Err(problems) => {
            problems.problems.iter().for_each(|problem| eprintln!("{problem}"));
            writeln!(io::stdout(), "{} problems", problems.problems.len())?;
            return Ok(Exit::Short);
        }
    };
    let report = check::check(&loaded, library, seeds);
    let mut out = io::stdout().lock();
    table(&report, library, &mut out)?;
    report.problems.iter().for_each(|problem| eprintln!("{problem}"));
    let (worded, worlds) = (loaded.pack.phrases.len(), report.tried.len());
    let (all, count) = (library.len(), report.problems.len());
    writeln!(out, "{worded} of {all} functions have phrases, {worlds} a world; {count} problems")?;
    Ok(if report.problems.is_empty() { Exit::Done } else { Exit::Short })
}

/// A line for each function that was tried.
fn table(report: &Report, library: &Library, out: &mut impl io::Write) -> io::Result<()> {
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

/// Has the model write what the folder lacks, and tells what came of it.
fn make(
    mut campaign: Campaign,
    teacher: &str,
    loaded: &library::Loaded,
    folder: &Path,
    environment: &[(String, String)],
) -> Result<Exit> {
    is_model(&campaign, teacher)?;
    for endpoint in campaign.teacher.values_mut() {
        endpoint.timeout = endpoint.timeout.max(PATIENCE);
    }
    let library = Arc::new(loaded.library.clone());
    let graph = graph::build(&library, &campaign.graph, campaign.campaign.seed);
    let groups = make::groups(&library, &graph);
    let elsewhere = execute::served(&campaign, &library, &loaded.servers)?;
    let folder = Folder::open(folder)?;
    let there = match folder.has("pack.json") {
        true => pack::load(&Files::read(folder.path())?, &library)?,
        false => Loaded::default(),
    };
    let answers = folder.answers();
    let state = EmbeddedState::kept_in(&answers)
        .with_context(|| format!("opening \"{}\"", answers.display()))?;
    let state: Arc<dyn State> = Arc::new(state);
    let metrics = usage::Metrics::register(&Registry::new())?;
    let variable = super::run::variable(environment);
    let pack = Arc::default();
    let wiring = prepare::wiring(state.clone(), metrics, &pack, &variable, Patience::Bounded);
    let author = Stacks::new(&campaign, &wiring).remote(teacher)?;
    let author = author.with_context(|| format!("[teacher.{teacher}] is no model"))?;
    let making = Making {
        author: &*author,
        library: &library,
        groups: &groups,
        elsewhere: &elsewhere,
        folder: &folder,
        there: &there,
        state: &*state,
        in_flight: campaign.endpoint(teacher).map_or(1, |endpoint| endpoint.max_in_flight.get()),
        tell: &|line| eprintln!("{line}"),
    };
    // The interpreter of worlds needs more stack than a thread's usual.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .thread_stack_size(16 << 20)
        .enable_all()
        .build()
        .context("starting the runtime")?;
    let made = runtime.block_on(async {
        let stop = process::stop_on_signals().context("listening for signals")?;
        tokio::select! {
            made = make::make(&making) => Ok::<_, anyhow::Error>(Some(made?)),
            () = stop.cancelled() => Ok(None),
        }
    })?;
    let Some(made) = made else {
        eprintln!("stopped\nhint: the same command goes on from there");
        return Ok(Exit::Short);
    };
    let spent = runtime.block_on(state.spend(Spending::default())).unwrap_or_default();
    eprint!("{}", account(&made, &library, &spent));
    let problems = remaining(&folder, &library)?;
    problems.iter().take(MAX_TOLD).for_each(|problem| eprintln!("{problem}"));
    writeln!(io::stdout(), "{}", folder.path().display())?;
    if made.is_whole() && problems.is_empty() {
        // All that was paid for is in the pack.
        std::fs::remove_file(folder.answers()).ok();
        return Ok(Exit::Done);
    }
    eprintln!("{}", way_on(&made, &folder, !problems.is_empty()));
    Ok(Exit::Short)
}

/// Only a model writes packs.
fn is_model(campaign: &Campaign, teacher: &str) -> Result<()> {
    let known: Vec<&str> = campaign
        .teacher
        .iter()
        .filter(|(_, e)| e.kind == EndpointKind::Openai)
        .map(|(name, _)| name.as_str())
        .collect();
    if known.contains(&teacher) {
        return Ok(());
    }
    let hint = match known.as_slice() {
        [] => "name one in the campaign file: [teacher.big] with kind = \"openai\", base_url and \
               model; or write the pack by hand, as the one in deploy/examples/pack is"
            .to_owned(),
        known => format!("--teacher {}", known.join(", --teacher ")),
    };
    let problem = match campaign.endpoint(teacher) {
        Some(_) => format!("a pack is written by a model, and [teacher.{teacher}] is none"),
        None => format!("there is no [teacher.{teacher}]"),
    };
    Err(Failure::usage(problem).hint(hint).into())
}

/// What is wrong with the folder's pack as a whole: a person's part of it may
/// be, too.
fn remaining(folder: &Folder, library: &Library) -> Result<Vec<pack::Problem>> {
    let loaded = pack::load(&Files::read(folder.path())?, library)?;
    Ok(check::check(&loaded, library, SEEDS).problems)
}

/// What each function got, and what it cost.
fn account(made: &Made, library: &Library, spent: &Spending) -> String {
    let mut text = String::new();
    let mut line = |line: String| {
        writeln!(text, "{}", line.trim_end()).expect("writing to a string cannot fail");
    };
    line(format!("{:<32} {:<10} {:<10} values", "function", "world", "phrases"));
    for (id, Got { world, words, values }) in &made.functions {
        let name = &library.get(*id).name;
        line(format!("{name:<32} {:<10} {:<10} {}", told(world), told(words), values.join(", ")));
        for (what, part) in [("world", world), ("phrases", words)] {
            if let Part::LeftOut(why) = part {
                let why: String =
                    why.lines().next().unwrap_or_default().chars().take(160).collect();
                line(format!("  {what}: {why}"));
            }
        }
    }
    for (ask, spent) in made.usage.iter() {
        line(format!("{:>9}  answers: {ask}", spent.requests));
    }
    let tokens = spent.input_tokens + spent.output_tokens;
    let usd = spent.micro_usd as f64 / 1e6;
    line(format!("${usd:.2} and {tokens} tokens for {} requests in all", spent.requests));
    text
}

fn told(part: &Part) -> String {
    match part {
        Part::There => "there".into(),
        Part::Made(1) => "made".into(),
        Part::Made(answers) => format!("made ({answers})"),
        Part::LeftOut(_) => "left out".into(),
        Part::NotDue => "-".into(),
        Part::Unreached(_) => "not yet".into(),
    }
}

fn way_on(made: &Made, folder: &Folder, has_problems: bool) -> String {
    if let Some(why) = made.unreached() {
        return format!(
            "short: the budget is used up: {why}\nhint: the same command with a larger budget \
             goes on from there"
        );
    }
    if has_problems {
        return "short: the pack has problems\nhint: mend what is named, or remove it and run the \
                same command to have it made again"
            .into();
    }
    format!(
        "short: plain rules serve what was left out\nhint: write it by hand, name another teacher, \
         or remove \"{}\" to have this one asked anew",
        folder.answers().display()
    )
}
