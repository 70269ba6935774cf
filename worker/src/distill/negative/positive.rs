//! A positive as a negative sees it: turns, calls, outputs, sources, grounds.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::OnceLock;

use magnet_proto::library::Library;
use magnet_proto::path::NodeOp;
use magnet_proto::sample::{Call, Message, Provenance, Sample, Source};
use serde_json::Value;

use crate::execute::Output;
use crate::vet::prose::{Grounds, Heard};

/// A finished positive, read from its record.
pub struct Positive<'a> {
    pub(super) library: &'a Library,
    pub(super) messages: &'a [Message],
    provenance: &'a [Provenance],
    pub(super) node_ops: &'a [NodeOp],
    /// What its messages bring in, once that is asked.
    heard: OnceLock<Heard>,
}

impl<'a> Positive<'a> {
    pub fn new(
        library: &'a Library,
        messages: &'a [Message],
        provenance: &'a [Provenance],
        node_ops: &'a [NodeOp],
    ) -> Self {
        Self { library, messages, provenance, node_ops, heard: OnceLock::new() }
    }

    pub fn of(library: &'a Library, sample: &'a Sample) -> Self {
        Self::new(library, &sample.messages, &sample.provenance, &sample.node_ops)
    }

    /// What prose may draw on after the first `len` messages.
    pub(super) fn grounds(&self, len: usize) -> Grounds<'_> {
        let hear_all = || {
            let mut all = Heard::default();
            for (at, message) in self.messages.iter().enumerate() {
                heard(message).iter().for_each(|text| all.add(text, at));
            }
            all
        };
        Grounds::after(self.heard.get_or_init(hear_all), len)
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
        let calls_at = move |at: usize| messages[at].calls().iter().map(move |call| (at, call));
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
            Message::Tool { content, .. } => Output::parse(content).is_error,
            _ => false,
        })
    }

    /// Where a call's argument values came from: pointer and source.
    pub(super) fn sources(&self, call: &'a str) -> impl Iterator<Item = (&'a str, &'a Source)> {
        let claims = self.provenance.iter().filter(move |c| c.call == call);
        claims.map(|claim| (claim.argument.as_str(), &claim.source))
    }
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
