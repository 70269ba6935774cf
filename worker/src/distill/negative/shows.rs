//! Whether a pair is wrong in the way its type says, decided from the record.

use std::ops::Range;

use magnet_proto::path::{InsertKind, NodeOp};
use magnet_proto::sample::{Call, ErrorType, Message, Pair};
use serde_json::Value;

use super::misstate;
use super::misuse::{is_long, is_short};
use super::positive::{Positive, heard};

/// The turn in which two trajectories part, side by side.
struct Parting<'a> {
    positive: &'a Positive<'a>,
    turn: usize,
    range: Range<usize>,
    prompt_len: usize,
    /// The negative's part of that turn.
    tail: &'a [Message],
    right: Vec<&'a Call>,
    wrong: Vec<&'a Call>,
    /// The prose that closes the wrong turn.
    closing: &'a str,
}

/// Whether the negative shows its error; if not, why not. A trajectory equal
/// to the positive never does.
pub fn shows(positive: &Positive<'_>, pair: &Pair) -> Result<(), String> {
    let parting = Parting::of(positive, pair)?;
    match pair.error {
        ErrorType::Nested => parting.leaves_out(),
        ErrorType::ShortDependency => parting.misuses(is_short),
        ErrorType::LongDependency if parting.asks() => parting.asks_for_known(),
        ErrorType::LongDependency => parting.misuses(is_long),
        ErrorType::Summary => parting.misstates(),
        ErrorType::Missing => parting.misjudges(),
    }
    .map_err(|why| format!("the negative of type {:?} in turn {}: {why}", pair.error, pair.turn))
}

impl<'a> Parting<'a> {
    fn of(positive: &'a Positive<'a>, pair: &'a Pair) -> Result<Self, String> {
        let (turn, prompt_len) = (pair.turn as usize, pair.prompt_len as usize);
        let range = positive.turns().get(turn).cloned().ok_or("there is no such turn")?;
        if !(range.start + 1..range.end).contains(&prompt_len) {
            return Err("the two do not part in the turn of the error".into());
        }
        let ends = pair.rejected.iter().position(|message| matches!(message, Message::User(_)));
        let tail = &pair.rejected[..ends.unwrap_or(pair.rejected.len())];
        if tail.first() == positive.messages.get(prompt_len) {
            return Err("the two do not part where they are said to".into());
        }
        let closing = match tail.last() {
            Some(Message::Assistant { content: Some(text), calls }) if calls.is_empty() => text,
            _ => return Err("the wrong turn does not end in prose".into()),
        };
        let right = positive.calls(prompt_len..range.end).map(|(_, call)| call).collect();
        let wrong = tail.iter().flat_map(Message::calls).collect();
        Ok(Self { positive, turn, range, prompt_len, tail, right, wrong, closing })
    }

    /// Type 1: the inserted call is not made, the prose does not pretend.
    fn leaves_out(&self) -> Result<(), String> {
        let nested = |op: &NodeOp| match op {
            NodeOp::Insert { kind: InsertKind::Short, new_fn, dst_turn, .. } => {
                *dst_turn as usize == self.turn
                    && self.right.iter().any(|call| call.function == *new_fn)
                    && self.wrong.iter().all(|call| call.function != *new_fn)
            }
            _ => false,
        };
        if !self.positive.node_ops.iter().any(nested) {
            return Err("no inserted call is left out".into());
        }
        let mut known = self.positive.grounds(self.prompt_len);
        self.tail.iter().flat_map(heard).for_each(|text| known.add(&text));
        match known.first_ungrounded(self.closing) {
            Some(token) => Err(format!("the prose knows \"{token}\" all the same")),
            None => Ok(()),
        }
    }

    /// Types 2 and 3: a call is made with another value where the positive's
    /// has such a source.
    fn misuses(
        &self,
        source: fn(usize, &magnet_proto::sample::Source) -> bool,
    ) -> Result<(), String> {
        let made: Vec<&Call> =
            self.positive.calls(self.range.clone()).map(|(_, call)| call).collect();
        let is_right = |wrong: &Call| {
            made.iter()
                .any(|right| right.function == wrong.function && right.arguments == wrong.arguments)
        };
        let differs = |right: &Call, wrong: &Call| {
            let (right_arguments, wrong) =
                (Value::Object(right.arguments.clone()), Value::Object(wrong.arguments.clone()));
            self.positive.sources(&right.id).any(|(pointer, from)| {
                source(self.turn, from)
                    && right_arguments.pointer(pointer) != wrong.pointer(pointer)
            })
        };
        let misused = self.wrong.iter().filter(|wrong| !is_right(wrong)).any(|wrong| {
            let twins = self.right.iter().filter(|right| right.function == wrong.function);
            twins.into_iter().any(|right| differs(right, wrong))
        });
        if misused { Ok(()) } else { Err("no value of that kind is misused".into()) }
    }

    fn asks(&self) -> bool {
        self.wrong.is_empty() && self.closing.contains('?')
    }

    /// Type 3: asks where the next call takes a value from before the turn.
    fn asks_for_known(&self) -> Result<(), String> {
        let next = self.positive.messages[self.prompt_len].calls();
        let known = next.iter().flat_map(|call| self.positive.sources(&call.id));
        if known.into_iter().any(|(_, source)| is_long(self.turn, source)) {
            Ok(())
        } else {
            Err("what it asks for is not known from before".into())
        }
    }

    /// Type 4: only the closing prose differs: no output supports it, or it is
    /// the positive's misstated.
    fn misstates(&self) -> Result<(), String> {
        let known = self.positive.grounds(self.prompt_len);
        let Some((at, said)) = self.positive.closing(&self.range) else {
            return Err("the positive does not close the turn".into());
        };
        if at != self.prompt_len || self.tail.len() != 1 {
            return Err("more than the closing prose differs".into());
        }
        match (known.first_ungrounded(said), known.first_ungrounded(self.closing)) {
            (None, Some(_)) => Ok(()),
            (None, None) => {
                let mut drafts = misstate::drafts(self.positive, &self.range, at, said).into_iter();
                match drafts.any(|draft| draft.text == self.closing) {
                    true => Ok(()),
                    false => Err("the prose agrees with the outputs".into()),
                }
            }
            (Some(token), _) => Err(format!("the positive's \"{token}\" is in no output either")),
        }
    }

    /// Type 5: calls where prose is due, or only prose where calls are due.
    fn misjudges(&self) -> Result<(), String> {
        let due = self.positive.calls(self.range.clone()).next().is_some();
        let first = self.prompt_len == self.range.start + 1;
        match (due, self.wrong.is_empty()) {
            (false, false) => Ok(()),
            (true, true) if first => Ok(()),
            (true, true) => Err("some of the calls are made".into()),
            (false, true) => Err("neither of the two calls".into()),
            (true, false) => Err("both of the two call".into()),
        }
    }
}
