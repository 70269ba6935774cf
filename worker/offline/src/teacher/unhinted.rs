//! A turn played without a hint. Rules do not understand requests: they know
//! what each was made for, and so are a student who is always right.

use magnet_proto::path::Purpose;
use magnet_proto::sample::{Call, Message};
use magnet_worker::teacher::{Act, Action, Hint, Proposed};

use super::Offline;

impl Offline {
    /// The next step of a turn: one call at a time, then prose. Who `forgets`
    /// leaves the last call out.
    pub fn unhinted(&self, ask: &Act<'_>, forgets: bool) -> Action {
        let exchange = ask.conversation.turns.get(ask.turn);
        let executed = exchange.map(|exchange| exchange.calls.as_slice()).unwrap_or_default();
        let mut reference: Vec<Call> =
            executed.iter().map(|executed| executed.call.clone()).collect();
        if forgets {
            reference.pop();
        }
        let hint = match ask.scene.path.turns.get(ask.turn).map(|turn| &turn.purpose) {
            Some(Purpose::MissingFunction { .. }) => Hint::MissFunction,
            Some(Purpose::MissingParameter { .. }) => Hint::MissedParams,
            Some(Purpose::Irrelevant { .. }) => Hint::Irrelevant,
            Some(Purpose::Calls) | None => Hint::Calls(&reference),
        };
        let made = calls_of_turn(ask.messages);
        // What failed in passing stands there twice, and is made twice.
        let times = |call: &Call, calls: &[&Call]| {
            let same = |other: &&&Call| {
                other.function == call.function && other.arguments == call.arguments
            };
            calls.iter().filter(same).count()
        };
        let all: Vec<&Call> = reference.iter().collect();
        let is_due = |call: &&Call| times(call, &made) < times(call, &all);
        let due: Vec<Proposed> = reference
            .iter()
            .find(is_due)
            .map(|call| Proposed { function: call.function, arguments: call.arguments.clone() })
            .into_iter()
            .collect();
        self.hinted(&Act { hint, due: &due, ..*ask })
    }
}

/// The calls since the last request.
fn calls_of_turn(messages: &[Message]) -> Vec<&Call> {
    let request = messages.iter().rposition(|message| matches!(message, Message::User(_)));
    let turn = messages[request.map_or(0, |at| at + 1)..].iter();
    let calls = turn.filter_map(|message| match message {
        Message::Assistant { calls, .. } => Some(calls),
        _ => None,
    });
    calls.flatten().collect()
}
