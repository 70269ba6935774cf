//! Pad: many distractors are on offer, and one output is bulky where a list
//! can be made long (long context).
//!
//! The log entry is what tells the choice of tools to offer many more.

use magnet_proto::path::{NodeOp, Path, StepRef};
use magnet_proto::rng::Rng;
use magnet_proto::shape::{Shape, Type};

use super::{Input, coin, edit, pick};

pub(super) fn apply(path: &mut Path, input: &Input<'_>, rng: &mut Rng) {
    if !coin(rng, input.ops.pad) {
        return;
    }
    let lists = |function| input.library.get(function).output().is_some_and(has_list);
    let open = |wanted: fn(bool) -> bool| -> Vec<StepRef> {
        edit::steps(path)
            .filter(|(_, step)| step.copies == 1 && step.conflict.is_none())
            .filter(|(_, step)| wanted(lists(step.function)))
            .map(|(at, _)| at)
            .collect()
    };
    let (long, any) = (open(|lists| lists), open(|_| true));
    let Some(at) = pick(if long.is_empty() { any } else { long }, rng) else { return };
    let Some(function) = path.step(at).map(|step| step.function) else {
        return;
    };
    edit::change(path, at, |step| step.bulky = true);
    path.ops.push(NodeOp::Pad { turn: at.turn, function });
}

/// Whether an output has a list that can be made long.
fn has_list(output: &Shape) -> bool {
    let is_list = |shape: &Shape| matches!(shape.ty, Type::Array { max_items, .. } if max_items.is_none_or(|max| max > 8));
    is_list(output) || output.fields().iter().any(|field| is_list(&field.shape))
}
