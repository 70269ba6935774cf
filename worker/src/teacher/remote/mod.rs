//! The remote teacher: renders typed asks as chat and reads the answers.
//!
//! ```text
//! ask ─► prompt (shared prefix first) ─► chat stack ─► reader ─► typed answer
//! ```
//!
//! One ask is one question; asking again with the reason is the stage's. Each
//! try is a draw of its own, so that the memo keeps the tries apart.

mod act;
mod author;
mod back;
mod catalog;
mod conclude;
mod forth;
mod judge;
mod outline;
mod simulate;
mod transcript;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use async_trait::async_trait;
use magnet_proto::FunctionId;
use magnet_proto::sample::Arguments;
use serde_json::Value;

use super::chat::{Answer, Chat, Error as ChatError, Message, Purpose, Reply, Request, Role};
use super::{
    Act, Action, Author, Categorize, Conclude, Error, FillCall, Judge, JudgeEdges, JudgeNested,
    JudgeTurn, Judged, Label, Machine, Needs, Nested, Problem, Reader, Simulate, Teacher, Verdict,
    Words, WriteRequest, WriteWords, WriteWorld, read,
};
use crate::brief::{Ask, Briefer, Outcome};
use crate::conversation::Request as UserRequest;
use crate::prompts;

/// What each refused answer adds to the temperature of the next try.
const WARMER: f64 = 0.3;
/// Beyond it models lose the thread, and some endpoints refuse.
const HOTTEST: f64 = 1.0;

/// A module of eight functions takes some 4,000 tokens.
const PACK_TOKENS: u32 = 8_192;

/// How many times the tokens a second try gets that follows one cut short.
const MORE_ROOM: u32 = 2;

/// A teacher behind a chat endpoint.
pub struct Remote {
    /// The name in `metadata.teacher`: the model's.
    name: String,
    chat: Arc<dyn Chat>,
    temperature: f64,
    max_output_tokens: u32,
    keep_reasoning: bool,
}

impl Remote {
    pub fn new(
        name: impl Into<String>,
        chat: Arc<dyn Chat>,
        temperature: f64,
        max_output_tokens: u32,
    ) -> Self {
        Self { name: name.into(), chat, temperature, max_output_tokens, keep_reasoning: false }
    }

    /// Hands on what the model thinks before an agent's step.
    #[must_use]
    pub fn keeping_reasoning(mut self, keep: bool) -> Self {
        self.keep_reasoning = keep;
        self
    }

    /// Asks one question, for JSON if a schema is given. An answer that breaks
    /// off at the token limit is asked for once more, with more room.
    async fn ask(&self, question: Question<'_>, schema: Option<Value>) -> Result<Reply, Error> {
        let reply = self.ask_within(&question, schema.clone(), 1).await?;
        match reply.is_truncated && read::json(&reply.text).is_err() {
            true => self.ask_within(&question, schema, MORE_ROOM).await,
            false => Ok(reply),
        }
    }

    /// One that does not fit the model's context is put more briefly. What fits
    /// is not remembered for the next question: then the dataset would depend on
    /// who asked first.
    async fn ask_within(
        &self,
        question: &Question<'_>,
        schema: Option<Value>,
        times: u32,
    ) -> Result<Reply, Error> {
        let within = |schema, room| {
            let request = self.request(question, schema, room);
            let max_output_tokens = request.max_output_tokens.saturating_mul(times);
            Request { max_output_tokens, ..request }
        };
        let ample = within(schema, Room::Ample);
        let refusal = match self.chat.complete(&ample).await {
            Err(ChatError::TooLong(refusal)) => refusal,
            done => return Ok(done?),
        };
        let brief = within(ample.schema(), Room::Scarce);
        match brief == ample {
            true => Err(Error::TooLong(refusal)),
            false => Ok(self.chat.complete(&brief).await?),
        }
    }

    /// What is asked about stands first, the task of the moment after it, the
    /// last refusal at the end: so questions of a kind begin alike.
    fn request(&self, question: &Question<'_>, schema: Option<Value>, room: Room) -> Request {
        let Question { purpose, context, task, problem, salt } = question;
        let purpose = *purpose;
        let refused = problem.map_or(0, |problem| problem.refused);
        let mut content = context(room);
        let mut paragraph = |text: String| {
            if !content.is_empty() {
                content.push_str(if content.ends_with('\n') { "\n" } else { "\n\n" });
            }
            content.push_str(&text);
        };
        match task.get("hint") {
            Some(hint) => paragraph(format!("[Hint]: {hint}")),
            None if task.is_null() => {}
            None => paragraph(format!("Task: {task}")),
        }
        if let Some(problem) = problem {
            let why = problem.why;
            paragraph(format!(
                "Your last answer was refused: {why}\nAnswer again without that mistake."
            ));
        }
        let message = |role, content: String| Message { role, content };
        let answer = match schema {
            Some(schema) => Answer::Json { name: purpose.label(), schema },
            None => Answer::Text,
        };
        Request {
            purpose,
            messages: vec![
                message(Role::System, prompts::system(purpose).to_owned()),
                message(Role::User, content),
            ],
            answer,
            temperature: self.temperature(purpose, refused),
            max_output_tokens: self.max_output_tokens.max(least_tokens(purpose, room)),
            draw: draw(salt, refused),
        }
    }

    /// The more answers were refused, the more freely the next one is drawn:
    /// else a model gives the same one again.
    fn temperature(&self, purpose: Purpose, refused: u32) -> f64 {
        let first = if has_one_answer(purpose) { 0.0 } else { self.temperature };
        (first + WARMER * f64::from(refused)).min(first.max(HOTTEST))
    }

    /// Asks for JSON and reads it.
    async fn ask_json(&self, question: Question<'_>, schema: Value) -> Result<Value, Error> {
        let reply = self.ask(question, Some(schema)).await?;
        read::json(&reply.text).map_err(|why| unreadable(&why, &reply))
    }
}

/// Of an answer that cannot be read: why, for the model to do better.
fn unreadable(why: &str, reply: &Reply) -> Error {
    Error::Unusable(match reply.is_truncated {
        true => format!("{why}: it was cut at the limit of max_output_tokens, be brief"),
        false => why.to_owned(),
    })
}

/// One question, in the parts it is rendered from.
struct Question<'a> {
    purpose: Purpose,
    /// What the ask is about: tools, then the conversation, which grow at
    /// their end.
    context: &'a (dyn Fn(Room) -> String + Send + Sync),
    /// What is wanted now, as one JSON line; `{"hint": …}` becomes the line
    /// of that name, null nothing.
    task: Value,
    /// Why the last answer was refused.
    problem: Option<Problem<'a>>,
    /// Tells draws of one question apart.
    salt: String,
}

/// How much of what an ask is about can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Room {
    Ample,
    /// The whole does not fit the model's context.
    Scarce,
}

/// The context of an ask that its task tells wholly.
fn nothing(_: Room) -> String {
    String::new()
}

/// Whether there is one right answer, so that chance can only do harm.
fn has_one_answer(purpose: Purpose) -> bool {
    match purpose {
        Purpose::Forth
        | Purpose::JudgeEdges
        | Purpose::JudgeNested
        | Purpose::JudgeTurn
        | Purpose::JudgeCalls
        | Purpose::JudgeDoubt
        | Purpose::Categorize => true,
        Purpose::Outline
        | Purpose::Back
        | Purpose::Act
        | Purpose::Conclude
        | Purpose::Mislead
        | Purpose::RollOut
        | Purpose::Simulate
        | Purpose::PackWorld
        | Purpose::PackWords
        | Purpose::Probe => false,
    }
}

/// The tokens that an answer of its kind may need, whatever is set for those
/// of conversations.
fn least_tokens(purpose: Purpose, room: Room) -> u32 {
    match (purpose, room) {
        (Purpose::PackWorld | Purpose::PackWords, Room::Ample) => PACK_TOKENS,
        _ => 0,
    }
}

/// A draw number that is stable for a walk, turn and try, so that neither two
/// walks with the same facts nor two tries that were refused for the same
/// reason get the same answer, from the model or from the memo.
fn draw(salt: &str, refused: u32) -> u32 {
    let salt = match refused {
        0 => salt.to_owned(),
        refused => format!("{salt} refused {refused}"),
    };
    let digest = magnet_proto::Digest::of(salt.as_bytes());
    let mut bytes = [0; 4];
    bytes.copy_from_slice(&digest.as_bytes()[..4]);
    // Servers take a seed of 31 bits at most.
    u32::from_le_bytes(bytes) >> 1
}

impl From<ChatError> for Error {
    fn from(error: ChatError) -> Self {
        match error {
            ChatError::Transient { reason, retry_after, .. } => {
                Self::Transient { reason, retry_after }
            }
            ChatError::TooLong(why) => Self::TooLong(why),
            ChatError::Unanswerable(why) | ChatError::Unusable(why) => Self::Unusable(why),
            ChatError::Permanent(why) => Self::Permanent(why),
            ChatError::Budget(why) => Self::Budget(why),
            ChatError::Cancelled => Self::Cancelled,
        }
    }
}

#[async_trait]
impl Teacher for Remote {
    fn name(&self) -> &str {
        &self.name
    }

    async fn write_request(&self, ask: &WriteRequest<'_>) -> Result<UserRequest, Error> {
        back::write(self, ask).await
    }

    async fn fill_call(&self, ask: &FillCall<'_>) -> Result<Arguments, Error> {
        forth::fill(self, ask).await
    }

    async fn act(&self, ask: &Act<'_>) -> Result<Action, Error> {
        Ok(act::act(self, ask).await?.0)
    }

    async fn act_aloud(&self, ask: &Act<'_>) -> Result<(Action, Option<String>), Error> {
        let (action, thought) = act::act(self, ask).await?;
        Ok((action, thought.filter(|_| self.keep_reasoning)))
    }

    async fn conclude(&self, ask: &Conclude<'_>) -> Result<Vec<String>, Error> {
        // What is thought before each reply is kept with it: one at a time.
        match self.keep_reasoning {
            true => Ok(Vec::new()),
            false => conclude::conclude(self, ask).await,
        }
    }
}

#[async_trait]
impl Briefer for Remote {
    async fn brief(&self, ask: &Ask<'_>) -> Result<Outcome, Error> {
        outline::outline(self, ask).await
    }

    fn gives_values(&self) -> bool {
        true
    }
}

#[async_trait]
impl Judge for Remote {
    async fn edges(&self, ask: &JudgeEdges<'_>) -> Result<Vec<Judged>, Error> {
        judge::edges(self, ask).await
    }

    async fn nested(&self, ask: &JudgeNested<'_>) -> Result<Vec<Nested>, Error> {
        judge::nested(self, ask).await
    }

    async fn categorize(&self, ask: &Categorize<'_>) -> Result<Vec<Label>, Error> {
        judge::categorize(self, ask).await
    }

    async fn turn(&self, ask: &JudgeTurn<'_>) -> Result<Verdict, Error> {
        judge::turn(self, ask).await
    }
}

#[async_trait]
impl Reader for Remote {
    async fn needs(&self, ask: &Needs<'_>) -> Result<Vec<FunctionId>, Error> {
        judge::needs(self, ask).await
    }
}

#[async_trait]
impl Author for Remote {
    fn name(&self) -> &str {
        &self.name
    }

    async fn world(&self, ask: &WriteWorld<'_>) -> Result<String, Error> {
        author::world(self, ask).await
    }

    async fn words(&self, ask: &WriteWords<'_>) -> Result<Words, Error> {
        author::words(self, ask).await
    }
}

#[async_trait]
impl Machine for Remote {
    async fn simulate(&self, ask: &Simulate<'_>) -> Result<Value, Error> {
        simulate::simulate(self, ask).await
    }
}
