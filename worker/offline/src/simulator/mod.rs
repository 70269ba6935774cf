//! The schema simulator: deterministic outputs that follow the response schema
//! and stay consistent with what the conversation has established.
//!
//! ```text
//! call ─► seen before? ─► generate (echo · known facts · lexicon) ─► judge ─► world
//! ```
//!
//! Promises: the same calls in the same order give the same outputs; what was
//! returned once stays true until a call that changes it; an id that is passed in brings back what is known about it.
//! Not here: judging whether a call makes sense; any valid call is served.

mod compute;
mod echo;
mod facet;
mod facts;
mod generate;
mod generic;
mod judges;
mod room;
mod scene;
mod tidy;
mod verb;
mod world;

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use async_trait::async_trait;
use magnet_proto::library::Function;
use magnet_proto::rng::Rng;
use magnet_proto::sample::Call;
use magnet_proto::{Digest, WalkIndex, rng};
use serde_json::Value;

use self::judges::Judges;
use self::scene::Scene;
use self::world::World;
use crate::lexicon::{Persona, Place, fitted};
use magnet_worker::execute::planned::call_key;
use magnet_worker::execute::{Error, Executor, Nature, Output, Plan, Session, Start};
use magnet_worker::persona::Voices;

/// Opens simulated worlds, all of one library.
#[derive(Clone, Debug, Default)]
pub struct Simulator {
    judges: Judges,
}

#[async_trait]
impl Executor for Simulator {
    fn name(&self) -> &str {
        "simulator"
    }

    fn nature(&self, _: &Function) -> Nature {
        Nature::Simulated
    }

    async fn open(&self, start: &Start<'_>) -> Result<Box<dyn Session>, Error> {
        let judges = self.judges.clone();
        Ok(Box::new(Simulation { judges, ..Simulation::new(start.seed, start.walk) }))
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
    judges: Judges,
}

impl Simulation {
    pub fn new(seed: u64, walk: WalkIndex) -> Self {
        Self {
            seed,
            walk,
            persona: Persona::draw(seed, walk, &Voices::default()),
            world: World::default(),
            seen: HashMap::new(),
            judges: Judges::default(),
        }
    }

    /// Runs one call; see [`Session::call`].
    pub fn run(&mut self, function: &Function, call: &Call, plan: &Plan) -> Output {
        let key = call_key(function, &call.arguments);
        let value = match self.seen.get(&key) {
            Some(seen) => self.world.refreshed(seen, function),
            None => self.generated(function, call, plan, key),
        };
        self.world.record(function, &call.arguments, &value);
        self.seen.insert(key, value.clone());
        Output::of(value)
    }

    fn generated(&self, function: &Function, call: &Call, plan: &Plan, key: Digest) -> Value {
        let purpose = format!("output {key}");
        let mut rng = rng::stream(self.seed, self.walk, &purpose);
        let scene = Scene {
            function,
            arguments: &call.arguments,
            persona: &self.persona,
            world: &self.world,
        };
        let output = generate::output(scene, plan.bulky, &mut rng);
        self.judged(function, output, &mut rng)
    }

    /// The output, fitted to what its schema asks for beside single values.
    fn judged(&self, function: &Function, output: Value, rng: &mut Rng) -> Value {
        let (Some(schema), Some(shape)) = (&function.response, function.output()) else {
            return output;
        };
        if self.judges.of(function).is_none_or(|judge| judge.is_valid(&output)) {
            return output;
        }
        let place = Place::output(function, shape);
        fitted(schema, &output, &place, &self.persona, rng).unwrap_or(output)
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

    /// It refuses nothing.
    fn refusals_are_clean(&self) -> bool {
        true
    }
}
