//! From a checked campaign to what a run needs: library, graph, identity, and
//! the pipeline that works its walks.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use magnet_offline::lexicon::Tables;
use magnet_offline::simulator::Simulator;
use magnet_offline::teacher::Offline;
use magnet_proto::bundle::Bundle;
use magnet_proto::config::{Campaign, Judge as GraphJudge, data_settings};
use magnet_proto::graph::Graph;
use magnet_proto::library::Library;
use magnet_proto::parts::Parts;
use magnet_proto::{CampaignDigest, Digest, FunctionId};
use magnet_worker::execute::Executor;
use magnet_worker::execute::model::ModelSimulator;
use magnet_worker::pipeline::{self, Pipeline};
use magnet_worker::prompts;
use magnet_worker::teacher::cast::{self, Cast};
use magnet_worker::teacher::chat::usage::Metrics;
use magnet_worker::teacher::stack::{Patience, Wiring};

use prometheus::Registry;

use crate::embedded::{self, Surroundings};
use crate::graph::judge::{Asking, Kept, Standing};
use crate::outdir::{Identity, OutDir};
use crate::{graph, library};

/// A campaign with everything that determines its data.
pub struct Prepared {
    pub library: Arc<Library>,
    pub report: library::Report,
    pub graph: Arc<Graph>,
    pub digest: CampaignDigest,
    /// The digest of the prompts, where a teacher has any.
    pub prompts: Option<Digest>,
    /// The text of `library.exclude_paths`.
    pub excluded_paths: String,
}

/// Loads the library and builds the graph. `base` is the folder that relative
/// paths start from.
pub fn prepare(campaign: &Campaign, base: &Path) -> Result<Prepared> {
    let loaded = library::load(&campaign.library.paths, base)?;
    let graph = graph::build(&loaded.library, &campaign.graph, campaign.campaign.seed);
    let purposes = cast::purposes(campaign);
    let prompts = (!purposes.is_empty()).then(|| prompts::digest(&purposes));
    let excluded_paths = match &campaign.library.exclude_paths {
        Some(path) => std::fs::read_to_string(path)
            .with_context(|| format!("library.exclude_paths: reading \"{}\"", path.display()))?,
        None => String::new(),
    };
    excluded(&excluded_paths, &loaded.library)?;
    let digest = digest(campaign, &loaded.library, &graph, prompts, &excluded_paths)?;
    Ok(Prepared {
        library: Arc::new(loaded.library),
        report: loaded.report,
        graph: Arc::new(graph),
        digest,
        prompts,
        excluded_paths,
    })
}

/// Has the graph judged by a teacher, where the campaign wants that; what was
/// judged before is taken as it is. `tell` is told how it goes.
///
/// The campaign's identity covers what the judge is asked and which model it
/// is, so it is known before.
pub async fn settle(
    campaign: &Campaign,
    prepared: Prepared,
    variable: &dyn Fn(&str) -> Option<String>,
    patience: Patience,
    tell: &(dyn Fn(&Standing) + Sync),
) -> Result<Prepared> {
    if campaign.graph.judge == GraphJudge::None {
        return Ok(prepared);
    }
    // Somebody else's folder is refused before anything is put into it.
    let out = OutDir::open(&campaign.output.dir, &Identity::of(campaign, prepared.digest))?;
    let parts = Parts::open(&campaign.fleet.parts, &campaign.output.dir)?;
    if let Ok(bundle) = Bundle::open(&parts, &prepared.digest).await {
        return Ok(Prepared { library: bundle.library, graph: bundle.graph, ..prepared });
    }
    let holder = format!("magnet-judge-{}", std::process::id());
    let stores = embedded::stores(campaign, &prepared.digest, &holder, &out).await?;
    let metrics = Metrics::register(&Registry::new())?;
    let (state, offline) = (stores.state.clone(), Arc::new(Offline));
    let wiring = Wiring { state, metrics, offline, variable, patience };
    let judge = cast::graph_judge(campaign, &wiring)?.context("roles.judge names no model")?;
    let endpoint = campaign.endpoint(&campaign.roles.judge);
    let asking = Asking {
        judge: &*judge,
        identity: format!("{} {:?}", judge_identity(campaign), prepared.prompts),
        tries: campaign.translate.tries,
        in_flight: endpoint.map_or(1, |endpoint| endpoint.max_in_flight.get()),
        kept: Kept::new(parts.clone()),
        state: stores.state,
        progress: tell,
        standing: Mutex::default(),
        cost: Mutex::default(),
    };
    let (library, seed) = (Library::clone(&prepared.library), campaign.campaign.seed);
    let (library, graph) = graph::judge::judged(&asking, library, &campaign.graph, seed).await?;
    let (library, graph) = (Arc::new(library), Arc::new(graph));
    // Of two that judge at once the first is right: so is what workers read.
    let excluded = &prepared.excluded_paths;
    let bundle = Bundle::new(prepared.digest, campaign, library, graph, excluded);
    let judged = asking.cost.into_inner().unwrap_or_else(PoisonError::into_inner);
    let bundle = Bundle { judged, ..bundle };
    bundle.publish(&parts).await?;
    let bundle = Bundle::open(&parts, &prepared.digest).await?;
    Ok(Prepared { library: bundle.library, graph: bundle.graph, ..prepared })
}

/// Names who answers.
fn judge_identity(campaign: &Campaign) -> String {
    let settings = data_settings(campaign);
    settings["roles"]["judge"].to_string()
}

fn digest(
    campaign: &Campaign,
    library: &Library,
    graph: &Graph,
    prompts: Option<Digest>,
    excluded_paths: &str,
) -> Result<CampaignDigest> {
    let settings = serde_json::to_vec(&data_settings(campaign))?;
    let functions = rmp_serde::to_vec(library)?;
    let graph = rmp_serde::to_vec(graph)?;
    let prompts = prompts.map(|digest| digest.to_string()).unwrap_or_default();
    let fields = [&settings[..], &functions, &graph, excluded_paths.as_bytes(), prompts.as_bytes()];
    Ok(CampaignDigest(Digest::of_fields(fields)))
}

/// The pipeline of a campaign whose bundle is at hand.
pub fn pipeline(
    surroundings: &Surroundings,
    metrics: &Metrics,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Pipeline> {
    let bundle: &Bundle = &surroundings.bundle;
    let wiring = Wiring {
        state: surroundings.state.clone(),
        metrics: metrics.clone(),
        offline: Arc::new(Offline),
        variable,
        patience: surroundings.patience,
    };
    let cast = Cast::new(&bundle.campaign, &wiring)?;
    played_by(cast, surroundings)
}

/// The same, with other players than the campaign names.
pub(crate) fn played_by(cast: Cast, surroundings: &Surroundings) -> Result<Pipeline> {
    let bundle: &Bundle = &surroundings.bundle;
    let campaign = Arc::new(bundle.campaign.clone());
    let excluded = excluded(&bundle.excluded_paths, &bundle.library)?;
    let executor: Arc<dyn Executor> = match &cast.machine {
        Some(machine) => {
            let (machine, cache) = (Arc::clone(machine), Arc::clone(&surroundings.cache));
            Arc::new(ModelSimulator::new(machine, cache, campaign.translate.tries))
        }
        None => Arc::new(Simulator),
    };
    Ok(Pipeline::new(pipeline::Parts {
        campaign,
        digest: bundle.digest,
        library: bundle.library.clone(),
        graph: bundle.graph.clone(),
        excluded,
        cast,
        executor,
        lexicon: Arc::new(Tables),
        state: surroundings.state.clone(),
    }))
}

/// Signature paths to keep out: one a line, a list of turns or, with one
/// function a turn, a list of names. A path with a function that the library
/// lacks cannot come up.
fn excluded(text: &str, library: &Library) -> Result<BTreeSet<Vec<Vec<FunctionId>>>> {
    #[derive(serde::Deserialize)]
    #[serde(untagged)]
    enum Turn {
        One(String),
        Several(Vec<String>),
    }
    let mut excluded = BTreeSet::new();
    for (number, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        let turns: Vec<Turn> = serde_json::from_str(line).with_context(|| {
            format!("library.exclude_paths, line {}: not a list of function names", number + 1)
        })?;
        let ids = turns.into_iter().map(|turn| match turn {
            Turn::One(name) => Some(vec![library.find(&name)?]),
            Turn::Several(names) => names.iter().map(|name| library.find(name)).collect(),
        });
        excluded.extend(ids.collect::<Option<Vec<Vec<FunctionId>>>>());
    }
    Ok(excluded)
}
