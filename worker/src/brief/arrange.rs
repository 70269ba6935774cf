//! Which turn says which argument.
//!
//! A turn says what its own steps need. Where one misses something, it says
//! already what the next one's steps need, and the next brings just what was
//! missing.

use magnet_proto::brief::{Argument, How};
use magnet_proto::path::{Path, Purpose, StepRef};

/// The arguments of every turn. `of_call` tells those of a planned call,
/// `in_vain` those of a function that a turn asks for and no turn calls.
pub fn arrange(
    path: &Path,
    of_call: impl Fn(StepRef, u8) -> Vec<(String, How)>,
    in_vain: impl Fn(u16) -> Vec<(String, How)>,
) -> Vec<Vec<Argument>> {
    let called = |turn: usize| {
        let mut arguments = Vec::new();
        let steps = path.turns.get(turn).map_or(&[][..], |turn| &turn.steps);
        for (step, planned) in (0u16..).zip(steps) {
            for copy in 0..planned.copies.max(1) {
                let at = StepRef { turn: turn as u16, step };
                let of_copy = of_call(at, copy).into_iter();
                arguments.extend(of_copy.map(|(parameter, how)| Argument {
                    step,
                    copy,
                    parameter,
                    how,
                }));
            }
        }
        arguments
    };
    let mut turns = Vec::with_capacity(path.turns.len());
    for (at, turn) in path.turns.iter().enumerate() {
        let before = at.checked_sub(1).map(|before| &path.turns[before].purpose);
        let arguments = match (&turn.purpose, before) {
            (Purpose::MissingFunction { resolved: true, .. }, _) => called(at + 1),
            (Purpose::MissingParameter { function, parameter, resolved: true }, _) => {
                let missing =
                    |argument: &Argument| is_of(path, at + 1, argument, *function, parameter);
                let mut arguments = called(at + 1);
                arguments.iter_mut().filter(|a| missing(a)).for_each(|a| a.how = How::LeftOut);
                arguments
            }
            (Purpose::Calls, Some(Purpose::MissingFunction { resolved: true, .. })) => {
                let mut arguments = called(at);
                arguments.iter_mut().for_each(said_before);
                arguments
            }
            (
                Purpose::Calls,
                Some(Purpose::MissingParameter { function, parameter, resolved: true }),
            ) => {
                let brought = |argument: &Argument| is_of(path, at, argument, *function, parameter);
                let mut arguments = called(at);
                arguments.iter_mut().filter(|a| !brought(a)).for_each(said_before);
                arguments
            }
            (Purpose::Calls, _) => called(at),
            _ => {
                let of_function = in_vain(at as u16).into_iter();
                of_function
                    .map(|(parameter, how)| Argument { step: 0, copy: 0, parameter, how })
                    .collect()
            }
        };
        turns.push(arguments);
    }
    turns
}

fn is_of(
    path: &Path,
    turn: usize,
    argument: &Argument,
    function: magnet_proto::FunctionId,
    parameter: &str,
) -> bool {
    let at = StepRef { turn: turn as u16, step: argument.step };
    path.step(at).is_some_and(|step| step.function == function) && argument.parameter == parameter
}

fn said_before(argument: &mut Argument) {
    if let How::Said { value } = &argument.how {
        argument.how = How::Again { value: value.clone() };
    }
}
