//! Who executes: from a campaign's settings to the executors of its functions.
//!
//! ```text
//! [executor.*] ─► claims, function by function ─► kinds ─► Router
//! ```

mod claims;
mod kinds;
mod means;
mod outputs;
mod refusal;
mod servers;
mod worlds;

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, Result};
use magnet_offline::simulator::Simulator;
use magnet_proto::config::{Campaign, Execution, ExecutorKind};
use magnet_proto::library::{Function, Library};
use magnet_proto::pack::Pack;
use magnet_proto::servers::Servers;
use magnet_worker::execute::Executor;
use magnet_worker::execute::model::ModelSimulator;
use magnet_worker::execute::router::Router;

use crate::servers as mcp;
use claims::claims;
pub use kinds::{executing, served, simulated};
use kinds::{must_have, rank, settled};
pub use means::Means;
pub use outputs::recordings;
use outputs::{kept, pure, recorded};
pub use refusal::Refusal;
pub(crate) use refusal::refusal;
use worlds::Worldly;
#[cfg(feature = "world")]
pub use worlds::modules;

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
                mcp::executor(means.servers, means.library, means.variable).map_err(refusal)?
            }
            ExecutorKind::Http => servers::http(section, &means)?,
            ExecutorKind::Openapi => {
                let is_here = |f: &Function| chosen.get(&f.name) == Some(one);
                servers::openapi(section, &means, is_here)?
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

#[cfg(test)]
mod tests {
    use magnet_proto::library::Document;
    use magnet_proto::pack::Module;
    use magnet_proto::state::embedded::EmbeddedState;
    use magnet_worker::execute::metered;
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
