//! The conversations a report shows: one for each challenge, then the first
//! ones, so that every kind there is can be read.

use std::collections::BTreeSet;

use crate::dataset::{Conversation, PairRecord};

/// How many conversations are shown.
const WALL: usize = 12;

/// How many pairs are shown beside one of them.
const PAIRS_EACH: usize = 3;

#[derive(Debug, Default)]
pub(super) struct Gallery {
    shown: Vec<Exhibit>,
    /// The first conversations that showed nothing new.
    spare: Vec<Exhibit>,
    challenges: BTreeSet<String>,
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
        let unseen = |challenge: &String| !self.challenges.contains(challenge);
        self.shown.len() < WALL && challenges.iter().any(unseen)
    }

    pub(super) fn hang(&mut self, conversation: Conversation) {
        let challenges = &conversation.metadata.challenges;
        let place = if self.is_new(challenges) { &mut self.shown } else { &mut self.spare };
        self.challenges.extend(challenges.iter().cloned());
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

    pub(super) fn exhibits(&self) -> &[Exhibit] {
        &self.shown
    }
}
