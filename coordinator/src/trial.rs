//! Each function tried alone: whether a conversation can call it at all.
//!
//! A function whose arguments nobody can make valid is rejected on every walk
//! and in no conversation; nothing else would tell of it. So rules bring each
//! as far as its call, which takes no model and leaves nothing behind.

use std::fmt::Write as _;
use std::sync::Arc;

use anyhow::Result;
use magnet_proto::bundle::Bundle;
use magnet_proto::config::Campaign;
use magnet_proto::graph::Graph;
use magnet_proto::library::Library;
use magnet_proto::outcome::Reason;
use magnet_proto::pack::Pack;
use magnet_proto::{CampaignDigest, Digest, FunctionId, WalkIndex};
use magnet_worker::failure::Failure;
use magnet_worker::pipeline::Pipeline;
use serde::{Deserialize, Serialize};

use crate::plan;

/// Conversations that are begun with a function before it is given up.
const TRIES: u64 = 3;
/// Functions that are named to a person; the manifest has all.
const NAMED: usize = 10;

/// A function that no conversation can call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Uncallable {
    pub function: String,
    pub why: String,
}

/// Functions on trial.
pub struct Trial {
    library: Arc<Library>,
    pipeline: Pipeline,
}

impl Trial {
    /// # Errors
    /// If the pack's worlds cannot be loaded.
    pub fn new(campaign: &Campaign, library: &Arc<Library>, pack: &Arc<Pack>) -> Result<Self> {
        // Whoever executes in the end: what is tried are the arguments.
        let mut rules = campaign.clone();
        rules.executor.clear();
        let digest = CampaignDigest(Digest::of(b"a trial"));
        let bundle = Bundle::new(digest, &rules, Arc::clone(library), Arc::<Graph>::default(), "");
        let bundle = bundle.with_pack(Arc::clone(pack));
        let pipeline = plan::played(bundle, plan::offline(pack))?;
        Ok(Self { library: Arc::clone(library), pipeline })
    }

    /// Of these functions those that cannot be called, with the reason.
    pub async fn uncallable(&self, of: impl Iterator<Item = FunctionId>) -> Vec<Uncallable> {
        let mut found = Vec::new();
        for id in of {
            if let Some(why) = self.why_not(id).await {
                let function = self.library.get(id).name.clone();
                found.push(Uncallable { function, why });
            }
        }
        found
    }

    async fn why_not(&self, id: FunctionId) -> Option<String> {
        let mut why = None;
        for walk in 0..TRIES {
            match self.pipeline.try_alone(id, WalkIndex(walk)).await {
                Err(Failure::Rejected(rejection)) if is_its_own(rejection.reason) => {
                    why = Some(rejection.detail);
                }
                _ => return None,
            }
        }
        why
    }
}

/// Whether the function's own arguments or words are at fault: one that is refused
/// alone may be called where others lead up to it.
fn is_its_own(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::NoValue
            | Reason::InvalidArguments
            | Reason::RequestNamesFunction
            | Reason::RequestLacksValue
            | Reason::UngroundedArgument
            | Reason::AnswerUnusable
            | Reason::CallGivenUp
    )
}

/// The functions with their reasons, a line each; empty if there are none.
pub fn told(uncallable: &[Uncallable]) -> String {
    if uncallable.is_empty() {
        return String::new();
    }
    let count = uncallable.len();
    let functions = if count == 1 { "function" } else { "functions" };
    let mut text = format!("{count} {functions} no conversation can call:");
    for Uncallable { function, why } in uncallable.iter().take(NAMED) {
        let why: String = why.chars().take(200).collect();
        write!(text, "\n  {function}: {why}").expect("writing to a string cannot fail");
    }
    if count > NAMED {
        write!(text, "\n  … and {} more", count - NAMED).expect("writing to a string cannot fail");
    }
    text.push_str("\nhint: give their parameters values that fit, as \"enum\" or \"examples\"");
    text
}
