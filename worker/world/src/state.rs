//! One conversation's world: the state that its modules keep, alive in the
//! interpreter's memory from call to call.

use magnet_proto::WalkIndex;
use serde_json::{Map, Value as Json};
use starlark::ErrorKind;
use starlark::environment::Module;
use starlark::eval::Evaluator;
use starlark::values::dict::Dict;
use starlark::values::{OwnedFrozenValue, Value};

use crate::error::Problem;
use crate::json;
use crate::modules::Modules;
use crate::natives::Tape;

/// The variable that holds the state, by module name.
const STATE: &str = "state";
/// How many things of a kind a module starts with.
const SIZE: i32 = 7;
const MAX_DEPTH: usize = 40;
/// From here on the garbage of earlier calls is swept before the next one.
const SWEEP_BYTES: usize = 8 << 20;

/// A world. Not to be sent between threads, as the interpreter's memory is not.
pub struct World {
    modules: Modules,
    memory: Module,
    tape: Tape,
    started: Vec<bool>,
}

/// What a function did.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    Returned(Json),
    /// It refused, in its own words.
    Refused(String),
}

impl World {
    /// A world with nothing in it yet.
    pub fn new(modules: &Modules, seed: u64, walk: WalkIndex) -> Self {
        Self {
            modules: modules.clone(),
            memory: empty(),
            tape: Tape::new(seed, walk),
            started: vec![false; modules.len()],
        }
    }

    /// Takes the state of another world, as [`World::state`] gave it.
    pub fn adopt(&mut self, state: &Map<String, Json>) {
        for (name, part) in state {
            if let Some(at) = self.modules.names().position(|known| known == name) {
                self.put(name, self.memory.heap().alloc(part));
                self.started[at] = true;
            }
        }
    }

    /// Starts what a function works on, unless it is there.
    pub fn start_for(&mut self, function: &str) -> Result<(), Problem> {
        match self.modules.with(function) {
            Some(module) => self.start(module),
            None => Ok(()),
        }
    }

    /// Starts every module.
    pub fn start_all(&mut self) -> Result<(), Problem> {
        (0..self.started.len()).try_for_each(|module| self.start(module))
    }

    fn start(&mut self, module: usize) -> Result<(), Problem> {
        let modules = self.modules.clone();
        let needs = &modules.at(module).needs;
        for at in needs.iter().copied().chain([module]) {
            if !std::mem::replace(&mut self.started[at], true) {
                self.start_alone(at)?;
            }
        }
        Ok(())
    }

    fn start_alone(&self, at: usize) -> Result<(), Problem> {
        let module = self.modules.at(at);
        let heap = self.memory.heap();
        let rng = heap.alloc(self.tape.draws(&format!("start {}", module.name)));
        let arguments = [rng, heap.alloc(SIZE), self.value()];
        let part = self.run(&module.start, &arguments);
        let part = part.map_err(|error| Problem::of(&module.file, Some("start"), &error))?;
        let wrong = |why: String| Problem::in_function(&module.file, "start", why);
        // What two places share at the start would be told apart in a state
        // that was kept and taken up again: nothing is shared.
        let part = json::of(part).map_err(|why| wrong(format!("what it returns: {why}")))?;
        if !part.is_object() {
            return Err(wrong("it returns no dict".to_owned()));
        }
        self.put(&module.name, heap.alloc(&part));
        Ok(())
    }

    /// Calls a function with its arguments.
    ///
    /// # Errors
    /// If the module goes wrong: what it did until then stays.
    pub fn call(&mut self, name: &str, arguments: &Map<String, Json>) -> Result<Outcome, Problem> {
        let unknown = || Problem::in_file("world", format!("there is no function {name}"));
        let at = self.modules.with(name).ok_or_else(unknown)?;
        self.sweep()?;
        self.start(at)?;
        let module = self.modules.at(at);
        let function = module.function(name).ok_or_else(unknown)?;
        let arguments = [self.value(), self.memory.heap().alloc(arguments)];
        match self.run(&function, &arguments) {
            Ok(output) => {
                let output = json::of(output).map_err(|why| {
                    Problem::in_function(&module.file, name, format!("its output: {why}"))
                })?;
                Ok(Outcome::Returned(output))
            }
            Err(error) => match error.kind() {
                ErrorKind::Fail(text) => Ok(Outcome::Refused(text.to_string().trim().to_owned())),
                _ => Err(Problem::of(&module.file, Some(name), &error)),
            },
        }
    }

    /// What exists now, as the modules that have started tell it: by
    /// parameter and by function.
    pub fn known(&mut self) -> Result<Map<String, Json>, Problem> {
        self.sweep()?;
        let mut found: Map<String, Json> = Map::new();
        for at in (0..self.started.len()).filter(|at| self.started[*at]) {
            let module = self.modules.at(at);
            let Some(known) = &module.known else {
                continue;
            };
            let told = self.run(known, &[self.value()]);
            let told = told.map_err(|error| Problem::of(&module.file, Some("known"), &error))?;
            let wrong = |why: &str| Problem::in_function(&module.file, "known", why);
            let Json::Object(told) = json::of(told).map_err(|why| wrong(&why))? else {
                return Err(wrong("it returns no dict"));
            };
            for (name, values) in told {
                let Json::Array(mut values) = values else {
                    return Err(wrong(&format!("\"{name}\" is no list")));
                };
                let all = found.entry(name).or_insert_with(|| Json::Array(Vec::new()));
                if let Json::Array(all) = all {
                    all.append(&mut values);
                }
            }
        }
        Ok(found)
    }

    /// The whole state as JSON, by module.
    ///
    /// # Errors
    /// If a module put something else into it.
    pub fn state(&self) -> Result<Map<String, Json>, Problem> {
        match json::of(self.value()) {
            Ok(Json::Object(state)) => Ok(state),
            Ok(_) => Err(Problem::in_file("world", "its state is no dict")),
            Err(why) => Err(Problem::in_file("world", format!("its state at {why}"))),
        }
    }

    /// Leaves what earlier calls threw away: the interpreter keeps it as long
    /// as its memory.
    fn sweep(&mut self) -> Result<(), Problem> {
        if self.memory.heap().allocated_bytes() > SWEEP_BYTES {
            let state = self.state()?;
            self.memory = empty();
            self.adopt(&state);
        }
        Ok(())
    }

    fn value(&self) -> Value<'_> {
        self.memory.get(STATE).unwrap_or_else(Value::new_none)
    }

    fn put<'v>(&'v self, name: &str, part: Value<'v>) {
        let name = self.memory.heap().alloc(name);
        let put = self.value().set_at(name, part);
        put.expect("the state is a dict, which nobody walks over between two calls");
    }

    fn run<'v>(
        &'v self,
        function: &OwnedFrozenValue,
        arguments: &[Value<'v>],
    ) -> Result<Value<'v>, starlark::Error> {
        self.tape.wind();
        let mut eval = Evaluator::new(&self.memory);
        eval.extra = Some(&self.tape);
        eval.set_max_callstack_size(MAX_DEPTH)?;
        let function = function.owned_value(self.memory.frozen_heap());
        eval.eval_function(function, arguments, &[])
    }
}

/// The interpreter's memory with a state that holds nothing.
fn empty() -> Module {
    let memory = Module::new();
    memory.set(STATE, memory.heap().alloc(Dict::default()));
    memory
}
