//! The records of a dataset as they stand in its files.

use magnet_proto::sample::{Provenance, Readings};
use serde::Deserialize;
use serde_json::Value;

use super::brief::Brief;

/// A line of `sft.jsonl`. Who does not look at the tools, by far the most of
/// it, reads them as `serde::de::IgnoredAny`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "Tool: Deserialize<'de> + Default"))]
pub struct Conversation<Tool = Value> {
    pub id: String,
    pub messages: Vec<Message>,
    /// As offered at the start.
    pub tools: Vec<Tool>,
    pub metadata: Metadata,
}

/// A line of `preference.jsonl`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct PairRecord {
    pub id: String,
    pub chosen: Vec<Message>,
    pub rejected: Vec<Message>,
    /// How many leading messages both share.
    pub prompt_len: usize,
    pub metadata: PairMetadata,
}

/// A message in OpenAI's chat format.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Message {
    pub role: String,
    pub content: Option<String>,
    pub tool_calls: Vec<ToolCall>,
    pub tool_call_id: String,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ToolCall {
    pub id: String,
    pub function: Call,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Call {
    pub name: String,
    /// JSON, as text.
    pub arguments: String,
}

/// A conversation's proof.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Metadata {
    pub walk: u64,
    pub signature_path: Vec<Vec<String>>,
    pub node_ops: Vec<Value>,
    pub challenges: Vec<String>,
    pub provenance: Vec<Provenance>,
    pub tools_added: Vec<Added>,
    pub brief: Brief,
    pub executor: String,
    pub teacher: String,
    pub domains: Vec<String>,
    pub persona: String,
    pub readings: Option<Readings>,
    pub difficulty: Option<Played>,
}

/// What a student made of a conversation.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Played {
    pub level: String,
    pub student: String,
    pub passed: usize,
    pub attempts: Vec<Attempt>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Attempt {
    pub outcome: String,
    /// Turns played right.
    pub turns: usize,
}

impl Attempt {
    pub fn is_right(&self) -> bool {
        self.outcome == "passed"
    }
}

impl Played {
    /// In words: how often it was right, and where it was not.
    pub fn told(&self) -> String {
        let failed = self.attempts.iter().filter(|attempt| !attempt.is_right());
        let failed: Vec<String> = failed
            .map(|attempt| {
                format!("{} in turn {}", attempt.outcome.replace('_', " "), attempt.turns)
            })
            .collect();
        let right = format!(
            "{}: {} was right in {} of {} attempts",
            self.level,
            self.student,
            self.passed,
            self.attempts.len()
        );
        match failed.is_empty() {
            true => right,
            false => format!("{right} ({})", failed.join(", ")),
        }
    }
}

/// Tools that are on offer from a user turn on.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Added {
    pub turn: usize,
    pub tools: Vec<Value>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct PairMetadata {
    pub walk: u64,
    /// The sample whose trajectory was chosen.
    pub sample: String,
    #[serde(alias = "error")]
    pub error_type: String,
    /// The user turn in which the two part.
    pub turn: u64,
    pub source: String,
    pub reason: String,
}

/// A line of `rejected.jsonl`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Rejected {
    pub walk: u64,
    pub reason: String,
    pub detail: String,
    pub signature_path: Vec<Vec<String>>,
    pub brief: Option<Brief>,
    pub asked: Option<Asked>,
}

/// The last question a model was asked of a rejected walk.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    pub ask: String,
    pub prompt: Vec<Message>,
    pub answer: String,
}

impl Metadata {
    /// The share of requests that showed a judge at once what they need; none
    /// where no judge read any.
    pub fn agreement(&self) -> Option<f64> {
        let Readings { read, doubted } = self.readings.filter(|readings| readings.read > 0)?;
        Some(1.0 - f64::from(doubted) / f64::from(read))
    }
}

impl<Tool> Conversation<Tool> {
    /// The user turns: each a user message with what follows it.
    pub fn turns(&self) -> impl Iterator<Item = &[Message]> {
        let first = self.messages.iter().position(|message| message.role == "user");
        let spoken = &self.messages[first.unwrap_or(self.messages.len())..];
        spoken.chunk_by(|_, next| next.role != "user")
    }

    /// Where one call's arguments came from.
    pub fn provenance_of<'a>(&'a self, call: &'a str) -> impl Iterator<Item = &'a Provenance> {
        self.metadata.provenance.iter().filter(move |entry| entry.call == call)
    }
}

impl Conversation {
    /// The names of the functions on offer at the start.
    pub fn tool_names(&self) -> impl Iterator<Item = &str> {
        self.tools.iter().filter_map(name_of)
    }

    /// The names of the functions that a user turn brings.
    pub fn arrivals(&self, turn: usize) -> Vec<&str> {
        let added = self.metadata.tools_added.iter().filter(|added| added.turn == turn);
        added.flat_map(|added| &added.tools).filter_map(name_of).collect()
    }
}

fn name_of(tool: &Value) -> Option<&str> {
    tool.pointer("/function/name").and_then(Value::as_str)
}

impl PairRecord {
    /// Whether it is a pair of that conversation.
    pub fn belongs_to(&self, conversation: &str) -> bool {
        self.metadata.sample == conversation || self.id.starts_with(conversation)
    }
}
