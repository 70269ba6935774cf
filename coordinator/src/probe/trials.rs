//! Servers tried before a campaign begins: whether their conversations are kept
//! apart, and which of their values differ each time.
//!
//! ```text
//! functions ─► dry walks of one call ─► trials ─► magnet-mcp's probe ─► what was seen
//! ```

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use anyhow::Result;
use magnet_mcp::{Leak, Seen, Trial};
use magnet_proto::bundle::Bundle;
use magnet_proto::config::Campaign;
use magnet_proto::graph::Graph;
use magnet_proto::outcome::Reason;
use magnet_proto::servers::{Isolation, Server, Servers};
use magnet_proto::{CampaignDigest, Digest, WalkIndex};
use magnet_worker::failure::Failure;

use crate::prepare::Prepared;
use crate::{execute, plan, servers};

/// What was seen of a server, or why nothing was.
type Probed = Result<Seen, String>;

/// The campaign with its servers tried, where their files leave open what keeps
/// conversations apart.
///
/// # Errors
/// If that is nothing, with the way out.
pub(crate) async fn settle(campaign: &Campaign, prepared: Prepared) -> Result<Prepared> {
    let asked = execute::executing(campaign, &prepared.library, &prepared.pack, &prepared.servers)?;
    let mut servers = Servers::clone(&prepared.servers);
    for name in asked {
        let Some(server) = servers.servers.get_mut(name) else { continue };
        match server.isolation {
            Isolation::Auto => {
                let seen = probe(campaign, &prepared, name, server).await?;
                decide(name, server, seen)?;
            }
            Isolation::None => warn_of_sharing(&prepared, name),
            _ => {}
        }
    }
    Ok(Prepared { servers: Arc::new(servers), ..prepared })
}

/// What is seen of the servers of a campaign, for a person.
///
/// # Errors
/// If the campaign's executors cannot be made.
pub(crate) async fn tell(campaign: &Campaign, prepared: &Prepared) -> Result<String> {
    let mut text = String::new();
    for (name, server) in &prepared.servers.servers {
        let seen = probe(campaign, prepared, name, server).await?;
        writeln!(text, "[server {name}] {}\n{}", server.told(), told(name, server, &seen))?;
    }
    Ok(text)
}

async fn probe(
    campaign: &Campaign,
    prepared: &Prepared,
    name: &str,
    server: &Server,
) -> Result<Probed> {
    let Tried { trials, breaks } = match trials(campaign, prepared, name).await? {
        Ok(tried) => tried,
        Err(why) => return Ok(Err(why)),
    };
    let here = prepared.servers.tools.values().filter(|tool| tool.server == name).count();
    let seen = magnet_mcp::probe(name, server, here, &trials, &servers::variable).await;
    Ok(seen.map(|mut seen| {
        seen.breaks.extend(breaks);
        seen
    }))
}

/// Calls that a server accepts, and tools whose calls break it.
#[derive(Default)]
struct Tried {
    trials: Vec<Trial>,
    breaks: BTreeMap<String, String>,
}

/// Adds what was seen of a server to what its file says of it.
fn decide(name: &str, server: &mut Server, seen: Probed) -> Result<()> {
    let seen = match seen {
        Ok(seen) => seen,
        Err(why) => {
            eprintln!("warning: whether conversations are kept apart is not known: {why}");
            return Ok(());
        }
    };
    if let Some(leak) = &seen.leak {
        return Err(execute::refusal(told_leak(name, server, leak)));
    }
    // It is cheaper, and only as sure as all that was tried.
    server.isolation = match seen.isolation {
        Isolation::Restore if seen.is_whole => Isolation::Restore,
        _ => server.isolation(),
    };
    eprintln!("server \"{name}\": conversations are kept apart by \"{}\"", server.isolation.name());
    for (tool, places) in seen.volatile {
        let known = server.volatile.entry(tool).or_default();
        known.extend(places);
        known.sort_unstable();
        known.dedup();
    }
    Ok(())
}

fn warn_of_sharing(prepared: &Prepared, name: &str) {
    let is_here = |function: &str| {
        prepared.servers.tools.get(function).is_some_and(|tool| tool.server == name)
    };
    let mut writing = prepared.library.iter().map(|(_, function)| function);
    if let Some(function) = writing.find(|f| f.changes_state() && is_here(&f.name)) {
        eprintln!(
            "warning: server \"{name}\": by \"isolation\": \"none\" conversations see what others \
             write, such as by \"{}\"",
            function.name
        );
    }
}

/// A call of each of a server's functions that it accepts.
async fn trials(
    campaign: &Campaign,
    prepared: &Prepared,
    name: &str,
) -> Result<Result<Tried, String>> {
    // Whoever executes in the end: what is tried are the servers.
    let mut campaign = campaign.clone();
    campaign.executor.clear();
    let digest = CampaignDigest(Digest::of(b"a probe"));
    let library = &prepared.library;
    let bundle = Bundle::new(digest, &campaign, Arc::clone(library), Arc::<Graph>::default(), "");
    // One process finds them all: what is tried in earnest is tried apart.
    let one = |server: &Server| Server { isolation: Isolation::None, ..server.clone() };
    let servers = prepared.servers.servers.iter().map(|(name, one_of)| (name.clone(), one(one_of)));
    let servers = Servers { servers: servers.collect(), tools: prepared.servers.tools.clone() };
    let bundle = bundle.with_pack(Arc::clone(&prepared.pack)).with_servers(Arc::new(servers));
    let pipeline = plan::played(bundle, plan::offline(&prepared.pack))?;
    // What an earlier probe has written must not hide what this one writes.
    let index = WalkIndex(u64::from(std::process::id()));
    let mut tried = Tried::default();
    // What reads return before anything is written is what any conversation
    // should be told at its start.
    let (reading, writing): (Vec<_>, Vec<_>) =
        library.iter().partition(|(_, function)| !function.changes_state());
    for (id, function) in reading.into_iter().chain(writing) {
        let Some((tool, _)) =
            prepared.servers.of(&function.name).filter(|(tool, _)| tool.server == name)
        else {
            continue;
        };
        match pipeline.call_alone(id, index).await {
            Ok(calls) => tried.trials.extend(calls.into_iter().map(|(call, output)| Trial {
                tool: tool.name.clone(),
                arguments: call.arguments,
                writes: function.changes_state(),
                output,
            })),
            Err(Failure::Rejected(rejection)) if rejection.reason == Reason::ExecutorFailed => {
                tried.breaks.insert(tool.name.clone(), rejection.detail);
            }
            Err(Failure::Rejected(rejection)) => {
                tracing::debug!(%rejection, function = function.name, "it is not tried");
            }
            Err(Failure::Executor(error)) => return Ok(Err(error.to_string())),
            Err(Failure::Teacher(error)) => return Ok(Err(error.to_string())),
        }
    }
    Ok(Ok(tried))
}

fn told_leak(name: &str, server: &Server, leak: &Leak) -> String {
    let when = if leak.outlives { "one that was over" } else { "one beside it" };
    let way_out = match server.is_remote() {
        true => "have it keep a state for each session",
        false => {
            "have it keep its state in the conversation's folder, by \"args\" or \"env\" with \
             {dir}, such as \"env\": {\"MEMORY_FILE_PATH\": \"{dir}/memory.json\"}"
        }
    };
    format!(
        "server \"{name}\": a conversation sees what another wrote: \"{}\" answered otherwise \
         after {when}\nhint: {way_out}; or accept it with \"isolation\": \"none\"",
        leak.tool
    )
}

/// What was seen of a server, for a person.
fn told(name: &str, server: &Server, seen: &Probed) -> String {
    let seen = match seen {
        Ok(seen) => seen,
        Err(why) => return format!("  not probed          {why}"),
    };
    let (reads, writes) = (seen.reads, seen.writes);
    let mut lines = vec![format!("  calls tried         {reads} that read, {writes} that write")];
    let stated = server.isolation();
    let apart = match (&seen.leak, seen.isolation) {
        (Some(leak), _) => told_leak(name, server, leak).replace('\n', "\n                      "),
        (None, _) if !seen.is_telling => {
            format!("as far as reads tell, by \"{}\": none of them showed a write", stated.name())
        }
        (None, Isolation::Restore) if stated == Isolation::Process => {
            "kept apart; \"isolation\": \"restore\" would do, and is cheaper".to_owned()
        }
        (None, Isolation::Process) if stated == Isolation::Restore => {
            "NOT kept apart by \"restore\": it keeps state in its process\n                      \
             hint: write \"isolation\": \"process\""
                .to_owned()
        }
        (None, _) if stated == Isolation::None && writes > 0 => {
            "shared by \"isolation\": \"none\"; they need not be".to_owned()
        }
        (None, _) => format!("kept apart by \"{}\"", stated.name()),
    };
    lines.push(format!("  conversations       {apart}"));
    // What leaks differs, too.
    for (tool, places) in seen.volatile.iter().filter(|_| seen.leak.is_none()) {
        let places = places.iter().map(|place| format!("\"{place}\"")).collect::<Vec<_>>();
        lines.push(format!("  differs each time   {tool}: {}", places.join(", ")));
    }
    for (tool, beginning) in &seen.refusals {
        lines.push(format!(
            "  looks refused       {tool}: \"{beginning}…\", for \"refusals\" if it is one"
        ));
    }
    for (tool, why) in &seen.breaks {
        lines.push(format!("  breaks it           {tool}: {why}"));
    }
    lines.join("\n")
}
