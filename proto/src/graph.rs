//! The function graph: who can feed or enable whom (paper §3.1).
//!
//! Built once by the coordinator, immutable afterwards, shared by reference.
//! Node `i` is the library's function `i`.

use serde::{Deserialize, Serialize};

use crate::FunctionId;

/// A directed graph over a library's functions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Graph {
    nodes: Vec<Node>,
}

/// A function's place in the graph.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// N(v): the candidates that were compared with this function, ascending.
    pub candidates: Vec<FunctionId>,
    /// E(v): the functions this one leads to, ascending by target.
    pub edges: Vec<Edge>,
}

/// An edge v → u.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Edge {
    pub to: FunctionId,
    pub kind: EdgeKind,
    pub source: EdgeSource,
    /// Which output feeds which input, best match first; empty for a
    /// precondition and where a judge named none.
    pub flows: Vec<Flow>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EdgeKind {
    /// v's outcome decides whether u may run.
    Precondition,
    /// v's outputs supply every required input of u.
    FullInput,
    /// v's outputs supply a part of u's input.
    PartialInput,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EdgeSource {
    Schema,
    Embedding,
    Judge,
}

/// One value's way from an output to an input.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Flow {
    /// A path into the output, `*` for any array element: `/trains/*/train_id`.
    pub output: String,
    /// The top-level parameter it fills.
    pub input: String,
}

impl Graph {
    pub fn new(nodes: Vec<Node>) -> Self {
        Self { nodes }
    }

    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    pub fn nodes(&self) -> impl ExactSizeIterator<Item = (FunctionId, &Node)> {
        self.nodes.iter().enumerate().map(|(id, node)| (FunctionId(id as u32), node))
    }

    /// N(v).
    pub fn candidates(&self, function: FunctionId) -> &[FunctionId] {
        self.nodes.get(function.index()).map_or(&[], |node| &node.candidates)
    }

    /// E(v).
    pub fn edges(&self, function: FunctionId) -> &[Edge] {
        self.nodes.get(function.index()).map_or(&[], |node| &node.edges)
    }

    /// The edge between two functions, if there is one.
    pub fn edge(&self, from: FunctionId, to: FunctionId) -> Option<&Edge> {
        let edges = self.edges(from);
        edges.binary_search_by_key(&to, |edge| edge.to).ok().map(|at| &edges[at])
    }

    pub fn edge_count(&self) -> usize {
        self.nodes.iter().map(|node| node.edges.len()).sum()
    }
}
