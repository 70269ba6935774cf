//! How hard a conversation is, measured: what a student makes of it that plays
//! it several times without hints.

use serde::{Deserialize, Serialize};

/// A student's attempts at one conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difficulty {
    /// The student's model; "offline" is the rule-based teacher.
    pub student: String,
    /// In the order they were drawn; at least one.
    pub attempts: Vec<Attempt>,
}

/// One attempt. It ends where the first turn goes wrong: what a person says
/// next would not follow from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    pub outcome: Outcome,
    /// User turns played right, so also the index of the one that went wrong.
    pub turns: u16,
}

/// How an attempt ended: a closed list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Every turn made the calls that it asks for.
    Passed,
    /// A call that the turn needs is not made.
    MissingCall,
    /// It is made, with other arguments.
    WrongArgument,
    /// A call that changes something, and was not asked for.
    ExtraCall,
    /// It calls where it should ask, or say that it cannot be done.
    CallsInstead,
    /// It asks or declines where it should call.
    AsksInstead,
    /// It goes on calling beyond `trajectory.max_steps`.
    NoEnd,
    /// Its answer cannot be read.
    NoAnswer,
}

impl Outcome {
    pub const ALL: [Self; 8] = [
        Self::Passed,
        Self::MissingCall,
        Self::WrongArgument,
        Self::ExtraCall,
        Self::CallsInstead,
        Self::AsksInstead,
        Self::NoEnd,
        Self::NoAnswer,
    ];

    /// The name in manifest, metadata and metrics.
    pub fn label(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::MissingCall => "missing_call",
            Self::WrongArgument => "wrong_argument",
            Self::ExtraCall => "extra_call",
            Self::CallsInstead => "calls_instead",
            Self::AsksInstead => "asks_instead",
            Self::NoEnd => "no_end",
            Self::NoAnswer => "no_answer",
        }
    }
}

/// A conversation's difficulty for its student.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Every attempt passed.
    Easy,
    /// Some did.
    Medium,
    /// None did.
    Hard,
}

impl Level {
    pub const ALL: [Self; 3] = [Self::Easy, Self::Medium, Self::Hard];

    /// The name in quotas, manifest and metadata.
    pub fn label(self) -> &'static str {
        match self {
            Self::Easy => "easy",
            Self::Medium => "medium",
            Self::Hard => "hard",
        }
    }
}

impl Difficulty {
    /// Attempts that passed.
    pub fn passed(&self) -> usize {
        self.attempts.iter().filter(|attempt| attempt.outcome == Outcome::Passed).count()
    }

    pub fn level(&self) -> Level {
        match self.passed() {
            0 => Level::Hard,
            passed if passed == self.attempts.len() => Level::Easy,
            _ => Level::Medium,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_follows_from_the_attempts() {
        let level = |outcomes: &[Outcome]| {
            let attempts = outcomes.iter().map(|&outcome| Attempt { outcome, turns: 1 }).collect();
            Difficulty { student: "mock".into(), attempts }.level()
        };
        let (right, wrong) = (Outcome::Passed, Outcome::MissingCall);
        assert_eq!(level(&[right, right]), Level::Easy);
        assert_eq!(level(&[wrong, right]), Level::Medium);
        assert_eq!(level(&[wrong, wrong]), Level::Hard);
    }
}
