//! What a request will take in tokens.
//!
//! A limit on tokens is spent before the server has counted them. So the guess
//! from the request's length is corrected by what answers took: how many
//! tokens a guessed one of the prompt is, and how long answers to each kind of
//! ask are. On average the forecast is right, and errors even out within the
//! server's window.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::teacher::chat::{Purpose, Request, Tokens};

/// The weight of the latest answer; the first ones weigh more.
const WEIGHT: f64 = 0.02;

#[derive(Default)]
pub(super) struct Forecast {
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// Tokens of a prompt for each one guessed.
    input: Mean,
    output: HashMap<Purpose, Mean>,
}

/// A mean that forgets slowly.
#[derive(Clone, Copy, Default)]
struct Mean {
    value: f64,
    seen: u32,
}

impl Forecast {
    pub(super) fn of(&self, request: &Request) -> u32 {
        let guess = request.estimated_tokens();
        let known = self.lock();
        let input = guess.input as f64 * known.input.or(1.0);
        let output = known.output.get(&request.purpose).copied().unwrap_or_default();
        (input + output.or(guess.output as f64)).ceil().min(f64::from(u32::MAX)) as u32
    }

    pub(super) fn learn(&self, request: &Request, used: Tokens) {
        let guess = request.estimated_tokens();
        let mut known = self.lock();
        known.input.add(used.input as f64 / guess.input.max(1) as f64);
        known.output.entry(request.purpose).or_default().add(used.output as f64);
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Mean {
    fn or(self, unknown: f64) -> f64 {
        if self.seen == 0 { unknown } else { self.value }
    }

    fn add(&mut self, value: f64) {
        self.seen = self.seen.saturating_add(1);
        self.value += (value - self.value) * WEIGHT.max(1.0 / f64::from(self.seen));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::teacher::chat::{Answer, Message, Role};

    fn request(purpose: Purpose, chars: usize) -> Request {
        let content = "x".repeat(chars);
        Request {
            purpose,
            messages: vec![Message { role: Role::User, content }],
            answer: Answer::Text,
            temperature: 0.0,
            max_output_tokens: 2_048,
            draw: 0,
        }
    }

    #[test]
    fn a_forecast_comes_close_to_what_answers_took() {
        let forecast = Forecast::default();
        assert_eq!(forecast.of(&request(Purpose::Back, 3_984)), 1_000 + 256);
        for _ in 0..200 {
            // A tokenizer of three characters a token, answers of 40.
            let used = Tokens { input: 1_333, output: 40, cached: 0 };
            forecast.learn(&request(Purpose::Back, 3_984), used);
        }
        assert_eq!(forecast.of(&request(Purpose::Back, 3_984)), 1_333 + 40);
        // Another ask's answers may have another length.
        assert_eq!(forecast.of(&request(Purpose::Act, 3_984)), 1_333 + 256);
    }
}
