//! What a dataset is good for, by who worded it and who answered its calls.
//!
//! Pure, and known before a run: a matter of teacher, pack and executors, not
//! of what came out.

use magnet_proto::config::{Campaign, EndpointKind};
use magnet_proto::library::Library;
use magnet_proto::pack::Pack;
use magnet_proto::servers::Servers;
use serde::{Deserialize, Serialize};

use crate::execute;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    /// Worded by a model or a pack, answered by a model or a world.
    #[default]
    Training,
    /// Right calls and grounded arguments in plain words, or with made-up
    /// outputs: for trying things out.
    Rehearsal,
}

/// A dataset's grade, and what is missing for a better one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Graded {
    #[serde(default)]
    pub grade: Grade,
    /// One sentence; none where nothing is missing.
    #[serde(default)]
    pub lacks: Option<String>,
}

/// The grade of what a campaign makes.
pub fn of(campaign: &Campaign, library: &Library, pack: &Pack, servers: &Servers) -> Graded {
    let is_model = |role: &str| {
        campaign.endpoint(role).is_some_and(|endpoint| endpoint.kind != EndpointKind::Offline)
    };
    let has_phrases = |id| pack.phrases(id).is_some_and(|phrases| !phrases.asks.is_empty());
    let plain = match is_model(&campaign.roles.teacher) {
        true => 0,
        false => library.iter().filter(|&(id, _)| !has_phrases(id)).count(),
    };
    // A campaign that runs has been checked: its executors are known.
    let machine = is_model(&campaign.roles.simulator);
    let simulated = execute::simulated(campaign, library, pack, servers, machine).unwrap_or(0);
    let all = library.len();
    let faults = [
        (plain, "are worded by plain rules, for want of a model or of phrases in a pack"),
        (simulated, "answer with made-up outputs, for want of a world or a model"),
    ];
    let told: Vec<String> = faults
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, fault)| format!("{count} of {all} functions {fault}"))
        .collect();
    match told.is_empty() {
        true => Graded::default(),
        false => Graded {
            grade: Grade::Rehearsal,
            lacks: Some(format!("A rehearsal, not for training: {}.", told.join("; "))),
        },
    }
}
