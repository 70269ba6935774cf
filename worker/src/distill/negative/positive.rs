//! A positive as a negative sees it: turns, calls, outputs, sources, grounds.

use std::borrow::Cow;
use std::ops::Range;

use magnet_proto::library::Library;
use magnet_proto::path::NodeOp;
use magnet_proto::sample::{Call, Message, Provenance, Sample, Source};
use serde_json::Value;

use crate::execute::Output;
use crate::vet::prose::Grounds;

/// A finished positive, read from its record.
#[derive(Clone, Copy)]
pub struct Positive<'a> {
    pub library: &'a Library,
    pub messages: &'a [Message],
    pub provenance: &'a [Provenance],
    pub node_ops: &'a [NodeOp],
}

impl<'a> Positive<'a> {
    pub fn of(library: &'a Library, sample: &'a Sample) -> Self {
        Self {
            library,
            messages: &sample.messages,
            provenance: &sample.provenance,
            node_ops: &sample.node_ops,
        }
    }

    /// The messages of every user turn, its request first.
    pub(super) fn turns(&self) -> Vec<Range<usize>> {
        let requests = self.messages.iter().enumerate();
        let starts: Vec<usize> = requests
            .filter(|(_, message)| matches!(message, Message::User(_)))
            .map(|(at, _)| at)
            .collect();
        let ends = starts.iter().skip(1).copied();
        let ends = ends.chain([self.messages.len()]);
        starts.iter().copied().zip(ends).map(|(start, end)| start..end).collect()
    }

    /// The calls in a range of messages, each with its message's index.
    pub(super) fn calls(&self, range: Range<usize>) -> impl Iterator<Item = (usize, &'a Call)> {
        let messages = self.messages;
        let calls_at = move |at: usize| calls_of(&messages[at]).iter().map(move |call| (at, call));
        range.flat_map(calls_at)
    }

    /// The prose that closes a turn, if it ends in prose.
    pub(super) fn closing(&self, turn: &Range<usize>) -> Option<(usize, &'a str)> {
        let last = turn.end.checked_sub(1).filter(|last| *last > turn.start)?;
        match &self.messages[last] {
            Message::Assistant { content: Some(text), calls } if calls.is_empty() => {
                Some((last, text))
            }
            _ => None,
        }
    }

    /// What a call returned.
    pub(super) fn output(&self, id: &str) -> Option<Output> {
        self.messages.iter().find_map(|message| match message {
            Message::Tool { call_id, content } if call_id == id => Some(Output::parse(content)),
            _ => None,
        })
    }

    pub(super) fn has_errors(&self, turn: &Range<usize>) -> bool {
        let mut contents = self.messages[turn.clone()].iter();
        contents.any(|message| match message {
            Message::Tool { content, .. } => matches!(Output::parse(content), Output::Error(_)),
            _ => false,
        })
    }

    /// Where a call's argument values came from: pointer and source.
    pub(super) fn sources(&self, call: &'a str) -> impl Iterator<Item = (&'a str, &'a Source)> {
        let claims = self.provenance.iter().filter(move |c| c.call == call);
        claims.map(|claim| (claim.argument.as_str(), &claim.source))
    }
}

/// The calls of a message; none of one that is not an assistant's.
pub(super) fn calls_of(message: &Message) -> &[Call] {
    match message {
        Message::Assistant { calls, .. } => calls,
        _ => &[],
    }
}

/// What prose may draw on after these messages: requests, arguments, outputs.
pub(super) fn grounds<'m>(messages: impl IntoIterator<Item = &'m Message>) -> Grounds {
    let mut grounds = Grounds::default();
    messages.into_iter().flat_map(heard).for_each(|text| grounds.add(&text));
    grounds
}

/// The texts of a message that establish facts; an agent's prose does not.
pub(super) fn heard(message: &Message) -> Vec<Cow<'_, str>> {
    match message {
        Message::User(text) => vec![text.into()],
        Message::Tool { content, .. } => vec![content.into()],
        Message::Assistant { calls, .. } => {
            let arguments = calls.iter().map(|call| Value::Object(call.arguments.clone()));
            arguments.map(|arguments| arguments.to_string().into()).collect()
        }
        Message::System(_) => Vec::new(),
    }
}

/// The user turn a source lies in.
pub(super) fn turn_of(source: &Source) -> Option<usize> {
    match source {
        Source::User { turn, .. } | Source::Output { turn, .. } => Some(*turn as usize),
        Source::Schema { .. } | Source::Composed | Source::None => None,
    }
}
