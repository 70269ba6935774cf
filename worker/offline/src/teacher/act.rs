//! The agent by rules: makes the hinted calls, waits for what it depends on,
//! and ends the turn with a summary, a question or a refusal.

use magnet_proto::path::{Fault, Step, StepRef};
use magnet_proto::sample::{Call, Message};
use rand::RngExt;

use super::{decline, summary};
use magnet_worker::conversation::Executed;
use magnet_worker::execute::Output;
use magnet_worker::teacher::{Act, Action, Hint, Proposed};

/// A call of this turn with its answer.
pub(super) struct Made<'a> {
    pub call: &'a Call,
    pub output: Output,
}

pub(super) fn act(ask: &Act<'_>) -> Action {
    match ask.hint {
        Hint::Calls(reference) => {
            let made = made(ask.messages);
            let due = due(ask, reference, &made);
            if due.is_empty() { Action::Say(summary::write(ask, &made)) } else { Action::Call(due) }
        }
        Hint::MissFunction => Action::Say(decline::no_function(ask)),
        Hint::MissedParams => Action::Say(decline::ask_for_parameter(ask)),
        Hint::Irrelevant | Hint::Wrong(_) | Hint::None => Action::Say(decline::irrelevant(ask)),
    }
}

/// The calls since the last request, with their answers.
fn made(messages: &[Message]) -> Vec<Made<'_>> {
    let start = messages.iter().rposition(|m| matches!(m, Message::User(_))).map_or(0, |at| at + 1);
    let turn = &messages[start..];
    let calls = turn.iter().filter_map(|message| match message {
        Message::Assistant { calls, .. } => Some(calls),
        _ => None,
    });
    let answer = |call: &Call| {
        turn.iter().find_map(|message| match message {
            Message::Tool { call_id, content } if *call_id == call.id => {
                Some(Output::parse(content))
            }
            _ => None,
        })
    };
    let answered = |call| Some(Made { call, output: answer(call)? });
    calls.flatten().filter_map(answered).collect()
}

/// The next calls to make: one, or several that need nothing of each other.
fn due(ask: &Act<'_>, reference: &[Call], made: &[Made<'_>]) -> Vec<Proposed> {
    let open: Vec<&Call> = reference.iter().filter(|call| is_open(ask, call, made)).collect();
    let Some((first, others)) = open.split_first() else {
        return Vec::new();
    };
    let mut group = vec![*first];
    if shares_message(ask) && is_tried(first, made) == 0 {
        for call in others {
            if !goes_with(ask, &group, call) {
                break;
            }
            group.push(call);
        }
    }
    let propose =
        |call: &Call| Proposed { function: call.function, arguments: call.arguments.clone() };
    group.into_iter().map(propose).collect()
}

/// Not made yet, or failed in a way that passes.
fn is_open(ask: &Act<'_>, call: &Call, made: &[Made<'_>]) -> bool {
    let last = made.iter().rev().find(|m| same(m.call, call));
    match last.map(|made| &made.output) {
        None => true,
        Some(Output::Value(_)) => false,
        Some(Output::Error(_)) => {
            let passing =
                planned(ask, call).is_some_and(|(_, step)| step.fault == Some(Fault::Transient));
            passing && is_tried(call, made) < 2
        }
    }
}

fn is_tried(call: &Call, made: &[Made<'_>]) -> usize {
    made.iter().filter(|m| same(m.call, call)).count()
}

fn same(left: &Call, right: &Call) -> bool {
    left.function == right.function && left.arguments == right.arguments
}

/// Whether this turn's independent calls go out together; one habit a turn.
fn shares_message(ask: &Act<'_>) -> bool {
    ask.scene.stream("share", ask.turn).random_range(0..100) < 75
}

/// A further call may join a message if neither waits for the other and none
/// is about to fail.
fn goes_with(ask: &Act<'_>, group: &[&Call], call: &Call) -> bool {
    let Some((at, step)) = planned(ask, call) else {
        return false;
    };
    let steady = |step: &Step| step.fault.is_none() && step.conflict.is_none();
    let members: Option<Vec<(StepRef, &Step)>> =
        group.iter().map(|member| planned(ask, member)).collect();
    members.is_some_and(|members| {
        members.iter().all(|(other, step)| *other <= at && steady(step))
            && steady(step)
            && step.feeds.iter().all(|feed| members.iter().all(|(other, _)| *other != feed.from))
            && group.len() < 4
    })
}

/// The step of this turn that a reference call realizes.
fn planned<'a>(ask: &Act<'a>, call: &Call) -> Option<(StepRef, &'a Step)> {
    let executed = twin(ask, call)?;
    Some((executed.step, ask.scene.path.step(executed.step)?))
}

/// The translated conversation's record of a call of this turn.
pub(super) fn twin<'a>(ask: &Act<'a>, call: &Call) -> Option<&'a Executed> {
    let exchange = ask.conversation.turns.get(ask.turn)?;
    exchange.calls.iter().find(|executed| same(&executed.call, call))
}
