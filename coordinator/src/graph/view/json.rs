//! The graph for programs. The fields are stable: they are added to, never
//! renamed.
//!
//! ```text
//! { "functions": [{ "name", "category", "class", "candidates": [name…] }],
//!   "edges":     [{ "from", "to", "kind", "source", "flows": [{ "output", "input" }] }],
//!   "summary":   { "functions", "edges", "kinds", "sources", "out_degrees", "dead_ends",
//!                  "unreached", "isolated", "components", "largest_cycle", "walks": {…} } }
//! ```
//!
//! `kind` is `precondition`, `full_input` or `partial_input`; `source` is
//! `schema`, `embedding` or `judge`; `output` is a pointer into the output of
//! `from` with `*` for any element, `input` a parameter of `to`.

use magnet_proto::config::Walks;
use magnet_proto::graph::{EdgeKind, EdgeSource, Flow, Graph};
use magnet_proto::library::Library;
use serde::Serialize;

use super::Statistics;

#[derive(Serialize)]
struct View<'a> {
    functions: Vec<Function<'a>>,
    edges: Vec<Edge<'a>>,
    summary: Statistics,
}

#[derive(Serialize)]
struct Function<'a> {
    name: &'a str,
    category: &'a str,
    class: &'a str,
    candidates: Vec<&'a str>,
}

#[derive(Serialize)]
struct Edge<'a> {
    from: &'a str,
    to: &'a str,
    kind: EdgeKind,
    source: EdgeSource,
    flows: &'a [Flow],
}

/// One JSON object, as described above.
pub fn json(library: &Library, graph: &Graph, walks: &Walks, seed: u64) -> String {
    let name = |id| library.get(id).name.as_str();
    let functions = library.iter().map(|(id, function)| Function {
        name: &function.name,
        category: &function.category,
        class: &function.class,
        candidates: graph.candidates(id).iter().map(|&id| name(id)).collect(),
    });
    let edges = graph.nodes().flat_map(|(from, node)| {
        node.edges.iter().map(move |edge| Edge {
            from: name(from),
            to: name(edge.to),
            kind: edge.kind,
            source: edge.source,
            flows: &edge.flows,
        })
    });
    let view = View {
        functions: functions.collect(),
        edges: edges.collect(),
        summary: Statistics::of(graph, walks, seed),
    };
    serde_json::to_string_pretty(&view).expect("strings and numbers always serialize")
}
