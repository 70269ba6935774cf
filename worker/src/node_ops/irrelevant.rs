//! Irrelevant: a request that no function on offer can serve.
//!
//! As an operation, one more turn inside a conversation; as a kind, the whole
//! conversation. The request is written for a function whose class is then
//! withheld.

use magnet_proto::FunctionId;
use magnet_proto::outcome::{Reason, Rejection};
use magnet_proto::path::{Kind, NodeOp, Path, Purpose, Turn};
use magnet_proto::rng::Rng;
use rand::RngExt;

use super::{Input, coin};

/// A conversation of one request, which has to be declined.
pub(super) fn path(input: &Input<'_>) -> Result<Path, Rejection> {
    let Some(&function) = input.walk.nodes.first() else {
        return Err(Rejection::new(Reason::ShortWalk, "no node to write a request for"));
    };
    Ok(Path {
        kind: Kind::Irrelevance,
        turns: vec![Turn::new(Purpose::Irrelevant { function }, Vec::new())],
        ops: vec![NodeOp::Irrelevant { turn: 0, function }],
    })
}

pub(super) fn apply(path: &mut Path, input: &Input<'_>, rng: &mut Rng) {
    if !coin(rng, input.ops.irrelevant) {
        return;
    }
    let Some(function) = foreign(path, input, rng) else {
        return;
    };
    let at = rng.random_range(1..=path.turns.len());
    let turn = Turn::new(Purpose::Irrelevant { function }, Vec::new());
    super::edit::insert_turn(path, at, turn);
    path.ops.push(NodeOp::Irrelevant { turn: at as u16, function });
}

/// A function of a category the path does not touch, else of another class;
/// none if the library is all of one class.
fn foreign(path: &Path, input: &Input<'_>, rng: &mut Rng) -> Option<FunctionId> {
    let library = input.library;
    let used: Vec<_> = path.functions().map(|id| library.get(id)).collect();
    let start = rng.random_range(0..library.len().max(1));
    let ids = || (0..library.len()).map(|at| FunctionId(((start + at) % library.len()) as u32));
    let other_category = |&id: &FunctionId| {
        used.iter().all(|function| function.category != library.get(id).category)
    };
    let other_class = |&id: &FunctionId| {
        let candidate = library.get(id);
        used.iter().all(|f| f.category != candidate.category || f.class != candidate.class)
    };
    ids().find(other_category).or_else(|| ids().find(other_class))
}
