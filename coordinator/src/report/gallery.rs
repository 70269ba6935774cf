//! The conversations a report shows: some for each challenge, then the first
//! ones, so that every kind there is can be read.

use std::collections::{BTreeMap, BTreeSet};

use crate::dataset::{Conversation, PairRecord};

/// How many conversations are shown.
const WALL: usize = 24;

/// How many of them a challenge brings in.
const OF_A_KIND: usize = 2;

/// How many pairs are shown beside one of them.
const PAIRS_EACH: usize = 3;

#[derive(Debug, Default)]
pub(super) struct Gallery {
    shown: Vec<Exhibit>,
    /// The first conversations that showed nothing new.
    spare: Vec<Exhibit>,
    /// Challenges with how often they are shown.
    challenges: BTreeMap<String, usize>,
}

/// One conversation with its pairs.
#[derive(Debug)]
pub(super) struct Exhibit {
    pub conversation: Conversation,
    pub pairs: Vec<PairRecord>,
}

impl Gallery {
    /// Whether a conversation with these challenges may be shown.
    pub(super) fn wants(&self, challenges: &[String]) -> bool {
        self.is_new(challenges) || self.spare.len() < WALL
    }

    fn is_new(&self, challenges: &[String]) -> bool {
        let rare = |challenge: &String| {
            self.challenges.get(challenge).is_none_or(|shown| *shown < OF_A_KIND)
        };
        self.shown.len() < WALL && challenges.iter().any(rare)
    }

    pub(super) fn hang(&mut self, conversation: Conversation) {
        let challenges = &conversation.metadata.challenges;
        let is_new = self.is_new(challenges);
        for challenge in challenges {
            *self.challenges.entry(challenge.clone()).or_default() += 1;
        }
        let place = if is_new { &mut self.shown } else { &mut self.spare };
        place.push(Exhibit { conversation, pairs: Vec::new() });
    }

    /// No conversation comes any more: fills the wall up, in walk order.
    pub(super) fn settle(&mut self) {
        self.shown.append(&mut self.spare);
        self.shown.truncate(WALL);
        self.shown.sort_by_key(|exhibit| exhibit.conversation.metadata.walk);
    }

    /// The walk of the last conversation that is shown.
    pub(super) fn last_walk(&self) -> u64 {
        self.shown.last().map_or(0, |exhibit| exhibit.conversation.metadata.walk)
    }

    /// Puts a pair beside its conversation, if that is shown.
    pub(super) fn hang_pair(&mut self, pair: PairRecord) {
        let of = |exhibit: &&mut Exhibit| pair.belongs_to(&exhibit.conversation.id);
        if let Some(exhibit) = self.shown.iter_mut().find(of)
            && exhibit.pairs.len() < PAIRS_EACH
        {
            exhibit.pairs.push(pair);
        }
    }

    /// The challenges that the conversations shown pose.
    pub(super) fn challenges(&self) -> BTreeSet<&str> {
        let posed = self.shown.iter().flat_map(|shown| &shown.conversation.metadata.challenges);
        posed.map(String::as_str).collect()
    }

    pub(super) fn exhibits(&self) -> &[Exhibit] {
        &self.shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conversation(walk: u64, challenge: &str) -> Conversation {
        let mut conversation = Conversation::default();
        conversation.metadata.walk = walk;
        conversation.metadata.challenges = vec![challenge.to_owned()];
        conversation
    }

    #[test]
    fn a_rare_challenge_is_shown_however_late_it_comes() {
        let mut gallery = Gallery::default();
        for walk in 0..1_000 {
            let challenge = if walk < 998 { "nested" } else { "conflict" };
            let conversation = conversation(walk, challenge);
            if gallery.wants(&conversation.metadata.challenges) {
                gallery.hang(conversation);
            }
        }
        gallery.settle();
        assert_eq!(gallery.exhibits().len(), WALL);
        assert_eq!(gallery.challenges(), BTreeSet::from(["conflict", "nested"]));
        assert_eq!(gallery.last_walk(), 999);
    }
}
