//! A conversation in the making: what every ask of a teacher may look at.

use magnet_proto::WalkIndex;
use magnet_proto::library::Library;
use magnet_proto::path::{Path, StepRef};
use magnet_proto::rng::{self, Rng};
use magnet_proto::sample::Call;
use serde_json::Value;

use crate::execute::Output;
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

impl Scene<'_> {
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

/// A user's message, with what its writer knows about it. A model that writes
/// only text leaves `given` and `picks` empty.
#[derive(Clone, Debug, Default)]
pub struct Request {
    pub text: String,
    pub given: Vec<Given>,
    pub picks: Vec<Pick>,
}

/// An argument whose value the text gives, literally or by pointing at an
/// earlier message ("the same dates").
#[derive(Clone, Debug, PartialEq)]
pub struct Given {
    /// The step the value is for; after a turn that misses something, that of
    /// the *next* turn.
    pub step: StepRef,
    /// Which of a step's parallel calls.
    pub copy: u8,
    /// The top-level parameter.
    pub parameter: String,
    /// The whole argument.
    pub value: Value,
}

/// An argument that the text leaves to an earlier output, and how it says
/// which of several elements is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct Pick {
    pub step: StepRef,
    pub copy: u8,
    pub parameter: String,
    pub select: Select,
}

/// Which element of an output's array a request refers to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Select {
    /// "the first one", or there is only one.
    #[default]
    First,
    Last,
    /// The element whose field of that name is smallest: "the cheapest".
    Least(String),
    /// The element whose field of that name is largest: "the best rated".
    Most(String),
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
        self.executed().find_map(|(_, executed)| match &executed.output {
            Output::Value(value) if executed.step == step => Some(value),
            _ => None,
        })
    }

    /// What the user gave for an argument, the latest word first.
    pub fn given(&self, step: StepRef, copy: u8, parameter: &str) -> Option<&Value> {
        let of_argument = |given: &&Given| {
            given.step == step && given.copy == copy && given.parameter == parameter
        };
        let requests = self.turns.iter().rev().map(|exchange| &exchange.request);
        requests.flat_map(|request| &request.given).find(of_argument).map(|given| &given.value)
    }

    /// How the user singled out the output element for an argument.
    pub fn pick(&self, step: StepRef, copy: u8, parameter: &str) -> Option<&Pick> {
        let requests = self.turns.iter().rev().map(|exchange| &exchange.request);
        requests
            .flat_map(|request| &request.picks)
            .find(|pick| pick.step == step && pick.copy == copy && pick.parameter == parameter)
    }
}
