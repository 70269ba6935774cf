//! What a campaign will take: walks, calls, tokens, money, time, workers.
//!
//! Works a few hundred walks with the offline teacher: for a model, as a
//! rehearsal that counts what it would be asked. How many of its conversations
//! pass the checks is assumed, and said to be. No side effect.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use magnet_proto::WalkIndex;
use magnet_proto::bundle::Bundle;
use magnet_proto::config::{Campaign, Endpoint, EndpointKind, NegativeSource};
use magnet_proto::state::Spending;
use magnet_proto::state::embedded::EmbeddedState;
use magnet_proto::usage::Usage;
use magnet_worker::serve::{End, WalkRunner};
use magnet_worker::teacher::Teacher;
use magnet_worker::teacher::cast::Cast;
use magnet_worker::teacher::offline::Offline;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

mod rehearsal;

use crate::embedded::Surroundings;
use crate::prepare::{self, Prepared};
use rehearsal::Rehearsal;

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
    /// By kind of ask.
    pub asks: Vec<(String, Cost)>,
    pub total: Cost,
    /// Negatives by a model are asked for on top.
    pub is_without_negatives: bool,
    pub usd: f64,
    /// The least time that the limits allow, and which of them binds.
    pub time: Duration,
    pub bound_by: &'static str,
    /// Workers of `run.in_flight` conversations that the endpoint can serve.
    pub workers: u64,
}

/// Asks, on average or in sum.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cost {
    pub requests: f64,
    pub input_tokens: f64,
    pub output_tokens: f64,
}

impl Cost {
    fn of(spent: Spending, factor: f64) -> Self {
        Self {
            requests: spent.requests as f64 * factor,
            input_tokens: spent.input_tokens as f64 * factor,
            output_tokens: spent.output_tokens as f64 * factor,
        }
    }
}

/// Estimates a prepared campaign.
pub async fn estimate(campaign: &Campaign, prepared: &Prepared) -> Result<Estimate> {
    let samples = campaign.campaign.samples.get();
    let teacher = campaign.endpoint(&campaign.roles.teacher).cloned().unwrap_or_default();
    let is_offline = teacher.kind == EndpointKind::Offline;
    let rehearsal = Arc::new(Rehearsal::new());
    let player: Arc<dyn Teacher> = match is_offline {
        true => Arc::new(Offline),
        false => rehearsal.clone(),
    };
    let (played, pace) = work(campaign, prepared, player).await?;
    let walk_yield = if is_offline { played } else { played * ASSUMED_YIELD };
    let needed = (samples as f64 / walk_yield.max(1e-9)).ceil() as u64;
    let walks = needed.min(campaign.campaign.walk_limit());
    let demand = match is_offline {
        true => Demand::Offline { core_time: pace.mul_f64(walks as f64) },
        false => {
            let each_walk = walks as f64 / DRAWN as f64;
            Demand::Model(model(campaign, &teacher, &rehearsal.usage(), each_walk))
        }
    };
    Ok(Estimate { samples, walk_yield, measured: DRAWN, walks, demand })
}

/// The share of walks that this teacher brings to a sample, and the time a
/// walk takes.
async fn work(
    campaign: &Campaign,
    prepared: &Prepared,
    teacher: Arc<dyn Teacher>,
) -> Result<(f64, Duration)> {
    let state = Arc::new(EmbeddedState::new());
    let (library, graph) = (Arc::clone(&prepared.library), Arc::clone(&prepared.graph));
    let mut campaign = campaign.clone();
    campaign.negatives.source = NegativeSource::Mechanical;
    let excluded = &prepared.excluded_paths;
    let surroundings = Surroundings {
        bundle: Arc::new(Bundle::new(prepared.digest, &campaign, library, graph, excluded)),
        state: state.clone(),
        cache: state,
        cancel: CancellationToken::new(),
    };
    let cast = Cast { teacher, student: None, judge: None, machine: None };
    let pipeline = prepare::played_by(cast, &surroundings)?;
    let start = Instant::now();
    let mut accepted = 0;
    for index in 0..DRAWN {
        let walked = pipeline.run(WalkIndex(index)).await?;
        accepted += u64::from(matches!(walked.end, End::Accepted(_)));
    }
    Ok((accepted as f64 / DRAWN as f64, start.elapsed().div_f64(DRAWN as f64)))
}

fn model(campaign: &Campaign, teacher: &Endpoint, asked: &Usage, factor: f64) -> Model {
    let total = Cost::of(asked.total(), factor);
    let asks = asked.iter().map(|(ask, spent)| (ask.to_owned(), Cost::of(spent, factor))).collect();
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
    let is_without_negatives = campaign.negatives.source != NegativeSource::Mechanical;
    let name = teacher.model.clone();
    Model { name, asks, total, is_without_negatives, usd, time, bound_by, workers }
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
