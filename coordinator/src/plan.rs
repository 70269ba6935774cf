//! What a campaign will take: walks, calls, tokens, money, time, workers.
//!
//! Draws a few hundred walks through graph and node operations, and counts
//! what their signature paths ask of a teacher. An offline teacher costs
//! nothing, so its yield and pace are measured by working the walks; a model's
//! are assumed, and said to be. No side effect.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use magnet_proto::WalkIndex;
use magnet_proto::bundle::Bundle;
use magnet_proto::config::{Campaign, Endpoint, EndpointKind};
use magnet_proto::path::Path;
use magnet_proto::state::embedded::EmbeddedState;
use magnet_proto::walk::Walker;
use magnet_worker::node_ops;
use magnet_worker::serve::{End, WalkRunner};
use magnet_worker::teacher::chat::usage;
use prometheus::Registry;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

mod cost;

pub use cost::{Asks, Cost};

use crate::embedded::Surroundings;
use crate::prepare::{self, Prepared};

/// Walks drawn for an estimate.
const DRAWN: u64 = 200;
/// The share of planned paths that a model brings to an accepted sample,
/// assumed before anything is measured.
pub const ASSUMED_YIELD: f64 = 0.75;
/// How long a model takes for one answer, assumed.
pub const ASSUMED_LATENCY: Duration = Duration::from_secs(3);

/// What a campaign will take.
#[derive(Clone, Debug)]
pub struct Estimate {
    pub samples: u64,
    /// Accepted samples a walk.
    pub walk_yield: f64,
    /// Walks that the yield was measured on; `None` if it is assumed.
    pub measured: Option<u64>,
    /// Walks needed.
    pub walks: u64,
    pub demand: Demand,
}

/// Who does the work, and what that takes.
#[derive(Clone, Debug)]
pub enum Demand {
    /// The offline teacher: only processor time, on one core.
    Offline {
        core_time: Duration,
    },
    Model(Model),
}

/// A model's share.
#[derive(Clone, Debug)]
pub struct Model {
    pub name: String,
    pub asks: Asks,
    pub usd: f64,
    /// The least time that the limits allow, and which of them binds.
    pub time: Duration,
    pub bound_by: &'static str,
    /// Workers of `run.in_flight` conversations that the endpoint can serve.
    pub workers: u64,
}

/// Estimates a prepared campaign.
pub async fn estimate(campaign: &Campaign, prepared: &Prepared) -> Result<Estimate> {
    let samples = campaign.campaign.samples.get();
    let teacher = campaign.endpoint(&campaign.roles.teacher).cloned().unwrap_or_default();
    let walks_for = |walk_yield: f64| {
        let needed = (samples as f64 / walk_yield.max(1e-9)).ceil() as u64;
        needed.min(campaign.campaign.walk_limit())
    };
    if teacher.kind == EndpointKind::Offline {
        let (walk_yield, pace) = measure(campaign, prepared).await?;
        let walks = walks_for(walk_yield);
        let core_time = pace.mul_f64(walks as f64);
        let demand = Demand::Offline { core_time };
        return Ok(Estimate { samples, walk_yield, measured: Some(DRAWN), walks, demand });
    }
    let paths = draw(campaign, prepared);
    let walk_yield = ASSUMED_YIELD * paths.len() as f64 / DRAWN as f64;
    let walks = walks_for(walk_yield);
    let worked = walks as f64 * paths.len() as f64 / DRAWN as f64;
    let asks = cost::mean(&prepared.library, campaign.trajectory.distractors, &paths).times(worked);
    let model = model(campaign, &teacher, asks);
    Ok(Estimate { samples, walk_yield, measured: None, walks, demand: Demand::Model(model) })
}

/// The signature paths of the first walks; those that come too short are left
/// out.
fn draw(campaign: &Campaign, prepared: &Prepared) -> Vec<Path> {
    let (library, graph) = (&*prepared.library, &*prepared.graph);
    let (ops, seed) = (&campaign.node_ops, campaign.campaign.seed);
    let walker = Walker::new(graph, campaign.walk.clone(), seed);
    let path = |index| {
        let index = WalkIndex(index);
        let walk = walker.walk(graph, node_ops::path_index(ops, index));
        let (walks, mix) = (&campaign.walk, &campaign.mix);
        let input = node_ops::Input { library, graph, walk: &walk, index, walks, ops, mix, seed };
        node_ops::apply(&input).ok()
    };
    (0..DRAWN).filter_map(path).collect()
}

/// The share of walks that the offline teacher brings to a sample, and the
/// time a walk takes.
async fn measure(campaign: &Campaign, prepared: &Prepared) -> Result<(f64, Duration)> {
    let state = Arc::new(EmbeddedState::new());
    let (library, graph) = (Arc::clone(&prepared.library), Arc::clone(&prepared.graph));
    let surroundings = Surroundings {
        bundle: Arc::new(Bundle::new(prepared.digest, campaign, library, graph)),
        state: state.clone(),
        cache: state,
        cancel: CancellationToken::new(),
    };
    let metrics = usage::Metrics::register(&Registry::new())?;
    let pipeline = prepare::pipeline(&surroundings, &metrics, &|_| None)?;
    let start = Instant::now();
    let mut accepted = 0;
    for index in 0..DRAWN {
        let walked = pipeline.run(WalkIndex(index)).await?;
        accepted += u64::from(matches!(walked.end, End::Accepted(_)));
    }
    Ok((accepted as f64 / DRAWN as f64, start.elapsed().div_f64(DRAWN as f64)))
}

fn model(campaign: &Campaign, teacher: &Endpoint, asks: Asks) -> Model {
    let total = asks.total();
    let usd = (total.input_tokens * teacher.usd_per_million_input_tokens
        + total.output_tokens * teacher.usd_per_million_output_tokens)
        / 1e6;
    let (time, bound_by) = time_at_limits(teacher, &total);
    let answers_a_minute = 60.0 / ASSUMED_LATENCY.as_secs_f64();
    let in_flight = match teacher.requests_per_minute {
        0 => teacher.max_in_flight.get() as f64,
        limit => (limit as f64 / answers_a_minute).min(teacher.max_in_flight.get() as f64),
    };
    let workers = (in_flight / campaign.run.in_flight.get() as f64).ceil().max(1.0) as u64;
    Model { name: teacher.model.clone(), asks, usd, time, bound_by, workers }
}

/// The least time for these asks, and what sets it.
fn time_at_limits(teacher: &Endpoint, total: &Cost) -> (Duration, &'static str) {
    let minutes = |amount: f64, limit: u64| {
        if limit == 0 { 0.0 } else { amount / limit as f64 }
    };
    let by_latency =
        total.requests * ASSUMED_LATENCY.as_secs_f64() / 60.0 / teacher.max_in_flight.get() as f64;
    let tokens = total.input_tokens + total.output_tokens;
    let bounds = [
        (by_latency, "max_in_flight"),
        (minutes(total.requests, teacher.requests_per_minute), "requests_per_minute"),
        (minutes(tokens, teacher.tokens_per_minute), "tokens_per_minute"),
    ];
    let slowest = bounds.into_iter().fold((0.0, "max_in_flight"), |slowest, bound| {
        if bound.0 > slowest.0 { bound } else { slowest }
    });
    (Duration::from_secs_f64(slowest.0 * 60.0), slowest.1)
}
