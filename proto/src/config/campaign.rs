//! The keys of a campaign file and their defaults.

use std::collections::BTreeMap;
use std::num::{NonZeroU32, NonZeroU64, NonZeroUsize};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A whole campaign. Sections marked *data* enter the campaign digest.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Campaign {
    pub campaign: Identity,
    pub library: LibraryPaths,
    pub graph: GraphSettings,
    pub walk: Walks,
    pub node_ops: NodeOps,
    pub mix: Mix,
    pub translate: Translation,
    pub trajectory: Trajectory,
    pub negatives: Negatives,
    pub dedup: Dedup,
    pub teacher: BTreeMap<String, Endpoint>,
    pub roles: Roles,
    pub fleet: Fleet,
    pub run: Run,
    pub budget: Budget,
    pub output: Output,
}

/// `[campaign]`: `seed` and `preset` are data, the rest is not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Identity {
    pub name: String,
    /// Accepted conversations wanted.
    pub samples: NonZeroU64,
    pub seed: u64,
    pub preset: Preset,
    /// Give up after this many walks; 0 = 20 for each sample wanted.
    pub max_walks: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Preset {
    /// What we think best.
    #[default]
    Default,
    /// The paper's constants, nothing of ours that changes the data.
    Paper,
}

/// `[library]`, data (by content).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LibraryPaths {
    /// Files, directories and globs; empty = the built-in library.
    pub paths: Vec<String>,
    /// Signature paths to keep out (a benchmark's): a JSONL file of name lists.
    pub exclude_paths: Option<PathBuf>,
}

/// `[graph]`, data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GraphSettings {
    pub judge: Judge,
    /// Candidates compared with each node.
    pub candidates: NonZeroUsize,
    /// The share of a node's candidates drawn from outside its category.
    pub cross_category: f64,
    /// At most this many out-edges a node.
    pub max_out_degree: NonZeroUsize,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Judge {
    #[default]
    None,
    Teacher,
}

/// `[walk]`, data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Walks {
    /// Nodes of the longest walk; lengths are uniform from `min_steps` on.
    pub steps: NonZeroUsize,
    pub min_steps: NonZeroUsize,
    /// A walk with fewer nodes is rejected.
    pub min_nodes: NonZeroUsize,
    pub max_visits: usize,
    /// How often a walk that meets a dead end is drawn again.
    pub redraws: u32,
}

/// `[node_ops]`, data. Probabilities lie in 0..=1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NodeOps {
    /// Merge, for each pair of consecutive turns.
    pub merge: f64,
    /// Insert, for each path position.
    pub insert: f64,
    /// The share of inserts that are short (nested, implicit).
    pub insert_short: f64,
    /// Split, for each path.
    pub split: f64,
    /// The share of splits that withhold a function; the rest, a parameter.
    pub split_function: f64,
    /// The share of splits whose missing thing never comes.
    pub unresolved: f64,
    /// Keep φ beside φ̂: walks 2k and 2k+1 then share one path, the odd one
    /// split.
    pub keep_unsplit: bool,
    /// The following: for each path.
    pub parallel: f64,
    pub pad: f64,
    pub fault: f64,
    pub conflict: f64,
    pub irrelevant: f64,
}

/// `[mix]`, data: shares of the kinds of conversation; normalized to 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mix {
    pub multi_turn: f64,
    pub single_turn: f64,
    pub irrelevance: f64,
}

/// `[translate]`, data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Translation {
    /// Names of personas and registers to draw from; empty = all of ours.
    pub personas: Vec<String>,
    pub registers: Vec<String>,
    /// Tries for an answer that fails its checks, the first one included.
    pub tries: NonZeroU32,
}

/// `[trajectory]`, data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Trajectory {
    /// Functions on offer beside the path's own.
    pub distractors: usize,
    /// Assistant steps a turn at most.
    pub max_steps: NonZeroU32,
    /// The system prompt of stored conversations.
    pub system_prompt: String,
}

/// `[negatives]`, data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Negatives {
    pub source: NegativeSource,
    /// Pairs a sample at most; 0 = no preference data.
    pub max_pairs: usize,
    /// Student roll-outs mined for errors.
    pub rollouts: NonZeroU32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NegativeSource {
    #[default]
    Mechanical,
    Teacher,
    Student,
}

/// `[dedup]`, data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Dedup {
    /// Conversations at least this alike (Jaccard over 3-word shingles) are
    /// near-duplicates; 1 = keep them.
    pub near_duplicate: f64,
}

/// `[teacher.NAME]`: `kind`, `model` and sampling are data; addresses, limits
/// and prices are not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Endpoint {
    pub kind: EndpointKind,
    pub base_url: String,
    pub model: String,
    /// The name of the variable that holds the key, never the key.
    pub api_key_env: String,
    pub temperature: f64,
    pub max_output_tokens: NonZeroU32,
    /// 0 = not told: found out by watching the server's answers.
    pub requests_per_minute: u64,
    /// 0 = not told.
    pub tokens_per_minute: u64,
    pub max_in_flight: NonZeroUsize,
    /// For one request, from sending to the last byte of the answer.
    #[serde(with = "duration")]
    pub timeout: Duration,
    /// For one ask with all its retries.
    #[serde(with = "duration")]
    pub deadline: Duration,
    pub usd_per_million_input_tokens: f64,
    pub usd_per_million_output_tokens: f64,
    /// Another `[teacher.*]` to ask while this one's circuit is open.
    pub failover: Option<String>,
    /// Keep the teacher's reasoning text beside the replies.
    pub keep_reasoning: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndpointKind {
    /// Rule-based, deterministic, no model.
    #[default]
    Offline,
    /// Any OpenAI-compatible chat endpoint.
    Openai,
}

/// `[roles]`, data: which teacher does what. Empty = the only one there is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Roles {
    pub teacher: String,
    pub student: String,
    pub judge: String,
    pub simulator: String,
}

/// `[fleet]`: backends by URL scheme.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Fleet {
    /// `memory:`, `amqp://…` or `amqps://…`.
    pub queue: String,
    /// `embedded:`, `redis://…` or `rediss://…`.
    pub state: String,
    pub cache: String,
    /// `file:DIR` (relative to the output folder), `memory:`, `s3://bucket/prefix`.
    pub parts: String,
    pub queue_type: QueueType,
    /// A PEM file with the certificate authority of the services' TLS.
    pub ca_file: Option<PathBuf>,
    /// Walks a shard; 0 = chosen so that a shard takes minutes at most.
    pub shard_walks: u32,
    /// How long a service may be away at start.
    #[serde(with = "duration")]
    pub connect_timeout: Duration,
    /// From SIGTERM to the end.
    #[serde(with = "duration")]
    pub grace: Duration,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QueueType {
    #[default]
    Quorum,
    Classic,
}

/// `[run]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Run {
    /// Worker tasks in this process; 0 = one a core.
    pub workers: usize,
    /// Conversations at once in a worker.
    pub in_flight: NonZeroUsize,
    /// Where metrics and the status page listen; empty = nowhere.
    pub listen: String,
}

/// `[budget]`: 0 = none. A hard stop that leaves a valid, smaller dataset.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Budget {
    pub max_usd: f64,
    pub max_requests: u64,
    pub max_tokens: u64,
}

/// `[output]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Output {
    pub dir: PathBuf,
    pub formats: Vec<Format>,
    pub compression: Compression,
    /// 0 = one file.
    pub rows_per_file: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    Jsonl,
    Parquet,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Compression {
    #[default]
    None,
    Zstd,
}

impl Campaign {
    /// The paper's constants where they differ from the defaults.
    pub fn paper() -> Self {
        Self {
            campaign: Identity {
                preset: Preset::Paper,
                ..Identity::default()
            },
            graph: GraphSettings {
                cross_category: 0.0,
                ..GraphSettings::default()
            },
            walk: Walks {
                steps: nonzero(7),
                min_steps: nonzero(7),
                ..Walks::default()
            },
            node_ops: NodeOps {
                split: 1.0,
                unresolved: 0.0,
                keep_unsplit: true,
                parallel: 0.0,
                pad: 0.0,
                fault: 0.0,
                conflict: 0.0,
                irrelevant: 0.0,
                ..NodeOps::default()
            },
            mix: Mix {
                multi_turn: 7_800.0,
                single_turn: 20_000.0,
                irrelevance: 6_200.0,
            },
            ..Self::default()
        }
    }
}

impl Default for Identity {
    fn default() -> Self {
        Self {
            name: "magnet".into(),
            samples: NonZeroU64::new(100).expect("100 is not zero"),
            seed: 7,
            preset: Preset::Default,
            max_walks: 0,
        }
    }
}

impl Identity {
    /// The walk at which the campaign gives up.
    pub fn walk_limit(&self) -> u64 {
        match self.max_walks {
            0 => self.samples.get().saturating_mul(20).max(1_000),
            limit => limit,
        }
    }
}

impl Default for GraphSettings {
    fn default() -> Self {
        Self {
            judge: Judge::None,
            candidates: nonzero(30),
            cross_category: 0.2,
            max_out_degree: nonzero(12),
        }
    }
}

impl Default for Walks {
    fn default() -> Self {
        Self {
            steps: nonzero(7),
            min_steps: nonzero(3),
            min_nodes: nonzero(3),
            max_visits: 2,
            redraws: 4,
        }
    }
}

impl Walks {
    /// The lengths a walk is drawn from.
    pub fn lengths(&self) -> RangeInclusive<usize> {
        self.min_steps.get().min(self.steps.get())..=self.steps.get()
    }
}

impl Default for NodeOps {
    fn default() -> Self {
        Self {
            merge: 0.3,
            insert: 0.5,
            insert_short: 0.7,
            split: 0.25,
            split_function: 0.5,
            unresolved: 0.15,
            keep_unsplit: false,
            parallel: 0.1,
            pad: 0.05,
            fault: 0.08,
            conflict: 0.05,
            irrelevant: 0.1,
        }
    }
}

impl Default for Mix {
    fn default() -> Self {
        Self {
            multi_turn: 1.0,
            single_turn: 0.0,
            irrelevance: 0.0,
        }
    }
}

impl Default for Translation {
    fn default() -> Self {
        Self {
            personas: Vec::new(),
            registers: Vec::new(),
            tries: NonZeroU32::new(2).expect("2 is not zero"),
        }
    }
}

impl Default for Trajectory {
    fn default() -> Self {
        Self {
            distractors: 8,
            max_steps: NonZeroU32::new(8).expect("8 is not zero"),
            system_prompt: "You are a helpful assistant with access to tools. Call a tool when it \
                            helps; use only values the user or a tool has given; when something \
                            you need is missing, ask for it or say so."
                .into(),
        }
    }
}

impl Default for Negatives {
    fn default() -> Self {
        Self {
            source: NegativeSource::Mechanical,
            max_pairs: 2,
            rollouts: NonZeroU32::new(10).expect("10 is not zero"),
        }
    }
}

impl Default for Dedup {
    fn default() -> Self {
        Self {
            near_duplicate: 0.7,
        }
    }
}

impl Default for Endpoint {
    fn default() -> Self {
        Self {
            kind: EndpointKind::Offline,
            base_url: String::new(),
            model: String::new(),
            api_key_env: String::new(),
            temperature: 0.7,
            max_output_tokens: NonZeroU32::new(2_048).expect("2048 is not zero"),
            requests_per_minute: 0,
            tokens_per_minute: 0,
            max_in_flight: nonzero(64),
            timeout: Duration::from_secs(60),
            deadline: Duration::from_secs(600),
            usd_per_million_input_tokens: 0.0,
            usd_per_million_output_tokens: 0.0,
            failover: None,
            keep_reasoning: false,
        }
    }
}

impl Default for Fleet {
    fn default() -> Self {
        Self {
            queue: "memory:".into(),
            state: "embedded:".into(),
            cache: "embedded:".into(),
            parts: "file:parts".into(),
            queue_type: QueueType::Quorum,
            ca_file: None,
            shard_walks: 0,
            connect_timeout: Duration::from_secs(60),
            grace: Duration::from_secs(30),
        }
    }
}

impl Default for Run {
    fn default() -> Self {
        Self {
            workers: 0,
            in_flight: nonzero(256),
            listen: String::new(),
        }
    }
}

impl Default for Output {
    fn default() -> Self {
        Self {
            dir: "out".into(),
            formats: vec![Format::Jsonl],
            compression: Compression::None,
            rows_per_file: 0,
        }
    }
}

const fn nonzero(n: usize) -> NonZeroUsize {
    match NonZeroUsize::new(n) {
        Some(n) => n,
        None => NonZeroUsize::MIN,
    }
}

/// Durations written `"250ms"`, `"30s"`, `"5m"`, `"2h"`.
pub mod duration {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub fn parse(text: &str) -> Option<Duration> {
        let digits = text.find(|c: char| !c.is_ascii_digit())?;
        let (number, unit) = text.split_at(digits);
        let number: u64 = number.parse().ok()?;
        let millis = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            _ => return None,
        };
        Some(Duration::from_millis(number.checked_mul(millis)?))
    }

    pub fn format(duration: &Duration) -> String {
        match duration.as_millis() {
            millis if millis % 1_000 != 0 => format!("{millis}ms"),
            millis => format!("{}s", millis / 1_000),
        }
    }

    pub(super) fn serialize<S: Serializer>(value: &Duration, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(&format(value))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Duration, D::Error> {
        let text = String::deserialize(input)?;
        let refuse = || format!("expected a duration like \"30s\" or \"5m\", got \"{text}\"");
        parse(&text).ok_or_else(|| serde::de::Error::custom(refuse()))
    }
}
