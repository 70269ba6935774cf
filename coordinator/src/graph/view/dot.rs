//! The graph for Graphviz.

use magnet_proto::FunctionId;
use magnet_proto::graph::{Edge, EdgeKind, Graph};
use magnet_proto::library::Library;
use petgraph::dot::{Config, Dot};
use petgraph::graph::DiGraph;

/// A `digraph`: functions named and grouped by category, edges labelled with
/// their flows, preconditions dashed.
pub fn dot(library: &Library, graph: &Graph) -> String {
    let mut drawn: DiGraph<FunctionId, &Edge> = DiGraph::new();
    let ids: Vec<_> = graph.nodes().map(|(id, _)| drawn.add_node(id)).collect();
    for (from, node) in graph.nodes() {
        for edge in &node.edges {
            drawn.add_edge(ids[from.index()], ids[edge.to.index()], edge);
        }
    }
    let config = [Config::NodeNoLabel, Config::EdgeNoLabel];
    let edge = |_, edge: petgraph::graph::EdgeReference<'_, &Edge>| edge_attributes(edge.weight());
    let node = |_, (_, id): (_, &FunctionId)| {
        let function = library.get(*id);
        format!("label={} group={}", quoted(&function.name), quoted(&function.category))
    };
    format!("{:?}", Dot::with_attr_getters(&drawn, &config, &edge, &node))
}

fn edge_attributes(edge: &Edge) -> String {
    let flows: Vec<String> =
        edge.flows.iter().map(|flow| format!("{} → {}", flow.output, flow.input)).collect();
    let style = match edge.kind {
        EdgeKind::FullInput => "bold",
        EdgeKind::PartialInput => "solid",
        EdgeKind::Precondition => "dashed",
    };
    format!("style={style} label={}", quoted(&flows.join("\n")))
}

/// A Graphviz string: quotes and backslashes escaped, line breaks kept as such.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            c if c.is_control() => quoted.push(' '),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
