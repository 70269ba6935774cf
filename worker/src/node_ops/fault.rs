//! Fault: a call fails, for a moment or for good, and the agent copes.

use magnet_proto::path::{Fault, NodeOp, Path, StepRef};
use magnet_proto::rng::Rng;

use super::{Input, coin, edit, pick};

/// The share of faults that stay.
const PERMANENT: f64 = 0.3;

pub(super) fn apply(path: &mut Path, input: &Input<'_>, rng: &mut Rng) {
    if !coin(rng, input.ops.fault) {
        return;
    }
    let fault = if coin(rng, PERMANENT) { Fault::Permanent } else { Fault::Transient };
    let open: Vec<StepRef> = edit::steps(path)
        .map(|(at, _)| at)
        .filter(|&at| match fault {
            Fault::Transient => can_fail(path, at),
            Fault::Permanent => can_fail(path, at) && can_stay_undone(path, at),
        })
        .collect();
    let Some(at) = pick(open, rng) else { return };
    let Some(function) = path.step(at).map(|step| step.function) else {
        return;
    };
    edit::change(path, at, |step| step.fault = Some(fault));
    path.ops.push(NodeOp::Fault { turn: at.turn, function, fault });
}

fn can_fail(path: &Path, at: StepRef) -> bool {
    path.step(at).is_some_and(|step| step.copies == 1 && step.conflict.is_none() && !step.bulky)
}

/// Whether the path goes on without the output: the turn ends there, and
/// nothing uses it.
fn can_stay_undone(path: &Path, at: StepRef) -> bool {
    let last = path.turns[at.turn as usize].steps.len() == at.step as usize + 1;
    let implicit = path.step(at).is_some_and(|step| step.implicit);
    last && !implicit && !edit::is_used(path, at)
}
