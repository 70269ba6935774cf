//! Which reference calls come next: one, or several that wait for nothing of
//! each other.
//!
//! Which calls wait for which is known from the path, so it is neither asked
//! for nor guessed. A call that failed in passing is due once more.

use magnet_proto::path::{Fault, Step, StepRef};
use magnet_proto::sample::{Call, Message};
use rand::RngExt;

use crate::conversation::{Conversation, Executed, Scene};
use crate::execute::Output;
use crate::teacher::Proposed;

/// How often a turn's independent calls go out together: one habit a turn.
const SHARED: f64 = 0.75;
/// Calls of one message at most.
const MAX_CALLS: usize = 4;

/// A turn under way.
pub(super) struct Turn<'a> {
    pub scene: Scene<'a>,
    pub turn: usize,
    /// The translated conversation.
    pub conversation: &'a Conversation,
    pub reference: &'a [Call],
    /// The messages since the request.
    pub messages: &'a [Message],
}

/// A call of the turn with its answer.
struct Made<'a> {
    call: &'a Call,
    is_error: bool,
}

/// The calls to make next; none once all are made.
pub(super) fn next(turn: &Turn<'_>) -> Vec<Proposed> {
    let made = made(turn.messages);
    let mut open = turn.reference.iter().filter(|call| turn.is_open(call, &made));
    let Some(first) = open.next() else {
        return Vec::new();
    };
    let mut group = vec![first];
    if turn.shares_a_message() && tries(first, &made) == 0 {
        for call in open {
            if !turn.goes_with(&group, call) {
                break;
            }
            group.push(call);
        }
    }
    let propose =
        |call: &Call| Proposed { function: call.function, arguments: call.arguments.clone() };
    group.into_iter().map(propose).collect()
}

fn made(messages: &[Message]) -> Vec<Made<'_>> {
    let answer = |call: &Call| {
        messages.iter().find_map(|message| match message {
            Message::Tool { call_id, content } if *call_id == call.id => Some(content),
            _ => None,
        })
    };
    let calls = messages.iter().flat_map(Message::calls);
    let answered = |call| Some(Made { call, is_error: Output::parse(answer(call)?).is_error });
    calls.filter_map(answered).collect()
}

impl Turn<'_> {
    /// Not made yet, or failed in a way that passes.
    fn is_open(&self, call: &Call, made: &[Made<'_>]) -> bool {
        match made.iter().rev().find(|made| same(made.call, call)) {
            None => true,
            Some(made) if !made.is_error => false,
            Some(_) => {
                let planned = self.planned(call);
                let passing = planned.is_some_and(|(_, s)| s.fault == Some(Fault::Transient));
                passing && tries(call, made) < 2
            }
        }
    }

    fn shares_a_message(&self) -> bool {
        self.scene.stream("share", self.turn).random_bool(SHARED)
    }

    /// A further call may join a message if neither waits for the other and
    /// none is about to fail.
    fn goes_with(&self, group: &[&Call], call: &Call) -> bool {
        let Some((at, step)) = self.planned(call) else {
            return false;
        };
        let steady = |step: &Step| step.fault.is_none() && step.conflict.is_none();
        let members: Option<Vec<(StepRef, &Step)>> =
            group.iter().map(|member| self.planned(member)).collect();
        members.is_some_and(|members| {
            members.iter().all(|(other, step)| *other <= at && steady(step))
                && steady(step)
                && step
                    .feeds
                    .iter()
                    .all(|feed| members.iter().all(|(other, _)| *other != feed.from))
                && group.len() < MAX_CALLS
        })
    }

    /// The step of this turn that a reference call realises.
    fn planned(&self, call: &Call) -> Option<(StepRef, &Step)> {
        let exchange = self.conversation.turns.get(self.turn)?;
        let executed: &Executed = exchange.calls.iter().find(|e| same(&e.call, call))?;
        Some((executed.step, self.scene.path.step(executed.step)?))
    }
}

fn tries(call: &Call, made: &[Made<'_>]) -> usize {
    made.iter().filter(|made| same(made.call, call)).count()
}

fn same(left: &Call, right: &Call) -> bool {
    left.function == right.function && left.arguments == right.arguments
}
