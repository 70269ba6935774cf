//! The decorator that records.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use magnet_proto::library::Function;
use magnet_proto::sample::Call;

use super::file::{Entry, Tape, Unreadable};
use super::trail::{self, Trail};
use crate::execute::over::{Over, over};
use crate::execute::{Error, Executor, Known, Nature, Output, Plan, Session, Start};

/// An executor whose outputs are recorded.
pub struct Recorder {
    executor: Arc<dyn Executor>,
    tape: Arc<Tape>,
    pure: Arc<BTreeSet<String>>,
}

impl Recorder {
    /// `nature` is how the executor comes by its outputs.
    ///
    /// # Errors
    /// If the file cannot be written, or records another executor.
    pub fn new(
        executor: Arc<dyn Executor>,
        nature: Nature,
        path: &Path,
        pure: BTreeSet<String>,
    ) -> Result<Self, Unreadable> {
        let tape = Arc::new(Tape::open(path, executor.name(), nature)?);
        Ok(Self { executor, tape, pure: Arc::new(pure) })
    }
}

/// What cannot be recorded ends the campaign: it was asked for.
impl From<Unreadable> for Error {
    fn from(error: Unreadable) -> Self {
        Self::Permanent(format!("recording outputs: {error}"))
    }
}

#[async_trait]
impl Executor for Recorder {
    fn name(&self) -> &str {
        self.executor.name()
    }

    fn nature(&self, function: &Function) -> Nature {
        self.executor.nature(function)
    }

    fn volatile(&self, function: &Function) -> Vec<String> {
        self.executor.volatile(function)
    }

    async fn open(&self, start: &Start<'_>) -> Result<Box<dyn Session>, Error> {
        let session = self.executor.open(start).await?;
        let config = session.initial_config();
        if start.initial_config.is_none() {
            for at in trail::starts(self.name(), start) {
                self.tape.keep(at, || Entry::Start(config.clone()))?;
            }
        }
        let trail = Trail::new(self.name(), start, config.as_ref());
        let (tape, pure) = (Arc::clone(&self.tape), Arc::clone(&self.pure));
        Ok(over(session, Recording { tape, pure, trail }))
    }
}

struct Recording {
    tape: Arc<Tape>,
    pure: Arc<BTreeSet<String>>,
    trail: Trail,
}

#[async_trait]
impl Over for Recording {
    async fn call(
        &mut self,
        session: &mut dyn Session,
        function: &Function,
        call: &Call,
        plan: &Plan,
    ) -> Result<Output, Error> {
        let is_pure = self.pure.contains(&function.name);
        let key = self.trail.key(function, call, plan, is_pure);
        let output = session.call(function, call, plan).await?;
        let is_clean = session.refusals_are_clean();
        self.tape.keep(key, || Entry::Output {
            content: output.content.clone(),
            is_error: output.is_error,
            is_clean,
        })?;
        self.trail.step(key, &output, is_clean, is_pure);
        Ok(output)
    }

    async fn known(&mut self, session: &mut dyn Session) -> Result<Known, Error> {
        let known = session.known().await?;
        if known != Known::default() {
            self.tape.keep(self.trail.known(), || Entry::Known(known.clone()))?;
        }
        Ok(known)
    }

    async fn restart(&mut self, session: &mut dyn Session) -> Result<bool, Error> {
        self.trail.restart();
        session.restart().await
    }
}
