//! What a signature path asks of a model, before a word is written.
//!
//! Rough on purpose: the sizes below are typical ones, and what a conversation
//! really holds is known only afterwards.

use std::ops::{Add, Mul};

use magnet_proto::library::Library;
use magnet_proto::path::{Fault, Path, Purpose, Step, Turn};
use magnet_worker::prompts;
use magnet_worker::teacher::chat;

/// Typical of English and JSON.
const CHARS_PER_TOKEN: f64 = 4.0;
const REQUEST_TOKENS: f64 = 40.0;
const CALL_TOKENS: f64 = 60.0;
const OUTPUT_TOKENS: f64 = 180.0;
const REPLY_TOKENS: f64 = 60.0;

/// Asks of one kind, on average or in sum.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cost {
    pub requests: f64,
    pub input_tokens: f64,
    pub output_tokens: f64,
}

/// Asks by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Asks {
    /// Back-translation: writing requests.
    pub back: Cost,
    /// Forth: filling calls.
    pub forth: Cost,
    /// Playing the agent.
    pub act: Cost,
}

impl Asks {
    pub fn total(&self) -> Cost {
        self.back + self.forth + self.act
    }

    pub(super) fn times(self, factor: f64) -> Self {
        Self { back: self.back * factor, forth: self.forth * factor, act: self.act * factor }
    }
}

/// The mean asks of paths.
pub(super) fn mean(library: &Library, distractors: usize, paths: &[Path]) -> Asks {
    let sizes = Sizes::of(library);
    let sum = paths.iter().fold(Asks::default(), |sum, path| {
        let asks = sizes.asks(path, distractors);
        let (back, forth) = (sum.back + asks.back, sum.forth + asks.forth);
        Asks { back, forth, act: sum.act + asks.act }
    });
    sum.times(1.0 / paths.len().max(1) as f64)
}

/// Tokens of what stands in every ask.
struct Sizes {
    back: f64,
    forth: f64,
    act: f64,
    /// By function.
    documents: Vec<f64>,
    mean_document: f64,
}

impl Sizes {
    fn of(library: &Library) -> Self {
        let prompt = |purpose| prompts::system(purpose).len() as f64 / CHARS_PER_TOKEN;
        let document = |(_, function): (_, &magnet_proto::library::Function)| {
            function.tool().to_string().len() as f64 / CHARS_PER_TOKEN
        };
        let documents: Vec<f64> = library.iter().map(document).collect();
        let mean_document = documents.iter().sum::<f64>() / documents.len().max(1) as f64;
        Self {
            back: prompt(chat::Purpose::Back),
            forth: prompt(chat::Purpose::Forth),
            act: prompt(chat::Purpose::Act),
            documents,
            mean_document,
        }
    }

    fn document(&self, step: &Step) -> f64 {
        self.documents.get(step.function.index()).copied().unwrap_or(self.mean_document)
    }

    /// Turn by turn, with a history that grows.
    fn asks(&self, path: &Path, distractors: usize) -> Asks {
        let own: f64 =
            path.turns.iter().flat_map(|turn| &turn.steps).map(|s| self.document(s)).sum();
        let offered = own + distractors as f64 * self.mean_document;
        let (mut asks, mut history) = (Asks::default(), 0.0);
        for turn in &path.turns {
            let documents: f64 = turn.steps.iter().map(|step| self.document(step)).sum();
            asks.back.ask(self.back + documents + history, REQUEST_TOKENS);
            history += REQUEST_TOKENS;
            for step in &turn.steps {
                for _ in 0..step.copies {
                    asks.forth.ask(self.forth + self.document(step) + history, CALL_TOKENS);
                    asks.act.ask(self.act + offered + history, CALL_TOKENS);
                    history += CALL_TOKENS + OUTPUT_TOKENS;
                }
                if step.fault == Some(Fault::Transient) {
                    asks.act.ask(self.act + offered + history, CALL_TOKENS);
                }
            }
            asks.act.ask(self.act + offered + history, reply_tokens(turn));
            history += REPLY_TOKENS;
        }
        asks
    }
}

fn reply_tokens(turn: &Turn) -> f64 {
    match turn.purpose {
        Purpose::Calls => REPLY_TOKENS,
        // Asking or declining is shorter than reporting.
        _ => REPLY_TOKENS / 2.0,
    }
}

impl Cost {
    fn ask(&mut self, input_tokens: f64, output_tokens: f64) {
        *self = *self + Self { requests: 1.0, input_tokens, output_tokens };
    }
}

impl Add for Cost {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            requests: self.requests + other.requests,
            input_tokens: self.input_tokens + other.input_tokens,
            output_tokens: self.output_tokens + other.output_tokens,
        }
    }
}

impl Mul<f64> for Cost {
    type Output = Self;

    fn mul(self, factor: f64) -> Self {
        Self {
            requests: self.requests * factor,
            input_tokens: self.input_tokens * factor,
            output_tokens: self.output_tokens * factor,
        }
    }
}

#[cfg(test)]
mod tests {
    use magnet_proto::FunctionId;
    use magnet_proto::path::Kind;

    use super::*;

    fn path(turns: &[usize]) -> Path {
        let turn = |calls: &usize| Turn {
            purpose: Purpose::Calls,
            steps: (0..*calls).map(|_| Step::new(FunctionId(0))).collect(),
        };
        Path { kind: Kind::MultiTurn, turns: turns.iter().map(turn).collect(), ops: Vec::new() }
    }

    #[test]
    fn each_turn_is_written_once_and_each_call_filled_and_made() {
        let asks = mean(&Library::default(), 8, &[path(&[2, 1])]);
        assert_eq!((asks.back.requests, asks.forth.requests), (2.0, 3.0));
        // Three calls and two closing replies.
        assert_eq!(asks.act.requests, 5.0);
    }

    #[test]
    fn a_longer_history_costs_more() {
        let per_request = |asks: Asks| asks.total().input_tokens / asks.total().requests;
        let short = mean(&Library::default(), 8, &[path(&[1])]);
        let long = mean(&Library::default(), 8, &[path(&[1; 8])]);
        assert!(per_request(long) > per_request(short));
    }
}
