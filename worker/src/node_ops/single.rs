//! Paths of one turn: one call, parallel calls, or several functions.

use magnet_proto::outcome::{Reason, Rejection};
use magnet_proto::path::{Kind, NodeOp, Path};
use magnet_proto::rng::Rng;
use rand::RngExt;

use super::{Input, MAX_FUNCTIONS, calls, coin, edit, feeds, parallel};

/// The shares of single-turn paths with several functions, and with several
/// calls of one; with the rest they average the paper's 1.8 calls.
const MULTIPLE: f64 = 0.4;
const PARALLEL: f64 = 0.2;

pub(super) fn path(input: &Input<'_>) -> Result<Path, Rejection> {
    let nodes = &input.walk.nodes;
    if nodes.is_empty() {
        return Err(Rejection::new(Reason::ShortWalk, "no node to call"));
    }
    let mut rng = input.stream("single turn");
    let mut path = Path {
        kind: Kind::SingleTurn,
        turns: vec![calls(nodes[..functions(nodes.len(), &mut rng)].iter().copied())],
        ops: Vec::new(),
    };
    drop_repeats(&mut path);
    feeds::plan(&mut path, input.library, input.graph);
    let functions: Vec<_> = path.functions().collect();
    let first = edit::position(0, 0);
    if functions.len() > 1 {
        path.ops.push(NodeOp::Merge { turn: 0, functions });
    } else if coin(&mut rng, PARALLEL / (1.0 - MULTIPLE))
        && parallel::can_repeat(&path, first, input)
    {
        parallel::repeat(&mut path, first, &mut rng);
    }
    Ok(path)
}

/// How many functions the turn gets.
fn functions(nodes: usize, rng: &mut Rng) -> usize {
    let wanted = if coin(rng, MULTIPLE) { rng.random_range(2..=MAX_FUNCTIONS) } else { 1 };
    wanted.min(nodes)
}

/// A walk may come back to a function at once by way of another; one request
/// asks for each only once.
fn drop_repeats(path: &mut Path) {
    let mut seen = Vec::new();
    path.turns[0].steps.retain(|step| {
        let new = !seen.contains(&step.function);
        seen.push(step.function);
        new
    });
}
