//! The settings that determine a campaign's data.

use serde_json::{Value, json};

use super::{Campaign, Endpoint};

/// Everything of a campaign that decides what its dataset holds, in one
/// canonical value: the campaign digest covers it together with the contents
/// of library, graph and prompts. Where and how fast the campaign runs, what it
/// may cost, how it is called, how many samples are wanted and into what files
/// they go is left out: none of that changes a sample.
pub fn data_settings(campaign: &Campaign) -> Value {
    let role = |name: &str| endpoint(campaign, name);
    json!({
        "seed": campaign.campaign.seed,
        "preset": campaign.campaign.preset,
        "graph": campaign.graph,
        "walk": campaign.walk,
        "node_ops": campaign.node_ops,
        "mix": campaign.mix,
        "translate": campaign.translate,
        "trajectory": campaign.trajectory,
        "negatives": campaign.negatives,
        "dedup": campaign.dedup,
        "roles": {
            "teacher": role(&campaign.roles.teacher),
            "student": role(&campaign.roles.student),
            "judge": role(&campaign.roles.judge),
            "simulator": role(&campaign.roles.simulator),
        },
    })
}

/// Who answers: not where, how fast or for how much. Whoever steps in for it
/// answers too.
fn endpoint(campaign: &Campaign, name: &str) -> Value {
    let identity = |endpoint: &Endpoint| {
        json!({
            "kind": endpoint.kind,
            "model": endpoint.model,
            "temperature": endpoint.temperature,
            "max_output_tokens": endpoint.max_output_tokens,
            "keep_reasoning": endpoint.keep_reasoning,
        })
    };
    let Some(first) = campaign.endpoint(name) else {
        return Value::Null;
    };
    let stand_in = first.failover.as_deref().and_then(|name| campaign.endpoint(name));
    json!({ "answers": identity(first), "failover": stand_in.map(identity) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Overrides, load};

    fn settings_with(assignments: &[&str]) -> Value {
        let mut overrides = Overrides::default();
        assignments.iter().for_each(|assignment| overrides.set(assignment));
        data_settings(&load(None, &overrides, &[]).unwrap().campaign)
    }

    #[test]
    fn what_decides_the_data_changes_the_settings() {
        for assignment in ["campaign.seed=8", "node_ops.merge=0.4", "trajectory.distractors=3"] {
            assert_ne!(settings_with(&[]), settings_with(&[assignment]), "{assignment}");
        }
    }

    #[test]
    fn how_a_campaign_runs_does_not_change_the_settings() {
        for assignment in [
            "campaign.samples=9", "campaign.name=other", "run.workers=3", "output.dir=elsewhere",
            "budget.max_usd=1.5", "fleet.queue=amqp://host",
            "teacher.offline.requests_per_minute=5",
        ] {
            assert_eq!(settings_with(&[]), settings_with(&[assignment]), "{assignment}");
        }
    }
}
