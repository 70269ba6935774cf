//! The messages of a negative from the parting one on, played step by step.

use std::collections::BTreeMap;

use magnet_proto::sample::{Arguments, Call, Message, Source};
use serde_json::Value;

use super::Material;
use super::closing::{self, Hidden, Swaps};
use super::positive::calls_of;
use crate::distill::replay::Replay;
use crate::execute::Output;
use crate::failure::Failure;
use crate::teacher::Proposed;

/// A negative under way in one turn.
pub(super) struct Tail<'a> {
    material: Material<'a>,
    pub(super) turn: usize,
    /// The index of the message in which the two part.
    pub(super) prompt_len: usize,
    pub(super) messages: Vec<Message>,
    replay: Replay<'a>,
    /// Calls made so far, those of the shared messages included.
    calls: usize,
    /// The source of the value that was misused, and what is taken for it.
    mistaken: Option<(&'a Source, Value)>,
    /// What the calls made anew returned, by the id of the positive's call.
    anew: BTreeMap<&'a str, Output>,
    swaps: Swaps,
}

impl<'a> Tail<'a> {
    /// Catches up with the positive until just before a message.
    pub(super) async fn start(
        material: Material<'a>,
        turn: usize,
        prompt_len: usize,
    ) -> Result<Self, Failure> {
        let mut tail = Self {
            material,
            turn,
            prompt_len,
            messages: Vec::new(),
            replay: Replay::new(material.distiller),
            calls: 0,
            mistaken: None,
            anew: BTreeMap::new(),
            swaps: Swaps::default(),
        };
        let turns = material.positive.turns();
        for (turn, messages) in turns.into_iter().enumerate() {
            let shared = messages.start..messages.end.min(prompt_len);
            for (_, call) in material.positive.calls(shared) {
                tail.replay.call(turn, call).await?;
                tail.calls += 1;
            }
        }
        Ok(tail)
    }

    /// Makes calls in one message; what they returned, in order.
    pub(super) async fn call(&mut self, proposed: Vec<Proposed>) -> Result<Vec<Output>, Failure> {
        let mut calls = Vec::with_capacity(proposed.len());
        let mut answers = Vec::with_capacity(proposed.len());
        let mut outputs = Vec::with_capacity(proposed.len());
        for proposed in proposed {
            self.calls += 1;
            let call = Call {
                id: format!("call_{}", self.calls),
                function: proposed.function,
                arguments: proposed.arguments,
            };
            let content = self.replay.call(self.turn, &call).await?;
            outputs.push(Output::parse(&content));
            answers.push(Message::Tool { call_id: call.id.clone(), content });
            calls.push(call);
        }
        self.messages.push(Message::Assistant { content: None, calls });
        self.messages.extend(answers);
        Ok(outputs)
    }

    pub(super) fn say(&mut self, text: String) {
        self.messages.push(Message::Assistant { content: Some(text), calls: Vec::new() });
    }

    /// Remembers what prose must say in place of the positive's words.
    pub(super) fn swap(&mut self, old: &Value, new: &Value) {
        self.swaps.learn(old, new);
    }

    /// From here on the agent takes this for what the source says: a mistake
    /// is made throughout a turn.
    pub(super) fn mistake(&mut self, source: &'a Source, taken: Value) {
        self.mistaken = Some((source, taken));
    }

    /// Repeats one message of calls, with `replaced` for the argument sets of
    /// some of them; nothing stays of calls in `left_out`.
    ///
    /// Arguments that came from an output which is now another follow it. Says
    /// whether the calls could be made.
    pub(super) async fn repeat(
        &mut self,
        at: usize,
        replaced: &[(&'a str, Arguments)],
        left_out: &[&str],
    ) -> Result<bool, Failure> {
        let calls: Vec<&'a Call> = calls_of(&self.material.positive.messages[at])
            .iter()
            .filter(|call| !left_out.contains(&call.id.as_str()))
            .collect();
        let mut proposed = Vec::with_capacity(calls.len());
        for call in &calls {
            let wrong = replaced.iter().find(|(id, _)| *id == call.id);
            let arguments = match wrong {
                Some((_, arguments)) => Some(arguments.clone()),
                None => self.followed(call),
            };
            let Some(arguments) = arguments else {
                return Ok(false);
            };
            let function = call.function;
            proposed.push(Proposed { function, arguments });
        }
        if proposed.is_empty() {
            return Ok(true);
        }
        let outputs = self.call(proposed).await?;
        for (call, output) in calls.into_iter().zip(outputs) {
            if let (Some(Output::Value(old)), Output::Value(new)) =
                (self.material.positive.output(&call.id), &output)
            {
                self.swaps.learn(&old, new);
            }
            self.anew.insert(&call.id, output);
        }
        Ok(true)
    }

    /// The positive's arguments, with those from outputs made anew or misused
    /// replaced; none if such an output lacks the value or the schema refuses it.
    fn followed(&self, call: &'a Call) -> Option<Arguments> {
        let mut arguments = Value::Object(call.arguments.clone());
        for (pointer, source) in self.material.positive.sources(&call.id) {
            if let Some((_, taken)) = self.mistaken.as_ref().filter(|(of, _)| *of == source) {
                *arguments.pointer_mut(pointer)? = taken.clone();
                continue;
            }
            let Source::Output { call, path, .. } = source else {
                continue;
            };
            let Some(output) = self.anew.get(call.as_str()) else {
                continue;
            };
            let Output::Value(output) = output else {
                return None;
            };
            let place = arguments.pointer_mut(pointer)?;
            *place = like(place, output.pointer(path)?);
        }
        let Value::Object(arguments) = arguments else {
            return None;
        };
        let distiller = self.material.distiller;
        let check = distiller.validators.check(distiller.scene.library, call.function, &arguments);
        check.ok().map(|()| arguments)
    }

    /// Plays the rest of the turn after message `at` the positive's way, as
    /// far as the calls can still be made, and closes it.
    pub(super) async fn finish(&mut self, at: usize, left_out: &[&str]) -> Result<(), Failure> {
        let turns = self.material.positive.turns();
        let Some(turn) = turns.get(self.turn).cloned() else {
            return Ok(());
        };
        for message in at + 1..turn.end {
            if !calls_of(&self.material.positive.messages[message]).is_empty()
                && !self.repeat(message, &[], left_out).await?
            {
                break;
            }
        }
        let said = self.material.positive.closing(&turn).map_or("", |(_, text)| text);
        let library = self.material.positive.library;
        let mut hidden = Hidden::default();
        for (_, call) in self.material.positive.calls(turn.clone()) {
            if left_out.contains(&call.id.as_str()) {
                let output = self.material.positive.output(&call.id);
                hidden.hide(library.get(call.function), output.as_ref());
            }
        }
        let shared = &self.material.positive.messages[..self.prompt_len];
        let known = shared.iter().chain(&self.messages);
        let text = closing::adapt(said, &self.swaps, library, known, hidden);
        self.say(text.unwrap_or_else(|| self.report(turn.start)));
        Ok(())
    }

    /// A plain report of what the turn's last call returned.
    fn report(&self, start: usize) -> String {
        let first = start.min(self.prompt_len);
        let shared = &self.material.positive.messages[first..self.prompt_len];
        let mut contents = self.messages.iter().rev().chain(shared.iter().rev()).filter_map(
            |message| match message {
                Message::Tool { content, .. } => Some(content),
                _ => None,
            },
        );
        contents.next().map_or_else(
            || "That's all done.".to_owned(),
            |content| closing::report(&Output::parse(content)),
        )
    }
}

/// A value in the form of the one it replaces: an id may be a number here and
/// text there.
fn like(old: &Value, new: &Value) -> Value {
    match (old, new) {
        (Value::String(_), Value::Number(number)) => Value::String(number.to_string()),
        (Value::Number(_), Value::String(text)) => {
            text.parse::<serde_json::Number>().map_or_else(|_| new.clone(), Value::Number)
        }
        _ => new.clone(),
    }
}
