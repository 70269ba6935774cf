//! The settings that determine a campaign's data.

use serde_json::{Map, Value, json};

use super::{Campaign, Endpoint, Execution, ExecutorKind, Judge, NegativeSource};

/// Everything of a campaign that decides what its dataset holds, in one
/// canonical value: the campaign digest covers it together with the contents
/// of library, graph and prompts. Where and how fast the campaign runs, what it
/// may cost, how it is called, how many samples are wanted and into what files
/// they go is left out: none of that changes a sample.
pub fn data_settings(campaign: &Campaign) -> Value {
    let role = |name: &str| endpoint(campaign, name);
    let is_mined = campaign.negatives.source == NegativeSource::Student;
    let has_student = is_mined || campaign.difficulty.attempts > 0;
    let is_judged =
        is_mined || campaign.graph.judge == Judge::Teacher || campaign.vet.called_for > 0.0;
    // A role that nothing is asked of decides nothing.
    let used = |is_used: bool, name: &str| if is_used { role(name) } else { Value::Null };
    // Who executes what: not where it is.
    let execution = |(name, section): (&String, &Execution)| {
        let (functions, groups) = (&section.functions, &section.groups);
        let mut claims = json!({ "kind": section.kind, "functions": functions, "groups": groups });
        // What it is asked with, and what conversations begin with.
        if section.kind == ExecutorKind::Openapi {
            let Execution { headers, query, open, .. } = section;
            claims["asked"] = json!([headers, query, open]);
        }
        (name.clone(), claims)
    };
    let executor: Map<String, Value> = campaign.executor.iter().map(execution).collect();
    json!({
        "seed": campaign.campaign.seed,
        "preset": campaign.campaign.preset,
        "graph": campaign.graph,
        "walk": campaign.walk,
        "node_ops": campaign.node_ops,
        "mix": campaign.mix,
        "translate": campaign.translate,
        "trajectory": campaign.trajectory,
        "vet": campaign.vet,
        "negatives": campaign.negatives,
        "difficulty": campaign.difficulty,
        "dedup": campaign.dedup,
        "executor": executor,
        "roles": {
            "teacher": role(&campaign.roles.teacher),
            "student": used(has_student, &campaign.roles.student),
            "judge": used(is_judged, &campaign.roles.judge),
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
        for assignment in [
            "campaign.seed=8", "node_ops.merge=0.4", "trajectory.distractors=3",
            "executor.default.kind=simulator", "vet.called_for=0.5", "difficulty.attempts=3",
        ] {
            assert_ne!(settings_with(&[]), settings_with(&[assignment]), "{assignment}");
        }
    }

    #[test]
    fn only_the_models_of_roles_that_are_used_count() {
        let teacher = |name: &str| {
            ["kind=openai", "base_url=http://127.0.0.1:1/v1"]
                .map(|setting| format!("teacher.{name}.{setting}"))
        };
        let [big, small] = [teacher("big"), teacher("small")];
        let fixed: Vec<&str> = big.iter().chain(&small).map(String::as_str).collect();
        let with = |more: &[&str]| {
            let models = ["teacher.big.model=b", "roles.teacher=big", "vet.called_for=0"];
            settings_with(&[&fixed[..], &models, more].concat())
        };
        let (s, t) = ("teacher.small.model=s", "teacher.small.model=t");
        assert_eq!(with(&[s, "roles.student=small"]), with(&[t, "roles.student=small"]));
        assert_eq!(with(&[s, "roles.judge=small"]), with(&[t, "roles.judge=small"]));
        let simulator = "roles.simulator=small";
        assert_ne!(with(&[s, simulator]), with(&[t, simulator]));
        for role in ["roles.student=small", "roles.judge=small"] {
            let mined = "negatives.source=student";
            assert_ne!(with(&[s, role, mined]), with(&[t, role, mined]), "{role}");
        }
        let played = ["roles.student=small", "difficulty.attempts=1"];
        assert_ne!(with(&[&[s], &played[..]].concat()), with(&[&[t], &played[..]].concat()));
        let read = ["roles.judge=small", "vet.called_for=0.1"];
        assert_ne!(with(&[&[s], &read[..]].concat()), with(&[&[t], &read[..]].concat()));
        let judged = ["roles.judge=small", "graph.judge=teacher"];
        assert_ne!(with(&[&[s], &judged[..]].concat()), with(&[&[t], &judged[..]].concat()));
    }

    #[test]
    fn how_a_campaign_runs_does_not_change_the_settings() {
        for assignment in [
            "campaign.samples=9", "campaign.name=other", "run.workers=3", "output.dir=elsewhere",
            "budget.max_usd=1.5", "fleet.queue=amqp://host",
            "teacher.offline.requests_per_minute=5", "executor.default.timeout=5s",
        ] {
            assert_eq!(settings_with(&[]), settings_with(&[assignment]), "{assignment}");
        }
    }
}
