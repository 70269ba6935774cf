//! What a campaign will take: walks, calls, tokens, money, time, workers.
//!
//! Works a few hundred walks, and judges the graph, by rules: for a model, as
//! a rehearsal that counts what it would be asked. How many of its
//! conversations pass the checks is assumed, and said to be. No side effect.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::Result;
use magnet_offline::teacher::Offline;
use magnet_proto::WalkIndex;
use magnet_proto::bundle::Bundle;
use magnet_proto::config::{Campaign, Endpoint, EndpointKind, Judge, NegativeSource};
use magnet_proto::library::Library;
use magnet_proto::pack::Pack;
use magnet_proto::parts::Parts;
use magnet_proto::state::Spending;
use magnet_proto::state::embedded::EmbeddedState;
use magnet_proto::usage::Usage;
use magnet_worker::execute::metered;
use magnet_worker::pipeline::Pipeline;
use magnet_worker::serve::{End, WalkRunner};
use magnet_worker::teacher::Teacher;
use magnet_worker::teacher::cast::{self, Cast};
use magnet_worker::teacher::chat::Purpose;
use magnet_worker::teacher::chat::usage::Prices;
use magnet_worker::teacher::stack::Patience;
use prometheus::Registry;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

mod rehearsal;

use crate::graph;
use crate::graph::judge::{Asking, Kept};
use crate::prepare::{self, Prepared};
use crate::servers;
use crate::surroundings::Surroundings;
use rehearsal::Rehearsal;
pub use rehearsal::STUDENT_ERRORS;

/// Walks worked for an estimate.
const DRAWN: u64 = 200;
/// Of the conversations that the offline teacher brings to a sample, those
/// that a model does: assumed before anything is measured.
pub const ASSUMED_YIELD: f64 = 0.9;
/// How long a model takes for one answer, assumed.
pub const ASSUMED_LATENCY: Duration = Duration::from_secs(3);

/// What a campaign will take.
#[derive(Clone, Debug)]
pub struct Estimate {
    pub samples: u64,
    /// Accepted samples a walk.
    pub walk_yield: f64,
    /// Walks that the yield was measured on.
    pub measured: u64,
    /// Whether a model's yield is assumed from that.
    pub is_assumed: bool,
    /// Walks needed.
    pub walks: u64,
    pub demand: Demand,
}

/// Who does the work, and what that takes.
#[derive(Clone, Debug)]
pub enum Demand {
    /// Rules alone: only processor time, on one core.
    Offline {
        core_time: Duration,
    },
    Models(Models),
}

/// What is asked of models.
#[derive(Clone, Debug)]
pub struct Models {
    /// By kind of ask, in the order of the method.
    pub asks: Vec<(Purpose, Cost)>,
    pub total: Cost,
    /// One for each endpoint that is asked, the slowest first.
    pub shares: Vec<Share>,
    pub usd: f64,
    /// Workers of `run.in_flight` conversations that the teacher can serve.
    pub workers: u64,
}

/// What falls to one endpoint.
#[derive(Clone, Debug)]
pub struct Share {
    /// The name the campaign gives it.
    pub endpoint: String,
    pub model: String,
    pub usd: f64,
    /// The least time that its limits allow, and which of them binds.
    pub time: Duration,
    pub bound_by: &'static str,
}

/// Asks, on average or in sum.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cost {
    pub requests: f64,
    pub input_tokens: f64,
    /// Of these, what a server that keeps prompts has in its cache.
    pub cached_input_tokens: f64,
    pub output_tokens: f64,
}

impl Cost {
    fn of(spent: Spending, factor: f64) -> Self {
        Self {
            requests: spent.requests as f64 * factor,
            input_tokens: spent.input_tokens as f64 * factor,
            cached_input_tokens: spent.cached_input_tokens as f64 * factor,
            output_tokens: spent.output_tokens as f64 * factor,
        }
    }
}

impl std::ops::AddAssign for Cost {
    fn add_assign(&mut self, other: Self) {
        self.requests += other.requests;
        self.input_tokens += other.input_tokens;
        self.cached_input_tokens += other.cached_input_tokens;
        self.output_tokens += other.output_tokens;
    }
}

/// Estimates a prepared campaign.
pub async fn estimate(campaign: &Campaign, prepared: &Prepared) -> Result<Estimate> {
    let samples = campaign.campaign.samples.get();
    let asked = cast::purposes(campaign);
    let is_assumed = asked.contains(&Purpose::Act);
    let rehearsal = Arc::new(Rehearsal::new(campaign, prepared));
    let (played, pace) = match asked.is_empty() {
        true => work(campaign, prepared, offline(&prepared.pack)).await?,
        false => work(campaign, prepared, rehearsed(campaign, &rehearsal)).await?,
    };
    let walk_yield = if is_assumed { played * ASSUMED_YIELD } else { played };
    let needed = (samples as f64 / walk_yield.max(1e-9)).ceil() as u64;
    let walks = needed.min(campaign.campaign.walk_limit());
    let demand = match asked.is_empty() {
        true => Demand::Offline { core_time: pace.mul_f64(walks as f64) },
        false => {
            let mut costs = costs(&rehearsal.usage(), walks as f64 / DRAWN as f64);
            costs.extend(self::costs(&judging(campaign, prepared).await?, 1.0));
            costs.retain(|purpose, _| asked.contains(purpose));
            Demand::Models(models(campaign, &costs))
        }
    };
    Ok(Estimate { samples, walk_yield, measured: DRAWN, is_assumed, walks, demand })
}

/// Rules in every role.
pub(crate) fn offline(pack: &Arc<Pack>) -> Cast {
    let offline = Arc::new(Offline::new(Arc::clone(pack)));
    let (briefer, student) = (offline.clone(), Some(offline.clone() as Arc<dyn Teacher>));
    Cast { teacher: offline, briefer, student, judge: None, reader: None, machine: None }
}

/// The rehearsal in all the roles that a model may have.
fn rehearsed(campaign: &Campaign, rehearsal: &Arc<Rehearsal>) -> Cast {
    let is_mined = campaign.negatives.source == NegativeSource::Student;
    let has_student = is_mined || campaign.difficulty.attempts > 0;
    let is_model = |role: &str| {
        campaign.endpoint(role).is_some_and(|endpoint| endpoint.kind != EndpointKind::Offline)
    };
    let is_simulated = is_model(&campaign.roles.simulator);
    let is_read = campaign.vet.called_for > 0.0 && is_model(&campaign.roles.judge);
    Cast {
        teacher: rehearsal.clone(),
        briefer: rehearsal.clone(),
        student: has_student.then(|| rehearsal.clone() as Arc<dyn Teacher>),
        judge: is_mined.then(|| rehearsal.clone() as _),
        reader: is_read.then(|| rehearsal.clone() as _),
        machine: is_simulated.then(|| rehearsal.clone() as _),
    }
}

/// The pipeline of a campaign with other players than it names, which leaves
/// nothing behind.
pub(crate) fn played(bundle: Bundle, cast: Cast) -> Result<Pipeline> {
    let state = Arc::new(EmbeddedState::new());
    let surroundings = Surroundings {
        bundle: Arc::new(bundle),
        state: state.clone(),
        cache: state,
        patience: Patience::Endless,
        cancel: CancellationToken::new(),
    };
    prepare::played_by(
        cast,
        &surroundings,
        &metered::Metrics::register(&Registry::new())?,
        &servers::variable,
    )
}

/// The share of walks that these players bring to a sample, and the time a
/// walk takes.
async fn work(campaign: &Campaign, prepared: &Prepared, cast: Cast) -> Result<(f64, Duration)> {
    let (library, graph) = (Arc::clone(&prepared.library), Arc::clone(&prepared.graph));
    let bundle = Bundle::new(prepared.digest, campaign, library, graph, &prepared.excluded_paths)
        .with_pack(Arc::clone(&prepared.pack))
        .with_servers(Arc::clone(&prepared.servers));
    let pipeline = played(bundle, cast)?;
    let start = Instant::now();
    let mut accepted = 0;
    for index in 0..DRAWN {
        let walked = pipeline.run(WalkIndex(index)).await?;
        accepted += u64::from(matches!(walked.end, End::Accepted(_)));
    }
    Ok((accepted as f64 / DRAWN as f64, start.elapsed().div_f64(DRAWN as f64)))
}

/// What judging the graph takes, once.
async fn judging(campaign: &Campaign, prepared: &Prepared) -> Result<Usage> {
    if campaign.graph.judge == Judge::None {
        return Ok(Usage::default());
    }
    let rehearsal = Rehearsal::new(campaign, prepared);
    let asking = Asking {
        judge: &rehearsal,
        identity: String::new(),
        tries: campaign.translate.tries,
        in_flight: 1,
        kept: Kept::new(Parts::open("memory:", &campaign.output.dir)?),
        state: Arc::new(EmbeddedState::new()),
        progress: &|_| {},
        standing: Mutex::default(),
        cost: Mutex::default(),
    };
    let (library, seed) = (Library::clone(&prepared.library), campaign.campaign.seed);
    graph::judge::judged(&asking, library, &campaign.graph, seed).await?;
    Ok(rehearsal.usage())
}

fn costs(usage: &Usage, factor: f64) -> BTreeMap<Purpose, Cost> {
    let named = |(ask, spent)| Some((Purpose::named(ask)?, Cost::of(spent, factor)));
    usage.iter().filter_map(named).collect()
}

fn models(campaign: &Campaign, costs: &BTreeMap<Purpose, Cost>) -> Models {
    let mut total = Cost::default();
    let mut of_endpoints: BTreeMap<&str, Cost> = BTreeMap::new();
    for (purpose, cost) in costs {
        total += *cost;
        *of_endpoints.entry(cast::role(campaign, *purpose)).or_default() += *cost;
    }
    let share = |(name, cost): (&str, Cost)| {
        let endpoint = campaign.endpoint(name).cloned().unwrap_or_default();
        let Cost { input_tokens, cached_input_tokens, output_tokens, .. } = cost;
        let prices = Prices::of(&endpoint);
        let usd = prices.micro_usd(input_tokens, cached_input_tokens, output_tokens) / 1e6;
        let (time, bound_by) = time_at_limits(&endpoint, &cost);
        Share { endpoint: name.to_owned(), model: endpoint.model, usd, time, bound_by }
    };
    let mut shares: Vec<Share> = of_endpoints.into_iter().map(share).collect();
    shares.sort_by_key(|share| std::cmp::Reverse(share.time));
    let usd = shares.iter().map(|share| share.usd).sum();
    let asks = costs.iter().map(|(purpose, cost)| (*purpose, *cost)).collect();
    Models { asks, total, shares, usd, workers: workers(campaign) }
}

/// Workers that the teacher can keep busy; one where it is no model.
fn workers(campaign: &Campaign) -> u64 {
    let teacher = campaign.endpoint(&campaign.roles.teacher).cloned().unwrap_or_default();
    let answers_a_minute = 60.0 / ASSUMED_LATENCY.as_secs_f64();
    let in_flight = match teacher.requests_per_minute {
        0 => teacher.max_in_flight.get() as f64,
        limit => (limit as f64 / answers_a_minute).min(teacher.max_in_flight.get() as f64),
    };
    (in_flight / campaign.run.in_flight.get() as f64).ceil().max(1.0) as u64
}

/// The least time for these asks, and what sets it.
fn time_at_limits(endpoint: &Endpoint, total: &Cost) -> (Duration, &'static str) {
    let minutes = |amount: f64, limit: u64| {
        if limit == 0 { 0.0 } else { amount / limit as f64 }
    };
    let by_latency =
        total.requests * ASSUMED_LATENCY.as_secs_f64() / 60.0 / endpoint.max_in_flight.get() as f64;
    let tokens = total.input_tokens + total.output_tokens;
    let bounds = [
        (by_latency, "max_in_flight"),
        (minutes(total.requests, endpoint.requests_per_minute), "requests_per_minute"),
        (minutes(tokens, endpoint.tokens_per_minute), "tokens_per_minute"),
    ];
    let slowest = bounds.into_iter().fold((0.0, "max_in_flight"), |slowest, bound| {
        if bound.0 > slowest.0 { bound } else { slowest }
    });
    (Duration::from_secs_f64(slowest.0 * 60.0), slowest.1)
}
