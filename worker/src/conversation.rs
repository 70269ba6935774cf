//! A conversation in the making: what every ask of a teacher may look at.

use magnet_proto::WalkIndex;
use magnet_proto::library::{Function, Library};
use magnet_proto::path::{Path, StepRef};
use magnet_proto::rng::{self, Rng};
use magnet_proto::sample::Call;
use serde_json::Value;

use crate::output::Output;
use crate::persona::Persona;

/// The fixed surroundings of one walk's conversation.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    pub library: &'a Library,
    pub path: &'a Path,
    pub persona: &'a Persona,
    pub seed: u64,
    pub walk: WalkIndex,
}

impl<'a> Scene<'a> {
    /// The functions that the conversation is about.
    pub fn functions(&self) -> Vec<&'a Function> {
        self.path.functions().map(|id| self.library.get(id)).collect()
    }

    /// The walk's stream for one purpose at one turn.
    pub fn stream(&self, purpose: &str, turn: usize) -> Rng {
        rng::stream(self.seed, self.walk, &format!("{purpose} {turn}"))
    }
}

/// The turns so far.
#[derive(Clone, Debug, Default)]
pub struct Conversation {
    pub turns: Vec<Exchange>,
}

/// One turn: the request, the calls it led to, the closing reply.
#[derive(Clone, Debug)]
pub struct Exchange {
    pub request: Request,
    pub calls: Vec<Executed>,
    /// Empty while the turn is under way.
    pub reply: String,
}

/// A user's message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    pub text: String,
}

/// A call with what it returned.
#[derive(Clone, Debug)]
pub struct Executed {
    pub step: StepRef,
    pub copy: u8,
    pub call: Call,
    pub output: Output,
}

impl Conversation {
    /// Every call so far with its user turn, oldest first.
    pub fn executed(&self) -> impl DoubleEndedIterator<Item = (usize, &Executed)> {
        let calls = |(turn, exchange)| {
            let exchange: &Exchange = exchange;
            exchange.calls.iter().map(move |call| (turn, call))
        };
        self.turns.iter().enumerate().flat_map(calls)
    }

    /// The successful output of a step's first call.
    pub fn output_of(&self, step: StepRef) -> Option<&Value> {
        let mut of_step = self.executed().filter(|(_, executed)| executed.step == step);
        of_step.find_map(|(_, executed)| executed.output.ok())
    }
}
