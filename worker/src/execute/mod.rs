//! Executing calls.
//!
//! ```text
//! campaign ─► Router ─► Executor (world, simulator, model, …) ─► Session ─► Output
//! ```
//!
//! An [`Executor`] opens one isolated [`Session`] per trajectory; state is
//! never shared between trajectories. An error output is an output: the agent
//! sees it and may recover. Only a session that cannot go on is an error.

pub mod cached;
mod contradict;
mod faults;
pub mod http;
pub mod known;
pub mod metered;
pub mod model;
mod once;
pub mod openapi;
mod over;
pub mod planned;
pub mod recorded;
pub mod router;
pub mod volatile;
mod wire;

use std::collections::BTreeMap;

use async_trait::async_trait;
use magnet_proto::library::Function;
use magnet_proto::path::Fault;
use magnet_proto::sample::{Arguments, Call};
use magnet_proto::{Digest, WalkIndex};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::conversation::Scene;
pub use crate::output::Output;
use crate::teacher;

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
    /// Outputs are given again, and this one was not recorded: the walk is
    /// rejected, and tells nothing of who was recorded.
    #[error("{0}")]
    Unrecorded(String),
    /// A model is the executor, and cannot be asked.
    #[error(transparent)]
    Teacher(#[from] teacher::Error),
}

/// How an executor comes by its outputs: it decides what may happen before a
/// teacher is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Nature {
    /// It has a state, refuses what does not fit it, and does for free
    /// whatever it is asked: values are chosen while executing, before a
    /// teacher is asked.
    Real,
    /// Rules make outputs up for any valid call, for free: executing beforehand
    /// is allowed and finds out nothing.
    Simulated,
    /// A model makes outputs up, each a paid answer: call by call, and never
    /// for a call that may not be used.
    Played,
}

/// What a session starts from.
#[derive(Clone, Copy)]
pub struct Start<'a> {
    pub seed: u64,
    pub walk: WalkIndex,
    /// What the conversation is about; others may be called, too.
    pub functions: &'a [&'a Function],
    /// The state of an earlier session, as [`Session::initial_config`] gave
    /// it, to be taken instead of one drawn by seed and walk.
    pub initial_config: Option<&'a Value>,
}

impl<'a> Scene<'a> {
    /// What every session of the conversation starts from.
    pub fn start(&self, functions: &'a [&'a Function]) -> Start<'a> {
        Start { seed: self.seed, walk: self.walk, functions, initial_config: None }
    }
}

/// What exists in a session now, for choosing the values of calls.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Known {
    pub by_parameter: BTreeMap<String, Vec<Value>>,
    /// Arguments that make a sensible call together, by function; they need
    /// not be complete.
    pub by_function: BTreeMap<String, Vec<Arguments>>,
}

impl Known {
    /// Adds what was learnt since, once.
    pub fn learn(&mut self, learnt: &Self) {
        fn add<T: Clone + PartialEq>(
            all: &mut BTreeMap<String, Vec<T>>,
            new: &BTreeMap<String, Vec<T>>,
        ) {
            for (name, values) in new {
                let all = all.entry(name.clone()).or_default();
                for value in values {
                    if !all.contains(value) {
                        all.push(value.clone());
                    }
                }
            }
        }
        add(&mut self.by_parameter, &learnt.by_parameter);
        add(&mut self.by_function, &learnt.by_function);
    }

    /// Adds what another session knows.
    pub fn extend(&mut self, other: Self) {
        for (parameter, values) in other.by_parameter {
            self.by_parameter.entry(parameter).or_default().extend(values);
        }
        for (function, sets) in other.by_function {
            self.by_function.entry(function).or_default().extend(sets);
        }
    }
}

/// Opens sessions. Cheap to share; one for the whole process.
#[async_trait]
pub trait Executor: Send + Sync {
    /// The name in `metadata.executor`.
    fn name(&self) -> &str;

    /// How it comes by the outputs of a function.
    fn nature(&self, function: &Function) -> Nature;

    /// Where a function's output differs each time, as [`volatile`] names
    /// places.
    fn volatile(&self, _: &Function) -> Vec<String> {
        Vec::new()
    }

    /// A fresh session in its initial state, the same for the same start.
    async fn open(&self, start: &Start<'_>) -> Result<Box<dyn Session>, Error>;
}

/// One trajectory's world. Dropping it closes it, in the executor's own time;
/// [`Session::close`] waits until what it held is free.
#[async_trait]
pub trait Session: Send + Sync {
    /// The state it started from, if it has any: JSON that opens the same
    /// world anywhere.
    fn initial_config(&self) -> Option<Value>;

    /// What exists now; empty where the executor cannot tell.
    async fn known(&mut self) -> Result<Known, Error> {
        Ok(Known::default())
    }

    /// Runs one call. The same calls in the same order give the same outputs.
    /// `plan` says what is planned beside faults and contradictions, which are
    /// made over any session (see [`planned`]).
    async fn call(
        &mut self,
        function: &Function,
        call: &Call,
        plan: &Plan,
    ) -> Result<Output, Error>;

    /// Told of a call whose output was had without this session: what it tells
    /// exists.
    fn saw(&mut self, _: &Function, _: &Call, _: &Output) {}

    /// Of the state as it is now; two sessions with the same digest answer
    /// alike. `None` where the executor cannot tell.
    async fn digest(&mut self) -> Result<Option<Digest>, Error> {
        Ok(None)
    }

    /// Whether a refused call has changed nothing: then nothing need be
    /// restored after one.
    fn refusals_are_clean(&self) -> bool {
        false
    }

    /// Goes back to the state it started from; `false` where another session
    /// has to be opened for that.
    async fn restart(&mut self) -> Result<bool, Error> {
        Ok(false)
    }

    async fn close(self: Box<Self>) -> Result<(), Error> {
        Ok(())
    }
}
