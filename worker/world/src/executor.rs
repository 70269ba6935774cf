//! The executor `world`: conversations over a pack's modules.

use async_trait::async_trait;
use magnet_proto::Digest;
use magnet_proto::library::Function;
use magnet_proto::sample::{Arguments, Call};
use magnet_worker::execute::{Error, Executor, Known, Nature, Output, Plan, Session, Start};
use serde_json::{Map, Value};

use crate::error::Problem;
use crate::host::{Gone, Handle, Hosts};
use crate::modules::Modules;
use crate::state::{Outcome, World};

/// Opens worlds.
pub struct Worlds {
    modules: Modules,
    hosts: Hosts,
}

impl Worlds {
    /// Worlds over these modules, on so many threads.
    ///
    /// # Errors
    /// If the threads cannot be started.
    pub fn new(modules: Modules, threads: usize) -> std::io::Result<Self> {
        Ok(Self { modules, hosts: Hosts::start(threads)? })
    }
}

#[async_trait]
impl Executor for Worlds {
    fn name(&self) -> &str {
        "world"
    }

    fn nature(&self, _: &Function) -> Nature {
        Nature::Real
    }

    async fn open(&self, start: &Start<'_>) -> Result<Box<dyn Session>, Error> {
        let (modules, seed, walk) = (self.modules.clone(), start.seed, start.walk);
        let functions: Vec<String> =
            start.functions.iter().map(|function| function.name.clone()).collect();
        let given = start.initial_config.and_then(Value::as_object).cloned();
        let make = move || {
            let mut world = World::new(&modules, seed, walk);
            let state = begin(&mut world, given.as_ref(), &functions);
            (world, state)
        };
        let (handle, state) = self.hosts.open(make).await?;
        Ok(Box::new(Open { modules: self.modules.clone(), handle, initial: state? }))
    }
}

/// The world's initial state: what it is given, and what the functions need.
fn begin(
    world: &mut World,
    given: Option<&Map<String, Value>>,
    functions: &[String],
) -> Result<Map<String, Value>, Problem> {
    if let Some(given) = given {
        world.adopt(given);
    }
    for function in functions {
        world.start_for(function)?;
    }
    world.state()
}

/// One conversation's world.
struct Open {
    modules: Modules,
    handle: Handle,
    initial: Map<String, Value>,
}

#[async_trait]
impl Session for Open {
    /// By module.
    fn initial_config(&self) -> Option<Value> {
        Some(self.initial.clone().into())
    }

    async fn known(&mut self) -> Result<Known, Error> {
        let told = self.handle.run(|world| world.known()).await??;
        let mut known = Known::default();
        for (name, values) in told {
            let Value::Array(values) = values else {
                continue;
            };
            if self.modules.have(&name) {
                let sets = values.into_iter().filter_map(|set| match set {
                    Value::Object(set) => Some(set),
                    _ => None,
                });
                known.by_function.insert(name, sets.collect::<Vec<Arguments>>());
            } else {
                known.by_parameter.insert(name, values);
            }
        }
        Ok(known)
    }

    async fn call(&mut self, function: &Function, call: &Call, _: &Plan) -> Result<Output, Error> {
        let (name, arguments) = (function.name.clone(), call.arguments.clone());
        let outcome = self.handle.run(move |world| world.call(&name, &arguments)).await??;
        Ok(match outcome {
            Outcome::Returned(value) => Output::of(value),
            Outcome::Refused(text) => Output::refused(text),
        })
    }

    async fn digest(&mut self) -> Result<Option<Digest>, Error> {
        let state = self.handle.run(|world| world.state()).await??;
        Ok(Some(Digest::of(Value::Object(state).to_string().as_bytes())))
    }

    /// The pack's check holds its functions to that.
    fn refusals_are_clean(&self) -> bool {
        true
    }
}

/// A fault of the pack shows in some conversations: those are rejected, with
/// its file and function as the reason.
impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self::Unusable(problem.to_string())
    }
}

impl From<Gone> for Error {
    fn from(_: Gone) -> Self {
        Self::Permanent("the interpreter of the pack's world failed".into())
    }
}
