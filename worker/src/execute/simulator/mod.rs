//! The schema simulator: deterministic outputs that follow the response schema
//! and stay consistent with what the conversation has established.
//!
//! ```text
//! call ─► faults ─► seen before? ─► generate (echo · known facts · rules · lexicon) ─► world
//! ```
//!
//! Promises: the same calls in the same order give the same outputs; what was
//! returned once stays true until a call that changes it (or a planned
//! contradiction); an id that is passed in brings back what is known about it.
//! Not here: judging whether a call makes sense; any valid call is served.

mod compute;
mod contradict;
mod echo;
mod facet;
mod faults;
mod generate;
mod generic;
mod rules;
mod tidy;
mod told;
mod verb;
mod world;

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use async_trait::async_trait;
use magnet_proto::library::Function;
use magnet_proto::path::Fault;
use magnet_proto::sample::{Arguments, Call};
use magnet_proto::{Digest, WalkIndex, rng};
use serde_json::Value;

use self::world::World;
use super::{Error, Executor, Output, Plan, Session};
use crate::lexicon::Persona;

/// Opens simulated worlds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Simulator;

#[async_trait]
impl Executor for Simulator {
    fn name(&self) -> &str {
        "simulator"
    }

    async fn open(&self, seed: u64, walk: WalkIndex) -> Result<Box<dyn Session>, Error> {
        Ok(Box::new(Simulation::new(seed, walk)))
    }
}

/// One trajectory's simulated world.
#[derive(Debug)]
pub struct Simulation {
    seed: u64,
    walk: WalkIndex,
    persona: Persona,
    world: World,
    /// What each distinct call returned, by [`call_key`].
    seen: HashMap<Digest, Value>,
    /// The call ids of a trajectory and what they asked, for contradictions.
    asked: HashMap<String, Digest>,
    /// Calls whose passing fault is over.
    failed: Vec<Digest>,
}

impl Simulation {
    pub fn new(seed: u64, walk: WalkIndex) -> Self {
        Self {
            seed,
            walk,
            persona: Persona::draw(seed, walk, &[], &[]),
            world: World::default(),
            seen: HashMap::new(),
            asked: HashMap::new(),
            failed: Vec::new(),
        }
    }

    /// Runs one call; see [`Session::call`].
    pub fn run(&mut self, function: &Function, call: &Call, plan: &Plan) -> Output {
        let key = call_key(function, &call.arguments);
        self.asked.insert(call.id.clone(), key);
        if let Some(text) = self.fault(function, key, plan) {
            return Output::Error(text);
        }
        let value = match self.seen.get(&key) {
            Some(seen) => self.world.refreshed(seen, function),
            None => self.generated(function, call, plan, key),
        };
        let value = match &plan.contradicts {
            Some((earlier, path)) => self.contradicted(value, function, earlier, path, key),
            None => value,
        };
        self.world.record(function, &call.arguments, &value);
        self.seen.insert(key, value.clone());
        Output::Value(value)
    }

    /// The error that is planned for a call, if it is still due.
    pub(super) fn planned_fault(
        &mut self,
        function: &Function,
        call: &Call,
        plan: &Plan,
    ) -> Option<String> {
        self.fault(function, call_key(function, &call.arguments), plan)
    }

    /// Whether the call was answered before in this world.
    pub(super) fn knows(&self, function: &Function, call: &Call) -> bool {
        self.seen.contains_key(&call_key(function, &call.arguments))
    }

    /// Takes an output that somebody else made for the call as its own.
    pub(super) fn adopt(&mut self, function: &Function, call: &Call, output: Value) {
        self.seen.insert(call_key(function, &call.arguments), output);
    }

    fn fault(&mut self, function: &Function, key: Digest, plan: &Plan) -> Option<String> {
        let fault = plan.fault?;
        if fault == Fault::Transient {
            if self.failed.contains(&key) {
                return None;
            }
            self.failed.push(key);
        }
        let purpose = format!("fault {key}");
        Some(faults::text(fault, function, &mut rng::stream(self.seed, self.walk, &purpose)))
    }

    fn generated(&self, function: &Function, call: &Call, plan: &Plan, key: Digest) -> Value {
        let purpose = format!("output {key}");
        let rng = rng::stream(self.seed, self.walk, &purpose);
        let scene = generate::Scene {
            function,
            arguments: &call.arguments,
            persona: &self.persona,
            world: &self.world,
        };
        generate::output(scene, plan.bulky, rng)
    }

    /// The earlier call's output with one scalar changed, or the fresh one if
    /// the earlier call is unknown or was another function's.
    fn contradicted(
        &self,
        fresh: Value,
        function: &Function,
        earlier: &str,
        path: &str,
        key: Digest,
    ) -> Value {
        let known = self.asked.get(earlier).and_then(|key| self.seen.get(key));
        let base = known.filter(|known| contradict::same_form(known, &fresh)).unwrap_or(&fresh);
        let purpose = format!("conflict {key}");
        let mut rng = rng::stream(self.seed, self.walk, &purpose);
        contradict::changed(base, path, function, &self.persona, &mut rng)
    }
}

#[async_trait]
impl Session for Simulation {
    fn initial_config(&self) -> Option<Value> {
        None
    }

    async fn call(
        &mut self,
        function: &Function,
        call: &Call,
        plan: &Plan,
    ) -> Result<Output, Error> {
        Ok(self.run(function, call, plan))
    }
}

/// One key for one function with the same arguments, in whatever order.
pub(super) fn call_key(function: &Function, arguments: &Arguments) -> Digest {
    let mut sorted: Vec<(&String, &Value)> = arguments.iter().collect();
    sorted.sort_by_key(|(name, _)| *name);
    let mut fields = vec![function.name.clone()];
    for (name, value) in sorted {
        fields.push(name.clone());
        fields.push(value.to_string());
    }
    Digest::of_fields(fields.iter().map(String::as_bytes))
}
