//! What a dry walk has established: values said, elements singled out, calls
//! made.

use magnet_proto::FunctionId;
use magnet_proto::brief::{How, Select};
use magnet_proto::path::{Path, Step, StepRef};
use magnet_proto::sample::Arguments;
use serde_json::Value;

use super::Made;
use crate::conversation::Executed;

/// An element of a list that an argument was taken from.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Picked {
    pub from: StepRef,
    /// The pointer to the list.
    pub head: String,
    pub select: Select,
}

#[derive(Debug, Default)]
pub(super) struct Memory {
    calls: Vec<(FunctionId, Made)>,
    picked: Vec<Picked>,
}

impl Memory {
    pub(super) fn learn(&mut self, function: FunctionId, made: &Made, picks: Vec<Picked>) {
        self.calls.push((function, made.clone()));
        self.picked.extend(picks);
    }

    /// A call that may not come into the conversation is no ground for others.
    pub(super) fn forget_last(&mut self) {
        let Some((_, made)) = self.calls.pop() else {
            return;
        };
        let pointed = |how: &How, picked: &Picked| matches!(how, How::Pointed { from, .. } if *from == picked.from);
        while let Some(last) = self.picked.last() {
            if !made.arguments.iter().any(|(_, how)| pointed(how, last)) {
                break;
            }
            self.picked.pop();
        }
    }

    /// Whether the very call was made, and nothing in between changed what it
    /// might return.
    pub(super) fn has_made(&self, function: FunctionId, arguments: &Arguments) -> bool {
        let same = |executed: &Executed| executed.call.arguments == *arguments;
        self.calls.iter().any(|(id, made)| *id == function && made.executed.iter().any(same))
    }

    pub(super) fn has_called(&self, function: FunctionId) -> bool {
        self.calls.iter().any(|(id, _)| *id == function)
    }

    /// The calls made so far, with the path's steps behind them.
    pub(super) fn log<'a>(
        &'a self,
        path: &'a Path,
    ) -> impl Iterator<Item = (Option<&'a Step>, &'a Executed)> {
        let executed = self.calls.iter().flat_map(|(_, made)| &made.executed);
        executed.map(|executed| (path.step(executed.step), executed))
    }

    /// The output of a step's first successful call.
    pub(super) fn output(&self, at: StepRef) -> Option<&Value> {
        let mut made = self.calls.iter().filter(|(_, made)| made.at == at);
        made.find_map(|(_, made)| made.executed.iter().find_map(|e| e.output.ok()))
    }

    /// How a step's call came by its arguments.
    pub(super) fn arguments(&self, at: StepRef, copy: u8) -> Option<&[(String, How)]> {
        let mut calls = self.calls.iter();
        let call = calls.find(|(_, made)| made.at == at && made.copy == copy)?;
        Some(&call.1.arguments)
    }

    /// The element of a list that the conversation singled out before.
    pub(super) fn picked(&self, from: StepRef, head: &str) -> Option<&Select> {
        let mut picked = self.picked.iter().rev();
        picked.find(|p| p.from == from && p.head == head).map(|picked| &picked.select)
    }

    /// The value that the user gave last for a parameter of that name.
    pub(super) fn said(&self, parameter: &str) -> Option<&Value> {
        let arguments = self.calls.iter().rev().flat_map(|(_, made)| &made.arguments);
        arguments.into_iter().find_map(|(name, how)| match how {
            How::Said { value } | How::Again { value } if name == parameter => Some(value),
            _ => None,
        })
    }

    /// Whether the user said that value for a parameter of that name.
    pub(super) fn was_said(&self, parameter: &str, value: &Value) -> bool {
        let mut arguments = self.calls.iter().flat_map(|(_, made)| &made.arguments);
        arguments.any(|(name, how)| {
            name == parameter && matches!(how, How::Said { value: said } if said == value)
        })
    }
}
