//! Outputs recorded into a file, and given again without their executor.
//!
//! ```text
//! Recorder: call ─► executor ─► output ─► file          Recorded: call ─► file ─► output
//! ```
//!
//! An output is kept under what decides it: the start of the conversation and
//! the calls that were accepted before; of a pure function under its arguments
//! alone. What a conversation starts from and what exists is kept, too, so
//! that the same campaign chooses the same values. What was not recorded
//! rejects the walk: nothing is made up.

mod file;
mod recorder;
mod trail;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use magnet_proto::library::Function;
use magnet_proto::sample::Call;
use serde_json::Value;

pub use self::file::Unreadable;
use self::file::{Entry, Recording};
pub use self::recorder::Recorder;
use self::trail::Trail;
use super::{Error, Executor, Known, Nature, Output, Plan, Session, Start};

/// Gives recorded outputs again.
pub struct Recorded {
    recording: Arc<Recording>,
    pure: Arc<BTreeSet<String>>,
}

impl Recorded {
    /// # Errors
    /// If the file cannot be read or is no recording.
    pub fn open(path: &Path, pure: BTreeSet<String>) -> Result<Self, Unreadable> {
        let recording = Arc::new(Recording::read(path)?);
        Ok(Self { recording, pure: Arc::new(pure) })
    }
}

#[async_trait]
impl Executor for Recorded {
    /// Of the executor that was recorded.
    fn name(&self) -> &str {
        &self.recording.executor
    }

    fn nature(&self, _: &Function) -> Nature {
        self.recording.nature
    }

    async fn open(&self, start: &Start<'_>) -> Result<Box<dyn Session>, Error> {
        let (recording, pure) = (Arc::clone(&self.recording), Arc::clone(&self.pure));
        let mut starts = trail::starts(self.name(), start).into_iter();
        let kept = starts.find_map(|at| match recording.get(at) {
            Some(Entry::Start(config)) => Some(config.clone()),
            _ => None,
        });
        let config = match (start.initial_config, kept) {
            (Some(given), _) => Some(given.clone()),
            (None, Some(config)) => config,
            (None, None) => {
                let (seed, walk) = (start.seed, start.walk);
                let why = format!("nothing is recorded of walk {walk} of seed {seed}");
                return Err(Error::Unrecorded(why));
            }
        };
        let trail = Trail::new(self.name(), start, config.as_ref());
        Ok(Box::new(Again { recording, pure, config, trail, is_clean: true, calls: 0 }))
    }
}

/// A conversation that was recorded.
struct Again {
    recording: Arc<Recording>,
    pure: Arc<BTreeSet<String>>,
    config: Option<Value>,
    trail: Trail,
    is_clean: bool,
    /// Calls that were given again since the start.
    calls: usize,
}

#[async_trait]
impl Session for Again {
    fn initial_config(&self) -> Option<Value> {
        self.config.clone()
    }

    async fn known(&mut self) -> Result<Known, Error> {
        match self.recording.get(self.trail.known()) {
            Some(Entry::Known(known)) => Ok(known.clone()),
            _ => Ok(Known::default()),
        }
    }

    async fn call(
        &mut self,
        function: &Function,
        call: &Call,
        plan: &Plan,
    ) -> Result<Output, Error> {
        let is_pure = self.pure.contains(&function.name);
        let key = self.trail.key(function, call, plan, is_pure);
        let Some(Entry::Output { content, is_error, is_clean }) = self.recording.get(key) else {
            let (name, calls) = (&function.name, self.calls);
            let after = if is_pure { String::new() } else { format!(" after {calls} others") };
            let why = format!("nothing is recorded of this call of \"{name}\"{after}");
            return Err(Error::Unrecorded(why));
        };
        let output = Output::restored(content.clone(), *is_error);
        self.is_clean = *is_clean;
        self.calls += 1;
        self.trail.step(key, &output, *is_clean, is_pure);
        Ok(output)
    }

    fn refusals_are_clean(&self) -> bool {
        self.is_clean
    }

    async fn restart(&mut self) -> Result<bool, Error> {
        self.trail.restart();
        (self.is_clean, self.calls) = (true, 0);
        Ok(true)
    }
}

#[cfg(test)]
mod tests;
