//! `manifest.json`: what a dataset is, where it came from, what it cost.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use magnet_proto::outcome::Reason;
use magnet_proto::quotas::{self, Quotas};
use magnet_proto::state::Spending;
use magnet_proto::{CampaignDigest, Digest};
use magnet_worker::teacher::chat::Purpose;
use serde::{Deserialize, Serialize};

use super::Written;
use super::files::FileEntry;
use super::tally::Tally;
use crate::grade::Graded;
use crate::ledger::Counts;
use crate::trial::Uncallable;

/// A share is kept if it is this close; in small campaigns a sample more or
/// less is more than that.
const DRIFT: f64 = 0.01;

/// Where a dataset came from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Origin {
    pub name: String,
    pub campaign: CampaignDigest,
    pub seed: u64,
    pub library: Digest,
    pub graph: Digest,
    /// Of the prompts; none for the offline teacher, which has none.
    pub prompts: Option<Digest>,
    /// The models by role, plainly; "offline" is the rule-based teacher.
    pub teacher: BTreeMap<String, String>,
    pub program: String,
    pub version: String,
    /// What the dataset is good for.
    #[serde(flatten)]
    pub graded: Graded,
}

/// The file's content.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    #[serde(flatten)]
    pub origin: Origin,
    pub samples_wanted: u64,
    /// Whether all samples wanted are there, and no walk is missing.
    pub complete: bool,
    pub counts: Counts,
    /// The shares that were promised, and those that were kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quotas: Vec<QuotaKept>,
    /// Answers and their cost by role.
    #[serde(default)]
    pub calls: Calls,
    /// What an accepted sample cost, rejected walks and the graph included.
    pub per_sample: Option<PerSample>,
    /// Walks that came so far, stage by stage.
    pub funnel: Vec<Stage>,
    /// Where a model has read requests without the reference.
    #[serde(default)]
    pub called_for: Option<CalledFor>,
    pub dataset: Tally,
    #[serde(default)]
    pub uncalled: Uncalled,
    pub files: Vec<FileEntry>,
}

/// One quota of the mix.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QuotaKept {
    /// As the campaign writes it, such as `turns=2-4`.
    pub class: String,
    /// Of the accepted samples, wanted and kept; from 0 to 1.
    pub wanted: f64,
    pub kept: f64,
    pub samples: u64,
}

impl QuotaKept {
    pub fn all(quotas: &Quotas, accepted: u64) -> Vec<Self> {
        let kept = |made: u64| made as f64 / accepted.max(1) as f64;
        let tell = |quota: &quotas::Kept| Self {
            class: quota.quota.class.to_string(),
            wanted: quota.quota.share,
            kept: kept(quota.made),
            samples: quota.made,
        };
        quotas.iter().map(tell).collect()
    }

    /// Whether it missed its share by more than quotas may.
    pub fn drifted(&self) -> bool {
        (self.kept - self.wanted).abs() > DRIFT
    }
}

/// What of the library is in no conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Uncalled {
    /// Functions that are not called; of a large library most in a small dataset.
    pub functions: u64,
    /// The first of them by name.
    #[serde(default)]
    pub names: Vec<String>,
    /// Of these, those that no conversation can call.
    pub uncallable: Vec<Uncallable>,
}

/// By role, then by what it was for: walks that were accepted, rejected,
/// duplicates, surplus; or the graph.
pub type Calls = BTreeMap<String, BTreeMap<String, Spending>>;

/// How requests read to one who does not know their calls.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CalledFor {
    /// Requests read.
    pub read: u64,
    /// Of these, where a call of the reference was not found needed at once.
    pub doubted: u64,
    /// The share of the others.
    pub agreement: f64,
}

impl CalledFor {
    fn of(counts: &Counts) -> Option<Self> {
        let asked = |purpose: Purpose| {
            let mut asks = counts.asks.iter().filter(|(ask, _)| *ask == purpose.label());
            asks.next().map_or(0, |(_, spent)| spent.requests)
        };
        let (read, doubted) = (asked(Purpose::JudgeCalls), asked(Purpose::JudgeDoubt));
        let agreement = 1.0 - doubted as f64 / read.max(1) as f64;
        (read > 0).then_some(Self { read, doubted, agreement })
    }
}

/// Means over the accepted samples.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PerSample {
    /// Answers of models.
    pub answers: f64,
    #[serde(default)]
    pub answers_by_role: BTreeMap<String, f64>,
    pub input_tokens: f64,
    /// Of these, what the servers had in their caches.
    #[serde(default)]
    pub cached_input_tokens: f64,
    pub output_tokens: f64,
    pub usd: f64,
}

impl PerSample {
    /// None where nothing was accepted, or no teacher was asked.
    fn of(counts: &Counts, calls: &Calls) -> Option<Self> {
        let spent = &counts.spent;
        if counts.accepted == 0 || spent.requests == 0 {
            return None;
        }
        let mean = |total: u64| total as f64 / counts.accepted as f64;
        let answers_of = |outcomes: &BTreeMap<String, Spending>| {
            mean(outcomes.values().map(|spent| spent.requests).sum())
        };
        Some(Self {
            answers: mean(spent.requests),
            answers_by_role: calls
                .iter()
                .map(|(role, of)| (role.clone(), answers_of(of)))
                .collect(),
            input_tokens: mean(spent.input_tokens),
            cached_input_tokens: mean(spent.cached_input_tokens),
            output_tokens: mean(spent.output_tokens),
            usd: mean(spent.micro_usd) / 1e6,
        })
    }
}

/// One stage of the pipeline in the yield funnel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stage {
    pub stage: String,
    /// Walks that came out of it, surplus walks aside.
    pub walks: u64,
    pub rejected: BTreeMap<Reason, u64>,
}

impl Manifest {
    pub fn new(
        origin: Origin,
        samples_wanted: u64,
        counts: Counts,
        quotas: &Quotas,
        calls: Calls,
        uncalled: Uncalled,
        written: Written,
    ) -> Self {
        let complete = counts.accepted >= samples_wanted && counts.missing == 0;
        let funnel = funnel(&counts);
        let per_sample = PerSample::of(&counts, &calls);
        let called_for = CalledFor::of(&counts);
        let quotas = QuotaKept::all(quotas, counts.accepted);
        let Written { files, tally: dataset, .. } = written;
        Self {
            origin,
            samples_wanted,
            complete,
            counts,
            quotas,
            calls,
            per_sample,
            funnel,
            called_for,
            dataset,
            uncalled,
            files,
        }
    }
}

pub(super) fn path(folder: &Path) -> PathBuf {
    folder.join("manifest.json")
}

/// Writes the manifest whole or not at all.
pub fn write(folder: &Path, manifest: &Manifest) -> io::Result<()> {
    let mut bytes = serde_json::to_vec_pretty(manifest)?;
    bytes.push(b'\n');
    let aside = folder.join(".manifest.json.unfinished");
    fs::write(&aside, bytes)?;
    fs::rename(aside, path(folder))
}

/// The stage that gives a reason.
fn stage_of(reason: Reason) -> &'static str {
    match reason {
        Reason::ShortWalk | Reason::ExcludedPath => "path",
        Reason::NoValue | Reason::CallRefused | Reason::NoPurpose => "brief",
        Reason::RequestNamesFunction | Reason::RequestLacksValue | Reason::UncalledFor => {
            "requests"
        }
        Reason::CallGivenUp
        | Reason::InvalidArguments
        | Reason::RepeatedCall
        | Reason::UngroundedArgument
        | Reason::CallsDiffer
        | Reason::ExecutorFailed => "calls",
        Reason::TooManySteps
        | Reason::WrongTurnKind
        | Reason::HintLeaked
        | Reason::UngroundedSummary
        | Reason::FailureWords
        | Reason::ChallengeAbsent
        | Reason::JudgedWrong
        | Reason::PromptTooLong
        | Reason::AnswerUnusable => "positive",
    }
}

fn funnel(counts: &Counts) -> Vec<Stage> {
    // A walk without room in its quota says nothing of the yield.
    let mut walks = counts.decided() - counts.over_quota;
    let mut stages = vec![Stage { stage: "walk".into(), walks, rejected: BTreeMap::new() }];
    for stage in ["path", "brief", "requests", "calls", "positive"] {
        let rejected: BTreeMap<Reason, u64> = counts
            .rejected_by_reason
            .iter()
            .filter(|&(&reason, _)| stage_of(reason) == stage)
            .map(|(&reason, &count)| (reason, count))
            .collect();
        walks -= rejected.values().sum::<u64>();
        stages.push(Stage { stage: stage.into(), walks, rejected });
    }
    walks -= counts.duplicates + counts.near_duplicates;
    stages.push(Stage { stage: "distinct".into(), walks, rejected: BTreeMap::new() });
    stages
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_funnel_ends_with_the_accepted() {
        let counts = Counts {
            walks: 100,
            accepted: 80,
            rejected: 9,
            duplicates: 3,
            near_duplicates: 2,
            surplus: 6,
            rejected_by_reason: [(Reason::ShortWalk, 4), (Reason::JudgedWrong, 5)].into(),
            ..Counts::default()
        };
        let walks: Vec<u64> = funnel(&counts).into_iter().map(|stage| stage.walks).collect();
        assert_eq!(walks, [94, 90, 90, 90, 90, 85, 80]);
    }
}
