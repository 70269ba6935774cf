//! What a manifest says of where a dataset came from, and who was asked.

use std::collections::BTreeMap;

use magnet_proto::Digest;
use magnet_proto::config::{Campaign, EndpointKind};

use magnet_proto::usage::Usage;
use magnet_worker::teacher::cast;
use magnet_worker::teacher::chat::Purpose;

use super::Job;
use crate::finalize::{Calls, Origin};
use crate::grade;
use crate::ledger::Counts;

pub(super) fn origin(job: &Job<'_>) -> Origin {
    let digest_of = |value: Result<Vec<u8>, rmp_serde::encode::Error>| {
        value.map(|bytes| Digest::of(&bytes)).unwrap_or_else(|_| Digest::of(b""))
    };
    Origin {
        name: job.campaign.campaign.name.clone(),
        campaign: job.digest,
        seed: job.campaign.campaign.seed,
        library: digest_of(rmp_serde::to_vec(&*job.library)),
        graph: digest_of(rmp_serde::to_vec(&*job.graph)),
        prompts: job.prompts,
        teacher: teachers(job.campaign),
        program: "magnet".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        graded: grade::of(job.campaign, &job.library, &job.pack, &job.servers),
    }
}

/// Answers by role, and by what became of the walks they were for.
pub(super) fn calls(campaign: &Campaign, counts: &Counts) -> Calls {
    let mut calls = Calls::new();
    let mut add = |outcome: &str, usage: &Usage| {
        for (ask, spent) in usage.iter() {
            let role = Purpose::named(ask).map(|purpose| cast::part(campaign, purpose).label());
            let role = calls.entry(role.unwrap_or("other").to_owned()).or_default();
            *role.entry(outcome.to_owned()).or_default() += spent;
        }
    };
    counts.walked.iter().for_each(|(fate, usage)| add(fate.label(), usage));
    add("graph", &counts.judged);
    calls
}

/// Which model plays which role.
fn teachers(campaign: &Campaign) -> BTreeMap<String, String> {
    let roles = &campaign.roles;
    let roles = [
        ("teacher", &roles.teacher),
        ("student", &roles.student),
        ("judge", &roles.judge),
        ("simulator", &roles.simulator),
    ];
    let model = |name: &String| {
        let only = campaign.teacher.values().next();
        match campaign.teacher.get(name).or(only) {
            Some(endpoint) if endpoint.kind == EndpointKind::Openai => endpoint.model.clone(),
            _ => "offline".into(),
        }
    };
    roles.into_iter().map(|(role, name)| (role.to_owned(), model(name))).collect()
}
