//! What a worker counts.

use magnet_proto::part::Verdict;
use prometheus::{IntCounter, IntCounterVec, IntGauge, Opts, Registry};

use super::Stop;
use super::shard::Attempt;

/// A worker's counters; clones count together.
#[derive(Clone, Debug)]
pub struct Metrics {
    walks: IntCounterVec,
    accepted: IntCounter,
    skipped: IntCounter,
    rejected: IntCounterVec,
    shards: IntCounterVec,
    in_flight: IntGauge,
}

/// A walk that is under way.
pub(super) struct InFlight<'a>(&'a IntGauge);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Metrics {
    /// Registers the counters; a second worker in one process gets clones.
    pub fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let counters = |name: &str, help: &str, label: &str| {
            let counters = IntCounterVec::new(Opts::new(name, help), &[label])?;
            registry.register(Box::new(counters.clone()))?;
            Ok::<_, prometheus::Error>(counters)
        };
        let walks = counters("magnet_walks_total", "Walks finished by this worker.", "outcome")?;
        let in_flight = IntGauge::new("magnet_walks_in_flight", "Walks under way.")?;
        registry.register(Box::new(in_flight.clone()))?;
        Ok(Self {
            accepted: walks.with_label_values(&["accepted"]),
            skipped: walks.with_label_values(&["skipped"]),
            walks,
            rejected: counters(
                "magnet_walks_rejected_total", "Walks that gave no sample, by reason.", "reason",
            )?,
            shards: counters(
                "magnet_shards_total", "Shards settled by this worker, by what came of them.",
                "outcome",
            )?,
            in_flight,
        })
    }

    /// Walks finished so far, and how many of them were accepted.
    pub fn finished(&self) -> (u64, u64) {
        let rejected = self.walks.with_label_values(&["rejected"]).get();
        let accepted = self.accepted.get();
        (accepted + rejected + self.skipped.get(), accepted)
    }

    pub(super) fn walk_in_flight(&self) -> InFlight<'_> {
        self.in_flight.inc();
        InFlight(&self.in_flight)
    }

    pub(super) fn walk(&self, verdict: &Verdict) {
        match verdict {
            Verdict::Accepted { .. } => self.accepted.inc(),
            Verdict::Skipped => self.skipped.inc(),
            Verdict::Rejected(rejection) => {
                self.walks.with_label_values(&["rejected"]).inc();
                self.rejected.with_label_values(&[rejection.reason.label()]).inc();
            }
        }
    }

    pub(super) fn shard(&self, attempt: &Attempt) {
        let outcome = match attempt {
            Attempt::Done(_) => "done",
            Attempt::NotPut(_) => "not_put",
            Attempt::Stopped(Stop::Transient { .. }) => "delayed",
            Attempt::Stopped(_) => "handed_back",
            Attempt::Failed(_) => "failed",
            Attempt::Unknown(_) => "quarantined",
            Attempt::Unwanted => "unwanted",
        };
        self.shards.with_label_values(&[outcome]).inc();
    }
}
