//! What a worker counts. What happens to a shard or a walk is told here once,
//! and becomes its metrics and a sign of life together.

use std::time::Duration;

use magnet_proto::difficulty::Outcome;
use magnet_proto::outcome::Reason;
use magnet_proto::path::{Kind, NodeOp};
use magnet_proto::process::{Held, Pulse};
use magnet_proto::queue::Delivery;
use magnet_proto::sample::{Challenge, ErrorType, Message, NegativeSource, Sample};
use prometheus::{
    Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, Opts, Registry,
    exponential_buckets,
};

use super::shard::Attempt;
use super::{End, Stop};

const WALK_OUTCOMES: [&str; 4] = ["accepted", "rejected", "skipped", "spared"];
const SHARD_OUTCOMES: [&str; 6] = ["done", "not_put", "delayed", "returned", "failed", "unwanted"];

/// A worker's metrics; clones count together.
#[derive(Clone, Debug)]
pub struct Metrics {
    shards: Shards,
    walks: Walks,
    samples: Samples,
    pulse: Pulse,
}

#[derive(Clone, Debug)]
struct Shards {
    received: IntCounter,
    settled: IntCounterVec,
    in_flight: IntGauge,
    wait: Histogram,
    duration: Histogram,
    puts: IntCounterVec,
    put_bytes: IntCounter,
}

#[derive(Clone, Debug)]
struct Walks {
    finished: IntCounterVec,
    rejected: IntCounterVec,
    in_flight: IntGauge,
    slots: IntGauge,
    duration: HistogramVec,
}

#[derive(Clone, Debug)]
struct Samples {
    made: IntCounterVec,
    turns: IntCounter,
    calls: IntCounter,
    operations: IntCounterVec,
    challenges: IntCounterVec,
    pairs: IntCounterVec,
    attempts: IntCounterVec,
}

/// Something under way, counted until it ends.
#[derive(Debug)]
pub(super) struct InFlight(IntGauge, #[expect(dead_code, reason = "held, not read")] Held);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Metrics {
    /// Registers them; a second worker in one process gets clones. What a
    /// worker does is told to `pulse`.
    pub fn new(registry: &Registry, pulse: &Pulse) -> Result<Self, prometheus::Error> {
        let new = New(registry);
        let (shards, walks) = (Shards::new(&new)?, Walks::new(&new)?);
        Ok(Self { shards, walks, samples: Samples::new(&new)?, pulse: pulse.clone() })
    }

    /// Walks finished so far, and how many of them were accepted.
    pub fn finished(&self) -> (u64, u64) {
        let count = |outcome| self.walks.finished.with_label_values(&[outcome]).get();
        (WALK_OUTCOMES.map(count).iter().sum(), count("accepted"))
    }

    /// How many walks all loops together may have under way.
    pub fn set_slots(&self, slots: usize) {
        self.walks.slots.set(slots as i64);
    }

    pub(super) fn shard_received(&self, delivery: &dyn Delivery) -> InFlight {
        self.shards.received.inc();
        if let Some(waited) = delivery.waited() {
            self.shards.wait.observe(waited.as_secs_f64());
        }
        self.in_flight(&self.shards.in_flight)
    }

    pub(super) fn shard_settled(&self, attempt: &Attempt, took: Duration) {
        let outcome = match attempt {
            Attempt::Done { .. } => "done",
            Attempt::NotPut(_) => "not_put",
            Attempt::Stopped(Stop::Transient { .. }) | Attempt::Elsewhere => "delayed",
            Attempt::Stopped(_) | Attempt::Ended(..) | Attempt::Lost => "returned",
            Attempt::Failed(_) => "failed",
            Attempt::Poison(_) => "quarantined",
            Attempt::Unwanted => "unwanted",
        };
        self.shards.settled.with_label_values(&[outcome]).inc();
        self.shards.duration.observe(took.as_secs_f64());
    }

    pub(super) fn part_put(&self, size_bytes: usize, is_in_place: bool) {
        let outcome = if is_in_place { "ok" } else { "failed" };
        self.shards.puts.with_label_values(&[outcome]).inc();
        if is_in_place {
            self.shards.put_bytes.inc_by(size_bytes as u64);
        }
        self.pulse.beat();
    }

    pub(super) fn walk_begun(&self) -> InFlight {
        self.in_flight(&self.walks.in_flight)
    }

    pub(super) fn walk_ended(&self, end: &End, took: Duration) {
        let outcome = match end {
            End::Accepted(sample) => {
                self.samples.count(sample);
                "accepted"
            }
            End::Rejected(rejection, _) => {
                let reason = rejection.reason;
                let labels = [reason.stage().label(), reason.label()];
                self.walks.rejected.with_label_values(&labels).inc();
                "rejected"
            }
            End::Skipped => "skipped",
            End::Spared => "spared",
        };
        self.walks.finished.with_label_values(&[outcome]).inc();
        self.walks.duration.with_label_values(&[outcome]).observe(took.as_secs_f64());
    }

    fn in_flight(&self, gauge: &IntGauge) -> InFlight {
        gauge.inc();
        InFlight(gauge.clone(), self.pulse.hold())
    }
}

impl Shards {
    fn new(new: &New<'_>) -> Result<Self, prometheus::Error> {
        Ok(Self {
            received: new
                .counter("magnet_shards_received_total", "Shards taken from the queue.")?,
            settled: new.counters(
                "magnet_shards_settled_total",
                "Shards settled, by what came of them.",
                &["outcome"],
                SHARD_OUTCOMES.map(|outcome| [outcome]),
            )?,
            in_flight: new.gauge("magnet_shards_in_flight", "Shards held.")?,
            wait: new.histogram(
                "magnet_shard_wait_seconds",
                "Time from publishing a shard to taking it.",
                exponential_buckets(0.25, 3.0, 10)?,
            )?,
            duration: new.histogram(
                "magnet_shard_duration_seconds",
                "Time from taking a shard to settling it.",
                exponential_buckets(0.05, 3.0, 10)?,
            )?,
            puts: new.counters(
                "magnet_parts_put_total",
                "Parts put, by outcome.",
                &["outcome"],
                [["ok"], ["failed"]],
            )?,
            put_bytes: new.counter("magnet_parts_put_bytes_total", "Size of the parts put.")?,
        })
    }
}

impl Walks {
    fn new(new: &New<'_>) -> Result<Self, prometheus::Error> {
        let duration = HistogramOpts::new("magnet_walk_duration_seconds", "Time a walk took.");
        let duration = duration.buckets(exponential_buckets(0.001, 4.0, 10)?);
        let duration = HistogramVec::new(duration, &["outcome"])?;
        WALK_OUTCOMES.iter().for_each(|outcome| drop(duration.with_label_values(&[outcome])));
        new.0.register(Box::new(duration.clone()))?;
        Ok(Self {
            finished: new.counters(
                "magnet_walks_total",
                "Walks worked, by outcome.",
                &["outcome"],
                WALK_OUTCOMES.map(|outcome| [outcome]),
            )?,
            rejected: new.counters(
                "magnet_walks_rejected_total",
                "Walks that gave no sample, by stage and reason.",
                &["stage", "reason"],
                Reason::ALL.map(|reason| [reason.stage().label(), reason.label()]),
            )?,
            in_flight: new.gauge("magnet_walks_in_flight", "Walks under way.")?,
            slots: new.gauge("magnet_walk_slots", "Walks this process works at once at most.")?,
            duration,
        })
    }
}

impl Samples {
    fn new(new: &New<'_>) -> Result<Self, prometheus::Error> {
        let with_sources =
            |error: ErrorType| NegativeSource::ALL.map(|source| [error.label(), source.label()]);
        Ok(Self {
            made: new.counters(
                "magnet_samples_total",
                "Samples made, by kind.",
                &["kind"],
                Kind::ALL.map(|kind| [kind.label()]),
            )?,
            turns: new.counter("magnet_sample_turns_total", "User turns of the samples made.")?,
            calls: new.counter("magnet_sample_calls_total", "Calls of the samples made.")?,
            operations: new.counters(
                "magnet_node_operations_total",
                "Node operations of the samples made.",
                &["operation"],
                NodeOp::LABELS.map(|operation| [operation]),
            )?,
            challenges: new.counters(
                "magnet_challenges_total",
                "Samples made that pose the challenge.",
                &["challenge"],
                Challenge::ALL.map(|challenge| [challenge.label()]),
            )?,
            pairs: new.counters(
                "magnet_pairs_total",
                "Preference pairs of the samples made, by error and source.",
                &["error", "source"],
                ErrorType::ALL.into_iter().flat_map(with_sources),
            )?,
            attempts: new.counters(
                "magnet_student_attempts_total",
                "A student's attempts at the samples made, by outcome.",
                &["outcome"],
                Outcome::ALL.map(|outcome| [outcome.label()]),
            )?,
        })
    }

    fn count(&self, sample: &Sample) {
        self.made.with_label_values(&[sample.kind.label()]).inc();
        let turns = sample.messages.iter().filter(|message| matches!(message, Message::User(_)));
        self.turns.inc_by(turns.count() as u64);
        let calls = sample.messages.iter().map(|message| match message {
            Message::Assistant { calls, .. } => calls.len() as u64,
            Message::System(_) | Message::User(_) | Message::Tool { .. } => 0,
        });
        self.calls.inc_by(calls.sum());
        for operation in &sample.node_ops {
            self.operations.with_label_values(&[operation.label()]).inc();
        }
        for challenge in &sample.challenges {
            self.challenges.with_label_values(&[challenge.label()]).inc();
        }
        for pair in &sample.pairs {
            self.pairs.with_label_values(&[pair.error.label(), pair.source.label()]).inc();
        }
        for attempt in sample.difficulty.iter().flat_map(|difficulty| &difficulty.attempts) {
            self.attempts.with_label_values(&[attempt.outcome.label()]).inc();
        }
    }
}

/// Makes metrics and registers them.
struct New<'a>(&'a Registry);

impl New<'_> {
    fn counter(&self, name: &str, help: &str) -> Result<IntCounter, prometheus::Error> {
        let counter = IntCounter::new(name, help)?;
        self.0.register(Box::new(counter.clone()))?;
        Ok(counter)
    }

    fn gauge(&self, name: &str, help: &str) -> Result<IntGauge, prometheus::Error> {
        let gauge = IntGauge::new(name, help)?;
        self.0.register(Box::new(gauge.clone()))?;
        Ok(gauge)
    }

    fn histogram(
        &self,
        name: &str,
        help: &str,
        buckets: Vec<f64>,
    ) -> Result<Histogram, prometheus::Error> {
        let histogram = Histogram::with_opts(HistogramOpts::new(name, help).buckets(buckets))?;
        self.0.register(Box::new(histogram.clone()))?;
        Ok(histogram)
    }

    /// Counters by labels, each there from the start.
    fn counters<const N: usize>(
        &self,
        name: &str,
        help: &str,
        labels: &[&str; N],
        values: impl IntoIterator<Item = [&'static str; N]>,
    ) -> Result<IntCounterVec, prometheus::Error> {
        let counters = IntCounterVec::new(Opts::new(name, help), labels)?;
        values.into_iter().for_each(|values| drop(counters.with_label_values(&values)));
        self.0.register(Box::new(counters.clone()))?;
        Ok(counters)
    }
}
