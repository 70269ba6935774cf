//! Which records an export holds, and which of its parts they go to.

use std::str::FromStr;

use anyhow::Result;
use magnet_proto::Digest;
use magnet_proto::sample::Challenge;
use serde_json::value::RawValue;

use super::notes::{Note, Notes};
use super::row::{Conversation, Message, Metadata, Pair};
use super::tokens::Counter;
use crate::contamination::Contaminated;

/// What is asked for.
#[derive(Default)]
pub struct Selection {
    /// Conversations that pose one of them; none = all.
    pub challenges: Vec<Challenge>,
    /// Conversations to leave out, with their pairs.
    pub contaminated: Contaminated,
    pub split: Option<Split>,
    /// Rows of at most so many tokens.
    pub max_tokens: Option<(usize, Counter)>,
}

/// Shares for training and to hold out, such as `0.98/0.02`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Split {
    held_out: f64,
}

impl FromStr for Split {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let shares = text.split_once('/').and_then(|(training, held_out)| {
            Some((training.parse::<f64>().ok()?, held_out.parse::<f64>().ok()?))
        });
        match shares {
            Some((training, held_out))
                if training > 0.0 && held_out > 0.0 && (training + held_out - 1.0).abs() < 1e-6 =>
            {
                Ok(Self { held_out })
            }
            _ => Err("give two shares that add up to 1, such as 0.98/0.02".into()),
        }
    }
}

/// Where a record goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Training,
    HeldOut,
}

pub(super) struct Selector<'a> {
    selection: &'a Selection,
}

impl<'a> Selector<'a> {
    pub(super) fn new(selection: &'a Selection) -> Self {
        Self { selection }
    }

    pub(super) fn conversation(
        &self,
        conversation: &Conversation<'_>,
        notes: &mut Notes,
    ) -> Option<Part> {
        if !self.is_wanted(&conversation.metadata) {
            notes.count(Note::NotSelected);
            return None;
        }
        if self.selection.contaminated.holds(&conversation.id) {
            notes.count(Note::Contaminated);
            return None;
        }
        Some(self.part(&conversation.id))
    }

    pub(super) fn pair(&self, pair: &Pair<'_>, notes: &mut Notes) -> Option<Part> {
        if !self.is_wanted(&pair.metadata) {
            notes.count(Note::PairsNotSelected);
            return None;
        }
        if self.selection.contaminated.holds(&pair.metadata.sample) {
            notes.count(Note::PairsContaminated);
            return None;
        }
        Some(self.part(&pair.metadata.sample))
    }

    fn is_wanted(&self, metadata: &Metadata<'_>) -> bool {
        let wanted = &self.selection.challenges;
        let posed =
            |challenge: &Challenge| metadata.challenges.iter().any(|c| c == challenge.label());
        wanted.is_empty() || wanted.iter().any(posed)
    }

    /// By the conversation's id alone: a conversation and its pairs go
    /// together, and no other record moves them.
    fn part(&self, conversation: &str) -> Part {
        let Some(Split { held_out }) = self.selection.split else {
            return Part::Training;
        };
        let digest = Digest::of(conversation.as_bytes());
        let drawn =
            digest.as_bytes().iter().take(6).fold(0u64, |all, byte| all << 8 | u64::from(*byte));
        match (drawn as f64) < held_out * (1u64 << 48) as f64 {
            true => Part::HeldOut,
            false => Part::Training,
        }
    }

    /// Whether a row is short enough: what is shared, and the longest of the
    /// sides that may follow it.
    pub(super) fn fits(
        &self,
        tools: &[&RawValue],
        shared: &[Message<'_>],
        sides: [&[Message<'_>]; 2],
        notes: &mut Notes,
    ) -> Result<bool> {
        let Some((most, counter)) = &self.selection.max_tokens else {
            return Ok(true);
        };
        let [chosen, rejected] = sides.map(|side| counter.count(&[], side));
        let tokens = counter.count(tools, shared)? + chosen?.max(rejected?);
        notes.add(Note::TooLong, u64::from(tokens > *most));
        Ok(tokens <= *most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up_to_one() {
        assert_eq!("0.98/0.02".parse(), Ok(Split { held_out: 0.02 }));
        for text in ["0.98", "0.9/0.2", "1/0", "a/b", "-1/2"] {
            assert!(text.parse::<Split>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_share_of_the_ids_is_held_out() {
        let selection = Selection { split: "0.9/0.1".parse().ok(), ..Selection::default() };
        let selector = Selector::new(&selection);
        let held_out =
            (0..10_000).filter(|n| selector.part(&format!("id {n}")) == Part::HeldOut).count();
        assert!((900..1_100).contains(&held_out), "{held_out}");
    }
}
