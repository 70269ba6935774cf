//! Executing calls.
//!
//! An [`Executor`] opens one isolated [`Session`] per trajectory; state is
//! never shared between trajectories. An error output is an output: the agent
//! sees it and may recover. Only a session that cannot go on is an error.

mod contradict;
mod faults;
pub mod model;
pub mod planned;

use async_trait::async_trait;
use magnet_proto::WalkIndex;
use magnet_proto::library::Function;
use magnet_proto::path::Fault;
use magnet_proto::sample::Call;
use serde_json::Value;

use crate::teacher;

/// What a call returned.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    Value(Value),
    /// A tool error, as its text.
    Error(String),
}

impl Output {
    /// The content of the `tool` message: compact JSON, or `{"error": …}`.
    pub fn content(&self) -> String {
        match self {
            Self::Value(value) => value.to_string(),
            Self::Error(text) => serde_json::json!({ "error": text }).to_string(),
        }
    }

    /// Reads back what [`Output::content`] wrote.
    pub fn parse(content: &str) -> Self {
        match serde_json::from_str::<Value>(content) {
            Ok(Value::Object(object)) if object.len() == 1 && object.contains_key("error") => {
                match &object["error"] {
                    Value::String(text) => Self::Error(text.clone()),
                    other => Self::Error(other.to_string()),
                }
            }
            Ok(value) => Self::Value(value),
            Err(_) => Self::Value(Value::String(content.to_owned())),
        }
    }
}

/// What the path plans for one execution beside the call itself.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    pub fault: Option<Fault>,
    /// Where this output contradicts an earlier one.
    pub contradicts: Option<String>,
    pub bulky: bool,
}

/// A session cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("executor is away: {0}")]
    Transient(String),
    #[error("executor refused: {0}")]
    Permanent(String),
    /// This call has no usable output: the walk is rejected.
    #[error("{0}")]
    Unusable(String),
    /// A model is the executor, and cannot be asked.
    #[error(transparent)]
    Teacher(#[from] teacher::Error),
}

/// Opens sessions. Cheap to share; one for the whole process.
#[async_trait]
pub trait Executor: Send + Sync {
    /// The name in `metadata.executor`.
    fn name(&self) -> &str;

    /// A fresh session in its initial state, the same for the same seed and
    /// walk.
    async fn open(&self, seed: u64, walk: WalkIndex) -> Result<Box<dyn Session>, Error>;
}

/// One trajectory's world.
#[async_trait]
pub trait Session: Send + Sync {
    /// The state it started from, if it has any.
    fn initial_config(&self) -> Option<Value>;

    /// Runs one call. The same calls in the same order give the same outputs.
    async fn call(
        &mut self,
        function: &Function,
        call: &Call,
        plan: &Plan,
    ) -> Result<Output, Error>;
}
