//! The keys of a campaign file. Their defaults are in [`super::defaults`].

use std::collections::BTreeMap;
use std::num::{NonZeroU32, NonZeroU64, NonZeroUsize};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::duration;
use crate::slots;

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
    pub vet: Vetting,
    pub negatives: Negatives,
    pub difficulty: DifficultySettings,
    pub dedup: Dedup,
    pub teacher: BTreeMap<String, Endpoint>,
    pub roles: Roles,
    pub executor: BTreeMap<String, Execution>,
    pub fleet: Fleet,
    pub run: Run,
    pub worker: WorkerRules,
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
    /// Names and globs of functions to leave out (a benchmark's).
    pub exclude_functions: Vec<String>,
    /// The pack's folder; not set = the built-in library's own pack for the
    /// built-in library, none for another.
    pub pack: Option<PathBuf>,
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
    /// The share of a node's candidates chosen because their schemas fit its
    /// own; the rest is drawn at random.
    pub matched: f64,
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
    /// How the next node is drawn among those that an edge leads to.
    pub step: StepDraw,
    /// How often a walk that meets a dead end is drawn again.
    pub redraws: u32,
}

/// How a walk's next node is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepDraw {
    /// By what flows along the edge: what names a thing weighs more than what
    /// is only said again.
    #[default]
    Weighted,
    /// As in the paper.
    Uniform,
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
    /// Shares of classes among all conversations, like `turns=2-4 50%`.
    pub quotas: Vec<String>,
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
    /// The system prompt of stored conversations. Where a model writes the
    /// requests, the conversation's today is told after it.
    pub system_prompt: String,
    /// What a model is asked for: what has more than one possible answer, or
    /// every step.
    pub asked: Asked,
}

/// What a model is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Asked {
    /// Arguments that brief, outputs and schema leave open, and prose.
    #[default]
    Open,
    /// Every argument and every step of the agent: for its reasoning, or as in
    /// the paper.
    All,
}

/// `[vet]`, data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Vetting {
    /// The share of turns with calls whose request a judge reads without the
    /// reference, where the judge is a model; 0 = none.
    pub called_for: f64,
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

/// `[difficulty]`, data.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DifficultySettings {
    /// Times that the student plays each accepted conversation without hints;
    /// 0 = its difficulty is not measured.
    pub attempts: u32,
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
    /// An answer that it cuts short is asked for once more with twice as many.
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
    /// `magnet run` gives up on an endpoint that has not answered once for so
    /// long; a fleet waits for it.
    #[serde(with = "duration")]
    pub connect_patience: Duration,
    pub usd_per_million_input_tokens: f64,
    /// Of input tokens that the server had in its cache; 0 = as the others.
    pub usd_per_million_cached_input_tokens: f64,
    pub usd_per_million_output_tokens: f64,
    /// Another `[teacher.*]` to ask while this one cannot answer.
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

/// The section of `[executor.*]` that has what no other claims.
pub const DEFAULT_EXECUTOR: &str = "default";

/// `[executor.NAME]`, data: who executes the calls of which functions.
/// `[executor.default]` has what no other claims.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Execution {
    pub kind: ExecutorKind,
    /// Names and globs of functions.
    pub functions: Vec<String>,
    /// Categories of functions.
    pub groups: Vec<String>,
    /// Of kind `http`: where `/sessions` is; of kind `openapi`: where the paths
    /// of its description begin.
    pub url: String,
    /// The name of the variable with the server's token, never the token.
    pub token_env: String,
    /// Of kind `openapi`: sent with every request, `Name: value`. `${NAME}`
    /// stands for a variable, `{session}` for what `session` finds.
    pub headers: Vec<String>,
    /// The same in the query, `name=value`.
    pub query: Vec<String>,
    /// Of kind `openapi`: the request that begins a conversation, `POST /path`,
    /// with `{seed}` and `{walk}` where it likes; empty = conversations share
    /// what there is.
    pub open: String,
    /// Where its answer names what was begun: a JSON pointer.
    pub session: String,
    /// The request that ends a conversation.
    pub close: String,
    /// Of kind `recorded`: the file whose outputs are given again; of another
    /// kind: the file that its outputs are recorded into.
    pub recording: Option<PathBuf>,
    /// Names and globs of those of its functions whose output depends on
    /// nothing but the arguments, and on the state where that can be told.
    pub pure: Vec<String>,
    /// For one request to it.
    #[serde(with = "duration")]
    pub timeout: Duration,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExecutorKind {
    /// The best there is: the MCP server whose tool the function is, else the
    /// pack's world where it has the function, else the model of
    /// `roles.simulator`, else the schema simulator.
    #[default]
    Auto,
    /// The MCP server that offers the function.
    Mcp,
    /// A server that speaks the contract of `execute::http`.
    Http,
    /// The API that an OpenAPI document of the library describes.
    Openapi,
    /// Outputs that were recorded of another one.
    Recorded,
    /// The pack's world.
    World,
    /// The model of `roles.simulator`.
    Model,
    /// The schema simulator.
    Simulator,
}

impl Execution {
    /// The names of the variables that its requests hold the values of.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        let sent = self.headers.iter().chain(&self.query);
        let own = Some(self.token_env.as_str()).filter(|name| !name.is_empty());
        own.into_iter().chain(sent.flat_map(|text| slots::names(text)))
    }
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
    /// The broker's management interface, `http://host:15672`: asked at the
    /// start whether a policy drops our messages. Empty = not asked.
    pub management: String,
    /// How long the broker lets a message be held, its `consumer_timeout`: a
    /// shard that takes longer is held anew well before.
    #[serde(with = "duration")]
    pub ack_timeout: Duration,
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
    /// Where metrics and the status page listen; empty = nowhere for `magnet
    /// run`, a port of its own on loopback for a fleet's processes.
    pub listen: String,
    /// A file with the token that the status page asks for before it pauses
    /// or resumes a campaign.
    pub token_file: Option<PathBuf>,
    /// Rejected walks shown in `rejected.jsonl`, for each reason; 0 = none.
    pub keep_rejected: u64,
}

/// `[worker]`: what the campaigns of a fleet may use of a worker beyond what
/// its own file names. Of no effect on `magnet run`, whose campaign is the
/// user's own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WorkerRules {
    /// Variables that may be sent to a teacher as its key: names, and patterns
    /// with `*`. No pattern stands for magnet's own settings or a cloud's
    /// credentials; the latter may be named one by one.
    pub key_variables: Vec<String>,
    /// Hosts that a teacher may have: `models.example.com`, `*.example.com`,
    /// `10.0.0.7:8000`; empty = any.
    pub teacher_hosts: Vec<String>,
    /// Command lines of MCP servers that a campaign may have started here,
    /// with `*` for any text; empty = none.
    pub commands: Vec<String>,
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

impl Identity {
    /// The walk at which the campaign gives up.
    pub fn walk_limit(&self) -> u64 {
        match self.max_walks {
            0 => self.samples.get().saturating_mul(20).max(1_000),
            limit => limit,
        }
    }
}

impl Walks {
    /// The lengths a walk is drawn from.
    pub fn lengths(&self) -> RangeInclusive<usize> {
        self.min_steps.get().min(self.steps.get())..=self.steps.get()
    }
}
