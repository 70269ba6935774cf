//! What the coordinator counts. Its campaign's figures are gauges of the status
//! page (see [`crate::status`]).

use magnet_proto::process::{Held, Pulse};
use magnet_proto::queue;
use prometheus::{IntCounter, IntCounterVec, Opts, Registry};

/// What happens to shards. Cheap to clone; clones count together.
#[derive(Clone, Debug)]
pub struct Metrics {
    published: IntCounterVec,
    completed: IntCounter,
    dead: IntCounter,
    lost: IntCounter,
    pulse: Pulse,
}

impl Metrics {
    /// Registers them. What a coordinator does is told to `pulse`.
    pub fn new(registry: &Registry, pulse: &Pulse) -> Result<Self, prometheus::Error> {
        let published = Opts::new("magnet_shards_published_total", "Shards issued, by outcome.");
        let published = IntCounterVec::new(published, &["outcome"])?;
        for outcome in ["confirmed", "failed"] {
            published.with_label_values(&[outcome]);
        }
        let completed = IntCounter::new(
            "magnet_shards_completed_total", "Issued shards whose part is in place.",
        )?;
        let dead = IntCounter::new(
            "magnet_shards_dead_total",
            "Issued shards given up, because they are among the dead letters.",
        )?;
        registry.register(Box::new(published.clone()))?;
        registry.register(Box::new(completed.clone()))?;
        let lost = IntCounter::new(
            "magnet_shards_lost_total",
            "Issued shards that were nowhere any more, and were issued again.",
        )?;
        registry.register(Box::new(dead.clone()))?;
        registry.register(Box::new(lost.clone()))?;
        Ok(Self { published, completed, dead, lost, pulse: pulse.clone() })
    }

    /// There is a campaign to work until the guard is dropped.
    pub fn hold(&self) -> Held {
        self.pulse.hold()
    }

    /// The dispatcher has looked around.
    pub fn stepped(&self) {
        self.pulse.beat();
    }

    pub fn shard_published(&self, published: &Result<(), queue::Error>) {
        let outcome = if published.is_ok() { "confirmed" } else { "failed" };
        self.published.with_label_values(&[outcome]).inc();
        self.pulse.beat();
    }

    pub fn shards_completed(&self, count: usize) {
        self.completed.inc_by(count as u64);
    }

    pub fn shards_lost(&self, count: usize) {
        self.lost.inc_by(count as u64);
    }

    pub fn shard_dead(&self) {
        self.dead.inc();
    }
}
