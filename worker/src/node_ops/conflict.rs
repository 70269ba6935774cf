//! Conflict: a reading call is made again later, and the world has changed.
//!
//! The later step has the same function and the same arguments in a turn of
//! its own ("could you check that again?"); one scalar of its output differs
//! from what the conversation knew. The fresh one wins.

use magnet_proto::library::Function;
use magnet_proto::path::{Conflict, NodeOp, Path, Purpose, Step, StepRef, Turn};
use magnet_proto::rng::Rng;
use magnet_proto::shape::{Leaf, Type, words};
use rand::RngExt;

use super::{Input, coin, edit, params, pick};

pub(super) fn apply(path: &mut Path, input: &Input<'_>, rng: &mut Rng) {
    if !coin(rng, input.ops.conflict) {
        return;
    }
    let Some((earlier, place)) = pick(open(path, input), rng) else {
        return;
    };
    let Some(first) = path.step(earlier) else {
        return;
    };
    let mut again = Step::new(first.function);
    again.feeds = first.feeds.clone();
    again.conflict = Some(Conflict { earlier, path: place.clone() });
    let function = first.function;

    // Something should happen in between, where there is something.
    let nearest = (earlier.turn as usize + 2).min(path.turns.len());
    let at = rng.random_range(nearest..=path.turns.len());
    edit::insert_turn(path, at, Turn::new(Purpose::Calls, vec![again]));
    let (turn, earlier_turn) = (at as u16, earlier.turn);
    path.ops.push(NodeOp::Conflict { turn, function, earlier_turn, path: place });
}

/// The steps that can be contradicted, each with the places where.
fn open(path: &Path, input: &Input<'_>) -> Vec<(StepRef, String)> {
    let mut open = Vec::new();
    for (at, step) in edit::steps(path) {
        let function = input.library.get(step.function);
        if function.changes_state() || computes(function) || step.copies > 1 {
            continue;
        }
        let passed_on = |place: &str| {
            edit::steps(path)
                .flat_map(|(_, step)| &step.feeds)
                .any(|feed| feed.from == at && feed.flow.output == place)
        };
        let leaves = function.output_leaves().into_iter();
        let places = leaves
            .filter(|leaf| can_change(leaf) && function.param(leaf.name).is_none())
            .filter(|leaf| !passed_on(&leaf.path));
        open.extend(places.map(|leaf| (at, leaf.path)));
    }
    open
}

/// Whether what a function returns follows from its arguments.
fn computes(function: &Function) -> bool {
    let verb = words(&function.name).next().unwrap_or_default();
    ["calculate", "compute", "convert", "estimate"].contains(&verb.as_str())
}

/// Whether a place may say something else the next time: a quantity or a
/// state, not an identity.
fn can_change(leaf: &Leaf<'_>) -> bool {
    let changes = match leaf.shape.ty {
        Type::Integer { .. } | Type::Number { .. } | Type::Boolean => leaf.shape.choices.len() != 1,
        Type::String { .. } => leaf.shape.choices.len() > 1,
        _ => false,
    };
    changes && !leaf.path.contains('*') && !params::is_identity(leaf.name)
}
