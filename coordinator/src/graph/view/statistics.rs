//! A graph in numbers.

use std::collections::BTreeMap;

use magnet_proto::WalkIndex;
use magnet_proto::config::Walks;
use magnet_proto::graph::Graph;
use magnet_proto::walk::Walker;
use petgraph::algo::{connected_components, tarjan_scc};
use petgraph::graph::DiGraph;
use serde::Serialize;

use super::{kind_name, source_name};

/// What the summary says and the other views repeat.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Statistics {
    pub functions: usize,
    pub edges: usize,
    /// Edges by kind and by source.
    pub kinds: BTreeMap<&'static str, usize>,
    pub sources: BTreeMap<&'static str, usize>,
    /// How many functions have that many out-edges, from 0 on.
    pub out_degrees: Vec<usize>,
    /// Functions that lead nowhere, that nothing leads to, and both.
    pub dead_ends: usize,
    pub unreached: usize,
    pub isolated: usize,
    /// Parts that no edge joins.
    pub components: usize,
    /// Functions in the largest set in which each reaches each.
    pub largest_cycle: usize,
    pub walks: WalkStatistics,
}

/// A sample of the walks a campaign would take.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WalkStatistics {
    pub sampled: u64,
    /// Walks with at least `min_nodes` nodes.
    pub long_enough: u64,
    pub min_nodes: usize,
    pub mean_nodes: f64,
    /// The share of steps that pass a value on.
    pub steps_with_flow: f64,
}

/// At least this many walks are sampled, one from each function if more.
const MIN_SAMPLE: u64 = 1_000;

impl Statistics {
    pub fn of(graph: &Graph, walks: &Walks, seed: u64) -> Self {
        let (mut kinds, mut sources) = (BTreeMap::new(), BTreeMap::new());
        let mut out_degrees = Vec::new();
        let mut arrivals = vec![0_usize; graph.len()];
        for (_, node) in graph.nodes() {
            let degree = node.edges.len();
            out_degrees.resize(out_degrees.len().max(degree + 1), 0);
            out_degrees[degree] += 1;
            for edge in &node.edges {
                *kinds.entry(kind_name(edge.kind)).or_default() += 1;
                *sources.entry(source_name(edge.source)).or_default() += 1;
                arrivals[edge.to.index()] += 1;
            }
        }
        let unreached = |id: usize| arrivals[id] == 0;
        let alone = |(id, node): &(magnet_proto::FunctionId, &magnet_proto::graph::Node)| {
            node.edges.is_empty() && unreached(id.index())
        };
        let structure = structure(graph);
        Self {
            functions: graph.len(),
            edges: graph.edge_count(),
            kinds,
            sources,
            dead_ends: out_degrees.first().copied().unwrap_or(0),
            out_degrees,
            unreached: (0..graph.len()).filter(|&id| unreached(id)).count(),
            isolated: graph.nodes().filter(alone).count(),
            components: connected_components(&structure),
            largest_cycle: tarjan_scc(&structure).iter().map(Vec::len).max().unwrap_or(0),
            walks: WalkStatistics::of(graph, walks, seed),
        }
    }
}

impl WalkStatistics {
    fn of(graph: &Graph, settings: &Walks, seed: u64) -> Self {
        let walker = Walker::new(graph, settings.clone(), seed);
        let sampled = if graph.is_empty() { 0 } else { MIN_SAMPLE.max(graph.len() as u64) };
        let min_nodes = settings.min_nodes.get();
        let (mut nodes, mut long_enough, mut steps, mut flows) = (0, 0, 0, 0);
        for index in 0..sampled {
            let walk = walker.walk(graph, WalkIndex(index));
            nodes += walk.nodes.len();
            long_enough += u64::from(walk.nodes.len() >= min_nodes);
            steps += walk.nodes.len().saturating_sub(1);
            let passes = |pair: &&[_]| {
                graph.edge(pair[0], pair[1]).is_some_and(|edge| !edge.flows.is_empty())
            };
            flows += walk.nodes.windows(2).filter(passes).count();
        }
        Self {
            sampled,
            long_enough,
            min_nodes,
            mean_nodes: nodes as f64 / sampled.max(1) as f64,
            steps_with_flow: flows as f64 / steps.max(1) as f64,
        }
    }
}

/// The bare structure, for the algorithms of petgraph.
fn structure(graph: &Graph) -> DiGraph<(), (), u32> {
    let mut structure = DiGraph::with_capacity(graph.len(), graph.edge_count());
    graph.nodes().for_each(|_| {
        structure.add_node(());
    });
    for (from, node) in graph.nodes() {
        for edge in &node.edges {
            structure.add_edge(from.0.into(), edge.to.0.into(), ());
        }
    }
    structure
}
