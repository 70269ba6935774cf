//! The conversations a report shows: some for each challenge and difficulty,
//! those a judge agreed with least, then the first ones, so that every kind
//! there is can be read.

use std::collections::{BTreeMap, BTreeSet};

use crate::dataset::{Conversation, Metadata, PairRecord};

/// How many conversations are shown, those in doubt aside.
const WALL: usize = 24;

/// How many are shown of those that a judge agreed with least.
const DOUBTED: usize = 8;

/// How many of them a kind brings in.
const OF_A_KIND: usize = 2;

/// How many pairs are shown beside one of them.
const PAIRS_EACH: usize = 3;

#[derive(Debug, Default)]
pub(super) struct Gallery {
    shown: Vec<Exhibit>,
    /// The first conversations that showed nothing new.
    spare: Vec<Exhibit>,
    /// Those of the lowest agreement so far, the lowest first.
    doubted: Vec<Exhibit>,
    /// Kinds with how often they are shown.
    kinds: BTreeMap<String, usize>,
}

/// One conversation with its pairs.
#[derive(Debug)]
pub(super) struct Exhibit {
    pub conversation: Conversation,
    pub pairs: Vec<PairRecord>,
}

/// What a conversation may be looked for by: its challenges and its level.
pub(super) fn kinds(metadata: &Metadata) -> Vec<String> {
    let level = metadata.difficulty.iter().map(|played| played.level.clone());
    metadata.challenges.iter().cloned().chain(level).collect()
}

impl Gallery {
    /// Whether a conversation may be shown.
    pub(super) fn wants(&self, metadata: &Metadata) -> bool {
        self.is_new(metadata) || self.spare.len() < WALL || self.is_of_least(metadata)
    }

    fn is_new(&self, metadata: &Metadata) -> bool {
        let rare = |kind: &String| self.kinds.get(kind).is_none_or(|shown| *shown < OF_A_KIND);
        self.shown.len() < WALL && kinds(metadata).iter().any(rare)
    }

    /// Whether a judge agreed with it less than with those known.
    fn is_of_least(&self, metadata: &Metadata) -> bool {
        let Some(agreement) = metadata.agreement().filter(|agreement| *agreement < 1.0) else {
            return false;
        };
        let last = self.doubted.last().and_then(Exhibit::agreement);
        self.doubted.len() < DOUBTED || last.is_none_or(|last| agreement < last)
    }

    pub(super) fn hang(&mut self, conversation: Conversation) {
        if self.is_of_least(&conversation.metadata) {
            let exhibit = Exhibit { conversation: conversation.clone(), pairs: Vec::new() };
            self.doubted.push(exhibit);
            let by_agreement = |one: &Exhibit, other: &Exhibit| {
                let of = |exhibit: &Exhibit| exhibit.agreement().unwrap_or(1.0);
                of(one).total_cmp(&of(other))
            };
            self.doubted.sort_by(by_agreement);
            self.doubted.truncate(DOUBTED);
        }
        let is_new = self.is_new(&conversation.metadata);
        if !is_new && self.spare.len() >= WALL {
            return;
        }
        for kind in kinds(&conversation.metadata) {
            *self.kinds.entry(kind).or_default() += 1;
        }
        let place = if is_new { &mut self.shown } else { &mut self.spare };
        place.push(Exhibit { conversation, pairs: Vec::new() });
    }

    /// No conversation comes any more: fills the wall up, in walk order.
    pub(super) fn settle(&mut self) {
        self.shown.append(&mut self.spare);
        self.shown.truncate(WALL);
        self.shown.append(&mut self.doubted);
        self.shown.sort_by_key(Exhibit::walk);
        self.shown.dedup_by_key(|exhibit| exhibit.walk());
    }

    /// The walk of the last conversation that is shown.
    pub(super) fn last_walk(&self) -> u64 {
        self.shown.last().map_or(0, Exhibit::walk)
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

    /// The kinds of the conversations shown.
    pub(super) fn kinds(&self) -> BTreeSet<String> {
        self.shown.iter().flat_map(|shown| kinds(&shown.conversation.metadata)).collect()
    }

    /// Whether a judge has read any of them and doubted it.
    pub(super) fn has_doubted(&self) -> bool {
        self.shown.iter().filter_map(Exhibit::agreement).any(|agreement| agreement < 1.0)
    }

    pub(super) fn exhibits(&self) -> &[Exhibit] {
        &self.shown
    }
}

impl Exhibit {
    fn walk(&self) -> u64 {
        self.conversation.metadata.walk
    }

    pub(super) fn agreement(&self) -> Option<f64> {
        self.conversation.metadata.agreement()
    }
}

#[cfg(test)]
mod tests {
    use magnet_proto::sample::Readings;

    use super::*;

    fn conversation(walk: u64, challenge: &str, doubted: u16) -> Conversation {
        let mut conversation = Conversation::default();
        conversation.metadata.walk = walk;
        conversation.metadata.challenges = vec![challenge.to_owned()];
        conversation.metadata.readings = Some(Readings { read: 4, doubted });
        conversation
    }

    fn hung(conversations: impl Iterator<Item = Conversation>) -> Gallery {
        let mut gallery = Gallery::default();
        for conversation in conversations {
            if gallery.wants(&conversation.metadata) {
                gallery.hang(conversation);
            }
        }
        gallery.settle();
        gallery
    }

    #[test]
    fn a_rare_challenge_is_shown_however_late_it_comes() {
        let challenge = |walk| if walk < 998 { "nested" } else { "conflict" };
        let gallery = hung((0..1_000).map(|walk| conversation(walk, challenge(walk), 0)));
        assert_eq!(gallery.exhibits().len(), WALL);
        assert_eq!(gallery.kinds(), BTreeSet::from(["conflict".into(), "nested".into()]));
        assert_eq!(gallery.last_walk(), 999);
        assert!(!gallery.has_doubted());
    }

    #[test]
    fn those_of_the_lowest_agreement_are_shown_however_late_they_come() {
        let doubted = |walk| match walk {
            500..990 => 1,
            990.. => 3,
            _ => 0,
        };
        let gallery = hung((0..1_000).map(|walk| conversation(walk, "nested", doubted(walk))));
        let least = gallery.exhibits().iter().filter(|exhibit| exhibit.agreement() == Some(0.25));
        assert_eq!(least.count(), DOUBTED);
        assert_eq!(gallery.exhibits().len(), WALL + DOUBTED);
    }
}
