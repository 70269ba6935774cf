//! What the samples of a dataset add up to.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use magnet_proto::difficulty::{Difficulty, Level, Outcome};
use magnet_proto::sample::{Challenge, ErrorType, Message, Sample};
use serde::{Deserialize, Serialize};

/// Sums over the accepted samples.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    pub conversations: u64,
    pub user_turns: u64,
    pub calls: u64,
    /// Conversations with the challenge.
    pub challenges: BTreeMap<Challenge, u64>,
    pub pairs_by_error: BTreeMap<ErrorType, u64>,
    /// Argument values, and those of them that came from nowhere.
    pub argument_values: u64,
    pub ungrounded_values: u64,
    /// Where a student has played the conversations.
    #[serde(default, skip_serializing_if = "Played::is_empty")]
    pub difficulty: Played,
}

/// What a student made of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Played {
    /// Conversations of each level.
    pub levels: BTreeMap<Level, u64>,
    /// Attempts by how they ended.
    pub attempts: BTreeMap<Outcome, u64>,
}

impl Played {
    fn is_empty(&self) -> bool {
        self.levels.is_empty()
    }

    /// Conversations played.
    pub fn conversations(&self) -> u64 {
        self.levels.values().sum()
    }

    /// The share of attempts that passed.
    pub fn pass_at_1(&self) -> f64 {
        let passed = self.attempts.get(&Outcome::Passed).copied().unwrap_or_default();
        passed as f64 / self.attempts.values().sum::<u64>().max(1) as f64
    }

    /// The share of conversations that passed in one attempt at least.
    pub fn pass_at_k(&self) -> f64 {
        let hard = self.levels.get(&Level::Hard).copied().unwrap_or_default();
        1.0 - hard as f64 / self.conversations().max(1) as f64
    }

    fn add(&mut self, played: &Difficulty) {
        *self.levels.entry(played.level()).or_default() += 1;
        for attempt in &played.attempts {
            *self.attempts.entry(attempt.outcome).or_default() += 1;
        }
    }
}

impl AddAssign for Played {
    fn add_assign(&mut self, other: Self) {
        for (level, count) in other.levels {
            *self.levels.entry(level).or_default() += count;
        }
        for (outcome, count) in other.attempts {
            *self.attempts.entry(outcome).or_default() += count;
        }
    }
}

impl Tally {
    pub(super) fn add(&mut self, sample: &Sample) {
        self.conversations += 1;
        for message in &sample.messages {
            match message {
                Message::User(_) => self.user_turns += 1,
                Message::Assistant { calls, .. } => self.calls += calls.len() as u64,
                Message::System(_) | Message::Tool { .. } => {}
            }
        }
        for challenge in &sample.challenges {
            *self.challenges.entry(*challenge).or_default() += 1;
        }
        for pair in &sample.pairs {
            *self.pairs_by_error.entry(pair.error).or_default() += 1;
        }
        self.argument_values += sample.provenance.len() as u64;
        let nowhere = |source: &magnet_proto::sample::Source| {
            matches!(source, magnet_proto::sample::Source::None)
        };
        let ungrounded = sample.provenance.iter().filter(|from| nowhere(&from.source)).count();
        self.ungrounded_values += ungrounded as u64;
        sample.difficulty.iter().for_each(|played| self.difficulty.add(played));
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.conversations += other.conversations;
        self.user_turns += other.user_turns;
        self.calls += other.calls;
        for (challenge, count) in other.challenges {
            *self.challenges.entry(challenge).or_default() += count;
        }
        for (error, count) in other.pairs_by_error {
            *self.pairs_by_error.entry(error).or_default() += count;
        }
        self.argument_values += other.argument_values;
        self.ungrounded_values += other.ungrounded_values;
        self.difficulty += other.difficulty;
    }
}
