//! Challenges, read off the finished conversation: never claimed on the word
//! of the plan alone.

use std::collections::BTreeSet;

use magnet_proto::late;
use magnet_proto::library::Library;
use magnet_proto::path::{InsertKind, NodeOp, SplitKind};
use magnet_proto::sample::{Call, Challenge, Message, Provenance, Source};

use super::prose;
use crate::execute::Output;

/// From this many characters on, messages and tools together, a conversation
/// counts as long.
pub const LONG_CONTEXT_CHARS: usize = 16_000;

/// What is needed to see a conversation's challenges.
pub struct Evidence<'a> {
    pub library: &'a Library,
    pub messages: &'a [Message],
    pub provenance: &'a [Provenance],
    pub node_ops: &'a [NodeOp],
    /// Characters of the tool documents on offer.
    pub tools_chars: usize,
}

/// One user turn of a message list.
pub struct TurnView<'a> {
    /// Without the documents of tools it may bring.
    pub request: &'a str,
    pub calls: Vec<&'a Call>,
    /// Contents of the tool messages, in order.
    pub outputs: Vec<&'a str>,
    /// The last prose of the assistant.
    pub reply: Option<&'a str>,
}

/// The user turns of a message list; what stands before the first is left out.
pub fn turns(messages: &[Message]) -> Vec<TurnView<'_>> {
    let mut turns: Vec<TurnView<'_>> = Vec::new();
    for message in messages {
        match (message, turns.last_mut()) {
            (Message::User(request), _) => turns.push(TurnView {
                request: late::spoken(request),
                calls: Vec::new(),
                outputs: Vec::new(),
                reply: None,
            }),
            (Message::Assistant { content, calls }, Some(turn)) => {
                turn.calls.extend(calls);
                turn.reply = content.as_deref().filter(|_| calls.is_empty()).or(turn.reply);
            }
            (Message::Tool { content, .. }, Some(turn)) => turn.outputs.push(content),
            _ => {}
        }
    }
    turns
}

/// The challenges that are really there, ascending.
pub fn observed(evidence: &Evidence<'_>) -> Vec<Challenge> {
    let turns = turns(evidence.messages);
    let mut found = BTreeSet::new();
    for turn in &turns {
        if has_several_functions(&turn.calls) {
            found.insert(Challenge::MultipleCalls);
        }
        if has_parallel_calls(&turn.calls) {
            found.insert(Challenge::Parallel);
        }
        if turn.outputs.iter().any(|content| matches!(Output::parse(content), Output::Error(_))) {
            found.insert(Challenge::ToolError);
        }
    }
    found.extend(dependencies(&turns, evidence.provenance));
    found.extend(evidence.node_ops.iter().filter_map(|op| of_operation(op, &turns, evidence)));
    if context_chars(evidence) >= LONG_CONTEXT_CHARS {
        found.insert(Challenge::LongContext);
    }
    found.into_iter().collect()
}

fn has_several_functions(calls: &[&Call]) -> bool {
    calls.iter().any(|call| call.function != calls[0].function)
}

fn has_parallel_calls(calls: &[&Call]) -> bool {
    let twins = |(at, call): (usize, &&Call)| {
        calls[at + 1..]
            .iter()
            .any(|other| other.function == call.function && other.arguments != call.arguments)
    };
    calls.iter().enumerate().any(twins)
}

/// Short and long dependencies: values that only an output could supply.
fn dependencies(turns: &[TurnView<'_>], provenance: &[Provenance]) -> BTreeSet<Challenge> {
    let turn_of =
        |id: &str| turns.iter().position(|turn| turn.calls.iter().any(|call| call.id == id));
    let mut found = BTreeSet::new();
    for claim in provenance {
        let Source::Output { turn, .. } = &claim.source else {
            continue;
        };
        match turn_of(&claim.call) {
            Some(here) if here == *turn as usize => found.insert(Challenge::ShortDependency),
            Some(_) => found.insert(Challenge::LongDependency),
            None => false,
        };
    }
    found
}

fn of_operation(op: &NodeOp, turns: &[TurnView<'_>], evidence: &Evidence<'_>) -> Option<Challenge> {
    let turn = |at: u16| turns.get(at as usize);
    match op {
        NodeOp::Insert { kind: InsertKind::Short, new_fn, dst_turn, .. } => {
            let turn = turn(*dst_turn)?;
            let function = evidence.library.get(*new_fn);
            let called = turn.calls.iter().any(|call| call.function == *new_fn);
            let silent = !prose::mentions_action(turn.request, function);
            (called && silent).then_some(Challenge::Nested)
        }
        NodeOp::Split { kind, turn: at, .. } => {
            let empty = turn(*at)?.calls.is_empty();
            empty.then_some(match kind {
                SplitKind::MissingFunction => Challenge::MissingFunction,
                SplitKind::MissingParameter => Challenge::MissingParameter,
            })
        }
        NodeOp::Irrelevant { turn: at, .. } => {
            turn(*at)?.calls.is_empty().then_some(Challenge::Irrelevant)
        }
        NodeOp::Conflict { turn: at, function, earlier_turn, path } => {
            let value = |at: u16| {
                let turn = turn(at)?;
                let call = turn.calls.iter().rposition(|call| call.function == *function)?;
                match Output::parse(turn.outputs.get(call)?) {
                    Output::Value(output) => output.pointer(&path.replace('*', "0")).cloned(),
                    Output::Error(_) => None,
                }
            };
            (value(*at)? != value(*earlier_turn)?).then_some(Challenge::Conflict)
        }
        _ => None,
    }
}

fn context_chars(evidence: &Evidence<'_>) -> usize {
    let length = |message: &Message| match message {
        Message::System(text) | Message::User(text) => text.len(),
        Message::Assistant { content, .. } => content.as_ref().map_or(0, String::len),
        Message::Tool { content, .. } => content.len(),
    };
    evidence.tools_chars + evidence.messages.iter().map(length).sum::<usize>()
}
