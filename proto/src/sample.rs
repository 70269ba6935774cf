//! A finished sample: a conversation, its proof, and its preference pairs.
//!
//! Functions are ids into the campaign's library; the coordinator's `finalize`
//! writes names and tool documents when it renders the dataset.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::brief::Brief;
use crate::difficulty::Difficulty;
use crate::path::{Kind, NodeOp, StepRef};
use crate::{FunctionId, SampleId, WalkIndex};

/// Arguments of a call, by parameter, in the schema's order.
pub type Arguments = Map<String, Value>;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    pub id: SampleId,
    pub walk: WalkIndex,
    pub kind: Kind,
    pub signature_path: Vec<Vec<FunctionId>>,
    pub node_ops: Vec<NodeOp>,
    /// Ascending, each once.
    pub challenges: Vec<Challenge>,
    /// The functions offered at the start, in the sample's shuffled order.
    pub tools: Vec<FunctionId>,
    /// User turn → functions that are on offer from that turn on.
    pub tools_added: BTreeMap<u16, Vec<FunctionId>>,
    pub messages: Vec<Message>,
    /// The calls the path asked for, turn by turn, as executed.
    pub reference: Vec<Vec<Call>>,
    /// Where every argument value of `messages` came from.
    pub provenance: Vec<Provenance>,
    /// What executed the calls, such as "simulator".
    pub executor: String,
    /// The state a stateful executor started from.
    pub initial_config: Option<Value>,
    pub teacher: String,
    /// What the person of the conversation is after.
    #[serde(default)]
    pub brief: Brief,
    /// The categories of the called functions, ascending.
    pub domains: Vec<String>,
    pub persona: String,
    /// What the teacher thought before a message, by the message's index; only
    /// where the campaign keeps it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub reasoning: BTreeMap<u32, String>,
    /// How a judge read the requests; only where one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub readings: Option<Readings>,
    /// What a student made of it; only where that is measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub difficulty: Option<Difficulty>,
    pub pairs: Vec<Pair>,
}

/// How the requests of a conversation read to one who did not know their calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Readings {
    /// Requests read.
    pub read: u16,
    /// Of these, where a call of the reference was not found needed at once.
    pub doubted: u16,
}

/// What makes a conversation hard: a closed list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Challenge {
    /// A necessary call that the request does not mention.
    Nested,
    /// A call uses an output of its own turn.
    ShortDependency,
    /// A call uses an output of an earlier turn.
    LongDependency,
    /// A turn needs two or more different functions.
    MultipleCalls,
    /// A turn calls one function several times with different arguments.
    Parallel,
    MissingFunction,
    MissingParameter,
    Irrelevant,
    LongContext,
    ToolError,
    Conflict,
}

impl Challenge {
    pub const ALL: [Self; 11] = [
        Self::Nested,
        Self::ShortDependency,
        Self::LongDependency,
        Self::MultipleCalls,
        Self::Parallel,
        Self::MissingFunction,
        Self::MissingParameter,
        Self::Irrelevant,
        Self::LongContext,
        Self::ToolError,
        Self::Conflict,
    ];

    /// The name in metrics and metadata.
    pub fn label(self) -> &'static str {
        match self {
            Self::Nested => "nested",
            Self::ShortDependency => "short_dependency",
            Self::LongDependency => "long_dependency",
            Self::MultipleCalls => "multiple_calls",
            Self::Parallel => "parallel",
            Self::MissingFunction => "missing_function",
            Self::MissingParameter => "missing_parameter",
            Self::Irrelevant => "irrelevant",
            Self::LongContext => "long_context",
            Self::ToolError => "tool_error",
            Self::Conflict => "conflict",
        }
    }
}

/// A message in OpenAI's chat format, with arguments still parsed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Message {
    System(String),
    User(String),
    /// Prose, calls, or both.
    Assistant {
        content: Option<String>,
        calls: Vec<Call>,
    },
    Tool {
        call_id: String,
        content: String,
    },
}

impl Message {
    /// Its calls; none of a message that is not an assistant's.
    pub fn calls(&self) -> &[Call] {
        match self {
            Self::Assistant { calls, .. } => calls,
            _ => &[],
        }
    }
}

/// One function call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// Unique in its conversation: `call_1`, `call_2`, …
    pub id: String,
    /// Usually a function on offer; in a negative it may be withheld.
    pub function: FunctionId,
    pub arguments: Arguments,
}

/// Where one argument value came from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    /// The call's id.
    pub call: String,
    /// JSON pointer into its arguments.
    pub argument: String,
    pub source: Source,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Source {
    /// Said by the user: user turn, and the span in characters (not bytes) of
    /// its message, end exclusive.
    User { turn: u16, start: u32, end: u32 },
    /// Returned by an earlier call: JSON pointer into its output.
    Output { turn: u16, call: String, path: String },
    /// The schema's default, or its only or an enumerated value.
    Schema { key: SchemaKey },
    /// Free text composed from the conversation.
    Composed,
    /// Nowhere.
    None,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SchemaKey {
    Default,
    Enum,
}

/// The five patterns of error (paper §4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorType {
    /// 1: a necessary, unmentioned call is left out.
    Nested,
    /// 2: an output of the same turn is misused.
    ShortDependency,
    /// 3: a value from earlier turns is not used properly.
    LongDependency,
    /// 4: the summary contradicts the outputs.
    Summary,
    /// 5: calls where it should ask or decline, or asks where it should call.
    Missing,
}

impl ErrorType {
    pub const ALL: [Self; 5] =
        [Self::Nested, Self::ShortDependency, Self::LongDependency, Self::Summary, Self::Missing];

    /// The name in metrics and metadata.
    pub fn label(self) -> &'static str {
        match self {
            Self::Nested => "nested",
            Self::ShortDependency => "short_dependency",
            Self::LongDependency => "long_dependency",
            Self::Summary => "summary",
            Self::Missing => "missing",
        }
    }
}

/// Who made a negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NegativeSource {
    Mechanical,
    Teacher,
    Student,
}

impl NegativeSource {
    pub const ALL: [Self; 3] = [Self::Mechanical, Self::Teacher, Self::Student];

    /// The name in metrics and metadata.
    pub fn label(self) -> &'static str {
        match self {
            Self::Mechanical => "mechanical",
            Self::Teacher => "teacher",
            Self::Student => "student",
        }
    }
}

/// A negative trajectory; the positive is the sample's `messages`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pair {
    pub error: ErrorType,
    /// The user turn in which the two part.
    pub turn: u16,
    pub source: NegativeSource,
    /// How many leading messages both share.
    pub prompt_len: u32,
    /// The negative's messages from there on.
    pub rejected: Vec<Message>,
    /// The step the error is about, where it is about one.
    pub step: Option<StepRef>,
    /// One sentence: what is wrong.
    pub reason: String,
}
