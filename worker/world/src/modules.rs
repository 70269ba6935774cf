//! A pack's modules, parsed and frozen once: what every conversation's world
//! shares.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use magnet_proto::pack;
use starlark::environment::{FrozenModule, Globals, Module};
use starlark::eval::Evaluator;
use starlark::syntax::AstModule;
use starlark::values::OwnedFrozenValue;
use starlark::values::list::ListRef;

use crate::error::Problem;
use crate::meter;
use crate::natives::{self, Tape};

const PRELUDE: &str =
    include_str!("../../../coordinator/src/library/builtin/pack/world/prelude.star");
/// The module that every other one builds on, where a pack has it.
const CAST: &str = "cast";

/// The name under which a module defines a function: the function's own, made
/// one of the language's.
pub fn identifier(function: &str) -> Cow<'_, str> {
    const TAKEN: &[&str] = &[
        "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del",
        "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is",
        "known", "lambda", "load", "needs", "nonlocal", "not", "or", "pass", "raise", "return",
        "start", "try", "while", "with", "yield",
    ];
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if TAKEN.contains(&function) {
        return format!("{function}_").into();
    }
    let begins = if function.starts_with(|c: char| c.is_ascii_digit()) { "f" } else { "" };
    match function.chars().all(is_plain) && begins.is_empty() {
        true => function.into(),
        false => format!("{begins}{}", function.replace(|c| !is_plain(c), "_")).into(),
    }
}

/// The modules of a pack, ready to run. Cheap to clone.
#[derive(Clone, Default)]
pub struct Modules {
    modules: Arc<[Loaded]>,
    /// Which modules have a function of that name.
    functions: Arc<HashMap<String, Vec<usize>>>,
}

/// One module.
pub(crate) struct Loaded {
    pub(crate) name: String,
    pub(crate) file: String,
    /// Those whose state is there first, in the order in which they start.
    pub(crate) needs: Vec<usize>,
    /// The functions of its own, the world's two among them.
    names: Vec<String>,
    frozen: FrozenModule,
    pub(crate) start: OwnedFrozenValue,
    pub(crate) known: Option<OwnedFrozenValue>,
}

impl Loaded {
    pub(crate) fn function(&self, name: &str) -> Option<OwnedFrozenValue> {
        let (value, _) = self.frozen.get_any_visibility(&identifier(name)).ok()?;
        (value.value().get_type() == "function").then_some(value)
    }
}

impl Modules {
    /// Parses and freezes the modules of a pack.
    ///
    /// # Errors
    /// All that is wrong with them.
    pub fn load(modules: &[pack::Module]) -> Result<Self, Vec<Problem>> {
        let globals = natives::globals();
        let prelude = meter::parsed("prelude.star", PRELUDE)
            .map_err(|error| vec![Problem::of("prelude.star", None, &error)])?;
        let mut problems = Vec::new();
        let mut read = Vec::new();
        for module in modules {
            match loaded(module, &globals, prelude.clone()) {
                Ok(loaded) => read.push(loaded),
                Err(problem) => problems.push(problem),
            }
        }
        let ordered = match problems.is_empty() {
            true => in_order(read).map_err(|problem| vec![problem])?,
            false => return Err(problems),
        };
        let mut functions: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, module) in ordered.iter().enumerate() {
            for name in &module.names {
                functions.entry(name.clone()).or_default().push(at);
            }
        }
        Ok(Self { modules: ordered.into(), functions: Arc::new(functions) })
    }

    /// Whether a module has a function of that name.
    pub fn have(&self, function: &str) -> bool {
        self.functions.contains_key(&*identifier(function))
    }

    /// The files with that function: one, where all is well.
    pub fn files_with(&self, function: &str) -> Vec<&str> {
        let modules = self.functions.get(&*identifier(function)).into_iter().flatten();
        modules.map(|at| self.modules[*at].file.as_str()).collect()
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.modules.iter().map(|module| module.name.as_str())
    }

    pub(crate) fn with(&self, function: &str) -> Option<usize> {
        self.functions.get(&*identifier(function))?.first().copied()
    }

    pub(crate) fn at(&self, position: usize) -> &Loaded {
        &self.modules[position]
    }

    pub(crate) fn len(&self) -> usize {
        self.modules.len()
    }
}

/// A module before its needs are known by position.
struct Read {
    loaded: Loaded,
    needs: Vec<String>,
}

fn loaded(module: &pack::Module, globals: &Globals, prelude: AstModule) -> Result<Read, Problem> {
    let file = module.file();
    let problem = |error: starlark::Error| Problem::of(&file, None, &error);
    let own = meter::parsed(&file, &module.text).map_err(problem)?;
    let environment = Module::new();
    // Whatever is drawn while loading is a constant.
    let tape = Tape::new(0, magnet_proto::WalkIndex(0));
    let evaluated = |ast| {
        let mut eval = Evaluator::new(&environment);
        eval.extra = Some(&tape);
        eval.eval_module(ast, globals).map(drop).map_err(problem)
    };
    evaluated(prelude)?;
    let common: HashSet<String> =
        environment.names().map(|name| name.as_str().to_owned()).collect();
    evaluated(own)?;
    let names = environment.names().map(|name| name.as_str().to_owned());
    let names = names.filter(|name| !common.contains(name) && name != "needs").collect();
    let needs = needs(&environment).map_err(|why| Problem::in_file(&file, why))?;
    let frozen =
        environment.freeze().map_err(|error| Problem::in_file(&file, format!("{error:?}")))?;
    let function = |name: &str| frozen.get_any_visibility(name).ok().map(|(value, _)| value);
    let absent = || Problem::in_file(&file, "there is no \"def start(rng, size, world)\"");
    let start = function("start").ok_or_else(absent)?;
    let known = function("known");
    let name = module.name.clone();
    let loaded = Loaded { name, file, needs: Vec::new(), names, frozen, start, known };
    Ok(Read { loaded, needs })
}

fn needs(environment: &Module) -> Result<Vec<String>, String> {
    let refuse = || "\"needs\" is no list of module names".to_owned();
    let Some(value) = environment.get("needs") else {
        return Ok(Vec::new());
    };
    let list = ListRef::from_value(value).ok_or_else(refuse)?;
    list.iter().map(|name| name.unpack_str().map(str::to_owned).ok_or_else(refuse)).collect()
}

/// The modules, each after those that it needs.
fn in_order(mut read: Vec<Read>) -> Result<Vec<Loaded>, Problem> {
    read.sort_by(|a, b| {
        (a.loaded.name != CAST, &a.loaded.name).cmp(&(b.loaded.name != CAST, &b.loaded.name))
    });
    let has_cast = read.first().is_some_and(|first| first.loaded.name == CAST);
    let mut ordered: Vec<Loaded> = Vec::with_capacity(read.len());
    let mut waiting = read;
    while !waiting.is_empty() {
        let place = |name: &str| ordered.iter().position(|module| module.name == name);
        let is_ready = |read: &Read| read.needs.iter().all(|name| place(name).is_some());
        let Some(next) = waiting.iter().position(is_ready) else {
            return Err(unmet(&waiting, &ordered));
        };
        let Read { mut loaded, needs } = waiting.remove(next);
        let mut before = BTreeSet::new();
        if has_cast && loaded.name != CAST {
            before.insert(0);
        }
        for name in needs.iter().filter_map(|name| place(name)) {
            before.extend(ordered[name].needs.iter().copied());
            before.insert(name);
        }
        loaded.needs = before.into_iter().collect();
        ordered.push(loaded);
    }
    Ok(ordered)
}

/// Why none of these can start.
fn unmet(waiting: &[Read], ordered: &[Loaded]) -> Problem {
    let names: Vec<&str> = waiting.iter().map(|read| read.loaded.name.as_str()).collect();
    let is_there =
        |name: &str| names.contains(&name) || ordered.iter().any(|module| module.name == name);
    for read in waiting {
        let unknown = read.needs.iter().find(|name| !is_there(name));
        if let Some(unknown) = unknown {
            let problem = format!("it needs the module \"{unknown}\", which the pack lacks");
            return Problem::in_file(&read.loaded.file, problem);
        }
    }
    let problem = format!("its needs form a circle, with {}", names.join(", "));
    Problem::in_file(&waiting[0].loaded.file, problem)
}
