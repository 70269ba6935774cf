//! Teachers: the typed asks of the method, and who answers them.
//!
//! Every ask is a struct that holds all a teacher may look at; a chat teacher
//! renders it as messages, a stand-in answers it by rules. Asking
//! again after a bad answer is the caller's: it passes the reason in
//! `problem`. Retries of transient trouble are a decorator's, never a stage's.

pub mod cast;
pub mod chat;
pub mod probe;
pub mod read;
pub mod remote;
pub mod stack;

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use magnet_proto::brief::Brief;
use magnet_proto::graph::{EdgeKind, Flow};
use magnet_proto::library::{Function, Library};
use magnet_proto::pack::Phrases;
use magnet_proto::path::StepRef;
use magnet_proto::sample::{Arguments, Call, Message};
use magnet_proto::{Digest, FunctionId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::conversation::{Conversation, Request, Scene};
use crate::made::Made;

/// Why the last answer was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Problem<'a> {
    pub why: &'a str,
    /// Answers refused so far, so that no try is sampled like another.
    pub refused: u32,
}

impl<'a> Problem<'a> {
    /// After so many refused answers, the last of them for this reason.
    pub fn after(refused: u32, why: Option<&'a str>) -> Option<Self> {
        why.map(|why| Self { why, refused })
    }
}

/// Back-translation: write the user's request of a turn (paper §3.3).
///
/// The request is written as the user: it carries all that the turn's brief
/// wants, every value the brief has said there, names no function and does not
/// mention implicit steps. For a turn that misses something it asks for what
/// the next turn does, without what is left out.
pub struct WriteRequest<'a> {
    pub scene: Scene<'a>,
    pub turn: usize,
    pub conversation: &'a Conversation,
    pub brief: &'a Brief,
    /// The calls of the dry walk, those of later turns included; none without
    /// one.
    pub log: &'a [Made],
    /// Why the last try was refused.
    pub problem: Option<Problem<'a>>,
}

/// Forward translation of one call (paper §3.3): the arguments that the brief
/// leaves open, from the requests so far, this turn's included, and all
/// outputs so far.
pub struct FillCall<'a> {
    pub scene: Scene<'a>,
    /// Its last turn is the one under way.
    pub conversation: &'a Conversation,
    pub brief: &'a Brief,
    pub at: StepRef,
    pub copy: u8,
    /// The arguments that brief, outputs and schema determine.
    pub determined: &'a Arguments,
    pub problem: Option<Problem<'a>>,
}

/// One step of the agent (paper §4.1): the next call or calls, or prose.
pub struct Act<'a> {
    pub scene: Scene<'a>,
    pub turn: usize,
    /// The trajectory so far without hints, system prompt first.
    pub messages: &'a [Message],
    /// On offer at this turn.
    pub tools: &'a [FunctionId],
    pub hint: Hint<'a>,
    /// The hinted calls to make now; none once all are made.
    pub due: &'a [Proposed],
    pub brief: &'a Brief,
    /// The translated conversation up to and with this turn.
    pub conversation: &'a Conversation,
    /// Tells several plays of the same turn apart: 0, 1, …
    pub draw: u32,
    pub problem: Option<Problem<'a>>,
}

/// The closing replies of a whole conversation, whose calls are all known
/// (method §6): what a model is asked where nothing else is open.
pub struct Conclude<'a> {
    pub scene: Scene<'a>,
    pub conversation: &'a Conversation,
    pub brief: &'a Brief,
    /// All that were on offer at any turn.
    pub tools: &'a [FunctionId],
}

/// What a turn's `[Hint]:` tells the agent.
#[derive(Clone, Copy, Debug)]
pub enum Hint<'a> {
    /// Make these calls, in order; independent ones may share a message.
    Calls(&'a [Call]),
    /// No function on offer can do it.
    MissFunction,
    /// A parameter's value is missing: ask.
    MissedParams,
    /// No function on offer is relevant.
    Irrelevant,
    /// A misleading hint: make this mistake (paper §4.2).
    Wrong(&'a Misleading<'a>),
    /// No hint: a student plays as it can.
    None,
}

/// The mistake that a misleading hint asks for.
#[derive(Clone, Debug)]
pub struct Misleading<'a> {
    /// One sentence: what goes wrong.
    pub mistake: &'a str,
    /// The calls to make from the parting on, one after the other.
    pub calls: &'a [Call],
    /// A draft of the prose that closes the turn.
    pub like: &'a str,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    Call(Vec<Proposed>),
    Say(String),
}

/// A call an agent proposes, its function known to be on offer.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposed {
    pub function: FunctionId,
    pub arguments: Arguments,
}

/// Edge judging (paper §3.1): which candidates a function leads to.
pub struct JudgeEdges<'a> {
    pub library: &'a Library,
    pub function: FunctionId,
    pub candidates: &'a [FunctionId],
    pub problem: Option<Problem<'a>>,
}

/// A candidate that may come next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judged {
    pub to: FunctionId,
    pub kind: EdgeKind,
    /// Which output fills which input, where the judge named places that exist.
    pub flow: Option<Flow>,
}

/// Nested judging (paper §3.2): whose argument can be had from the function's
/// output.
pub struct JudgeNested<'a> {
    pub library: &'a Library,
    pub function: FunctionId,
    pub candidates: &'a [FunctionId],
    pub problem: Option<Problem<'a>>,
}

/// A candidate that the function's output can feed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nested {
    pub to: FunctionId,
    pub flow: Flow,
}

/// Category and tool class of functions that have none.
pub struct Categorize<'a> {
    pub library: &'a Library,
    pub functions: &'a [FunctionId],
    pub categories: &'a [&'a str],
    pub problem: Option<Problem<'a>>,
}

/// Where a function belongs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    pub function: FunctionId,
    pub category: String,
    pub class: String,
}

/// One played turn, to be checked (paper §4.2).
pub struct JudgeTurn<'a> {
    pub scene: Scene<'a>,
    pub before: &'a [Message],
    /// The request and all that was played on it.
    pub turn: &'a [Message],
    /// The reference calls; none where prose is due.
    pub expected: &'a [Call],
    pub problem: Option<Problem<'a>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Right,
    /// The error's number in the paper's list, 1 to 5.
    Wrong {
        number: u8,
        why: String,
    },
}

/// Which calls a request needs, for one who does not know the reference.
#[derive(Clone, Copy)]
pub struct Needs<'a> {
    pub library: &'a Library,
    /// The turns before the request.
    pub conversation: &'a Conversation,
    pub request: &'a str,
    /// On offer at the turn.
    pub tools: &'a [FunctionId],
    /// Asked about by name: calls of the reference that were not found needed.
    pub doubted: &'a [FunctionId],
    pub problem: Option<Problem<'a>>,
}

/// What a function returns for a call.
pub struct Simulate<'a> {
    pub function: &'a Function,
    pub arguments: &'a Arguments,
    /// What earlier calls of the conversation returned, oldest first.
    pub before: &'a [Seen],
    /// What the output is kept under.
    pub key: Digest,
    pub problem: Option<Problem<'a>>,
}

/// A call that was simulated before.
#[derive(Clone, Debug)]
pub struct Seen {
    pub function: String,
    pub arguments: Arguments,
    pub output: Value,
}

/// The world behind some functions that share a state: one module of a pack.
pub struct WriteWorld<'a> {
    pub library: &'a Library,
    /// The module's name, the key of its part of the state.
    pub module: &'a str,
    pub functions: &'a [FunctionId],
    /// What the module calls them, in their order: not every name is one of
    /// the language's.
    pub defined_as: &'a [String],
    /// The module that was refused, to be mended.
    pub draft: Option<&'a str>,
    pub problem: Option<Problem<'a>>,
}

/// A function's wording, and values that people bring along for it.
pub struct WriteWords<'a> {
    pub function: &'a Function,
    /// Calls of it with what its world returned; none without a world.
    pub calls: &'a [(Arguments, Value)],
    /// The parameters whose values nothing else tells.
    pub values_for: &'a [&'a str],
    pub problem: Option<Problem<'a>>,
}

/// What an author writes of one function. Places and values are not yet
/// checked against the function's schemas.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Words {
    pub phrases: Phrases,
    /// By parameter.
    pub values: BTreeMap<String, Vec<Value>>,
}

/// Why there is no answer; split by what the caller does.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It answered, but not with anything usable: ask again with the reason,
    /// then reject the sample.
    #[error("unusable answer: {0}")]
    Unusable(String),
    /// What has to be told does not fit the model's context, however briefly:
    /// reject the sample.
    #[error("the prompt is too long: {0}")]
    TooLong(String),
    /// Forward translation says it cannot be done: reject the sample.
    #[error("gave up: {0}")]
    GaveUp(String),
    /// Retries in place ran out: hand the shard back, uncounted.
    #[error("teacher is away: {reason}")]
    Transient { reason: String, retry_after: Option<Duration> },
    /// Asking again cannot help (bad key, unknown model, quota used up): stop.
    #[error("teacher refused: {0}")]
    Permanent(String),
    /// The budget is used up: stop, keeping what is done.
    #[error("budget is used up: {0}")]
    Budget(String),
    /// The run is stopping.
    #[error("cancelled")]
    Cancelled,
}

/// A teacher. Cheap to share; cancel-safe: a dropped future leaves nothing
/// half done that a later ask could see.
#[async_trait]
pub trait Teacher: Send + Sync {
    /// The name in `metadata.teacher`.
    fn name(&self) -> &str;

    async fn write_request(&self, ask: &WriteRequest<'_>) -> Result<Request, Error>;

    async fn fill_call(&self, ask: &FillCall<'_>) -> Result<Arguments, Error>;

    async fn act(&self, ask: &Act<'_>) -> Result<Action, Error>;

    /// The reply to each turn, in order; none where every reply is to be asked
    /// for by itself.
    async fn conclude(&self, _ask: &Conclude<'_>) -> Result<Vec<String>, Error> {
        Ok(Vec::new())
    }

    /// The same, with what was thought before it, where there is such a text
    /// and it is to be kept.
    async fn act_aloud(&self, ask: &Act<'_>) -> Result<(Action, Option<String>), Error> {
        Ok((self.act(ask).await?, None))
    }
}

/// Judges the graph and what was played. Asked again with the reason by the
/// caller, like a teacher; names that do not exist are left out of an answer.
#[async_trait]
pub trait Judge: Send + Sync {
    async fn edges(&self, ask: &JudgeEdges<'_>) -> Result<Vec<Judged>, Error>;

    async fn nested(&self, ask: &JudgeNested<'_>) -> Result<Vec<Nested>, Error>;

    async fn categorize(&self, ask: &Categorize<'_>) -> Result<Vec<Label>, Error>;

    async fn turn(&self, ask: &JudgeTurn<'_>) -> Result<Verdict, Error>;
}

/// Reads requests as a stranger would. Names that are not on offer are left out
/// of an answer.
#[async_trait]
pub trait Reader: Send + Sync {
    /// The functions to call, of the doubted ones where there are any.
    async fn needs(&self, ask: &Needs<'_>) -> Result<Vec<FunctionId>, Error>;
}

/// Plays the machine behind a function. The answer is not yet checked against
/// the response schema.
#[async_trait]
pub trait Machine: Send + Sync {
    async fn simulate(&self, ask: &Simulate<'_>) -> Result<Value, Error>;
}

/// Writes packs: what depends on a function, asked once a library. What it
/// writes is checked by the caller, and asked for again with the reason.
#[async_trait]
pub trait Author: Send + Sync {
    /// Who stands in the pack as its maker.
    fn name(&self) -> &str;

    /// The text of a Starlark module.
    async fn world(&self, ask: &WriteWorld<'_>) -> Result<String, Error>;

    async fn words(&self, ask: &WriteWords<'_>) -> Result<Words, Error>;
}
