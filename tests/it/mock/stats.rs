//! What the mock has seen.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// As `GET /stats` tells it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Stats {
    pub(crate) requests: u64,
    /// Whole, well-formed answers.
    pub(crate) answered: u64,
    /// Answers by what was asked for.
    pub(crate) by_purpose: BTreeMap<String, u64>,
    pub(crate) input_tokens: u64,
    pub(crate) output_tokens: u64,
    /// Refusals for the rate.
    pub(crate) rate_limited: u64,
    /// Requests that came before the time told with a refusal.
    pub(crate) early: u64,
    /// Answers to a body that had been answered before: bought twice.
    pub(crate) repeats: u64,
    /// Requests that did not fit the context.
    pub(crate) too_long: u64,
    /// Requests refused for the dialect they were in.
    pub(crate) dialect: u64,
    pub(crate) faults: BTreeMap<String, u64>,
    pub(crate) bad_answers: BTreeMap<String, u64>,
    pub(crate) max_in_flight: u64,
    /// From the first request to the last answer.
    pub(crate) seconds: f64,
    /// The log of the limit: each tenth of a second since the first request.
    pub(crate) tenths: Vec<Tenth>,
}

/// Requests that came within a tenth of a second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Tenth {
    pub(crate) came: u32,
    /// Of these, refused for the rate.
    pub(crate) refused: u32,
}

/// A process on a busy machine needs no longer to keep what it is answered.
const JUST_BEFORE: Duration = Duration::from_secs(1);

/// Counts, and what is needed to count.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) stats: Stats,
    /// How often each body came, and when it was answered last.
    bodies: HashMap<u64, (u32, Option<Instant>)>,
    in_flight: u64,
    first: Option<Instant>,
}

impl Seen {
    /// Counts a request; how often this body came before.
    pub(super) fn arrived(&mut self, body: u64) -> u32 {
        self.tenth().came += 1;
        self.stats.requests += 1;
        self.in_flight += 1;
        self.stats.max_in_flight = self.stats.max_in_flight.max(self.in_flight);
        let (came, _) = self.bodies.entry(body).or_default();
        *came += 1;
        *came - 1
    }

    /// Counts the request that arrived last as refused for the rate.
    pub(super) fn refused(&mut self) {
        self.stats.rate_limited += 1;
        self.tenth().refused += 1;
    }

    fn tenth(&mut self) -> &mut Tenth {
        let now =
            (self.first.get_or_insert_with(Instant::now).elapsed().as_millis() / 100) as usize;
        let tenths = &mut self.stats.tenths;
        if tenths.len() <= now {
            tenths.resize(now + 1, Tenth::default());
        }
        &mut tenths[now]
    }

    pub(super) fn left(&mut self) {
        self.in_flight -= 1;
        if let Some(first) = self.first {
            self.stats.seconds = first.elapsed().as_secs_f64();
        }
    }

    pub(super) fn answered(&mut self, body: u64, purpose: &str, input: u64, output: u64) {
        self.stats.answered += 1;
        self.stats.input_tokens += input;
        self.stats.output_tokens += output;
        count(&mut self.stats.by_purpose, purpose);
        let (_, answered) = self.bodies.entry(body).or_default();
        if answered.replace(Instant::now()).is_some() {
            self.stats.repeats += 1;
        }
    }

    /// Whoever asked is killed now: what it was answered just before it may not
    /// have kept, and has to ask again.
    pub(super) fn killed(&mut self) {
        let is_late = |answered: &mut Instant| answered.elapsed() < JUST_BEFORE;
        for (_, answered) in self.bodies.values_mut() {
            answered.take_if(is_late);
        }
    }
}

pub(super) fn count(counts: &mut BTreeMap<String, u64>, key: &str) {
    match counts.get_mut(key) {
        Some(count) => *count += 1,
        None => {
            counts.insert(key.to_owned(), 1);
        }
    }
}
