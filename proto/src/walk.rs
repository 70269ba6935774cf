//! A random walk over the function graph (paper §3.2).
//!
//! Derived from (seed, index) alone: the coordinator that plans and the worker
//! that runs come to the same walk without sending it. Not here: the node
//! operations, which make a signature path of it (`worker::node_ops`).

use rand::RngExt;
use rand::seq::{IndexedRandom, SliceRandom};
use serde::{Deserialize, Serialize};

use crate::config::{StepDraw, Walks};
use crate::graph::{Edge, Flow, Graph};
use crate::shape::words;
use crate::{FunctionId, WalkIndex, rng};

/// The functions of a walk in visiting order: the initial signature path, one
/// turn a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Walk {
    pub index: WalkIndex,
    pub nodes: Vec<FunctionId>,
}

/// The walks of a campaign.
#[derive(Clone, Debug)]
pub struct Walker {
    seed: u64,
    settings: Walks,
    /// Every node once, in seeded order: starts cover all before any repeats.
    starts: Vec<FunctionId>,
}

impl Walker {
    pub fn new(graph: &Graph, settings: Walks, seed: u64) -> Self {
        let mut starts: Vec<FunctionId> = graph.nodes().map(|(id, _)| id).collect();
        starts.shuffle(&mut rng::campaign_stream(seed, "walk starts", &[]));
        Self { seed, settings, starts }
    }

    /// The walk of that index. It may come out shorter than `min_nodes`: then
    /// the caller rejects it.
    pub fn walk(&self, graph: &Graph, index: WalkIndex) -> Walk {
        let mut rng = rng::stream(self.seed, index, "walk");
        let Some(&start) = self.starts.get(index.0 as usize % self.starts.len().max(1)) else {
            return Walk { index, nodes: Vec::new() };
        };
        let length = rng.random_range(self.settings.lengths());
        let mut nodes = self.draw(graph, start, length, &mut rng);
        for _ in 0..self.settings.redraws {
            if nodes.len() == length {
                break;
            }
            let again = self.draw(graph, start, length, &mut rng);
            // Of equally long ones the first stays.
            if again.len() > nodes.len() {
                nodes = again;
            }
        }
        Walk { index, nodes }
    }

    /// Steps over out-edges until the length is reached or no edge
    /// is left that keeps the visiting rules.
    fn draw(
        &self,
        graph: &Graph,
        start: FunctionId,
        length: usize,
        rng: &mut rng::Rng,
    ) -> Vec<FunctionId> {
        let mut nodes = vec![start];
        while nodes.len() < length {
            let here = nodes[nodes.len() - 1];
            let visits = |id: FunctionId| nodes.iter().filter(|&&node| node == id).count();
            let open: Vec<&Edge> = graph
                .edges(here)
                .iter()
                .filter(|edge| edge.to != here && visits(edge.to) < self.settings.max_visits)
                .collect();
            let weigh = |edge: &&Edge| match self.settings.step {
                StepDraw::Weighted => weight(edge),
                StepDraw::Uniform => 1,
            };
            let Ok(next) = open.choose_weighted(rng, weigh) else {
                break;
            };
            nodes.push(next.to);
        }
        nodes
    }
}

/// How much an edge counts: what flows along it decides whether a person would
/// go on this way. A thing that was found is what one does something with; an
/// address or a city is only said again.
fn weight(edge: &Edge) -> u32 {
    const ECHOED: &[&str] = &[
        "email", "city", "country", "date", "time", "currency", "language", "location", "address",
        "phone", "timezone", "unit", "units", "limit", "name",
    ];
    const NAMES: &[&str] = &[
        "id", "ids", "uuid", "code", "number", "key", "ref", "reference", "sku", "isbn", "iban",
        "symbol", "slug",
    ];
    let last = |flow: &Flow| words(&flow.input).last().unwrap_or_default();
    let is = |flow: &Flow, list: &[&str]| list.contains(&last(flow).as_str());
    if edge.flows.iter().any(|flow| is(flow, NAMES)) {
        4
    } else if !edge.flows.is_empty() && edge.flows.iter().all(|flow| is(flow, ECHOED)) {
        1
    } else {
        2
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::num::NonZeroUsize;

    use proptest::prelude::*;

    use super::*;
    use crate::graph::{Edge, EdgeKind, EdgeSource, Node};

    fn graph(edges: &[Vec<u32>]) -> Graph {
        let edge = |&to: &u32| Edge {
            to: FunctionId(to),
            kind: EdgeKind::Precondition,
            source: EdgeSource::Schema,
            flows: Vec::new(),
        };
        let node = |targets: &Vec<u32>| Node {
            candidates: Vec::new(),
            edges: targets.iter().map(edge).collect(),
        };
        Graph::new(edges.iter().map(node).collect())
    }

    /// Every node leads to every other.
    fn complete(nodes: u32) -> Graph {
        let others = |from| (0..nodes).filter(move |&to| to != from).collect();
        graph(&(0..nodes).map(others).collect::<Vec<Vec<u32>>>())
    }

    fn walks(graph: &Graph, settings: Walks, count: u64) -> Vec<Walk> {
        let walker = Walker::new(graph, settings, 7);
        (0..count).map(|index| walker.walk(graph, WalkIndex(index))).collect()
    }

    fn steps(from: usize, to: usize) -> Walks {
        Walks {
            min_steps: NonZeroUsize::new(from).unwrap(),
            steps: NonZeroUsize::new(to).unwrap(),
            ..Walks::default()
        }
    }

    #[test]
    fn a_thing_that_was_found_is_gone_on_with_more_often_than_what_is_said_again() {
        let edge = |to, input: &str| Edge {
            to: FunctionId(to),
            kind: EdgeKind::PartialInput,
            source: EdgeSource::Schema,
            flows: vec![Flow { output: format!("/{input}"), input: input.into() }],
        };
        let start = Node { candidates: vec![], edges: vec![edge(1, "email"), edge(2, "order_id")] };
        let graph = Graph::new(vec![start, Node::default(), Node::default()]);
        let taken = |step| {
            let settings = Walks { step, ..steps(2, 2) };
            let walks = walks(&graph, settings, 3_000);
            let went_to = |node| {
                let second = |walk: &&Walk| walk.nodes.get(1) == Some(&FunctionId(node));
                walks.iter().filter(second).count()
            };
            (went_to(1), went_to(2))
        };
        let (email, order) = taken(StepDraw::Weighted);
        assert!(order > 3 * email, "{order} to {email}");
        let (email, order) = taken(StepDraw::Uniform);
        assert!(order < 2 * email && email < 2 * order, "{order} to {email}");
    }

    #[test]
    fn starts_cover_every_node_before_any_repeats() {
        let graph = complete(50);
        for round in walks(&graph, Walks::default(), 200).chunks(50) {
            let starts: BTreeSet<FunctionId> = round.iter().map(|walk| walk.nodes[0]).collect();
            assert_eq!(starts.len(), 50);
        }
    }

    #[test]
    fn lengths_are_uniform_between_the_bounds() {
        let drawn = walks(&complete(20), steps(3, 7), 5_000);
        for length in 3..=7 {
            let found = drawn.iter().filter(|walk| walk.nodes.len() == length).count();
            // 1,000 expected, standard deviation 28.
            assert!((860..1_140).contains(&found), "{found} walks of {length} nodes");
        }
    }

    #[test]
    fn steps_are_uniform_over_the_out_edges() {
        let hub = graph(&[vec![1, 2, 3, 4], vec![0], vec![0], vec![0], vec![0]]);
        let mut arrivals = [0.0_f64; 5];
        for walk in walks(&hub, steps(2, 2), 20_000) {
            if walk.nodes[0] == FunctionId(0) {
                arrivals[walk.nodes[1].index()] += 1.0;
            }
        }
        let expected = arrivals.iter().sum::<f64>() / 4.0;
        let chi_square: f64 =
            arrivals[1..].iter().map(|found| (found - expected).powi(2) / expected).sum();
        // Three degrees of freedom: 16.3 is passed once in a thousand seeds.
        assert!(expected > 900.0 && chi_square < 16.3, "{chi_square} from {arrivals:?}");
    }

    #[test]
    fn a_dead_end_is_drawn_again() {
        // From 0, one way of four leads on.
        let trap = graph(&[vec![1, 2, 3, 4], vec![5], vec![], vec![], vec![], vec![0]]);
        let reached = |redraws| {
            let drawn = walks(&trap, Walks { redraws, ..steps(3, 3) }, 6_000);
            let from_hub = drawn.iter().filter(|walk| walk.nodes[0] == FunctionId(0));
            let whole = from_hub.filter(|walk| walk.nodes.len() == 3).count();
            whole as f64 / 1_000.0
        };
        assert!((0.2..0.3).contains(&reached(0)), "1/4 at the first draw");
        // 1 − (3/4)⁵ = 0.763
        assert!((0.71..0.81).contains(&reached(4)), "with four more draws");
    }

    #[test]
    fn of_short_walks_the_longest_is_kept() {
        let line = graph(&[vec![1, 2], vec![], vec![3], vec![]]);
        let drawn = walks(&line, Walks { redraws: 30, ..steps(7, 7) }, 40);
        let from_first = drawn.iter().filter(|walk| walk.nodes[0] == FunctionId(0));
        for walk in from_first {
            assert_eq!(walk.nodes, [0, 2, 3].map(FunctionId));
        }
    }

    #[test]
    fn a_node_without_edges_gives_a_walk_of_one() {
        let drawn = walks(&graph(&[vec![]]), Walks::default(), 3);
        assert!(drawn.iter().all(|walk| walk.nodes == [FunctionId(0)]));
    }

    #[test]
    fn an_empty_graph_gives_empty_walks() {
        let drawn = walks(&Graph::default(), Walks::default(), 3);
        assert!(drawn.iter().all(|walk| walk.nodes.is_empty()));
    }

    fn any_graph() -> impl Strategy<Value = Graph> {
        (1_u32..12).prop_flat_map(|nodes| {
            let edges = prop::collection::btree_set(0..nodes, 0..6);
            prop::collection::vec(edges, nodes as usize).prop_map(|edges| {
                graph(&edges.into_iter().map(|to| to.into_iter().collect()).collect::<Vec<_>>())
            })
        })
    }

    proptest! {
        #[test]
        fn every_walk_keeps_the_rules(
            graph in any_graph(),
            seed: u64,
            index in 0_u64..1_000_000,
            max_visits in 1_usize..4,
        ) {
            let settings = Walks { max_visits, ..Walks::default() };
            let walker = Walker::new(&graph, settings.clone(), seed);
            let walk = walker.walk(&graph, WalkIndex(index));
            prop_assert_eq!(&walk, &walker.walk(&graph, WalkIndex(index)));
            prop_assert!(!walk.nodes.is_empty() && walk.nodes.len() <= settings.steps.get());
            for pair in walk.nodes.windows(2) {
                prop_assert!(pair[0] != pair[1] && graph.edge(pair[0], pair[1]).is_some());
            }
            for node in &walk.nodes {
                let visits = walk.nodes.iter().filter(|other| *other == node).count();
                prop_assert!(visits <= max_visits);
            }
        }
    }
}
