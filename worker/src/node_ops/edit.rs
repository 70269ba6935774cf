//! Editing a path so that everything that points into it stays right.
//!
//! Steps are only ever appended to a turn, and turns only put in: so a
//! position changes solely when a turn is put in before it.

use magnet_proto::FunctionId;
use magnet_proto::path::{NodeOp, Path, Step, StepRef, Turn};

/// Puts a turn in at that index. The turn's own feeds and conflict point
/// before it, so they need no shift.
pub(super) fn insert_turn(path: &mut Path, at: usize, turn: Turn) {
    let moved = |index: &mut u16| {
        if *index as usize >= at {
            *index += 1;
        }
    };
    let steps = path.turns.iter_mut();
    for step in steps.flat_map(|turn| turn.steps.iter_mut().chain(&mut turn.proposed)) {
        step.feeds.iter_mut().for_each(|feed| moved(&mut feed.from.turn));
        step.conflict.iter_mut().for_each(|conflict| moved(&mut conflict.earlier.turn));
    }
    for op in &mut path.ops {
        turns_of(op).into_iter().flatten().for_each(moved);
    }
    path.turns.insert(at, turn);
}

/// The turns an entry of the log names.
fn turns_of(op: &mut NodeOp) -> [Option<&mut u16>; 2] {
    match op {
        NodeOp::Insert { src_turn, dst_turn, .. } => [Some(src_turn), Some(dst_turn)],
        NodeOp::Conflict { turn, earlier_turn, .. } => [Some(turn), Some(earlier_turn)],
        NodeOp::Merge { turn, .. }
        | NodeOp::Split { turn, .. }
        | NodeOp::Parallel { turn, .. }
        | NodeOp::Pad { turn, .. }
        | NodeOp::Fault { turn, .. }
        | NodeOp::Irrelevant { turn, .. } => [Some(turn), None],
    }
}

/// The position of a step.
pub(super) fn position(turn: usize, step: usize) -> StepRef {
    StepRef { turn: turn as u16, step: step as u16 }
}

/// Every step with its position, oldest first.
pub(super) fn steps(path: &Path) -> impl DoubleEndedIterator<Item = (StepRef, &Step)> {
    let of_turn = |(at, turn)| {
        let turn: &Turn = turn;
        turn.steps.iter().enumerate().map(move |(step, planned)| (position(at, step), planned))
    };
    path.turns.iter().enumerate().flat_map(of_turn)
}

/// Changes the step at a position that exists.
pub(super) fn change(path: &mut Path, at: StepRef, change: impl FnOnce(&mut Step)) {
    let turn = path.turns.get_mut(at.turn as usize);
    turn.and_then(|turn| turn.steps.get_mut(at.step as usize)).map(change);
}

/// Whether another step takes a value from that one, or contradicts it.
pub(super) fn is_used(path: &Path, at: StepRef) -> bool {
    let proposed = path.turns.iter().flat_map(|turn| &turn.proposed);
    steps(path).map(|(_, step)| step).chain(proposed).any(|step| {
        step.feeds.iter().any(|feed| feed.from == at)
            || step.conflict.as_ref().is_some_and(|conflict| conflict.earlier == at)
    })
}

pub(super) fn calls_function(path: &Path, function: FunctionId) -> bool {
    path.functions().any(|called| called == function)
}
