//! The router: which executor serves which function, mixed freely in one
//! conversation.
//!
//! A conversation's parts are opened for the functions it is about; a part
//! that turns out to be needed later is opened then.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use magnet_proto::library::Function;
use magnet_proto::sample::Call;
use magnet_proto::{Digest, WalkIndex};
use serde_json::{Map, Value};

use super::{Error, Executor, Known, Nature, Output, Plan, Session, Start};

/// Executors and who of them serves what.
pub struct Router {
    executors: Arc<[Arc<dyn Executor>]>,
    /// Positions in `executors`, by function name.
    routes: Arc<BTreeMap<String, usize>>,
    name: String,
}

impl Router {
    /// `routes` names for each function the position of its executor; one that
    /// is not named goes to the first.
    ///
    /// # Panics
    /// If there is no executor, or a route leads past the last one.
    pub fn new(executors: Vec<Arc<dyn Executor>>, routes: BTreeMap<String, usize>) -> Self {
        assert!(routes.values().all(|at| *at < executors.len()) && !executors.is_empty());
        let names: Vec<&str> = executors.iter().map(|executor| executor.name()).collect();
        let name = names.join("+");
        Self { name, executors: executors.into(), routes: Arc::new(routes) }
    }
}

#[async_trait]
impl Executor for Router {
    /// Its executors' names, joined by "+".
    fn name(&self) -> &str {
        &self.name
    }

    fn nature(&self, function: &Function) -> Nature {
        self.executors[route(&self.routes, function)].nature(function)
    }

    fn volatile(&self, function: &Function) -> Vec<String> {
        self.executors[route(&self.routes, function)].volatile(function)
    }

    async fn open(&self, start: &Start<'_>) -> Result<Box<dyn Session>, Error> {
        let mut routed = Routed {
            executors: Arc::clone(&self.executors),
            routes: Arc::clone(&self.routes),
            seed: start.seed,
            walk: start.walk,
            given: start.initial_config.cloned(),
            parts: self.executors.iter().map(|_| None).collect(),
            initial: Map::new(),
        };
        for at in 0..self.executors.len() {
            let of_part = |function: &&Function| route(&self.routes, function) == at;
            let functions: Vec<&Function> =
                start.functions.iter().copied().filter(of_part).collect();
            if !functions.is_empty() {
                let part = routed.opened(at, &functions).await?;
                if let Some(config) = part.initial_config() {
                    routed.initial.insert(self.executors[at].name().to_owned(), config);
                }
                routed.parts[at] = Some(part);
            }
        }
        Ok(Box::new(routed))
    }
}

fn route(routes: &BTreeMap<String, usize>, function: &Function) -> usize {
    routes.get(&function.name).copied().unwrap_or(0)
}

/// One conversation's sessions, each at its executor's position.
struct Routed {
    executors: Arc<[Arc<dyn Executor>]>,
    routes: Arc<BTreeMap<String, usize>>,
    seed: u64,
    walk: WalkIndex,
    given: Option<Value>,
    parts: Vec<Option<Box<dyn Session>>>,
    /// The parts' initial states, by executor.
    initial: Map<String, Value>,
}

impl Routed {
    async fn opened(&self, at: usize, functions: &[&Function]) -> Result<Box<dyn Session>, Error> {
        let executor = &self.executors[at];
        let given = self.given.as_ref().and_then(|given| given.get(executor.name()));
        let start = Start { seed: self.seed, walk: self.walk, functions, initial_config: given };
        executor.open(&start).await
    }
}

#[async_trait]
impl Session for Routed {
    /// By the executor's name.
    fn initial_config(&self) -> Option<Value> {
        (!self.initial.is_empty()).then(|| Value::Object(self.initial.clone()))
    }

    async fn known(&mut self) -> Result<Known, Error> {
        let mut known = Known::default();
        for part in self.parts.iter_mut().flatten() {
            known.extend(part.known().await?);
        }
        Ok(known)
    }

    async fn call(
        &mut self,
        function: &Function,
        call: &Call,
        plan: &Plan,
    ) -> Result<Output, Error> {
        let at = route(&self.routes, function);
        let mut part = match self.parts[at].take() {
            Some(part) => part,
            None => self.opened(at, &[function]).await?,
        };
        let output = part.call(function, call, plan).await;
        self.parts[at] = Some(part);
        output
    }

    fn saw(&mut self, function: &Function, call: &Call, output: &Output) {
        if let Some(part) = &mut self.parts[route(&self.routes, function)] {
            part.saw(function, call, output);
        }
    }

    async fn digest(&mut self) -> Result<Option<Digest>, Error> {
        let mut fields = Vec::new();
        for (at, part) in self.parts.iter_mut().enumerate() {
            if let Some(part) = part {
                let Some(digest) = part.digest().await? else {
                    return Ok(None);
                };
                fields.push(format!("{at} {digest}"));
            }
        }
        Ok(Some(Digest::of_fields(fields.iter().map(String::as_bytes))))
    }

    fn refusals_are_clean(&self) -> bool {
        self.parts.iter().flatten().all(|part| part.refusals_are_clean())
    }

    async fn restart(&mut self) -> Result<bool, Error> {
        let mut is_done = true;
        for part in self.parts.iter_mut().flatten() {
            is_done &= part.restart().await?;
        }
        Ok(is_done)
    }

    async fn close(self: Box<Self>) -> Result<(), Error> {
        for part in self.parts.into_iter().flatten() {
            part.close().await?;
        }
        Ok(())
    }
}
