//! The brief: what the person of a conversation is after (method §5).
//!
//! It stands between a signature path and its words: an aim over the whole
//! conversation and, turn by turn, what the person wants, what they bring
//! along, and why the turn follows from the one before. Every step serves a
//! want of its turn or feeds a step that does; whoever writes a request or
//! judges one is told nothing else of the turn.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::path::StepRef;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Brief {
    /// One sentence: what the person wants known or done in the end.
    pub aim: String,
    /// One a user turn.
    pub turns: Vec<Turn>,
}

/// What a person is after in one turn.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Turn {
    /// One clause: how the turn follows from the one before, or what a
    /// conflict, a fault, a bulky output or an irrelevant request is there for.
    pub why: String,
    pub wants: Vec<Want>,
    /// The arguments of the turn's steps; where the turn misses something,
    /// those of the steps it asks for, which the next turn makes.
    pub values: Vec<Argument>,
}

/// Something the person wants known or done. `step` counts within the turn
/// (where it misses something: within the turn that makes up for it).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Want {
    /// To be told what stands at a place of the step's output: a JSON pointer,
    /// `*` for any element of a list, "" for the output as a whole.
    Fact { step: u16, place: String, words: String },
    /// A step that changes something the person wants changed.
    Effect { step: u16, words: String },
}

/// One argument of a planned call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Argument {
    pub step: u16,
    /// Which of a step's parallel calls.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub copy: u8,
    /// The top-level parameter.
    pub parameter: String,
    #[serde(flatten)]
    pub how: How,
}

/// How an argument's value comes into the conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "snake_case")]
pub enum How {
    /// The turn's message says it.
    Said { value: Value },
    /// An earlier message said it; this one repeats it or points back.
    Again { value: Value },
    /// It stands in an output.
    Pointed {
        from: StepRef,
        /// The place, `*` for the elements of a list.
        place: String,
        #[serde(default, skip_serializing_if = "Select::is_first")]
        select: Select,
        /// What stands there, once that is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        value: Option<Value>,
    },
    /// Nobody speaks of it: the schema's default or only value.
    Unsaid { value: Value },
    /// To be composed from the conversation when the call is made.
    Open,
    /// Left out on purpose: the agent has to ask.
    LeftOut,
}

/// Which element of an output's list is meant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Select {
    /// "the first one", or there is only one.
    #[default]
    First,
    Last,
    /// The element at that index, singled out by what it says.
    Nth(u16),
    /// The element whose field (a pointer within it) is smallest: "the cheapest".
    Least(String),
    /// The element whose field is largest: "the best rated".
    Most(String),
    /// Every element's value, for a list.
    All,
}

impl Select {
    fn is_first(&self) -> bool {
        *self == Self::First
    }
}

fn is_zero(copy: &u8) -> bool {
    *copy == 0
}

impl Want {
    /// The step whose output or effect is wanted.
    pub fn step(&self) -> u16 {
        match self {
            Self::Fact { step, .. } | Self::Effect { step, .. } => *step,
        }
    }

    /// What is wanted, in words.
    pub fn words(&self) -> &str {
        match self {
            Self::Fact { words, .. } | Self::Effect { words, .. } => words,
        }
    }
}

impl How {
    /// The value, as far as it is known.
    pub fn value(&self) -> Option<&Value> {
        match self {
            Self::Said { value } | Self::Again { value } | Self::Unsaid { value } => Some(value),
            Self::Pointed { value, .. } => value.as_ref(),
            Self::Open | Self::LeftOut => None,
        }
    }
}

impl Brief {
    /// The brief of a turn.
    pub fn turn(&self, turn: usize) -> Option<&Turn> {
        self.turns.get(turn)
    }
}

impl Turn {
    /// The arguments of one call.
    pub fn arguments(&self, step: u16, copy: u8) -> impl Iterator<Item = &Argument> {
        self.values.iter().filter(move |a| a.step == step && a.copy == copy)
    }

    /// What is wanted of a step.
    pub fn wants_of(&self, step: u16) -> impl Iterator<Item = &Want> {
        self.wants.iter().filter(move |want| want.step() == step)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_brief_reads_back_from_what_a_record_holds() {
        let from = StepRef { turn: 0, step: 0 };
        let place = "/tickets/*/ticket_id".to_owned();
        let select = Select::Least("/opened".into());
        let how = How::Pointed { from, place, select, value: Some(json!("TK-4")) };
        let values = vec![
            Argument { step: 0, copy: 0, parameter: "ticket_id".into(), how },
            Argument { step: 0, copy: 1, parameter: "note".into(), how: How::Open },
        ];
        let words = "how urgent it is".to_owned();
        let wants = vec![Want::Fact { step: 0, place: "/priority".into(), words }];
        let turn = Turn { why: "the list names it".into(), wants, values };
        let brief = Brief { aim: "to calm a customer".into(), turns: vec![turn] };
        let text = serde_json::to_string(&brief).unwrap();
        assert_eq!(serde_json::from_str::<Brief>(&text).unwrap(), brief);
        let bytes = rmp_serde::to_vec_named(&brief).unwrap();
        assert_eq!(rmp_serde::from_slice::<Brief>(&bytes).unwrap(), brief);
    }
}
