//! Who executes: from a campaign's settings to the executors of its functions.
//!
//! ```text
//! [executor.*] ─► claims, function by function ─► kinds ─► Router
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use magnet_offline::simulator::Simulator;
use magnet_proto::config::{Campaign, DEFAULT_EXECUTOR, Execution, ExecutorKind};
use magnet_proto::library::{Function, Library};
use magnet_proto::operation::Operation;
use magnet_proto::pack::Pack;
use magnet_proto::servers::Servers;
use magnet_proto::slots;
use magnet_proto::state::State;
use magnet_proto::{Digest, FunctionId};
use magnet_worker::execute::cached::Cached;
use magnet_worker::execute::http::HttpExecutor;
use magnet_worker::execute::model::ModelSimulator;
use magnet_worker::execute::openapi::{Access, OpenApi};
use magnet_worker::execute::recorded::{Recorded, Recorder, Unreadable};
use magnet_worker::execute::router::Router;
use magnet_worker::execute::{Executor, metered};
use magnet_worker::teacher::Machine;
use magnet_worker::teacher::chat::http::Secret;

#[cfg(feature = "world")]
use magnet_world::{Modules, Worlds};

#[cfg(feature = "world")]
use crate::pack::{Problem, Problems};
use crate::servers;

/// The campaign's executors cannot be made: what to change.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Refusal(String);

/// What executors are made of.
pub struct Means<'a> {
    pub campaign: &'a Campaign,
    pub library: &'a Library,
    pub pack: &'a Pack,
    pub servers: &'a Arc<Servers>,
    /// Finds the values of variables, where a server is started.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
    pub metrics: &'a metered::Metrics,
    /// Who plays the machine, where a model does.
    pub machine: Option<Arc<dyn Machine>>,
    pub cache: Arc<dyn State>,
}

/// The executors of a campaign.
///
/// # Errors
/// If a claim matches no function, two claim the same one, or an executor
/// cannot be made here.
pub fn router(means: Means<'_>) -> Result<Router> {
    let worlds = Worldly::new(means.pack)?;
    let mut chosen = BTreeMap::new();
    let claims = claims(means.campaign, means.library)?;
    let pure = pure(means.campaign, &claims)?;
    for (name, (section, claimed)) in claims {
        must_have(claimed, &name, section, means.library, &worlds, means.servers)?;
        let kind = settled(claimed, &name, &worlds, means.servers, means.machine.is_some());
        // Each server is an executor of its own, and what is recorded or kept;
        // of the others there is one.
        let own = means.campaign.executor.get(section);
        let own = own.is_some_and(|own| own.recording.is_some() || !own.pure.is_empty());
        let is_server =
            matches!(kind, ExecutorKind::Http | ExecutorKind::Openapi | ExecutorKind::Recorded);
        let is_one = !own && !is_server;
        let section = if is_one { "" } else { section };
        chosen.insert(name, (rank(kind), kind, section));
    }
    // Their order is that of the kinds, whatever function comes first.
    let mut used: Vec<_> = chosen.values().copied().collect();
    used.sort_unstable_by_key(|(rank, _, section)| (*rank, *section));
    used.dedup_by_key(|(rank, _, section)| (*rank, *section));
    let place = |one| used.iter().position(|used| *used == one).unwrap_or(0);
    let routes = chosen.iter().map(|(name, one)| (name.clone(), place(*one))).collect();
    let mut executors: Vec<Arc<dyn Executor>> = Vec::new();
    for one @ (_, kind, section) in &used {
        let executor: Arc<dyn Executor> = match kind {
            ExecutorKind::Mcp => {
                servers::executor(means.servers, means.library, means.variable).map_err(refusal)?
            }
            ExecutorKind::Http => http(section, &means)?,
            ExecutorKind::Openapi => {
                let is_here = |f: &Function| chosen.get(&f.name) == Some(one);
                openapi(section, &means, is_here)?
            }
            ExecutorKind::Recorded => recorded(section, &means, &pure)?,
            ExecutorKind::World => worlds.executor(means.campaign)?,
            ExecutorKind::Model => {
                let machine = means.machine.clone().context("no model plays the machine")?;
                let tries = means.campaign.translate.tries;
                Arc::new(ModelSimulator::new(machine, Arc::clone(&means.cache), tries))
            }
            ExecutorKind::Simulator | ExecutorKind::Auto => Arc::new(Simulator::default()),
        };
        let executor = means.metrics.meter(executor);
        let served = chosen.iter().find(|(_, of)| *of == one).map(|(name, _)| name.as_str());
        executors.push(kept(executor, *kind, section, served, &means, &pure)?);
    }
    let mut names: Vec<&str> = executors.iter().map(|executor| executor.name()).collect();
    names.sort_unstable();
    if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        let name = twice[0];
        return Err(refusal(format!(
            "\"{name}\" executes for two sections of [executor.*]\nhint: let one of them claim all \
             its functions: \"pure\" and \"recording\" are of a section"
        )));
    }
    if executors.is_empty() {
        executors.push(Arc::new(Simulator::default()));
    }
    Ok(Router::new(executors, routes))
}

/// An executor with what its section wants of its outputs: pure ones made
/// once, all of them recorded. `served` is one of its functions.
fn kept(
    mut executor: Arc<dyn Executor>,
    kind: ExecutorKind,
    section: &str,
    served: Option<&str>,
    means: &Means<'_>,
    pure: &Pure<'_>,
) -> Result<Arc<dyn Executor>> {
    let pure = pure.get(section).cloned().unwrap_or_default();
    if kind != ExecutorKind::Recorded && !pure.is_empty() {
        executor = Arc::new(Cached::new(executor, Arc::clone(&means.cache), pure.clone()));
    }
    let recording = means.campaign.executor.get(section).and_then(|own| own.recording.as_deref());
    let served = served.and_then(|name| means.library.find(name));
    if let (Some(path), Some(id)) = (recording.filter(|_| kind != ExecutorKind::Recorded), served) {
        let nature = executor.nature(means.library.get(id));
        let recorder = Recorder::new(executor, nature, path, pure);
        executor = Arc::new(recorder.map_err(|error| unreadable(section, &error))?);
    }
    Ok(executor)
}

/// The executor of a section of kind `recorded`.
fn recorded(section: &str, means: &Means<'_>, pure: &Pure<'_>) -> Result<Arc<dyn Executor>> {
    let path = execution(section, means.campaign)?.recording.as_deref().unwrap_or(Path::new(""));
    let pure = pure.get(section).cloned().unwrap_or_default();
    Ok(Arc::new(Recorded::open(path, pure).map_err(|error| unreadable(section, &error))?))
}

fn unreadable(section: &str, error: &Unreadable) -> anyhow::Error {
    refusal(format!("executor.{section}.recording: {error}"))
}

/// The functions of each section that are pure.
type Pure<'a> = BTreeMap<&'a str, BTreeSet<String>>;

fn pure<'a>(
    campaign: &'a Campaign,
    claims: &BTreeMap<String, (&str, ExecutorKind)>,
) -> Result<Pure<'a>> {
    let mut pure = Pure::new();
    for (section, execution) in &campaign.executor {
        for wanted in &execution.pure {
            let pattern = glob::Pattern::new(wanted).map_err(|error| {
                refusal(format!("executor.{section}.pure: \"{wanted}\" is no pattern: {error}"))
            })?;
            let own = claims.iter().filter(|(_, (of, _))| of == section);
            let names = own.map(|(name, _)| name).filter(|name| pattern.matches(name));
            let names: Vec<String> = names.cloned().collect();
            if names.is_empty() {
                return Err(refusal(format!(
                    "executor.{section}.pure: it executes nothing that \"{wanted}\" names\nhint: \
                     `magnet graph` shows the functions"
                )));
            }
            pure.entry(section.as_str()).or_default().extend(names);
        }
    }
    Ok(pure)
}

/// What of a campaign's recordings decides its data: their contents.
pub fn recordings(campaign: &Campaign) -> Result<Option<Digest>> {
    let mut contents = Vec::new();
    for (section, execution) in &campaign.executor {
        if let (ExecutorKind::Recorded, Some(path)) = (execution.kind, &execution.recording) {
            let text = std::fs::read(path).map_err(|error| {
                refusal(format!("executor.{section}.recording: \"{}\": {error}", path.display()))
            })?;
            contents.push(Digest::of(&text));
        }
    }
    let all = contents.iter().map(|digest| &digest.as_bytes()[..]);
    Ok((!contents.is_empty()).then(|| Digest::of_fields(all)))
}

/// Who executes a function of which a campaign says this.
fn settled(
    claimed: ExecutorKind,
    function: &str,
    worlds: &Worldly,
    servers: &Servers,
    has_machine: bool,
) -> ExecutorKind {
    match claimed {
        ExecutorKind::Auto if servers.tools.contains_key(function) => ExecutorKind::Mcp,
        ExecutorKind::Auto if worlds.have(function) => ExecutorKind::World,
        ExecutorKind::Auto if has_machine => ExecutorKind::Model,
        ExecutorKind::Auto => ExecutorKind::Simulator,
        kind => kind,
    }
}

/// The servers that execute functions of a campaign.
pub fn executing<'a>(
    campaign: &Campaign,
    library: &Library,
    pack: &Pack,
    servers: &'a Servers,
) -> Result<BTreeSet<&'a str>> {
    let worlds = Worldly::new(pack)?;
    let claims = claims(campaign, library)?;
    let theirs = claims.iter().filter(|(name, (_, kind))| {
        settled(*kind, name, &worlds, servers, false) == ExecutorKind::Mcp
    });
    Ok(theirs.filter_map(|(name, _)| Some(&*servers.tools.get(name)?.server)).collect())
}

/// How many functions of a campaign the schema simulator executes.
pub fn simulated(
    campaign: &Campaign,
    library: &Library,
    pack: &Pack,
    servers: &Servers,
    has_machine: bool,
) -> Result<usize> {
    let worlds = Worldly::new(pack)?;
    let claims = claims(campaign, library)?;
    let kinds =
        claims.iter().map(|(name, (_, kind))| settled(*kind, name, &worlds, servers, has_machine));
    Ok(kinds.filter(|kind| *kind == ExecutorKind::Simulator).count())
}

/// The functions that a server executes: no world is needed for them.
pub fn served(
    campaign: &Campaign,
    library: &Library,
    servers: &Servers,
) -> Result<BTreeSet<FunctionId>> {
    let claims = claims(campaign, library)?;
    let is_served = |name: &String, kind: ExecutorKind| match kind {
        ExecutorKind::Mcp | ExecutorKind::Http | ExecutorKind::Openapi | ExecutorKind::Recorded => {
            true
        }
        ExecutorKind::Auto => servers.tools.contains_key(name),
        ExecutorKind::World | ExecutorKind::Model | ExecutorKind::Simulator => false,
    };
    let served = claims.iter().filter(|(name, (_, kind))| is_served(name, *kind));
    Ok(served.filter_map(|(name, _)| library.find(name)).collect())
}

/// The place of a kind of executor among the others.
fn rank(kind: ExecutorKind) -> usize {
    match kind {
        ExecutorKind::Mcp => 0,
        ExecutorKind::Http => 1,
        ExecutorKind::Openapi => 2,
        ExecutorKind::Recorded => 3,
        ExecutorKind::World => 4,
        ExecutorKind::Model => 5,
        ExecutorKind::Simulator | ExecutorKind::Auto => 6,
    }
}

/// The executor of a section of kind `http`.
fn http(section: &str, means: &Means<'_>) -> Result<Arc<dyn Executor>> {
    let Execution { url, timeout, .. } = execution(section, means.campaign)?;
    let token = token(section, means)?;
    let executor = HttpExecutor::new(section, url, Secret::new(token), *timeout, means.library);
    Ok(Arc::new(executor.map_err(|error| refusal(format!("executor.{section}.url: {error}")))?))
}

/// The executor of a section of kind `openapi`.
fn openapi(
    section: &str,
    means: &Means<'_>,
    serves: impl Fn(&Function) -> bool,
) -> Result<Arc<dyn Executor>> {
    let Execution { url, timeout, headers, query, open, session, close, .. } =
        execution(section, means.campaign)?;
    let token = token(section, means)?;
    let mut secrets = vec![token.clone()];
    let mut filled = |key: &str, texts: &[String]| {
        let fill = |text: &String| {
            secrets.extend(slots::names(text).filter_map(means.variable));
            slots::filled(text, means.variable)
                .map_err(|name| unset(&format!("executor.{section}.{key}"), &name))
        };
        texts.iter().map(fill).collect::<Result<Vec<String>>>()
    };
    let (headers, query) = (filled("headers", headers)?, filled("query", query)?);
    let access = Access {
        url: url.clone(),
        token: Secret::new(token),
        headers,
        query,
        secrets,
        open: open.clone(),
        session: session.clone(),
        close: close.clone(),
        timeout: *timeout,
    };
    let executor = OpenApi::new(section, access, means.library, serves);
    Ok(Arc::new(executor.map_err(|error| refusal(format!("executor.{section}.url: {error}")))?))
}

fn execution<'a>(section: &str, campaign: &'a Campaign) -> Result<&'a Execution> {
    let none = || refusal(format!("there is no [executor.{section}]"));
    campaign.executor.get(section).ok_or_else(none)
}

/// The token of a section's server; empty where it names none.
fn token(section: &str, means: &Means<'_>) -> Result<String> {
    match execution(section, means.campaign)?.token_env.as_str() {
        "" => Ok(String::new()),
        name => {
            let unset = || unset(&format!("executor.{section}.token_env"), name);
            (means.variable)(name).ok_or_else(unset)
        }
    }
}

fn unset(key: &str, variable: &str) -> anyhow::Error {
    refusal(format!(
        "{key}: the variable \"{variable}\" is not set\nhint: export the server's token under \
         that name"
    ))
}

/// What a person should know of a campaign's executors before it runs, a line
/// each.
pub fn notes(campaign: &Campaign) -> Vec<String> {
    let shared = campaign.executor.iter().filter(|(_, execution)| {
        execution.kind == ExecutorKind::Openapi && execution.open.is_empty()
    });
    let note = |(section, _): (&String, &Execution)| {
        format!(
            "[executor.{section}]: conversations share what the API holds: what one changes, \
             others and `magnet verify --execute` see\nhint: set executor.{section}.open if a \
             request can give each a start of its own, or let it claim only functions that read"
        )
    };
    shared.map(note).collect()
}

/// Whether the executors of a campaign can be made: every mistake that needs
/// neither a model nor a service to be seen.
pub fn check(campaign: &Campaign, library: &Library, pack: &Pack, servers: &Servers) -> Result<()> {
    let worlds = Worldly::new(pack)?;
    let claims = claims(campaign, library)?;
    pure(campaign, &claims)?;
    for (name, (section, kind)) in claims {
        must_have(kind, &name, section, library, &worlds, servers)?;
    }
    Ok(())
}

/// Whether an executor that is named has the function that it is to execute.
fn must_have(
    kind: ExecutorKind,
    name: &str,
    section: &str,
    library: &Library,
    worlds: &Worldly,
    servers: &Servers,
) -> Result<()> {
    match kind {
        ExecutorKind::Openapi => {
            let function = library.find(name).map(|id| library.get(id));
            must_be_called(section, name, function.and_then(|f| f.operation.as_deref()))
        }
        ExecutorKind::World => worlds.must_have(name),
        ExecutorKind::Mcp if !servers.tools.contains_key(name) => Err(refusal(format!(
            "no MCP server of the library offers \"{name}\"\nhint: name a file of servers in \
             library.paths, or leave the kind of its executor at \"auto\""
        ))),
        _ => Ok(()),
    }
}

/// Whether a description tells how a function is called, and it can be done.
fn must_be_called(section: &str, name: &str, operation: Option<&Operation>) -> Result<()> {
    let Some(operation) = operation else {
        return Err(refusal(format!(
            "[executor.{section}] of kind \"openapi\": no OpenAPI document describes \"{name}\"\n\
             hint: name in executor.{section}.functions or .groups what one describes"
        )));
    };
    operation.form().map(drop).map_err(|media| {
        refusal(format!(
            "[executor.{section}] of kind \"openapi\": \"{name}\" takes a body of type {media}, \
             which is not sent\nhint: leave it out with library.exclude_functions, or let another \
             executor claim it"
        ))
    })
}

/// What the campaign says of each function, and in which section.
fn claims<'a>(
    campaign: &'a Campaign,
    library: &Library,
) -> Result<BTreeMap<String, (&'a str, ExecutorKind)>> {
    let mut claimed: BTreeMap<String, (&'a str, ExecutorKind)> = BTreeMap::new();
    let others = campaign.executor.iter().filter(|(name, _)| *name != DEFAULT_EXECUTOR);
    for (section, execution) in others {
        for function in matched(section, execution, library)? {
            let earlier = claimed.insert(function.name.clone(), (section, execution.kind));
            if let Some((other, _)) = earlier.filter(|(other, _)| other != section) {
                let name = &function.name;
                return Err(refusal(format!(
                    "[executor.{other}] and [executor.{section}] both claim \"{name}\"\nhint: \
                     let one of them name less"
                )));
            }
        }
    }
    let rest = campaign.executor.get(DEFAULT_EXECUTOR).map(|default| default.kind);
    let kind_of = |function: &Function| {
        let rest = (DEFAULT_EXECUTOR, rest.unwrap_or_default());
        claimed.get(&function.name).copied().unwrap_or(rest)
    };
    Ok(library.iter().map(|(_, function)| (function.name.clone(), kind_of(function))).collect())
}

pub(crate) fn refusal(text: String) -> anyhow::Error {
    Refusal(text).into()
}

/// The functions that a section claims.
fn matched<'a>(
    section: &str,
    execution: &Execution,
    library: &'a Library,
) -> Result<Vec<&'a Function>> {
    let mut found = Vec::new();
    let mut add = |key: &str, wanted: &str, is_it: &dyn Fn(&Function) -> bool| {
        let before = found.len();
        found.extend(library.iter().map(|(_, function)| function).filter(|f| is_it(f)));
        match found.len() > before {
            true => Ok(()),
            false => Err(refusal(format!(
                "executor.{section}.{key}: the library has nothing that \"{wanted}\" names\n\
                 hint: `magnet graph` shows functions and their categories"
            ))),
        }
    };
    for wanted in &execution.functions {
        let pattern = glob::Pattern::new(wanted).map_err(|error| {
            refusal(format!("executor.{section}.functions: \"{wanted}\" is no pattern: {error}"))
        })?;
        add("functions", wanted, &|function| pattern.matches(&function.name))?;
    }
    for wanted in &execution.groups {
        add("groups", wanted, &|function| function.category == *wanted)?;
    }
    Ok(found)
}

/// The world of a pack, if it has one and this program runs worlds.
#[cfg(feature = "world")]
struct Worldly(Option<Modules>);

#[cfg(feature = "world")]
impl Worldly {
    fn new(pack: &Pack) -> Result<Self> {
        Ok(Self(modules(pack)?))
    }

    fn have(&self, function: &str) -> bool {
        self.0.as_ref().is_some_and(|modules| modules.have(function))
    }

    fn executor(&self, campaign: &Campaign) -> Result<Arc<dyn Executor>> {
        let modules = self.0.clone().context("the pack has no world")?;
        // Workers of one process share its cores.
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let threads = cores.checked_div(campaign.run.workers).unwrap_or(1).max(1);
        let worlds = Worlds::new(modules, threads).context("starting the threads of worlds")?;
        Ok(Arc::new(worlds))
    }
}

/// The modules of a pack's world, ready to run; none where it has no world.
///
/// # Errors
/// Everything that is wrong with them.
#[cfg(feature = "world")]
pub fn modules(pack: &Pack) -> Result<Option<Modules>, Problems> {
    if pack.world.is_empty() {
        return Ok(None);
    }
    Modules::load(&pack.world).map(Some).map_err(|problems| Problems {
        pack: "world".into(),
        problems: problems.into_iter().map(Problem::from).collect(),
    })
}

#[cfg(not(feature = "world"))]
struct Worldly;

#[cfg(not(feature = "world"))]
impl Worldly {
    fn new(_: &Pack) -> Result<Self> {
        Ok(Self)
    }

    fn have(&self, _: &str) -> bool {
        false
    }

    fn executor(&self, _: &Campaign) -> Result<Arc<dyn Executor>> {
        Err(refusal(
            "this program runs no worlds\nhint: build it with the feature \"world\"".into(),
        ))
    }
}

impl Worldly {
    fn must_have(&self, function: &str) -> Result<()> {
        match self.have(function) {
            true => Ok(()),
            false => Err(refusal(format!(
                "no world of the pack has \"{function}\"\nhint: write it into the pack, or leave \
                 the kind of its executor at \"auto\""
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use magnet_proto::library::Document;
    use magnet_proto::pack::Module;
    use magnet_proto::state::embedded::EmbeddedState;
    use serde_json::json;

    use super::*;

    fn library() -> Library {
        let function = |(name, category): (&str, &str)| {
            Function::from(Document {
                name: name.into(),
                description: String::new(),
                category: category.into(),
                class: "misc".into(),
                parameters: json!({"type": "object", "properties": {}}),
                response: None,
            })
        };
        let named = [("get_order", "shop"), ("get_train", "travel"), ("hold_seat", "travel")];
        Library::from(named.map(function).to_vec())
    }

    fn pack() -> Pack {
        let text = "def start(rng, size, world): return {}\ndef get_order(world, args): return {}";
        let world = vec![Module { name: "shop".into(), text: text.into() }];
        Pack { world, ..Pack::default() }
    }

    fn campaign(sections: &[(&str, ExecutorKind, &str)]) -> Campaign {
        let section = |(name, kind, functions): &(&str, ExecutorKind, &str)| {
            let functions = vec![(*functions).to_owned()];
            ((*name).to_owned(), Execution { kind: *kind, functions, ..Execution::default() })
        };
        Campaign { executor: sections.iter().map(section).collect(), ..Campaign::default() }
    }

    fn routed(campaign: &Campaign, pack: &Pack) -> Result<String> {
        let (library, cache) = (library(), Arc::new(EmbeddedState::new()));
        let (servers, variable) = (&Arc::default(), &|_: &str| None);
        let machine = None;
        let metrics = &metered::Metrics::register(&prometheus::Registry::new())?;
        let library = &library;
        let means = Means { campaign, library, pack, servers, variable, metrics, machine, cache };
        let router = router(means)?;
        Ok(router.name().to_owned())
    }

    fn refusal(campaign: &Campaign) -> String {
        check(campaign, &library(), &pack(), &Servers::default()).unwrap_err().to_string()
    }

    #[cfg(feature = "world")]
    #[test]
    fn a_function_goes_to_the_world_that_has_it_and_the_rest_to_the_simulator() {
        assert_eq!(routed(&campaign(&[]), &pack()).unwrap(), "world+simulator");
        assert_eq!(routed(&campaign(&[]), &Pack::default()).unwrap(), "simulator");
        let simulated = campaign(&[("shop", ExecutorKind::Simulator, "get_ord*")]);
        assert_eq!(routed(&simulated, &pack()).unwrap(), "simulator");
    }

    #[test]
    fn a_claim_that_cannot_be_met_is_told() {
        let unknown = campaign(&[("shop", ExecutorKind::Simulator, "get_odrer")]);
        assert!(refusal(&unknown).contains("executor.shop.functions: the library has nothing"));
        let both = campaign(&[
            ("one", ExecutorKind::Simulator, "get_*"),
            ("two", ExecutorKind::Auto, "get_train"),
        ]);
        assert!(
            refusal(&both).contains("[executor.one] and [executor.two] both claim \"get_train\"")
        );
        let worldless = campaign(&[("travel", ExecutorKind::World, "get_train")]);
        assert!(refusal(&worldless).contains("no world of the pack has \"get_train\""));
        let serverless = campaign(&[("travel", ExecutorKind::Mcp, "get_train")]);
        assert!(refusal(&serverless).contains("no MCP server of the library offers"));
    }
}
