//! `magnet check`: every problem with its key, functions that no conversation
//! can call, and the effective configuration with the origin of every value. No side effect. On request
//! the prompts, or what each endpoint answers to a question and each server to
//! some calls.

use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use magnet_proto::config::{Campaign, Effective, EndpointKind, Setting};
use magnet_proto::library::Library;
use magnet_proto::process::Exit;
use magnet_worker::prompts;
use magnet_worker::teacher::cast;
use magnet_worker::teacher::chat::Purpose;
use magnet_worker::teacher::chat::abilities::SchemaMode;
use magnet_worker::teacher::probe::{self, Found, Tools};

use super::campaign::CampaignArgs;
use crate::terminal::Paint;
use crate::trial::{self, Trial};
use crate::{execute, library, prepare};

/// Tell every problem of a campaign, and its effective configuration
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  magnet check campaign.toml --set graph.candidates=20\n  \
                        magnet check campaign.toml --probe\n  magnet check --show-prompts")]
pub(super) struct Args {
    #[command(flatten)]
    campaign: CampaignArgs,
    /// Print each prompt with its digest and who is asked, in place of the
    /// configuration
    #[arg(long)]
    show_prompts: bool,
    /// Ask each endpoint two short questions and tell what it can do; try each
    /// MCP server and tell whether its conversations are kept apart
    #[arg(long)]
    probe: bool,
}

pub(super) fn run(args: &Args, environment: &[(String, String)]) -> Result<Exit> {
    let effective = args.campaign.load(environment)?;
    if args.show_prompts {
        print_prompts(&effective.campaign, Paint::stdout(), &mut io::stdout().lock())?;
        return Ok(Exit::Done);
    }
    if args.probe {
        return probe(&effective.campaign, environment);
    }
    let settings = &effective.campaign.library;
    let loaded = library::load(&settings.paths, Path::new("."))?;
    let loaded = loaded.without(&settings.exclude_functions)?;
    prepare::quotas_in_reach(&effective.campaign, &loaded.library)?;
    let mut out = io::stdout().lock();
    print(&effective, Paint::stdout(), &mut out)?;
    let mut summary = String::new();
    loaded.report.write_summary(&mut summary)?;
    let commented = summary.lines().map(|line| format!("# {line}").trim_end().to_owned());
    writeln!(out, "\n{}", commented.collect::<Vec<_>>().join("\n"))?;
    for note in execute::notes(&effective.campaign) {
        eprintln!("{note}");
    }
    let uncallable = uncallable(&effective.campaign, loaded.library)?;
    match (loaded.report.problems(), uncallable.as_str()) {
        (None, "") => eprintln!("no problems found"),
        (None, _) => eprintln!("{uncallable}"),
        (Some(problems), _) => {
            eprintln!("in the library: {problems}; see above");
            if !uncallable.is_empty() {
                eprintln!("{uncallable}");
            }
        }
    }
    Ok(Exit::Done)
}

/// Tries each function alone, and tells of those that cannot be called.
fn uncallable(campaign: &Campaign, library: Library) -> Result<String> {
    let pack = Arc::new(prepare::pack_of(campaign, &library, Path::new("."))?);
    let library = Arc::new(library);
    let trial = Trial::new(campaign, &library, &pack)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("starting the runtime")?;
    let all = library.iter().map(|(id, _)| id);
    Ok(trial::told(&runtime.block_on(trial.uncallable(all))))
}

fn print_prompts(campaign: &Campaign, paint: Paint, out: &mut impl Write) -> io::Result<()> {
    let asked = cast::purposes(campaign);
    for purpose in Purpose::ALL {
        let by_whom = match (asked.contains(&purpose), purpose) {
            (true, _) => format!("asked of [teacher.{}]", cast::role(campaign, purpose)),
            (false, Purpose::Probe) => "asked by --probe".to_owned(),
            (false, Purpose::PackWorld | Purpose::PackWords) => "asked by `magnet pack`".to_owned(),
            (false, _) => "not asked in this campaign".to_owned(),
        };
        let (label, digest) = (purpose.label(), prompts::digest(&[purpose]));
        writeln!(out, "{}", paint.bold(&format!("== {label}  {digest}  {by_whom}")))?;
        writeln!(out, "{}\n", prompts::system(purpose).trim_end())?;
    }
    Ok(())
}

/// Asks every endpoint of the campaign, each once however many roles it has,
/// and tries its servers.
fn probe(campaign: &Campaign, environment: &[(String, String)]) -> Result<Exit> {
    let variable = |name: &str| {
        environment.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("starting the runtime")?;
    let mut exit = Exit::Done;
    let models = campaign.teacher.iter().filter(|(_, e)| e.kind == EndpointKind::Openai);
    let mut is_any = false;
    for (name, endpoint) in models {
        is_any = true;
        match runtime.block_on(probe::probe(campaign, name, &variable)) {
            Ok(found) => {
                let title = format!("[teacher.{name}] {} at {}", endpoint.model, endpoint.base_url);
                writeln!(io::stdout(), "{title}\n{}", abilities(&found))?;
            }
            Err(error) => {
                eprintln!("error: {error}");
                exit = Exit::Unreachable;
            }
        }
    }
    let prepared = prepare::prepare(campaign, Path::new("."))?;
    let servers = runtime.block_on(crate::probe::tell(campaign, &prepared))?;
    write!(io::stdout(), "{servers}")?;
    if !is_any && servers.is_empty() {
        eprintln!(
            "no [teacher.*] of kind \"openai\" stands in the campaign, and no MCP server: nothing to \
             ask"
        );
    }
    Ok(exit)
}

/// What an endpoint can do, a line each.
fn abilities(found: &Found) -> String {
    let yes_no = |yes| if yes { "yes" } else { "no" };
    let known = found.known;
    let mode = match known.schema_mode {
        SchemaMode::JsonSchema => "json_schema",
        SchemaMode::JsonObject => "json_object",
        SchemaMode::Prompt => "by prompt alone",
    };
    let followed = if found.follows_schema { "" } else { ", but the answer did not follow it" };
    let limit = if known.wants_completion_tokens { "max_completion_tokens" } else { "max_tokens" };
    let most = known.max_output_tokens.map(|most| format!(", {most} at most")).unwrap_or_default();
    let tools = match &found.tools {
        Tools::Called => "yes".to_owned(),
        Tools::Ignored => "accepted, but none was called".to_owned(),
        Tools::Refused(why) => format!("no ({why})"),
    };
    let tokens = found.reply.usage;
    format!(
        "  structured answers  {mode}{followed}\n  token limit         {limit}{most}\n  \
         system role         {}\n  temperature         {}\n  seed                {}\n  \
         tools               {tools}\n  reasoning           {}\n  \
         answered in         {} ms, {} + {} tokens",
        yes_no(known.has_system_role),
        yes_no(known.has_temperature),
        yes_no(known.has_seed),
        if found.reply.reasoning.is_some() { "told apart" } else { "none told" },
        found.took.as_millis(),
        tokens.input,
        tokens.output,
    )
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
