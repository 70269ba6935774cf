//! The arguments of a step as a person speaks of them.

use magnet_proto::brief::{How, Turn};
use magnet_proto::library::Function;
use magnet_proto::path::StepRef;
use magnet_proto::shape::Field;

use crate::lexicon::{Place, Topic, topic};

/// One parameter of a step, over all its copies.
#[derive(Clone, Debug)]
pub(super) struct Slot<'a> {
    pub field: &'a Field,
    pub topic: Topic,
    /// One a copy; a single one where all are alike.
    pub hows: Vec<&'a How>,
}

/// A step that a message speaks of.
#[derive(Clone, Debug)]
pub(super) struct Spoken<'a> {
    pub function: &'a Function,
    pub slots: Vec<Slot<'a>>,
}

impl<'a> Spoken<'a> {
    /// What a turn's brief says of one step.
    pub(super) fn new(at: StepRef, function: &'a Function, turn: &'a Turn) -> Self {
        let mut slots: Vec<Slot<'a>> = Vec::new();
        for argument in turn.values.iter().filter(|argument| argument.step == at.step) {
            let Some(field) = function.param(&argument.parameter) else {
                continue;
            };
            match slots.iter_mut().find(|slot| slot.field.name == field.name) {
                Some(slot) if slot.hows.contains(&&argument.how) => {}
                Some(slot) => slot.hows.push(&argument.how),
                None => slots.push(Slot {
                    field,
                    topic: topic(&Place::argument(function, field)),
                    hows: vec![&argument.how],
                }),
            }
        }
        Self { function, slots }
    }

    pub(super) fn slot(&self, name: &str) -> Option<&Slot<'a>> {
        self.slots.iter().find(|slot| slot.field.name == name)
    }
}

impl Slot<'_> {
    /// Whether the person leaves it out on purpose.
    pub(super) fn is_left_out(&self) -> bool {
        self.hows.iter().any(|how| matches!(how, How::LeftOut))
    }

    /// Whether nobody speaks of it.
    pub(super) fn is_unsaid(&self) -> bool {
        self.hows.iter().all(|how| matches!(how, How::Unsaid { .. } | How::Open))
    }

    /// Whether the words for it point at something instead of stating it.
    pub(super) fn is_pointed(&self) -> bool {
        self.hows.iter().any(|how| matches!(how, How::Pointed { .. }))
    }
}
