//! Small worlds for the tests: libraries drawn from a seed, and their graphs.

use magnet_proto::FunctionId;
use magnet_proto::WalkIndex;
use magnet_proto::config::{Campaign, Mix, NodeOps, Walks};
use magnet_proto::graph::{Edge, EdgeKind, EdgeSource, Flow, Graph, Node};
use magnet_proto::library::{Document, Function, Library};
use magnet_proto::outcome::Rejection;
use magnet_proto::path::{Kind, Path};
use magnet_proto::rng::{self, Rng};
use magnet_proto::walk::Walker;
use rand::RngExt;
use serde_json::{Value, json};

use super::{Input, apply, calls, path_index};

pub(super) fn rng(seed: u64) -> Rng {
    rng::campaign_stream(seed, "test", &[])
}

/// One turn a function.
pub(super) fn path_of(functions: &[u32]) -> Path {
    let turns = functions.iter().map(|&id| calls([FunctionId(id)])).collect();
    Path { kind: Kind::MultiTurn, turns, ops: Vec::new() }
}

/// A library with its graph and the settings under test.
pub(super) struct World {
    pub(super) library: Library,
    pub(super) graph: Graph,
    pub(super) walks: Walks,
    pub(super) ops: NodeOps,
    pub(super) mix: Mix,
    pub(super) seed: u64,
}

/// Operations that never happen, to turn single ones on.
pub(super) fn no_ops() -> NodeOps {
    NodeOps {
        merge: 0.0,
        insert: 0.0,
        split: 0.0,
        parallel: 0.0,
        pad: 0.0,
        fault: 0.0,
        conflict: 0.0,
        irrelevant: 0.0,
        ..NodeOps::default()
    }
}

impl World {
    pub(super) fn new(library: Library, ops: NodeOps, seed: u64) -> Self {
        let graph = join_by_name(&library);
        let Campaign { walk: walks, mix, .. } = Campaign::default();
        Self { library, graph, walks, ops, mix, seed }
    }

    /// A world of that many functions, all drawn from the seed.
    pub(super) fn drawn(functions: usize, ops: NodeOps, seed: u64) -> Self {
        Self::new(draw_library(functions, seed), ops, seed)
    }

    pub(super) fn walker(&self) -> Walker {
        Walker::new(&self.graph, self.walks.clone(), self.seed)
    }

    pub(super) fn path(&self, walker: &Walker, index: u64) -> Result<Path, Rejection> {
        let index = WalkIndex(index);
        let walk = walker.walk(&self.graph, path_index(&self.ops, index));
        apply(&Input {
            library: &self.library,
            graph: &self.graph,
            walk: &walk,
            index,
            walks: &self.walks,
            ops: &self.ops,
            mix: &self.mix,
            seed: self.seed,
        })
    }

    /// The paths of the first walks, the rejected ones left out.
    pub(super) fn paths(&self, walks: u64) -> Vec<Path> {
        let walker = self.walker();
        (0..walks).filter_map(|index| self.path(&walker, index).ok()).collect()
    }

    pub(super) fn function(&self, id: FunctionId) -> &Function {
        self.library.get(id)
    }
}

const NOUNS: &[&str] = &["train", "hotel", "order", "file", "event", "invoice", "ticket", "parcel"];
const GIVEN: &[&str] = &["city", "date", "budget", "language", "color", "size", "purpose"];

fn draw_library(functions: usize, seed: u64) -> Library {
    let mut rng = rng(seed);
    let drawn: Vec<Function> = (0..functions).map(|at| draw_function(at, &mut rng)).collect();
    Library::from(drawn)
}

fn draw_function(at: usize, rng: &mut Rng) -> Function {
    let noun = NOUNS[rng.random_range(0..NOUNS.len())];
    let other = NOUNS[rng.random_range(0..NOUNS.len())];
    let given = GIVEN[rng.random_range(0..GIVEN.len())];
    let id = |noun: &str| format!("{noun}_id");
    let text = || json!({"type": "string"});
    let (verb, mut properties, mut required, output) = match rng.random_range(0..4) {
        0 => ("search", json!({given: text()}), vec![given.to_owned()], list_of(noun)),
        1 => ("get", json!({id(noun): text()}), vec![id(noun)], item_of(noun, other)),
        2 => {
            let properties = json!({id(noun): text(), given: text()});
            ("book", properties, vec![id(noun), given.to_owned()], item_of(other, noun))
        }
        _ => ("list", json!({"limit": {"type": "integer", "default": 5}}), vec![], list_of(noun)),
    };
    if rng.random_bool(0.3) {
        properties["note"] = text();
        required.push("note".into());
    }
    function(&format!("{verb}_{noun}_{at}"), noun, properties, &required, Some(output))
}

fn list_of(noun: &str) -> Value {
    let item = json!({"type": "object", "properties": {
        format!("{noun}_id"): {"type": "string"}, "price": {"type": "number"}
    }});
    json!({"type": "object", "properties": {
        "count": {"type": "integer"}, format!("{noun}s"): {"type": "array", "items": item}
    }})
}

fn item_of(noun: &str, other: &str) -> Value {
    json!({"type": "object", "properties": {
        format!("{noun}_id"): {"type": "string"},
        "status": {"type": "string", "enum": ["open", "held", "done"]},
        "price": {"type": "number"},
        "owner": {"type": "object", "properties": {format!("{other}_id"): {"type": "string"}}}
    }})
}

pub(super) fn function(
    name: &str,
    category: &str,
    properties: Value,
    required: &[String],
    response: Option<Value>,
) -> Function {
    Function::from(Document {
        name: name.into(),
        description: format!("Does {name}."),
        category: category.into(),
        class: category.into(),
        parameters: json!({"type": "object", "properties": properties, "required": required}),
        response,
    })
}

/// An edge wherever an output is named like an input.
fn join_by_name(library: &Library) -> Graph {
    let edges_of = |from: FunctionId| -> Vec<Edge> {
        let targets = library.iter().filter(|(to, _)| *to != from);
        targets.filter_map(|(to, target)| edge(library.get(from), to, target)).collect()
    };
    let nodes = library.iter().map(|(id, _)| {
        let edges = edges_of(id);
        Node { candidates: edges.iter().map(|edge| edge.to).collect(), edges }
    });
    Graph::new(nodes.collect())
}

fn edge(source: &Function, to: FunctionId, target: &Function) -> Option<Edge> {
    let mut flows = Vec::new();
    for field in target.params() {
        let leaves = source.output_leaves().into_iter().filter(|leaf| leaf.name == field.name);
        flows.extend(leaves.map(|leaf| Flow { output: leaf.path, input: field.name.clone() }));
    }
    let lists = target.required().next().is_none() && source.name.starts_with("book");
    let kind = if flows.is_empty() { EdgeKind::Precondition } else { EdgeKind::PartialInput };
    let joined = !flows.is_empty() || lists;
    joined.then_some(Edge { to, kind, source: EdgeSource::Schema, flows })
}
