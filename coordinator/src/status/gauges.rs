//! A campaign's figures as gauges: read off the board, as the status page reads
//! them, so that a resumed run starts from what is there and the two never
//! differ.

use magnet_proto::outcome::Reason;
use magnet_proto::process::register_sampled;
use magnet_proto::state::Control;
use prometheus::core::Collector;
use prometheus::{Gauge, IntGauge, IntGaugeVec, Opts, Registry};

use super::board::{Board, Phase, View};

/// Registers the campaign's gauges.
pub(super) fn show(registry: &Registry, board: &Board) -> Result<(), prometheus::Error> {
    let campaign = Campaign::new()?;
    campaign.show_fixed(board);
    let board = board.clone();
    register_sampled(registry, campaign.all(), move || campaign.show(&board.view()))
}

struct Campaign {
    info: IntGaugeVec,
    phase: IntGaugeVec,
    leading: IntGauge,
    paused: IntGauge,
    wanted: IntGauge,
    walks: IntGaugeVec,
    rejected: IntGaugeVec,
    pairs: IntGauge,
    rate: Gauge,
    eta: Gauge,
    spend: Gauge,
    requests: IntGauge,
    tokens: IntGaugeVec,
    budget_dollars: Gauge,
    budget_requests: IntGauge,
    budget_tokens: IntGauge,
    outstanding: IntGauge,
    shards: IntGaugeVec,
    consumers: IntGauge,
}

impl Campaign {
    fn new() -> Result<Self, prometheus::Error> {
        let gauge = |name: &str, help: &str| IntGauge::new(name, help);
        let float = |name: &str, help: &str| Gauge::new(name, help);
        let by = |name: &str, help: &str, labels: &[&str]| {
            IntGaugeVec::new(Opts::new(name, help), labels)
        };
        Ok(Self {
            info: by("magnet_campaign_info", "Always 1; the campaign's name.", &["campaign"])?,
            phase: by("magnet_campaign_phase", "1 for the phase the campaign is in.", &["phase"])?,
            leading: gauge("magnet_campaign_leading", "1 while this process leads the campaign.")?,
            paused: gauge("magnet_campaign_paused", "1 while an operator holds the campaign.")?,
            wanted: gauge("magnet_campaign_samples_wanted", "Samples asked for.")?,
            walks: by(
                "magnet_campaign_walks",
                "Walks decided upon, by what became of them.",
                &["verdict"],
            )?,
            rejected: by(
                "magnet_campaign_rejected_walks",
                "Walks rejected, by stage and reason.",
                &["stage", "reason"],
            )?,
            pairs: gauge("magnet_campaign_pairs", "Preference pairs of the accepted samples.")?,
            rate: float(
                "magnet_campaign_samples_per_second",
                "Accepted samples a second over the last five minutes.",
            )?,
            eta: float(
                "magnet_campaign_eta_seconds",
                "Time left at that rate; NaN while there is no telling.",
            )?,
            spend: float("magnet_campaign_spend_dollars", "Money spent, rejected walks included.")?,
            requests: gauge("magnet_campaign_requests", "Requests to teachers.")?,
            tokens: by("magnet_campaign_tokens", "Tokens, by direction.", &["direction"])?,
            budget_dollars: float("magnet_campaign_budget_dollars", "budget.max_usd; 0 = none.")?,
            budget_requests: gauge(
                "magnet_campaign_budget_requests", "budget.max_requests; 0 = none.",
            )?,
            budget_tokens: gauge("magnet_campaign_budget_tokens", "budget.max_tokens; 0 = none.")?,
            outstanding: gauge("magnet_shards_outstanding", "Shards issued and not done.")?,
            shards: by(
                "magnet_queue_shards",
                "Shards in the broker: ready and delayed of all campaigns, dead of this one.",
                &["state"],
            )?,
            consumers: gauge("magnet_queue_consumers", "Workers that take shards from the queue.")?,
        })
    }

    fn all(&self) -> Vec<Box<dyn Collector>> {
        vec![
            Box::new(self.info.clone()),
            Box::new(self.phase.clone()),
            Box::new(self.leading.clone()),
            Box::new(self.paused.clone()),
            Box::new(self.wanted.clone()),
            Box::new(self.walks.clone()),
            Box::new(self.rejected.clone()),
            Box::new(self.pairs.clone()),
            Box::new(self.rate.clone()),
            Box::new(self.eta.clone()),
            Box::new(self.spend.clone()),
            Box::new(self.requests.clone()),
            Box::new(self.tokens.clone()),
            Box::new(self.budget_dollars.clone()),
            Box::new(self.budget_requests.clone()),
            Box::new(self.budget_tokens.clone()),
            Box::new(self.outstanding.clone()),
            Box::new(self.shards.clone()),
            Box::new(self.consumers.clone()),
        ]
    }

    /// What does not change while the campaign runs.
    fn show_fixed(&self, board: &Board) {
        let campaign = board.campaign();
        self.info.with_label_values(&[campaign.campaign.name.as_str()]).set(1);
        self.wanted.set(signed(campaign.campaign.samples.get()));
        self.budget_dollars.set(campaign.budget.max_usd);
        self.budget_requests.set(signed(campaign.budget.max_requests));
        self.budget_tokens.set(signed(campaign.budget.max_tokens));
    }

    fn show(&self, view: &View) {
        for phase in Phase::ALL {
            let is_it = i64::from(phase == view.phase);
            self.phase.with_label_values(&[phase.label()]).set(is_it);
        }
        self.leading.set(i64::from(view.leading));
        self.paused.set(i64::from(view.control == Control::Pause));
        self.show_walks(view);
        self.rate.set(view.rate);
        self.eta.set(view.eta.map_or(f64::NAN, |eta| eta.as_secs_f64()));
        self.spend.set(view.spent.micro_usd as f64 / 1e6);
        self.requests.set(signed(view.spent.requests));
        self.tokens.with_label_values(&["input"]).set(signed(view.spent.input_tokens));
        self.tokens.with_label_values(&["output"]).set(signed(view.spent.output_tokens));
        self.outstanding.set(view.outstanding as i64);
        let queue = view.queue.unwrap_or_default();
        let depth = queue.depth;
        let states = [("ready", depth.ready), ("delayed", depth.delayed), ("dead", depth.dead)];
        for (state, count) in states {
            self.shards.with_label_values(&[state]).set(signed(count));
        }
        self.consumers.set(signed(queue.consumers));
    }

    fn show_walks(&self, view: &View) {
        let counts = &view.counts;
        let verdicts = [
            ("accepted", counts.accepted),
            ("rejected", counts.rejected),
            ("duplicate", counts.duplicates),
            ("near_duplicate", counts.near_duplicates),
            ("over_quota", counts.over_quota),
            ("surplus", counts.surplus),
            ("missing", counts.missing),
        ];
        for (verdict, count) in verdicts {
            self.walks.with_label_values(&[verdict]).set(signed(count));
        }
        for reason in Reason::ALL {
            let count = counts.rejected_by_reason.get(&reason).copied().unwrap_or(0);
            let labels = [reason.stage().label(), reason.label()];
            self.rejected.with_label_values(&labels).set(signed(count));
        }
        self.pairs.set(signed(counts.pairs));
    }
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
