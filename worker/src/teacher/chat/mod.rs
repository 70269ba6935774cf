//! Chat endpoints: what a typed ask is rendered to, and the stack of
//! decorators it goes through.
//!
//! ```text
//! memo( failover( retry( patience( circuit( limit( usage( http )))))))
//! ```
//!
//! Each layer is a [`Chat`] around another and does one thing; read outside-in.
//! Only `retry` tries again, only `limit` waits for permission, only `patience`
//! ends a campaign that is refused whatever it asks, only `http` knows the wire.

pub mod abilities;
pub mod circuit;
mod dialect;
mod known;
pub mod failover;
pub mod first;
pub mod heard;
pub mod http;
pub mod limit;
pub mod memo;
pub mod metrics;
pub mod patience;
mod refusal;
pub mod reset;
pub mod retry;
mod stream;
pub mod tally;
mod tokens;
pub mod usage;

use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A chat endpoint, or a layer before one. Cancel-safe.
#[async_trait]
pub trait Chat: Send + Sync {
    async fn complete(&self, request: &Request) -> Result<Reply, Error>;
}

#[async_trait]
impl<C: Chat + ?Sized> Chat for std::sync::Arc<C> {
    async fn complete(&self, request: &Request) -> Result<Reply, Error> {
        (**self).complete(request).await
    }
}

/// One question.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Request {
    /// What kind of ask it is, for metrics and accounting.
    pub purpose: Purpose,
    pub messages: Vec<Message>,
    pub answer: Answer,
    pub temperature: f64,
    pub max_output_tokens: u32,
    /// Tells several draws of one question apart: 0, 1, …
    pub draw: u32,
}

/// The kinds of ask: a closed list, it labels metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    Outline,
    Back,
    Forth,
    Act,
    Conclude,
    Mislead,
    RollOut,
    Simulate,
    JudgeEdges,
    JudgeNested,
    JudgeTurn,
    JudgeCalls,
    JudgeDoubt,
    Categorize,
    PackWorld,
    PackWords,
    Probe,
}

impl Purpose {
    pub const ALL: [Self; 17] = [
        Self::Outline,
        Self::Back,
        Self::Forth,
        Self::Act,
        Self::Conclude,
        Self::Mislead,
        Self::RollOut,
        Self::Simulate,
        Self::JudgeEdges,
        Self::JudgeNested,
        Self::JudgeTurn,
        Self::JudgeCalls,
        Self::JudgeDoubt,
        Self::Categorize,
        Self::PackWorld,
        Self::PackWords,
        Self::Probe,
    ];

    pub fn label(self) -> &'static str {
        match self {
            Self::Outline => "outline",
            Self::Back => "back",
            Self::Forth => "forth",
            Self::Act => "act",
            Self::Conclude => "conclude",
            Self::Mislead => "mislead",
            Self::RollOut => "roll_out",
            Self::Simulate => "simulate",
            Self::JudgeEdges => "judge_edges",
            Self::JudgeNested => "judge_nested",
            Self::JudgeTurn => "judge_turn",
            Self::JudgeCalls => "judge_calls",
            Self::JudgeDoubt => "judge_doubt",
            Self::Categorize => "categorize",
            Self::PackWorld => "pack_world",
            Self::PackWords => "pack_words",
            Self::Probe => "probe",
        }
    }

    /// The kind of ask of that name.
    pub fn named(label: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.label() == label)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    pub role: Role,
    pub content: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    System,
    User,
    Assistant,
}

/// The form of the answer that is wanted.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum Answer {
    Text,
    /// JSON that follows the schema, by whatever means the endpoint has.
    Json {
        name: &'static str,
        schema: Value,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    /// The answer without the reasoning.
    pub text: String,
    pub reasoning: Option<String>,
    /// The answer was cut at the token limit.
    pub is_truncated: bool,
    pub usage: Tokens,
    /// What it cost, in millionths of a dollar.
    #[serde(default)]
    pub micro_usd: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tokens {
    pub input: u64,
    pub output: u64,
    /// Of the input, what the server had in its cache.
    #[serde(default)]
    pub cached: u64,
}

/// Why there is no reply; split by what the caller does.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// Passing: try again, not before `retry_after`.
    #[error("{reason}")]
    Transient { cause: Trouble, reason: String, retry_after: Option<Duration> },
    /// The request does not fit the model's context: ask a shorter one.
    #[error("{0}")]
    TooLong(String),
    /// This request can never be answered (refused content).
    #[error("{0}")]
    Unanswerable(String),
    /// It was answered, with what the server itself found to be no answer.
    #[error("{0}")]
    Unusable(String),
    /// No request can be answered (bad key, unknown model, quota used up).
    #[error("{0}")]
    Permanent(String),
    #[error("{0}")]
    Budget(String),
    #[error("cancelled")]
    Cancelled,
}

/// The kinds of passing trouble: a closed list, it labels metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Trouble {
    /// 429: news for the limit, no sign of ill health.
    RateLimited,
    /// 5xx, 408, 409, 425, 529.
    Server,
    /// Refused, reset, cut.
    Network,
    Timeout,
    /// Status 200 with something that is no answer.
    Garbage,
    /// The circuit is open.
    Open,
}

impl Trouble {
    pub fn label(self) -> &'static str {
        match self {
            Self::RateLimited => "rate_limited",
            Self::Server => "server_error",
            Self::Network => "network",
            Self::Timeout => "timeout",
            Self::Garbage => "garbage",
            Self::Open => "circuit_open",
        }
    }
}

impl Request {
    /// The schema that the answer is to follow.
    pub(super) fn schema(&self) -> Option<Value> {
        match &self.answer {
            Answer::Text => None,
            Answer::Json { schema, .. } => Some(schema.clone()),
        }
    }

    /// A guess at the tokens it takes: four characters each, and the answer's
    /// usual length.
    pub fn estimated_tokens(&self) -> Tokens {
        let input = self.bytes().div_ceil(4) as u64;
        Tokens { input, output: u64::from(self.max_output_tokens.min(256)), cached: 0 }
    }

    /// The length of what is told and asked for.
    fn bytes(&self) -> usize {
        let told: usize = self.messages.iter().map(|m| m.content.len() + 16).sum();
        let schema = match &self.answer {
            Answer::Text => 0,
            Answer::Json { schema, .. } => schema.to_string().len(),
        };
        told + schema
    }
}
