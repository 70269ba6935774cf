//! The check of a pack: its wording read, its worlds and templates run.
//!
//! ```text
//! Loaded ─► trial (seeded worlds, calls of every function) ─► problems, what was seen
//!              └─► phrases (slots, places; templates over what was seen) ─► problems
//! ```
//!
//! Finds what a reader of the files would not: an output that breaks its
//! schema, a refusal that changed something, a value that exists and is
//! refused, a sentence with a hole in it.

mod phrases;
mod schema;
mod sift;
#[cfg(feature = "world")]
mod trial;
mod values;

pub(super) use sift::{Sound, fitting, sift};

use std::collections::BTreeMap;

use magnet_offline::simulator::Simulation;
use magnet_proto::library::{Function, Library};
use magnet_proto::sample::{Arguments, Call};
use magnet_proto::{FunctionId, WalkIndex, rng};
use magnet_worker::execute::Plan;
use serde_json::Value;

use super::load::Loaded;
use super::problem::Problem;

/// What a check found.
#[derive(Debug, Default)]
pub struct Report {
    pub problems: Vec<Problem>,
    /// How each function with a world did.
    pub tried: BTreeMap<FunctionId, Tried>,
}

/// What became of a function's calls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tried {
    pub calls: usize,
    pub refused: usize,
    /// The words it refused with most often.
    pub refusals: BTreeMap<String, usize>,
}

impl Tried {
    /// The refusals heard most often, each with how often.
    pub fn commonest(&self, count: usize) -> Vec<(&str, usize)> {
        let mut all: Vec<(&str, usize)> =
            self.refusals.iter().map(|(text, times)| (text.as_str(), *times)).collect();
        all.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        all.truncate(count);
        all
    }
}

/// Calls with their outputs, by function.
pub(super) type Seen = BTreeMap<FunctionId, Vec<(Arguments, Value)>>;

/// How many seeded worlds are tried.
pub const SEEDS: u64 = 20;

/// Checks a pack that could be read.
pub fn check(loaded: &Loaded, library: &Library, seeds: u64) -> Report {
    let mut found = Found::default();
    found.problems.extend(loaded.strangers.iter().cloned());
    values::check(loaded, library, &mut found);
    #[cfg(feature = "world")]
    let trial::Shown { seen, tried, .. } = trial::run(loaded, library, seeds, &mut found);
    #[cfg(not(feature = "world"))]
    let (seen, tried) = {
        let _ = seeds;
        (Seen::default(), BTreeMap::new())
    };
    phrases::check(loaded, library, &seen, &mut found);
    found.problems.sort();
    Report { problems: found.problems, tried }
}

/// Worlds tried alone.
#[cfg(feature = "world")]
#[derive(Debug, Default)]
pub(super) struct Worlds {
    pub(super) problems: Vec<Problem>,
    pub(super) seen: Seen,
    pub(super) known: serde_json::Map<String, Value>,
}

/// Tries a pack's worlds, whatever is worded.
#[cfg(feature = "world")]
pub(super) fn worlds(loaded: &Loaded, library: &Library, seeds: u64) -> Worlds {
    let mut found = Found::default();
    let trial::Shown { seen, known, .. } = trial::run(loaded, library, seeds, &mut found);
    found.problems.sort();
    Worlds { problems: found.problems, seen, known }
}

/// Seeds of calls that no world executes.
const SIMULATED: u64 = 12;

/// Calls of a function that no world executes, with outputs by its schema
/// alone: what its templates can be rendered over.
pub(super) fn simulated(id: FunctionId, function: &Function) -> Vec<(Arguments, Value)> {
    let call = |seed: u64| {
        let walk = WalkIndex(seed);
        let mut rng = rng::stream(seed, walk, "pack words");
        let mut arguments = Arguments::new();
        for field in function.required() {
            let value = schema::made_up(function, &field.name, &mut rng);
            arguments.insert(field.name.clone(), value.unwrap_or_else(|| "something".into()));
        }
        let call = Call { id: "call_1".into(), function: id, arguments };
        let plan = Plan::default();
        let output = Simulation::new(seed, walk).run(function, &call, &plan).value;
        (call.arguments, output)
    };
    (0..SIMULATED).map(call).collect()
}

/// Problems, each told once.
#[derive(Default)]
struct Found {
    problems: Vec<Problem>,
}

impl Found {
    fn add(&mut self, problem: Problem) {
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }
}
