//! The remote teacher: renders typed asks as chat and reads the answers.
//!
//! ```text
//! ask ─► prompt (shared prefix first) ─► chat stack ─► reader ─► typed answer
//! ```
//!
//! One ask is one question; asking again with the reason is the stage's. Each
//! try is a draw of its own, so that the memo keeps the tries apart.

mod act;
mod back;
mod forth;
mod transcript;

use std::sync::Arc;

use async_trait::async_trait;
use magnet_proto::sample::Arguments;
use serde_json::Value;

use super::chat::{Answer, Chat, Error as ChatError, Message, Purpose, Reply, Request, Role};
use super::{Act, Action, Error, FillCall, Teacher, WriteRequest, read};
use crate::conversation::Request as UserRequest;
use crate::prompts;

/// A teacher behind a chat endpoint.
pub struct Remote {
    /// The name in `metadata.teacher`: the model's.
    name: String,
    chat: Arc<dyn Chat>,
    temperature: f64,
    max_output_tokens: u32,
}

impl Remote {
    pub fn new(
        name: impl Into<String>,
        chat: Arc<dyn Chat>,
        temperature: f64,
        max_output_tokens: u32,
    ) -> Self {
        Self { name: name.into(), chat, temperature, max_output_tokens }
    }

    /// Asks one question. `facts` is what differs between asks of a kind; the
    /// last refusal, if any, is told at the end.
    async fn ask(
        &self,
        purpose: Purpose,
        facts: String,
        answer: Answer,
        problem: Option<&str>,
        salt: &str,
    ) -> Result<Reply, Error> {
        let mut content = facts;
        if let Some(problem) = problem {
            content.push_str(&format!(
                "\n\nYour last answer was refused: {problem}\nAnswer again without that mistake."
            ));
        }
        let message = |role, content: String| Message { role, content };
        let request = Request {
            purpose,
            messages: vec![
                message(Role::System, prompts::system(purpose).to_owned()),
                message(Role::User, content),
            ],
            answer,
            temperature: self.temperature,
            max_output_tokens: self.max_output_tokens,
            draw: draw(salt),
        };
        Ok(self.chat.complete(&request).await?)
    }

    /// Asks for JSON and reads it.
    async fn ask_json(
        &self,
        purpose: Purpose,
        facts: String,
        schema: Value,
        problem: Option<&str>,
        salt: &str,
    ) -> Result<Value, Error> {
        let answer = Answer::Json { name: purpose.label(), schema };
        let reply = self.ask(purpose, facts, answer, problem, salt).await?;
        read::json(&reply.text).map_err(|why| {
            let cut = if reply.is_truncated { ", cut at the token limit" } else { "" };
            Error::Unusable(format!("{why}{cut}"))
        })
    }
}

/// A draw number that is stable for a walk and turn, so that two walks with
/// the same facts do not get the same answer from the memo.
fn draw(salt: &str) -> u32 {
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
            ChatError::Unanswerable(why) => Self::Unusable(why),
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
        act::act(self, ask).await
    }
}
