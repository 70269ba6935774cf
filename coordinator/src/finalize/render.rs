//! One sample as lines of the dataset.
//!
//! Function ids become names, tools become documents. A tool's document is
//! rendered once for the whole run and copied into every line that offers it.

use std::sync::{Arc, OnceLock};

use magnet_proto::difficulty::{Attempt, Difficulty, Level};
use magnet_proto::library::Library;
use magnet_proto::outcome::{Reason, Rejection};
use magnet_proto::path::{Kind, StepRef};
use magnet_proto::remains::Remains;
use magnet_proto::sample::{
    Call, Challenge, ErrorType, Message, NegativeSource, Pair, Provenance, Readings, Sample, Source,
};
use magnet_proto::{FunctionId, WalkIndex};
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::brief::BriefLine;
use super::names::{Error, Names};
use super::ops::OpLine;

/// Renders samples over one library.
#[derive(Debug)]
pub(crate) struct Renderer {
    names: Names,
    /// By function; rendered at first use.
    tools: Vec<OnceLock<Box<RawValue>>>,
}

#[derive(Serialize)]
struct SftLine<'a> {
    id: &'a str,
    messages: Vec<MessageLine<'a>>,
    tools: Vec<&'a RawValue>,
    metadata: Metadata<'a>,
}

#[derive(Serialize)]
struct PreferenceLine<'a> {
    id: String,
    chosen: Vec<MessageLine<'a>>,
    rejected: Vec<MessageLine<'a>>,
    prompt_len: u32,
    tools: Vec<&'a RawValue>,
    metadata: Metadata<'a>,
}

/// A rejected walk, as far as it came.
#[derive(Serialize)]
struct RejectedLine<'a> {
    walk: u64,
    reason: Reason,
    detail: &'a str,
    signature_path: Vec<Vec<&'a str>>,
    brief: Option<BriefLine<'a>>,
    /// The last question a model was asked; null without a model.
    asked: Option<AskedLine<'a>>,
}

#[derive(Serialize)]
struct AskedLine<'a> {
    ask: &'a str,
    prompt: Vec<SaidLine<'a>>,
    answer: &'a str,
}

#[derive(Serialize)]
struct SaidLine<'a> {
    role: &'a str,
    content: &'a str,
}

#[derive(Serialize)]
struct MessageLine<'a> {
    role: &'static str,
    content: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<CallLine<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_call_id: Option<&'a str>,
    /// 1 where training sums over the message's tokens: the assistant's
    /// (method, §6). Only in preference lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    loss: Option<u8>,
}

#[derive(Serialize)]
struct CallLine<'a> {
    id: &'a str,
    r#type: &'static str,
    function: CallFunction<'a>,
}

#[derive(Serialize)]
struct CallFunction<'a> {
    name: &'a str,
    arguments: String,
}

#[derive(Serialize)]
struct Metadata<'a> {
    walk: u64,
    kind: Kind,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    error: Option<ErrorLine<'a>>,
    signature_path: Vec<Vec<&'a str>>,
    node_ops: Vec<OpLine<'a>>,
    challenges: &'a [Challenge],
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<Vec<Vec<ReferenceLine<'a>>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provenance: Option<Vec<ProvenanceLine<'a>>>,
    tools_added: Vec<AddedLine<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    brief: Option<BriefLine<'a>>,
    executor: &'a str,
    /// As JSON text: its keys are ids, and a loader that gives a column one type
    /// for all rows would give each row the keys of all.
    initial_config: Option<String>,
    teacher: &'a str,
    domains: &'a [String],
    persona: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reasoning: Vec<ThoughtLine<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    readings: Option<Readings>,
    #[serde(skip_serializing_if = "Option::is_none")]
    difficulty: Option<DifficultyLine<'a>>,
}

/// What a student made of the conversation. Never a null or an empty list in
/// it: a loader could not tell their type.
#[derive(Serialize)]
struct DifficultyLine<'a> {
    level: Level,
    student: &'a str,
    passed: usize,
    attempts: &'a [Attempt],
}

/// Tools that are on offer from a user turn on. A list, for loaders take a
/// column's keys for its type: no key of a record is data.
#[derive(Serialize)]
struct AddedLine<'a> {
    turn: u16,
    tools: Vec<&'a RawValue>,
}

/// What the teacher thought before a message.
#[derive(Serialize)]
struct ThoughtLine<'a> {
    message: u32,
    text: &'a str,
}

#[derive(Serialize)]
struct ErrorLine<'a> {
    /// The id of the sample's line in `sft.jsonl`.
    sample: &'a str,
    error_type: ErrorType,
    /// The user turn in which the two part.
    turn: u16,
    source: NegativeSource,
    step: Option<StepRef>,
    reason: &'a str,
}

#[derive(Serialize)]
struct ReferenceLine<'a> {
    id: &'a str,
    name: &'a str,
    /// JSON as text, as in the messages: an object's keys would be columns.
    arguments: String,
}

#[derive(Serialize)]
struct ProvenanceLine<'a> {
    call: &'a str,
    argument: &'a str,
    /// Nested: a source that is a call has a `call` of its own.
    source: &'a Source,
}

impl Renderer {
    pub(crate) fn new(library: Arc<Library>) -> Self {
        let tools = library.iter().map(|_| OnceLock::new()).collect();
        Self { names: Names(library), tools }
    }

    /// Appends the sample's line of `sft.jsonl`.
    pub(crate) fn sft(&self, sample: &Sample, out: &mut Vec<u8>) -> Result<(), Error> {
        let line = SftLine {
            id: sample.id.as_str(),
            messages: self.messages(&sample.messages, false)?,
            tools: self.documents(&sample.tools)?,
            metadata: self.metadata(sample, None)?,
        };
        write(&line, out)
    }

    /// Appends the line of `preference.jsonl` for the sample's pair of that
    /// position.
    pub(crate) fn preference(
        &self,
        sample: &Sample,
        position: usize,
        pair: &Pair,
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let shared = sample.messages.get(..pair.prompt_len as usize).unwrap_or(&sample.messages);
        let mut rejected = self.messages(shared, true)?;
        rejected.extend(self.messages(&pair.rejected, true)?);
        let line = PreferenceLine {
            id: format!("{}-{position}", sample.id),
            chosen: self.messages(&sample.messages, true)?,
            rejected,
            prompt_len: shared.len() as u32,
            tools: self.documents(&sample.tools)?,
            metadata: self.metadata(sample, Some(pair))?,
        };
        write(&line, out)
    }

    /// Appends a rejected walk's line of `rejected.jsonl`.
    pub(super) fn rejected(
        &self,
        walk: WalkIndex,
        rejection: &Rejection,
        remains: &Remains,
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let path = remains.signature_path.iter().map(|turn| self.names.all(turn));
        let line = RejectedLine {
            walk: walk.0,
            reason: rejection.reason,
            detail: &rejection.detail,
            signature_path: path.collect::<Result<_, _>>()?,
            brief: remains.brief.as_ref().map(BriefLine::new),
            asked: remains.asked.as_ref().map(|asked| AskedLine {
                ask: &asked.ask,
                prompt: asked
                    .prompt
                    .iter()
                    .map(|(role, content)| SaidLine { role, content })
                    .collect(),
                answer: &asked.answer,
            }),
        };
        write(&line, out)
    }

    fn documents(&self, functions: &[FunctionId]) -> Result<Vec<&RawValue>, Error> {
        functions.iter().map(|&function| self.document(function)).collect()
    }

    fn document(&self, function: FunctionId) -> Result<&RawValue, Error> {
        let unknown = || Error::UnknownFunction(function, self.names.0.len());
        let cell = self.tools.get(function.index()).ok_or_else(unknown)?;
        if let Some(document) = cell.get() {
            return Ok(document);
        }
        let document = serde_json::value::to_raw_value(&self.names.0.get(function).tool())?;
        Ok(cell.get_or_init(|| document))
    }

    fn messages<'a>(
        &'a self,
        messages: &'a [Message],
        with_loss: bool,
    ) -> Result<Vec<MessageLine<'a>>, Error> {
        messages.iter().map(|message| self.message(message, with_loss)).collect()
    }

    fn message<'a>(
        &'a self,
        message: &'a Message,
        with_loss: bool,
    ) -> Result<MessageLine<'a>, Error> {
        let plain = |role, content| MessageLine {
            role,
            content,
            tool_calls: Vec::new(),
            tool_call_id: None,
            loss: with_loss.then_some(0),
        };
        Ok(match message {
            Message::System(text) => plain("system", Some(text)),
            Message::User(text) => plain("user", Some(text)),
            Message::Tool { call_id, content } => {
                MessageLine { tool_call_id: Some(call_id), ..plain("tool", Some(content)) }
            }
            Message::Assistant { content, calls } => MessageLine {
                tool_calls: calls.iter().map(|call| self.call(call)).collect::<Result<_, _>>()?,
                loss: with_loss.then_some(1),
                ..plain("assistant", content.as_deref())
            },
        })
    }

    fn call<'a>(&'a self, call: &'a Call) -> Result<CallLine<'a>, Error> {
        let arguments = serde_json::to_string(&call.arguments)?;
        let function = CallFunction { name: self.names.of(call.function)?, arguments };
        Ok(CallLine { id: &call.id, r#type: "function", function })
    }

    fn metadata<'a>(
        &'a self,
        sample: &'a Sample,
        pair: Option<&'a Pair>,
    ) -> Result<Metadata<'a>, Error> {
        let path = sample.signature_path.iter().map(|turn| self.names.all(turn));
        let added = sample.tools_added.iter().map(|(turn, functions)| {
            Ok(AddedLine { turn: *turn, tools: self.documents(functions)? })
        });
        let thoughts = sample.reasoning.iter().filter(|_| pair.is_none());
        let ops = sample.node_ops.iter().map(|op| OpLine::new(&self.names, op));
        Ok(Metadata {
            walk: sample.walk.0,
            kind: sample.kind,
            error: pair.map(|pair| ErrorLine {
                sample: sample.id.as_str(),
                error_type: pair.error,
                turn: pair.turn,
                source: pair.source,
                step: pair.step,
                reason: &pair.reason,
            }),
            signature_path: path.collect::<Result<_, _>>()?,
            node_ops: ops.collect::<Result<_, _>>()?,
            challenges: &sample.challenges,
            reference: pair.is_none().then(|| self.reference(sample)).transpose()?,
            provenance: pair.is_none().then(|| provenance(sample)),
            tools_added: added.collect::<Result<_, Error>>()?,
            brief: pair.is_none().then(|| BriefLine::new(&sample.brief)),
            executor: &sample.executor,
            initial_config: sample.initial_config.as_ref().map(Value::to_string),
            teacher: &sample.teacher,
            domains: &sample.domains,
            persona: &sample.persona,
            reasoning: thoughts.map(|(&message, text)| ThoughtLine { message, text }).collect(),
            readings: sample.readings.filter(|_| pair.is_none()),
            difficulty: sample.difficulty.as_ref().filter(|_| pair.is_none()).map(difficulty),
        })
    }

    fn reference<'a>(&'a self, sample: &'a Sample) -> Result<Vec<Vec<ReferenceLine<'a>>>, Error> {
        let line = |call: &'a Call| {
            let name = self.names.of(call.function)?;
            let arguments = serde_json::to_string(&call.arguments)?;
            Ok(ReferenceLine { id: &call.id, name, arguments })
        };
        sample.reference.iter().map(|turn| turn.iter().map(line).collect()).collect()
    }
}

fn difficulty(measured: &Difficulty) -> DifficultyLine<'_> {
    DifficultyLine {
        level: measured.level(),
        student: &measured.student,
        passed: measured.passed(),
        attempts: &measured.attempts,
    }
}

fn provenance(sample: &Sample) -> Vec<ProvenanceLine<'_>> {
    let lines = sample.provenance.iter();
    lines
        .map(|Provenance { call, argument, source }| ProvenanceLine { call, argument, source })
        .collect()
}

fn write(line: &impl Serialize, out: &mut Vec<u8>) -> Result<(), Error> {
    serde_json::to_writer(&mut *out, line)?;
    out.push(b'\n');
    Ok(())
}
