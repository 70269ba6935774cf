//! From files to a pack of one library.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use magnet_proto::FunctionId;
use magnet_proto::library::Library;
use magnet_proto::pack::{Module, Pack, Phrases};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::files::Files;
use super::problem::{Problem, Problems};

/// The version of the format that this program reads.
pub(super) const FORMAT: u64 = 1;
/// Part of the runtime, whoever keeps it beside the modules.
const PRELUDE: &str = "world/prelude.star";

/// A pack, and where its parts stand.
#[derive(Debug, Default)]
pub struct Loaded {
    pub pack: Pack,
    /// File and line of each function's phrases.
    pub(super) phrases: BTreeMap<FunctionId, Place>,
    /// The same of each parameter's values.
    pub(super) values: BTreeMap<(FunctionId, String), Place>,
    /// Entries for functions that the library lacks: of no use to it, and no
    /// harm.
    pub strangers: Vec<Problem>,
    /// Functions that the pack's maker found no words or no world for.
    pub left_out: BTreeSet<FunctionId>,
}

#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) file: String,
    pub(super) line: usize,
}

impl Place {
    pub(super) fn problem(&self, message: impl Into<String>) -> Problem {
        Problem::new(&self.file, message).at(self.line)
    }
}

#[derive(Deserialize)]
struct About {
    format: u64,
    #[serde(default)]
    made_by: String,
    /// By name, with what is missing and why.
    #[serde(default)]
    left_out: BTreeMap<String, Value>,
}

/// An entry of `values`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Values {
    function: String,
    parameter: String,
    values: Vec<Value>,
}

/// Reads a pack for a library.
///
/// # Errors
/// Everything that keeps it from being read.
pub fn load(files: &Files, library: &Library) -> Result<Loaded, Problems> {
    let mut reading =
        Reading { library, loaded: Loaded::default(), problems: Vec::new(), seen: HashMap::new() };
    for (path, text) in &files.texts {
        if path == "pack.json" {
            reading.about(text);
        }
    }
    for (path, text) in files.of_kind("phrases") {
        reading.entries(path, text, Reading::phrases);
    }
    for (path, text) in files.of_kind("values") {
        reading.entries(path, text, Reading::values);
    }
    let modules = files.of_kind("world").filter(|(path, _)| *path != PRELUDE);
    for (path, text) in modules {
        reading.module(path, text);
    }
    match reading.problems.is_empty() {
        true => Ok(reading.loaded),
        false => Err(Problems { pack: files.pack.clone(), problems: reading.problems }),
    }
}

struct Reading<'a> {
    library: &'a Library,
    loaded: Loaded,
    problems: Vec<Problem>,
    /// Where each entry stood first.
    seen: HashMap<String, Place>,
}

impl Reading<'_> {
    fn about(&mut self, text: &str) {
        match serde_json::from_str::<About>(text) {
            Ok(about) if about.format == FORMAT => {
                self.loaded.pack.made_by = about.made_by;
                let left_out = about.left_out.keys().filter_map(|name| self.library.find(name));
                self.loaded.left_out = left_out.collect();
            }
            Ok(about) => self.problems.push(
                Problem::new("pack.json", format!("its format is {}", about.format))
                    .hint(format!("this program reads format {FORMAT}")),
            ),
            Err(error) => {
                self.problems.push(Problem::new("pack.json", error.to_string()).at(error.line()));
            }
        }
    }

    /// The JSON objects of a file, one after the other, over as many lines as
    /// their author liked.
    fn entries(&mut self, file: &str, text: &str, take: fn(&mut Self, &Place, Map<String, Value>)) {
        let mut stream = serde_json::Deserializer::from_str(text).into_iter::<Value>();
        loop {
            let start = stream.byte_offset();
            let start = start + (text[start..].len() - text[start..].trim_start().len());
            let place = Place { file: file.to_owned(), line: line_at(text, start) };
            match stream.next() {
                None => return,
                Some(Ok(Value::Object(entry))) => take(self, &place, entry),
                Some(Ok(_)) => self.problems.push(place.problem("it is no JSON object")),
                Some(Err(error)) => {
                    let problem = Problem::new(file, format!("it is no JSON: {error}"));
                    self.problems.push(problem.at(error.line()));
                    return;
                }
            }
        }
    }

    fn phrases(&mut self, place: &Place, mut entry: Map<String, Value>) {
        let Some(Value::String(name)) = entry.remove("function") else {
            let problem = place.problem("the entry names no function");
            self.problems
                .push(problem.hint("begin it with {\"function\": \"name_of_the_tool\", …"));
            return;
        };
        let phrases = match Phrases::deserialize(Value::Object(entry)) {
            Ok(phrases) => phrases,
            Err(error) => {
                self.problems.push(place.problem(error.to_string()).of(&name));
                return;
            }
        };
        if let Some(id) = self.known(place, &name, "phrases") {
            self.loaded.phrases.insert(id, place.clone());
            self.loaded.pack.phrases.insert(id, phrases);
        }
    }

    fn values(&mut self, place: &Place, entry: Map<String, Value>) {
        let entry = match Values::deserialize(Value::Object(entry)) {
            Ok(entry) => entry,
            Err(error) => {
                self.problems.push(place.problem(error.to_string()));
                return;
            }
        };
        let Values { function, parameter, values } = entry;
        let Some(id) = self.known(place, &function, &format!("values of {parameter}")) else {
            return;
        };
        self.loaded.values.insert((id, parameter.clone()), place.clone());
        self.loaded.pack.values.entry(id).or_default().insert(parameter, values);
    }

    /// The function of that name; an entry may stand once.
    fn known(&mut self, place: &Place, name: &str, what: &str) -> Option<FunctionId> {
        let earlier = self.seen.insert(format!("{what} {name}"), place.clone());
        if let Some(Place { file, line }) = earlier {
            let problem = place.problem(format!("{what}: they stand in {file}:{line}, too"));
            self.problems.push(problem.of(name).hint("keep one of the two"));
        }
        let id = self.library.find(name);
        if id.is_none() {
            let problem = place.problem("the library has no such function").of(name);
            self.loaded.strangers.push(problem);
        }
        id
    }

    fn module(&mut self, path: &str, text: &str) {
        let name = path.trim_start_matches("world/").trim_end_matches(".star");
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if name.is_empty() || !name.chars().all(is_plain) {
            let problem = Problem::new(path, "a module's name is lower-case letters, digits and _");
            self.problems.push(problem.hint("rename the file, for example world/tickets.star"));
            return;
        }
        let module = Module { name: name.to_owned(), text: text.to_owned() };
        let modules = &mut self.loaded.pack.world;
        let at = modules.partition_point(|there| there.name < module.name);
        modules.insert(at, module);
    }
}

fn line_at(text: &str, offset: usize) -> usize {
    text[..offset.min(text.len())].matches('\n').count() + 1
}
