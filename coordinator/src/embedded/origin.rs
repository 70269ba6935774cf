//! What a manifest says of where a dataset came from.

use std::collections::BTreeMap;

use magnet_proto::Digest;
use magnet_proto::config::{Campaign, EndpointKind};

use super::Job;
use crate::finalize::Origin;

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
    }
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
