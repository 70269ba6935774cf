//! Worlds tried: started from many seeds, every function called with what is
//! known, what came before and what people bring along.

use std::collections::{BTreeMap, HashMap};

use magnet_proto::library::{Function, Library};
use magnet_proto::rng::{self, Rng};
use magnet_proto::sample::Arguments;
use magnet_proto::{FunctionId, WalkIndex};
use magnet_world::{Modules, Outcome, World};
use rand::RngExt;
use rand::seq::IndexedRandom;
use serde_json::{Map, Value};

use super::super::load::Loaded;
use super::super::problem::Problem;
use super::{Found, Seen, Tried, schema};

/// What the trial of a pack's worlds showed.
#[derive(Debug, Default)]
pub(super) struct Shown {
    pub(super) seen: Seen,
    pub(super) tried: BTreeMap<FunctionId, Tried>,
    /// What was known in the first world before anything was called.
    pub(super) known: Map<String, Value>,
}

/// A start larger than that makes conversations dear.
const MAX_START_BYTES: usize = 9_000;
/// Outputs kept of each function, for its templates.
const KEPT: usize = 60;
/// Worlds that are only started, for each in which functions are called.
const STARTS: u64 = 10;
/// Calls in a world beside two of each function.
const MORE_CALLS: usize = 40;
/// Of a hundred calls, those that take a set which is known to fit.
const BY_SET: u32 = 60;
/// Of a hundred arguments, those that take an earlier output's value.
const FROM_OUTPUT: u32 = 35;
/// What stands for a text that nobody has words for.
const LENT: &[&str] =
    &["something", "Anna", "12", "a longer text, with a comma and a \"quote\"", "Überfahrt"];

pub(super) fn run(loaded: &Loaded, library: &Library, seeds: u64, found: &mut Found) -> Shown {
    let modules = match Modules::load(&loaded.pack.world) {
        Ok(modules) => modules,
        Err(problems) => {
            problems.into_iter().for_each(|problem| found.add(problem.into()));
            return Shown::default();
        }
    };
    let functions: Vec<Trialled<'_>> = library
        .iter()
        .filter(|(_, function)| modules.have(&function.name))
        .map(|(id, function)| Trialled::new(id, function, &modules))
        .collect();
    for function in &functions {
        if let [first, second, ..] = modules.files_with(&function.function.name)[..] {
            let problem = Problem::new(second, format!("{first} has it, too"));
            found.add(problem.of(&function.function.name).hint("keep one of the two"));
        }
    }
    let mut trial =
        Trial { loaded, modules: &modules, functions: &functions, found, shown: Shown::default() };
    for seed in 0..seeds {
        trial.world(seed);
    }
    for seed in seeds..seeds * STARTS {
        if trial.start(seed).is_none() {
            break;
        }
    }
    for function in &functions {
        trial.is_of_use(function);
    }
    trial.shown
}

/// A function with what its calls are held to.
struct Trialled<'a> {
    id: FunctionId,
    function: &'a Function,
    file: String,
    arguments: Option<jsonschema::Validator>,
    output: Option<jsonschema::Validator>,
}

impl<'a> Trialled<'a> {
    fn new(id: FunctionId, function: &'a Function, modules: &Modules) -> Self {
        Self {
            id,
            function,
            file: modules
                .files_with(&function.name)
                .first()
                .map(|f| (*f).to_owned())
                .unwrap_or_default(),
            arguments: schema::validator(&function.parameters),
            output: function.response.as_ref().and_then(schema::validator),
        }
    }

    fn problem(&self, message: impl Into<String>) -> Problem {
        Problem::new(&self.file, message).of(&self.function.name)
    }
}

struct Trial<'a> {
    loaded: &'a Loaded,
    modules: &'a Modules,
    functions: &'a [Trialled<'a>],
    found: &'a mut Found,
    shown: Shown,
}

/// A call to be made.
struct Chosen {
    arguments: Arguments,
    /// It is a whole set of those that `known` says fit.
    is_known: bool,
    /// It has a value of an earlier output of that name, which may be another
    /// kind of thing.
    is_borrowed: bool,
}

impl Trial<'_> {
    fn start(&mut self, seed: u64) -> Option<World> {
        let mut world = World::new(self.modules, seed, WalkIndex(seed));
        let started = world.start_all().map_err(Into::into);
        match started.and_then(|()| self.is_small(&world)) {
            Ok(()) => Some(world),
            Err(problem) => {
                self.found.add(problem);
                None
            }
        }
    }

    /// One world's life.
    fn world(&mut self, seed: u64) {
        let Some(mut world) = self.start(seed) else { return };
        let mut rng = rng::stream(seed, WalkIndex(seed), "pack check");
        let mut pool: HashMap<String, Vec<Value>> = HashMap::new();
        let count = self.functions.len();
        for step in 0..count * 2 + MORE_CALLS.min(count * MORE_CALLS) {
            let functions = self.functions;
            let chosen = match step < count {
                true => functions.get(step),
                false => functions.choose(&mut rng),
            };
            let Some(function) = chosen else {
                return;
            };
            let known = match world.known() {
                Ok(known) => known,
                Err(problem) => {
                    self.found.add(problem.into());
                    return;
                }
            };
            if seed == 0 && step == 0 {
                self.shown.known.clone_from(&known);
            }
            let Some(chosen) = self.choose(function, &known, &pool, &mut rng) else {
                continue;
            };
            if self.is_callable(function, &chosen)
                && !self.call(&mut world, function, &chosen, seed, &mut pool)
            {
                return;
            }
        }
    }

    fn is_small(&self, world: &World) -> Result<(), Problem> {
        for (name, part) in world.state().map_err(Problem::from)? {
            let size = part.to_string().len();
            if size > MAX_START_BYTES {
                let problem = format!(
                    "its start is {size} bytes of JSON, at most {MAX_START_BYTES} are wanted"
                );
                return Err(Problem::new(&format!("world/{name}.star"), problem)
                    .of("start")
                    .hint("start with fewer things; more can be made up on first use"));
            }
        }
        Ok(())
    }

    /// A call that the world and what people bring along make possible; none
    /// where what it needs is known to have run out.
    fn choose(
        &mut self,
        function: &Trialled<'_>,
        known: &Map<String, Value>,
        pool: &HashMap<String, Vec<Value>>,
        rng: &mut Rng,
    ) -> Option<Chosen> {
        let mut arguments = Arguments::new();
        let sets = list(known, &function.function.name);
        if rng.random_range(0..100) < BY_SET
            && let Some(Value::Object(set)) = sets.choose(rng)
        {
            arguments.clone_from(set);
        }
        let is_set = !arguments.is_empty();
        let is_known =
            is_set && function.function.required().all(|field| arguments.contains_key(&field.name));
        if is_known {
            return Some(Chosen { arguments, is_known, is_borrowed: false });
        }
        let mut is_borrowed = false;
        for field in function.function.params() {
            let skipped = !field.required && rng.random_bool(0.5);
            if skipped || arguments.contains_key(&field.name) {
                continue;
            }
            let earlier = pool.get(&field.name).map(Vec::as_slice).unwrap_or_default();
            let is_earlier = !is_set && rng.random_range(0..100) < FROM_OUTPUT;
            let values = self.loaded.pack.values(function.id, &field.name);
            let value = earlier.choose(rng).filter(|_| is_earlier);
            is_borrowed |= value.is_some();
            let value = value.or_else(|| list(known, &field.name).choose(rng));
            let value = value.or_else(|| values.choose(rng)).cloned();
            let value = value.or_else(|| schema::made_up(function.function, &field.name, rng));
            if value.is_none() && field.required && known.contains_key(&field.name) {
                return None;
            }
            let is_lent = value.is_none() && self.loaded.left_out.contains(&function.id);
            is_borrowed |= is_lent;
            let value = value.or_else(|| LENT.choose(rng).filter(|_| is_lent).map(|t| (*t).into()));
            if value.is_none() && field.required {
                let message = format!("{}: nothing says what its values are", field.name);
                self.found.add(
                    function
                        .problem(message)
                        .hint("let known give some, or write an entry of values for it"),
                );
            }
            arguments.insert(field.name.clone(), value.unwrap_or_else(|| "something".into()));
        }
        Some(Chosen { arguments, is_known, is_borrowed })
    }

    /// Whether the arguments are valid; if not, who gave them is told.
    fn is_callable(&mut self, function: &Trialled<'_>, chosen: &Chosen) -> bool {
        let params = function.function.params();
        let unknown = chosen.arguments.keys().find(|name| params.iter().all(|p| p.name != **name));
        let problem = match (unknown, &function.arguments) {
            (Some(name), _) => {
                Some(format!("known gives it the argument \"{name}\", which it lacks"))
            }
            (None, Some(validator)) => {
                schema::misfit(validator, &Value::Object(chosen.arguments.clone()))
                    .map(|why| format!("known or values give it arguments that do not fit: {why}"))
            }
            (None, None) => None,
        };
        match problem {
            None => true,
            Some(_) if chosen.is_borrowed => false,
            Some(message) => {
                self.found.add(function.problem(message));
                false
            }
        }
    }

    /// Makes a call and looks at all that must hold after it. False: this
    /// world cannot go on.
    fn call(
        &mut self,
        world: &mut World,
        function: &Trialled<'_>,
        chosen: &Chosen,
        seed: u64,
        pool: &mut HashMap<String, Vec<Value>>,
    ) -> bool {
        let name = &function.function.name;
        let shown = || Value::Object(chosen.arguments.clone()).to_string();
        let before = match world.state() {
            Ok(state) => state,
            Err(problem) => {
                self.found.add(function.problem(problem.to_string()));
                return false;
            }
        };
        let outcome = match world.call(name, &chosen.arguments) {
            Ok(outcome) => outcome,
            Err(mut problem) => {
                problem.problem = format!("{} (called with {})", problem.problem, shown());
                self.found.add(problem.into());
                return false;
            }
        };
        let after = world.state().ok();
        self.is_unshared(function, &before, chosen, seed, &outcome, after.as_ref());
        let tried = self.shown.tried.entry(function.id).or_default();
        tried.calls += 1;
        match outcome {
            Outcome::Refused(text) => {
                let told: String = text.chars().take(80).collect();
                tried.refused += 1;
                *tried.refusals.entry(told).or_default() += 1;
                if after.as_ref() != Some(&before) {
                    let message = format!("it refuses (\"{text}\") and has changed something");
                    self.found.add(function.problem(message).hint("check first, change last"));
                }
                if chosen.is_known {
                    let message = format!("known gives it {}, and it refuses: \"{text}\"", shown());
                    self.found.add(
                        function.problem(message).hint("let known give what is open to it now"),
                    );
                }
            }
            Outcome::Returned(output) => {
                self.fits(function, chosen, &output);
                self.repeats(world, function, chosen, &output);
                leaves(&output, "", &mut |key, value| {
                    pool.entry(key.to_owned()).or_default().push(value.clone());
                });
                let seen = self.shown.seen.entry(function.id).or_default();
                if seen.len() < KEPT {
                    seen.push((chosen.arguments.clone(), output));
                }
            }
        }
        after.is_some()
    }

    /// A function that refuses whatever is asked, or never finds anything, has
    /// no place in a conversation.
    fn is_of_use(&mut self, function: &Trialled<'_>) {
        let tried = self.shown.tried.get(&function.id).cloned().unwrap_or_default();
        if tried.calls == 0 {
            // Whatever keeps worlds from going on is told already.
            let is_told = |problem: &Problem| problem.file.starts_with("world");
            if !self.found.problems.iter().any(is_told) {
                let problem = function.problem("it was never called: nothing gives it arguments");
                self.found.add(problem.hint("let known give whole sets of them"));
            }
        } else if tried.calls == tried.refused {
            let told = tried.commonest(1).first().map_or("", |(text, _)| text).to_owned();
            let problem = function.problem(format!("it refuses every call: \"{told}\""));
            self.found.add(problem.hint("let known give sets of arguments that it accepts"));
        }
        let outputs = self.shown.seen.get(&function.id).map(Vec::as_slice).unwrap_or_default();
        let lists = |output: &Value| {
            let members = output.as_object().into_iter().flat_map(Map::values);
            members.filter_map(Value::as_array).map(Vec::len).collect::<Vec<_>>()
        };
        let finds_nothing = |(_, output): &(Arguments, Value)| {
            let lists = lists(output);
            !lists.is_empty() && lists.iter().all(|length| *length == 0)
        };
        if !outputs.is_empty() && outputs.iter().all(finds_nothing) {
            let problem = function.problem("its list is empty in every call");
            self.found.add(problem.hint("let known give sets of arguments that find something"));
        }
    }

    /// The output fits its schema, declares all it has, and echoes arguments
    /// as they were given.
    fn fits(&mut self, function: &Trialled<'_>, chosen: &Chosen, output: &Value) {
        if let Some(why) = function.output.as_ref().and_then(|v| schema::misfit(v, output)) {
            self.found.add(function.problem(format!("its output does not fit its schema: {why}")));
        }
        let Value::Object(members) = output else {
            return;
        };
        let declared = function.function.response.as_ref().and_then(|r| r.get("properties"));
        if let Some(declared) = declared.and_then(Value::as_object) {
            for name in members.keys().filter(|name| !declared.contains_key(*name)) {
                self.found
                    .add(function.problem(format!("its output has an undeclared \"{name}\"")));
            }
        }
        for (name, given) in &chosen.arguments {
            if let Some(told) = members.get(name).filter(|told| !same(told, given)) {
                let message = format!("its output says {name} is {told}, the argument was {given}");
                self.found.add(function.problem(message));
            }
        }
    }

    /// What only reads says the same again.
    fn repeats(
        &mut self,
        world: &mut World,
        function: &Trialled<'_>,
        chosen: &Chosen,
        output: &Value,
    ) {
        if function.function.changes_state() {
            return;
        }
        let again = world.call(&function.function.name, &chosen.arguments);
        if again.is_ok_and(|again| again != Outcome::Returned(output.clone())) {
            let shown = Value::Object(chosen.arguments.clone());
            let message = format!("called twice with {shown}, it answers otherwise");
            self.found.add(
                function
                    .problem(message)
                    .hint("what is made up on first use has to be kept in the world"),
            );
        }
    }

    /// A world that was written down and taken up again goes on the same: no
    /// two places of the state are one dict or list.
    fn is_unshared(
        &mut self,
        function: &Trialled<'_>,
        before: &Map<String, Value>,
        chosen: &Chosen,
        seed: u64,
        outcome: &Outcome,
        after: Option<&Map<String, Value>>,
    ) {
        let mut again = World::new(self.modules, seed, WalkIndex(seed));
        again.adopt(before);
        let same = again.call(&function.function.name, &chosen.arguments);
        let is_same =
            same.is_ok_and(|same| same == *outcome) && again.state().ok().as_ref() == after;
        if !is_same {
            let message = "from the same state as JSON it goes on otherwise";
            self.found.add(function.problem(message).hint(
                "two places of the state are one dict or list: put a copy, dict(x) or list(x), into one",
            ));
        }
    }
}

fn list<'a>(known: &'a Map<String, Value>, name: &str) -> &'a [Value] {
    known.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// Every scalar that is there, with the name it goes by.
fn leaves(value: &Value, key: &str, take: &mut dyn FnMut(&str, &Value)) {
    match value {
        Value::Object(members) => members.iter().for_each(|(key, value)| leaves(value, key, take)),
        Value::Array(items) => items.iter().for_each(|item| leaves(item, key, take)),
        Value::Null => {}
        scalar => take(key, scalar),
    }
}

fn same(one: &Value, other: &Value) -> bool {
    match (one.as_f64(), other.as_f64()) {
        (Some(one), Some(other)) => (one - other).abs() < 1e-9,
        _ => one == other,
    }
}
