//! Node operations: a walk becomes a signature path (paper §3.2, method §3).
//!
//! ```text
//! walk ─► Merge ─► Insert ─► feeds ─► Parallel · Conflict · Irrelevant · Pad · Fault ─► φ ─► Split ─► φ̂
//! ```
//!
//! Pure: a path follows from the seed, the walk and the settings. Every
//! operation draws from a stream of its own, so turning one off leaves the
//! draws of the others as they were. What comes out promises:
//!
//! - at most [`MAX_FUNCTIONS`] functions and [`MAX_COPIES`] copies a turn;
//! - feeds and conflicts point backwards, at places that exist;
//! - every operation is logged, with turns of the final path.
//!
//! Not here: values, words, and which tools are on offer.

mod conflict;
mod edit;
mod fault;
mod feeds;
mod insert;
mod irrelevant;
mod merge;
mod pad;
mod parallel;
mod params;
mod single;
mod split;

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod tests;

use magnet_proto::config::{Mix, NodeOps, Walks};
use magnet_proto::graph::Graph;
use magnet_proto::library::Library;
use magnet_proto::outcome::{Reason, Rejection};
use magnet_proto::path::{Kind, Path, Purpose, Step, Turn};
use magnet_proto::rng::{self, Rng};
use magnet_proto::walk::Walk;
use magnet_proto::{FunctionId, WalkIndex};
use rand::RngExt;

/// The most functions one request may need (paper §3.3).
pub const MAX_FUNCTIONS: usize = 3;
/// The most parallel calls of one function (paper §3.3).
pub const MAX_COPIES: u8 = 3;

/// What a path is made from.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    pub library: &'a Library,
    pub graph: &'a Graph,
    /// The walk at [`path_index`] of `index`.
    pub walk: &'a Walk,
    /// The conversation's own index.
    pub index: WalkIndex,
    pub walks: &'a Walks,
    pub ops: &'a NodeOps,
    pub mix: &'a Mix,
    pub seed: u64,
}

/// The index whose walk and φ a conversation uses: its own, unless φ and φ̂
/// are both kept. Then 2k is φ and 2k+1 its φ̂, both made from walk k.
pub fn path_index(ops: &NodeOps, index: WalkIndex) -> WalkIndex {
    if ops.keep_unsplit { WalkIndex(index.0 / 2) } else { index }
}

/// Makes the signature path of a walk.
///
/// # Errors
/// Rejects a walk that is too short for the kind of conversation drawn.
pub fn apply(input: &Input<'_>) -> Result<Path, Rejection> {
    match kind_of(input.mix, input.ops, input.seed, input.index) {
        Kind::MultiTurn => multi_turn(input),
        Kind::SingleTurn => single::path(input),
        Kind::Irrelevance => irrelevant::path(input),
    }
}

fn multi_turn(input: &Input<'_>) -> Result<Path, Rejection> {
    let mut path = one_turn_a_node(input);
    let (nodes, wanted) = (path.turns.len(), input.walks.min_nodes.get());
    if nodes < wanted {
        let detail = format!("{nodes} of at least {wanted} nodes");
        return Err(Rejection::new(Reason::ShortWalk, detail));
    }
    merge::apply(&mut path, input.ops.merge, &mut input.stream("merge"));
    insert::apply(&mut path, input, &mut input.stream("insert"));
    feeds::plan(&mut path, input.library, input.graph);
    parallel::apply(&mut path, input, &mut input.stream("parallel"));
    conflict::apply(&mut path, input, &mut input.stream("conflict"));
    irrelevant::apply(&mut path, input, &mut input.stream("irrelevant"));
    pad::apply(&mut path, input, &mut input.stream("pad"));
    fault::apply(&mut path, input, &mut input.stream("fault"));
    if !input.ops.keep_unsplit || input.index.0 % 2 == 1 {
        split::apply(&mut path, input, &mut input.stream("split"));
    }
    Ok(path)
}

/// The initial signature path. A second visit to a function that takes no
/// required value is left out: it could only repeat the first call.
fn one_turn_a_node(input: &Input<'_>) -> Path {
    let nodes = &input.walk.nodes;
    let repeats_itself = |at: usize| {
        nodes[..at].contains(&nodes[at]) && input.library.get(nodes[at]).required().next().is_none()
    };
    let turns = (0..nodes.len()).filter(|&at| !repeats_itself(at)).map(|at| calls([nodes[at]]));
    Path { kind: Kind::MultiTurn, turns: turns.collect(), ops: Vec::new() }
}

/// A turn that calls these functions.
fn calls(functions: impl IntoIterator<Item = FunctionId>) -> Turn {
    let steps = functions.into_iter().map(Step::new).collect();
    Turn::new(Purpose::Calls, steps)
}

/// The kind of conversation that a walk's index alone decides on.
pub fn kind_of(mix: &Mix, ops: &NodeOps, seed: u64, index: WalkIndex) -> Kind {
    let mut rng = rng::stream(seed, path_index(ops, index), "kind");
    let shares = [
        (Kind::SingleTurn, mix.single_turn),
        (Kind::Irrelevance, mix.irrelevance),
        (Kind::MultiTurn, mix.multi_turn),
    ];
    let total: f64 = shares.iter().map(|(_, share)| share).sum();
    let mut drawn = rng.random::<f64>() * total;
    for (kind, share) in shares {
        if drawn < share {
            return kind;
        }
        drawn -= share;
    }
    Kind::MultiTurn
}

impl Input<'_> {
    /// The path's stream for one operation.
    fn stream(&self, purpose: &str) -> Rng {
        rng::stream(self.seed, self.walk.index, purpose)
    }
}

/// True with that probability.
fn coin(rng: &mut Rng, probability: f64) -> bool {
    rng.random::<f64>() < probability
}

/// One of them, uniformly; nothing of nothing.
fn pick<T>(mut from: Vec<T>, rng: &mut Rng) -> Option<T> {
    if from.is_empty() { None } else { Some(from.swap_remove(rng.random_range(0..from.len()))) }
}
