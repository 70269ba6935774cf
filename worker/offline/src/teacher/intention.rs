//! What a user means to say of one planned call: which arguments, with which
//! values, and which are left to an earlier output.

use magnet_proto::FunctionId;
use magnet_proto::library::Function;
use magnet_proto::path::StepRef;
use magnet_proto::shape::Field;
use serde_json::Value;

use super::refer::Reference;
use crate::lexicon::{Place, Topic, topic};
use magnet_worker::conversation::{Given, Pick, Request};

/// One step of a turn as the user thinks of it.
#[derive(Clone, Debug)]
pub(super) struct Intention<'a> {
    /// Where its call will be made; none if it never will.
    pub at: Option<StepRef>,
    pub id: FunctionId,
    pub function: &'a Function,
    pub implicit: bool,
    /// A second look at an earlier call's output.
    pub recheck: bool,
    /// The phrasing to use, if the library has any.
    pub template: Option<&'a str>,
    /// In the schema's order.
    pub slots: Vec<Slot<'a>>,
}

/// An argument that the request speaks of, or leaves out on purpose.
#[derive(Clone, Debug)]
pub(super) struct Slot<'a> {
    pub field: &'a Field,
    pub topic: Topic,
    pub source: Source<'a>,
}

#[derive(Clone, Debug)]
pub(super) enum Source<'a> {
    /// The user's own values, one a copy; equal ones unless this slot varies.
    Said {
        values: Vec<Value>,
        manner: Manner,
    },
    Output(Reference<'a>),
    /// The parameter that the turn misses.
    Missing,
}

/// Whether a value is spelled out or pointed at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    Literal,
    /// An earlier message has it: "the same city".
    Again,
}

impl<'a> Slot<'a> {
    pub(super) fn new(function: &'a Function, field: &'a Field, source: Source<'a>) -> Self {
        Self { field, topic: topic(&Place::argument(function, field)), source }
    }

    pub(super) fn reference(&self) -> Option<&Reference<'a>> {
        match &self.source {
            Source::Output(reference) => Some(reference),
            _ => None,
        }
    }

    /// The one value for all copies, if it is the user's own.
    pub(super) fn value(&self) -> Option<&Value> {
        match &self.source {
            Source::Said { values, .. } => values.first(),
            _ => None,
        }
    }

    /// Whether the words for it point at something instead of stating it.
    pub(super) fn points(&self) -> bool {
        match &self.source {
            Source::Said { values, manner } => *manner == Manner::Again && values.len() == 1,
            Source::Output(_) => true,
            Source::Missing => false,
        }
    }

    /// How many parallel calls the slot speaks for.
    pub(super) fn copies(&self) -> usize {
        match &self.source {
            Source::Said { values, .. } => values.len(),
            Source::Output(reference) => reference.selects.len(),
            Source::Missing => 1,
        }
    }

    pub(super) fn is_missing(&self) -> bool {
        matches!(self.source, Source::Missing)
    }
}

impl Intention<'_> {
    pub(super) fn slot(&self, name: &str) -> Option<&Slot<'_>> {
        self.slots.iter().find(|slot| slot.field.name == name)
    }

    /// Notes in the request what this intention gives and leaves to outputs.
    pub(super) fn note(&self, request: &mut Request) {
        let Some(step) = self.at else { return };
        for slot in &self.slots {
            let parameter = || slot.field.name.clone();
            match &slot.source {
                Source::Said { values, .. } => {
                    let given = (0u8..).zip(values).map(|(copy, value)| Given {
                        step,
                        copy,
                        parameter: parameter(),
                        value: value.clone(),
                    });
                    request.given.extend(given);
                }
                Source::Output(reference) => {
                    let picks = (0u8..).zip(&reference.selects).map(|(copy, select)| Pick {
                        step,
                        copy,
                        parameter: parameter(),
                        select: select.clone(),
                    });
                    request.picks.extend(picks);
                }
                Source::Missing => {}
            }
        }
    }
}
