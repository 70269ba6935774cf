//! What the coordinator counts: the ledger's figures, as gauges, since a
//! resumed run starts from what is there.

use magnet_proto::outcome::Reason;
use prometheus::{IntGauge, IntGaugeVec, Opts, Registry};

use crate::ledger::Counts;

/// Cheap to clone; clones show the same figures.
#[derive(Clone, Debug)]
pub struct Metrics {
    samples: IntGaugeVec,
    rejected: IntGaugeVec,
    pairs: IntGauge,
}

impl Metrics {
    pub fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let gauges = |name: &str, help: &str, label: &str| {
            let gauges = IntGaugeVec::new(Opts::new(name, help), &[label])?;
            registry.register(Box::new(gauges.clone()))?;
            Ok::<_, prometheus::Error>(gauges)
        };
        let pairs = IntGauge::new("magnet_pairs", "Preference pairs of the accepted samples.")?;
        registry.register(Box::new(pairs.clone()))?;
        Ok(Self {
            samples: gauges(
                "magnet_ledger_walks", "Walks decided upon, by what became of them.", "verdict",
            )?,
            rejected: gauges(
                "magnet_ledger_rejected_walks", "Rejected walks decided upon, by reason.", "reason",
            )?,
            pairs,
        })
    }

    /// Shows the ledger's figures.
    pub fn set(&self, counts: &Counts) {
        let verdicts = [
            ("accepted", counts.accepted),
            ("rejected", counts.rejected),
            ("duplicate", counts.duplicates),
            ("near_duplicate", counts.near_duplicates),
            ("surplus", counts.surplus),
            ("missing", counts.missing),
        ];
        for (verdict, count) in verdicts {
            self.samples.with_label_values(&[verdict]).set(count as i64);
        }
        for (reason, count) in &counts.rejected_by_reason {
            let reason: Reason = *reason;
            self.rejected.with_label_values(&[reason.label()]).set(*count as i64);
        }
        self.pairs.set(counts.pairs as i64);
    }
}
