//! Parallel: one function is asked for with two or three argument sets.
//!
//! Only for a step that takes from the user at least one value that can vary,
//! and whose output nothing uses: "that booking" would be ambiguous.

use magnet_proto::library::Function;
use magnet_proto::path::{NodeOp, Path, StepRef};
use magnet_proto::rng::Rng;
use magnet_proto::shape::{Type, words};
use rand::RngExt;

use super::{Input, MAX_COPIES, coin, edit, params, pick};

pub(super) fn apply(path: &mut Path, input: &Input<'_>, rng: &mut Rng) {
    if !coin(rng, input.ops.parallel) {
        return;
    }
    let steps = edit::steps(path).map(|(at, _)| at);
    let open: Vec<StepRef> = steps.filter(|&at| can_repeat(path, at, input)).collect();
    if let Some(at) = pick(open, rng) {
        repeat(path, at, rng);
    }
}

/// Plans two or three copies of a step.
pub(super) fn repeat(path: &mut Path, at: StepRef, rng: &mut Rng) {
    let copies = rng.random_range(2..=MAX_COPIES);
    let Some(function) = path.step(at).map(|step| step.function) else {
        return;
    };
    edit::change(path, at, |step| step.copies = copies);
    path.ops.push(NodeOp::Parallel { turn: at.turn, function, copies });
}

/// Whether a step can be asked for several times in one request.
pub(super) fn can_repeat(path: &Path, at: StepRef, input: &Input<'_>) -> bool {
    let Some(step) = path.step(at) else {
        return false;
    };
    let function = input.library.get(step.function);
    let varies = |ty: &Type, choices: usize| {
        let scalar = matches!(ty, Type::String { .. } | Type::Integer { .. } | Type::Number { .. });
        scalar && (choices == 0 || choices >= MAX_COPIES as usize)
    };
    let mut given = params::from_user(function, step);
    let can_vary = given.any(|field| {
        varies(&field.shape.ty, field.shape.choices.len()) && !params::is_composed(field)
    });
    // What is known already would be set to two values at once, unless each
    // call makes something new.
    let sets_one_thing = function.changes_state()
        && !makes_something(function)
        && function.required().any(|field| {
            params::is_identity(&field.name)
                && params::from_user(function, step).all(|given| given.name != field.name)
        });
    let alone = path.functions().filter(|&called| called == step.function).count() == 1;
    can_vary && !sets_one_thing && alone && !step.implicit && !edit::is_used(path, at)
}

/// Verbs of what is done to one thing, whatever its output tells of others.
const SETTING: [&str; 12] = [
    "assign", "move", "set", "switch", "update", "change", "rename", "mark", "close", "cancel",
    "turn", "adjust",
];

/// Whether an identity comes out that did not go in.
fn makes_something(function: &Function) -> bool {
    if words(&function.name).next().is_some_and(|verb| SETTING.contains(&verb.as_str())) {
        return false;
    }
    let leaves = function.output_leaves();
    let mut names = leaves.iter().map(|leaf| leaf.name);
    names.any(|name| params::is_identity(name) && function.param(name).is_none())
}
