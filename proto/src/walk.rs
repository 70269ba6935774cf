//! A random walk over the function graph (paper §3.2).
//!
//! Derived from (seed, index) alone: the coordinator that plans and the worker
//! that runs come to the same walk without sending it. Not here: the node
//! operations, which make a signature path of it (`worker::node_ops`).

use rand::RngExt;
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

use crate::config::Walks;
use crate::graph::Graph;
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
        Self {
            seed,
            settings,
            starts,
        }
    }

    /// The walk of that index. It may come out shorter than `min_nodes`: then
    /// the caller rejects it.
    pub fn walk(&self, graph: &Graph, index: WalkIndex) -> Walk {
        let mut rng = rng::stream(self.seed, index, "walk");
        let Some(&start) = self.starts.get(index.0 as usize % self.starts.len().max(1)) else {
            return Walk {
                index,
                nodes: Vec::new(),
            };
        };
        let length = rng.random_range(self.settings.lengths());
        let longest = (0..=self.settings.redraws)
            .scan(false, |done, _| {
                if *done {
                    return None;
                }
                let nodes = self.draw(graph, start, length, &mut rng);
                *done = nodes.len() == length;
                Some(nodes)
            })
            .max_by_key(|nodes| (nodes.len(), std::cmp::Reverse(nodes.clone())));
        Walk {
            index,
            nodes: longest.unwrap_or_default(),
        }
    }

    /// Steps uniformly over out-edges until the length is reached or no edge
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
            let open: Vec<FunctionId> = graph
                .edges(here)
                .iter()
                .map(|edge| edge.to)
                .filter(|&to| to != here && visits(to) < self.settings.max_visits)
                .collect();
            if open.is_empty() {
                break;
            }
            nodes.push(open[rng.random_range(0..open.len())]);
        }
        nodes
    }
}
