//! From a checked campaign to what a run needs: library, graph, identity, and
//! the pipeline that works its walks.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use magnet_offline::lexicon::Tables;
use magnet_offline::teacher::Offline;
use magnet_proto::bundle::Bundle;
use magnet_proto::config::{Campaign, Judge as GraphJudge, data_settings};
use magnet_proto::graph::Graph;
use magnet_proto::library::Library;
use magnet_proto::pack::Pack;
use magnet_proto::parts::Parts;
use magnet_proto::process::{Exit, Failure};
use magnet_proto::quotas::{Class, Quotas};
use magnet_proto::servers::Servers;
use magnet_proto::state::State;
use magnet_proto::{CampaignDigest, Digest, FunctionId};
use magnet_worker::execute::metered;
use magnet_worker::persona::Register;
use magnet_worker::pipeline::{self, Pipeline};
use magnet_worker::prompts;
use magnet_worker::teacher::cast::{self, Cast};
use magnet_worker::teacher::chat::usage;
use magnet_worker::teacher::stack::{Patience, Wiring};

use prometheus::Registry;

use crate::graph::judge::{Asking, Kept, Standing};
use crate::outdir::{Identity, OutDir};
use crate::stores::stores;
use crate::surroundings::Surroundings;
use crate::{execute, graph, library, pack};

/// What the stages of a campaign move: its models and its executors.
#[derive(Clone, Debug)]
pub struct Metrics {
    pub teachers: usage::Metrics,
    pub executors: metered::Metrics,
}

impl Metrics {
    /// # Errors
    /// If the registry has them already.
    pub fn register(registry: &Registry) -> Result<Self, prometheus::Error> {
        let teachers = usage::Metrics::register(registry)?;
        Ok(Self { teachers, executors: metered::Metrics::register(registry)? })
    }
}

/// A campaign with everything that determines its data.
pub struct Prepared {
    pub library: Arc<Library>,
    pub report: library::Report,
    pub graph: Arc<Graph>,
    pub pack: Arc<Pack>,
    pub servers: Arc<Servers>,
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
    let loaded = loaded.without(&campaign.library.exclude_functions)?;
    let pack = pack_of(campaign, &loaded.library, base)?;
    execute::check(campaign, &loaded.library, &pack, &loaded.servers)?;
    quotas_in_reach(campaign, &loaded.library)?;
    let graph = graph::build(&loaded.library, &campaign.graph, campaign.campaign.seed);
    let library = graph::handed::on(loaded.library, &graph);
    let purposes = cast::purposes(campaign);
    let prompts = (!purposes.is_empty()).then(|| prompts::digest(&purposes));
    let excluded_paths = match &campaign.library.exclude_paths {
        Some(path) => std::fs::read_to_string(path)
            .with_context(|| format!("library.exclude_paths: reading \"{}\"", path.display()))?,
        None => String::new(),
    };
    excluded(&excluded_paths, &library)?;
    let mut digest = digest(campaign, &library, &graph, prompts, &excluded_paths)?;
    // What a campaign lacks leaves no trace in its identity.
    let packed = (!pack.is_empty()).then(|| pack.digest());
    let served = (!loaded.servers.is_empty()).then(|| loaded.servers.digest());
    let recorded = execute::recordings(campaign)?;
    for more in packed.into_iter().chain(served).chain(recorded) {
        let fields = [digest.0.as_bytes(), more.as_bytes()].map(|bytes| &bytes[..]);
        digest = CampaignDigest(Digest::of_fields(fields));
    }
    Ok(Prepared {
        library: Arc::new(library),
        report: loaded.report,
        graph: Arc::new(graph),
        pack: Arc::new(pack),
        servers: Arc::new(loaded.servers),
        digest,
        prompts,
        excluded_paths,
    })
}

/// Refuses a quota that no sample could ever count towards.
pub fn quotas_in_reach(campaign: &Campaign, library: &Library) -> Result<()> {
    let domains: BTreeSet<&str> =
        library.iter().map(|(_, function)| function.category.as_str()).collect();
    let registers: BTreeSet<&str> = Register::ALL.map(Register::name).into();
    let allowed = &campaign.translate.registers;
    let is_open = |register: &str| allowed.is_empty() || allowed.iter().any(|one| one == register);
    let quotas = Quotas::new(&campaign.mix, 1).map_err(anyhow::Error::msg)?;
    for kept in quotas.iter().filter(|kept| kept.quota.share > 0.0) {
        let (is_there, known) = match &kept.quota.class {
            Class::Domain(domain) => (domains.contains(domain.as_str()), &domains),
            Class::Register(register) => {
                (registers.contains(register.as_str()) && is_open(register), &registers)
            }
            _ => continue,
        };
        let known = known.iter().copied().collect::<Vec<_>>().join(", ");
        let class = &kept.quota.class;
        if !is_there {
            let problem = format!("mix.quotas: no conversation is ever {class}");
            return Err(Failure::new(Exit::Usage, problem)
                .hint(format!("there are {known}"))
                .into());
        }
    }
    Ok(())
}

/// The pack that a campaign names, or the built-in library's own.
pub(crate) fn pack_of(campaign: &Campaign, library: &Library, base: &Path) -> Result<Pack> {
    let files = match &campaign.library.pack {
        Some(folder) => pack::Files::read(&base.join(folder)).context("library.pack")?,
        None if campaign.library.paths.is_empty() => pack::Files::builtin(),
        None => return Ok(Pack::default()),
    };
    Ok(pack::load(&files, library).context("library.pack")?.pack)
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
    let stores = stores(campaign, &prepared.digest, &holder, &out).await?;
    let metrics = usage::Metrics::register(&Registry::new())?;
    let wiring = self::wiring(stores.state.clone(), metrics, &prepared.pack, variable, patience);
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
    let bundle = Bundle { judged, ..bundle }.with_pack(Arc::clone(&prepared.pack));
    let bundle = bundle.with_servers(Arc::clone(&prepared.servers));
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
    let (state, pack) = (surroundings.state.clone(), &bundle.pack);
    let teachers = metrics.teachers.clone();
    let wiring = self::wiring(state, teachers, pack, variable, surroundings.patience);
    let cast = Cast::new(&bundle.campaign, &wiring)?;
    played_by(cast, surroundings, &metrics.executors, variable)
}

/// What the stacks of models are wired to, and the rules that stand in for one.
pub(crate) fn wiring<'a>(
    state: Arc<dyn State>,
    metrics: usage::Metrics,
    pack: &Arc<Pack>,
    variable: &'a dyn Fn(&str) -> Option<String>,
    patience: Patience,
) -> Wiring<'a> {
    let offline = Arc::new(Offline::new(Arc::clone(pack)));
    Wiring { state, metrics, offline: offline.clone(), rules: offline, variable, patience }
}

/// The same, with other players than the campaign names.
pub(crate) fn played_by(
    cast: Cast,
    surroundings: &Surroundings,
    metrics: &metered::Metrics,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Pipeline> {
    let bundle: &Bundle = &surroundings.bundle;
    let campaign = Arc::new(bundle.campaign.clone());
    let excluded = excluded(&bundle.excluded_paths, &bundle.library)?;
    let executor = execute::router(execute::Means {
        campaign: &campaign,
        library: &bundle.library,
        pack: &bundle.pack,
        servers: &bundle.servers,
        variable,
        metrics,
        machine: cast.machine.clone(),
        cache: Arc::clone(&surroundings.cache),
    })?;
    Ok(Pipeline::new(pipeline::Parts {
        campaign,
        digest: bundle.digest,
        library: bundle.library.clone(),
        graph: bundle.graph.clone(),
        pack: bundle.pack.clone(),
        excluded,
        cast,
        executor: Arc::new(executor),
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
