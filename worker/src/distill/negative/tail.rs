//! The messages of a negative from the parting one on, played step by step.

use std::collections::BTreeMap;
use std::ops::Range;

use magnet_proto::rng::Rng;
use magnet_proto::sample::{Arguments, Call, Message, Source};
use serde_json::Value;

use super::Material;
use super::closing::{self, Hidden, Swaps};
use super::positive::heard;
use super::question::{parameter, question};
use crate::distill::replay::Replay;
use crate::execute::Output;
use crate::failure::Failure;
use crate::teacher::Proposed;
use crate::vet::prose::Grounds;

/// Said where nothing can be called any more.
const NOT_FOUND: &str = "I don't have what I would need for that.";

/// A negative under way.
pub(super) struct Tail<'a> {
    material: Material<'a>,
    /// The turn in which the two part.
    pub(super) parted: usize,
    /// The turn under way.
    turn: usize,
    /// The index of the message in which the two part.
    pub(super) prompt_len: usize,
    pub(super) messages: Vec<Message>,
    /// What prose may draw on: the shared messages and these.
    grounds: Grounds<'a>,
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
            parted: turn,
            turn,
            prompt_len,
            messages: Vec::new(),
            grounds: material.positive.grounds(prompt_len),
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
        self.push(Message::Assistant { content: None, calls });
        answers.into_iter().for_each(|answer| self.push(answer));
        Ok(outputs)
    }

    pub(super) fn say(&mut self, text: String) {
        self.push(Message::Assistant { content: Some(text), calls: Vec::new() });
    }

    fn push(&mut self, message: Message) {
        heard(&message).iter().for_each(|text| self.grounds.add(text));
        self.messages.push(message);
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
        let calls: Vec<&'a Call> = self.material.positive.messages[at]
            .calls()
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
        let made: Vec<Arguments> = proposed.iter().map(|call| call.arguments.clone()).collect();
        let outputs = self.call(proposed).await?;
        for ((call, output), arguments) in calls.into_iter().zip(outputs).zip(made) {
            self.swaps.learn(&Value::Object(call.arguments.clone()), &Value::Object(arguments));
            let old = self.material.positive.output(&call.id);
            if let (Some(old), Some(new)) = (old.as_ref().and_then(Output::ok), output.ok()) {
                self.swaps.learn(old, new);
            }
            self.anew.insert(&call.id, output);
        }
        Ok(true)
    }

    /// The positive's arguments, with those from outputs made anew or misused
    /// replaced; none if such an output lacks the value or was never seen, or
    /// the schema refuses the value.
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
                if self.is_shared(call) {
                    continue;
                }
                return None;
            };
            let output = output.ok()?;
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
            if !self.material.positive.messages[message].calls().is_empty()
                && !self.repeat(message, &[], left_out).await?
            {
                break;
            }
        }
        let text = self.adapted(&turn, left_out);
        self.say(text.unwrap_or_else(|| self.report(turn.start)));
        Ok(())
    }

    /// The positive's closing prose of a turn, as far as it is true here.
    fn adapted(&self, turn: &Range<usize>, left_out: &[&str]) -> Option<String> {
        let positive = self.material.positive;
        let (_, said) = positive.closing(turn)?;
        let mut hidden = Hidden::default();
        for (_, call) in positive.calls(turn.clone()) {
            if left_out.contains(&call.id.as_str()) {
                let output = positive.output(&call.id);
                hidden.hide(positive.library.get(call.function), output.as_ref());
            }
        }
        let shared = &positive.messages[..self.prompt_len];
        let known = shared.iter().chain(&self.messages);
        closing::adapt(said, &self.swaps, positive.library, known, &self.grounds, hidden)
    }

    /// Takes the calls of a wrong turn that was played freely for the
    /// positive's of the same functions: later turns follow their outputs.
    pub(super) fn settle(&mut self) {
        let Some(range) = self.material.positive.turns().get(self.parted).cloned() else {
            return;
        };
        let mut made: Vec<(&Call, Output)> = Vec::new();
        for call in self.messages.iter().flat_map(Message::calls) {
            let answer = self.messages.iter().find_map(|message| match message {
                Message::Tool { call_id, content } if *call_id == call.id => Some(content),
                _ => None,
            });
            made.extend(answer.map(|content| (call, Output::parse(content))));
        }
        for (_, call) in self.material.positive.calls(self.prompt_len..range.end) {
            let twin = made.iter().position(|(made, _)| made.function == call.function);
            if let Some(at) = twin {
                self.anew.insert(&call.id, made.remove(at).1);
            }
        }
    }

    /// Hears the requests after the wrong turn and answers each the positive's
    /// way, as far as what was found here allows.
    pub(super) async fn play_on(&mut self, rng: &mut Rng) -> Result<(), Failure> {
        // A mistake lasts a turn.
        self.mistaken = None;
        let positive = self.material.positive;
        let turns = positive.turns();
        if self.differs_in_prose_alone(&turns) {
            self.messages.extend_from_slice(&positive.messages[turns[self.parted].end..]);
            return Ok(());
        }
        for (turn, range) in turns.into_iter().enumerate().skip(self.parted + 1) {
            self.turn = turn;
            self.push(self.material.positive.messages[range.start].clone());
            self.answer(&range, rng).await?;
        }
        Ok(())
    }

    /// Whether the wrong turn made the positive's calls and no other: then what
    /// follows is the positive's.
    fn differs_in_prose_alone(&self, turns: &[Range<usize>]) -> bool {
        self.messages.iter().all(|message| message.calls().is_empty())
            && self
                .material
                .positive
                .calls(self.prompt_len..turns[self.parted].end)
                .next()
                .is_none()
    }

    async fn answer(&mut self, range: &Range<usize>, rng: &mut Rng) -> Result<(), Failure> {
        let heard = self.messages.len();
        self.swaps = Swaps::default();
        let mut left_out: Vec<&'a str> = Vec::new();
        let mut asked = None;
        for at in range.clone() {
            for call in self.material.positive.messages[at].calls() {
                let Some(arguments) = self.followed(call) else {
                    asked = asked.or_else(|| self.lost(call));
                    left_out.push(&call.id);
                    continue;
                };
                // The second try of a call whose first one failed there.
                let succeeded = self.replay.succeeded(self.turn, call.function, &arguments);
                if let Some(output) = succeeded.cloned() {
                    self.anew.insert(&call.id, output);
                    left_out.push(&call.id);
                }
            }
            self.repeat(at, &[], &left_out).await?;
        }
        let has_called = self.messages.len() > heard;
        let said = match asked {
            Some(parameter) if !has_called => question(&parameter, rng),
            _ if !has_called && !left_out.is_empty() => NOT_FOUND.to_owned(),
            _ => self.closing_of(range, &left_out, has_called),
        };
        self.say(said);
        Ok(())
    }

    fn closing_of(&self, range: &Range<usize>, left_out: &[&str], has_called: bool) -> String {
        match (self.adapted(range, left_out), self.material.positive.closing(range)) {
            (Some(text), _) => text,
            (None, Some((_, said))) if !has_called => said.to_owned(),
            _ => self.report(range.start),
        }
    }

    /// The parameter of a call whose value was never found here.
    fn lost(&self, call: &'a Call) -> Option<String> {
        let mut sources = self.material.positive.sources(&call.id);
        let (pointer, _) = sources.find(|(_, source)| match source {
            Source::Output { call, .. } => !self.is_shared(call),
            _ => false,
        })?;
        Some(parameter(pointer))
    }

    /// Whether a call was made before the two parted.
    fn is_shared(&self, id: &str) -> bool {
        self.material.positive.calls(0..self.prompt_len).any(|(_, call)| call.id == id)
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
