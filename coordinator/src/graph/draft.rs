//! A graph in the making: candidates and all edges found so far, before the
//! out-degree is capped.

use magnet_proto::FunctionId;
use magnet_proto::config::GraphSettings;
use magnet_proto::graph::{Edge, EdgeKind, EdgeSource, Flow, Graph, Node};
use magnet_proto::library::Library;
use magnet_worker::teacher::{Judged, Nested};

use super::candidates::Drawer;
use super::index::Reached;
use super::profiles::Profiles;
use super::relate::{Ranked, refutes, relate, relate_loosely};

/// N(v) and the edges into it, open to further sources of edges.
pub struct Draft<'a> {
    library: &'a Library,
    profiles: Profiles,
    max_out_degree: usize,
    nodes: Vec<DraftNode>,
}

#[derive(Debug, Default)]
struct DraftNode {
    candidates: Vec<FunctionId>,
    edges: Vec<Ranked>,
    /// Loosely related candidates, for a node that finds no better edge.
    spare: Vec<Ranked>,
}

/// A node with fewer edges than this takes loosely related candidates too.
const ENOUGH: usize = 2;
/// Of those, this many.
const SPARE: usize = 3;
/// The rank of an edge that a judge alone has named: above what names suggest,
/// below a good flow.
const NAMED: f64 = 0.8;

impl<'a> Draft<'a> {
    /// Draws the candidates and matches their schemas.
    pub fn new(library: &'a Library, settings: &GraphSettings, seed: u64) -> Self {
        let profiles = Profiles::of(library);
        let drawer = Drawer::new(library, &profiles, settings, seed);
        let ids: Vec<FunctionId> = library.iter().map(|(id, _)| id).collect();
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let chunk = ids.len().div_ceil(threads).max(1);
        // A node depends on nothing but the profiles, so threads may share the
        // nodes out in any way.
        let nodes = std::thread::scope(|scope| {
            let work = |ids| {
                let (drawer, profiles) = (&drawer, &profiles);
                scope.spawn(move || draft_nodes(drawer, profiles, ids))
            };
            let running: Vec<_> = ids.chunks(chunk).map(work).collect();
            running
                .into_iter()
                .flat_map(|thread| {
                    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
                })
                .collect()
        });
        Self { library, profiles, max_out_degree: settings.max_out_degree.get(), nodes }
    }

    /// N(v), ascending: what a judge is asked about.
    pub fn candidates(&self, v: FunctionId) -> &[FunctionId] {
        &self.nodes[v.index()].candidates
    }

    /// Takes in what a judge says v leads to. Only candidates of v count. An
    /// edge the schemas gave keeps its flows and gains rank. A flow that types
    /// or names refute is left out: weak judges feed trains with hotels.
    pub fn judge(&mut self, v: FunctionId, judged: &[Judged]) {
        let node = &mut self.nodes[v.index()];
        for Judged { to, flow, .. } in judged {
            if !node.candidates.contains(to) {
                continue;
            }
            let at = node.edges.iter().position(|ranked| ranked.edge.to == *to);
            let ranked = match at {
                Some(at) => &mut node.edges[at],
                None => {
                    let (kind, source) = (EdgeKind::Precondition, EdgeSource::Judge);
                    let edge = Edge { to: *to, kind, source, flows: Vec::new() };
                    node.edges.push(Ranked { rank: 0.0, edge });
                    let last = node.edges.len() - 1;
                    &mut node.edges[last]
                }
            };
            // Said twice is said once, with all its flows.
            ranked.rank = ranked.rank.max(NAMED) + if at.is_some() { NAMED } else { 0.0 };
            let can_be = |flow: &&Flow| !refutes(&self.profiles, v, *to, flow);
            add_flow(self.library, &mut ranked.edge, flow.as_ref().filter(can_be));
        }
    }

    /// Takes in the flows of nested pairs.
    pub fn feed(&mut self, v: FunctionId, pairs: &[Nested]) {
        for Nested { to, flow } in pairs {
            let mut edges = self.nodes[v.index()].edges.iter_mut();
            if let Some(ranked) = edges.find(|ranked| ranked.edge.to == *to)
                && !refutes(&self.profiles, v, *to, flow)
            {
                add_flow(self.library, &mut ranked.edge, Some(flow));
            }
        }
    }

    /// Whether a value is known to pass along that edge.
    pub fn has_flow(&self, v: FunctionId, to: FunctionId) -> bool {
        let mut edges = self.nodes[v.index()].edges.iter();
        edges.any(|ranked| ranked.edge.to == to && !ranked.edge.flows.is_empty())
    }

    /// Caps the out-degree, best edges first, and closes the graph.
    pub fn finish(self) -> Graph {
        let cap = self.max_out_degree;
        let nodes = self.nodes.into_iter().zip(0..);
        Graph::new(nodes.map(|(node, v)| node.finish(FunctionId(v), cap)).collect())
    }
}

/// Adds a flow for an input that none fills yet, and settles the edge's kind.
fn add_flow(library: &Library, edge: &mut Edge, flow: Option<&Flow>) {
    if let Some(flow) = flow
        && edge.flows.iter().all(|known| known.input != flow.input)
    {
        edge.flows.push(flow.clone());
    }
    let fed = |name: &str| edge.flows.iter().any(|flow| flow.input == name);
    let mut required = library.get(edge.to).required().peekable();
    edge.kind = match edge.flows.is_empty() {
        true => EdgeKind::Precondition,
        false if required.peek().is_some() && required.all(|field| fed(&field.name)) => {
            EdgeKind::FullInput
        }
        false => EdgeKind::PartialInput,
    };
}

fn draft_nodes(drawer: &Drawer<'_>, profiles: &Profiles, ids: &[FunctionId]) -> Vec<DraftNode> {
    let mut reached = Reached::new(profiles.functions.len());
    ids.iter()
        .map(|&v| {
            let candidates = drawer.draw(v, &mut reached);
            let edges = candidates.iter().filter_map(|&u| relate(profiles, v, u)).collect();
            let mut spare: Vec<Ranked> =
                candidates.iter().map(|&u| relate_loosely(profiles, v, u)).collect();
            sort(v, &mut spare);
            spare.truncate(SPARE + ENOUGH);
            DraftNode { candidates, edges, spare }
        })
        .collect()
}

impl DraftNode {
    fn finish(mut self, v: FunctionId, cap: usize) -> Node {
        sort(v, &mut self.edges);
        let flows = self.edges.iter().filter(|ranked| !ranked.edge.flows.is_empty()).count();
        // Values passed on make better conversations than mere order: where
        // there are flows, few edges go without.
        let bare = if flows > 0 { (cap / 4).clamp(1, flows.max(2)) } else { cap };
        let mut kept: Vec<Edge> = Vec::new();
        let mut without = 0;
        for Ranked { edge, .. } in self.edges {
            let is_bare = edge.flows.is_empty() && edge.source == EdgeSource::Schema;
            without += usize::from(is_bare);
            if kept.len() < cap && (!is_bare || without <= bare) {
                kept.push(edge);
            }
        }
        let wanted = if kept.is_empty() { SPARE } else { ENOUGH };
        for Ranked { edge, .. } in self.spare {
            if kept.len() < wanted.min(cap) && kept.iter().all(|other| other.to != edge.to) {
                kept.push(edge);
            }
        }
        kept.sort_by_key(|edge| edge.to);
        Node { candidates: self.candidates, edges: kept }
    }
}

/// Best first. Equals in an order of v's own: by id, all nodes would crowd on
/// the library's first functions.
fn sort(v: FunctionId, edges: &mut [Ranked]) {
    let own = |edge: &Edge| {
        let mixed =
            (u64::from(v.0) << 32 | u64::from(edge.to.0)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        mixed ^ mixed >> 29
    };
    edges.sort_by(|a, b| b.rank.total_cmp(&a.rank).then_with(|| own(&a.edge).cmp(&own(&b.edge))));
}
