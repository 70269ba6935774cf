//! The ledger: decides which walks enter the dataset.
//!
//! Reads the entries of parts strictly in walk order, each walk once, and
//! keeps the first `wanted` accepted walks that are no duplicates. So what it
//! decides depends on the walks alone: not on who worked them, when, how
//! often, or in what parts. Not here: fetching parts (`dispatch`) and writing
//! what was kept (`finalize`).

mod keys;
mod near;
mod shelf;
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use std::sync::Arc;

use magnet_proto::WalkIndex;
use magnet_proto::outcome::Reason;
use magnet_proto::part::{Entry, Key, Verdict};
use magnet_proto::quotas::Quotas;
use magnet_proto::state::Spending;
use magnet_proto::usage::Usage;
use magnet_worker::drawn::Draws;
use serde::{Deserialize, Serialize};

use keys::Keys;
use near::Kept;

/// What became of the walks. `walks = accepted + rejected + duplicates +
/// near_duplicates + over_quota + surplus`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Counts {
    /// Walks worked.
    pub walks: u64,
    /// In the dataset.
    pub accepted: u64,
    pub rejected: u64,
    /// Same signature path or opening request as a lower walk.
    pub duplicates: u64,
    /// Too alike a kept conversation.
    pub near_duplicates: u64,
    /// Their class has its share of the dataset already; most were not worked.
    #[serde(default)]
    pub over_quota: u64,
    /// Worked beyond the last one needed.
    pub surplus: u64,
    /// Left out and not worked: their shard failed whenever it was tried, or
    /// was not finished when a budget ended the run.
    pub missing: u64,
    /// Preference pairs of the accepted.
    pub pairs: u64,
    pub rejected_by_reason: BTreeMap<Reason, u64>,
    /// What all of it cost: walks, whatever became of them, and the graph.
    pub spent: Spending,
    /// The same by kind of ask.
    #[serde(default)]
    pub asks: Usage,
    /// The walks' part of it by what became of them.
    #[serde(default)]
    pub walked: BTreeMap<Fate, Usage>,
    /// What judging the graph cost; told when all is decided.
    #[serde(default)]
    pub judged: Usage,
}

/// What became of a walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    Accepted,
    Rejected,
    /// Or too alike a kept one.
    Duplicate,
    OverQuota,
    Surplus,
}

impl Fate {
    pub fn label(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::Duplicate => "duplicate",
            Self::OverQuota => "over_quota",
            Self::Surplus => "surplus",
        }
    }
}

impl Counts {
    /// Adds what judging the graph cost.
    pub fn add_judging(&mut self, judged: &Usage) {
        self.spent += judged.total();
        self.asks += judged;
        self.judged += judged;
    }

    /// Walks decided upon.
    pub fn decided(&self) -> u64 {
        self.walks - self.surplus
    }
}

/// The decisions so far.
#[derive(Debug)]
pub struct Ledger {
    wanted: u64,
    next: u64,
    closed: bool,
    counts: Counts,
    seen: Keys,
    kept: Kept,
    chosen: Chosen,
    /// Rejected walks to be shown, so many of each reason.
    shown: BTreeSet<u64>,
    shown_of_each: u64,
    shown_by_reason: BTreeMap<Reason, u64>,
    quotas: Quotas,
    draws: Option<Draws>,
}

/// The walks in the dataset, one bit each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chosen(Vec<u64>);

impl Chosen {
    pub fn contains(&self, walk: u64) -> bool {
        let word = self.0.get((walk / 64) as usize);
        word.is_some_and(|word| word >> (walk % 64) & 1 == 1)
    }

    /// Whether any walk of the range is chosen.
    pub fn any(&self, range: std::ops::Range<u64>) -> bool {
        range.into_iter().any(|walk| self.contains(walk))
    }

    pub(crate) fn insert(&mut self, walk: u64) {
        let word = (walk / 64) as usize;
        if word >= self.0.len() {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << (walk % 64);
    }
}

impl Ledger {
    /// `near_duplicate` is `dedup.near_duplicate`. What a large campaign makes
    /// too large for memory goes into nameless files in `folder`.
    pub fn new(wanted: u64, near_duplicate: f64, folder: &Path) -> Self {
        let folder: Arc<Path> = folder.into();
        Self {
            wanted,
            next: 0,
            closed: false,
            counts: Counts::default(),
            seen: Keys::new(&folder),
            kept: Kept::new(near_duplicate, &folder),
            chosen: Chosen::default(),
            shown: BTreeSet::new(),
            shown_of_each: 0,
            shown_by_reason: BTreeMap::new(),
            quotas: Quotas::default(),
            draws: None,
        }
    }

    /// Chooses the first rejected walks of each reason, too, of those of which
    /// something remains.
    #[must_use]
    pub fn showing(self, shown_of_each: u64) -> Self {
        Self { shown_of_each, ..self }
    }

    /// The rejected walks to be shown so far.
    pub fn shown(&self) -> &BTreeSet<u64> {
        &self.shown
    }

    /// Divides the samples: a class that has its share takes no more.
    pub fn among(self, quotas: Quotas, draws: Draws) -> Self {
        let draws = (!quotas.is_empty()).then_some(draws);
        Self { quotas, draws, ..self }
    }

    /// Whether a walk may still enter, by what its index decides on. A walk
    /// that is not wanted once is not wanted later.
    pub fn wants(&self, walk: WalkIndex) -> bool {
        self.draws.as_ref().is_none_or(|draws| {
            let (kind, register) = draws.walk(walk);
            self.quotas.wants(kind, register.name())
        })
    }

    pub fn quotas(&self) -> &Quotas {
        &self.quotas
    }

    /// How many walks more should do, by the yield so far.
    pub fn walks_needed(&self) -> f64 {
        let left = match self.quotas.is_empty() {
            true => self.wanted.saturating_sub(self.counts.accepted) as f64,
            false => self.quotas.walks_needed(),
        };
        let tried = (self.counts.decided() - self.counts.over_quota) as f64;
        left * (tried + 1.0) / (self.counts.accepted as f64 + 1.0)
    }

    /// The walk whose entry is read next.
    pub fn next(&self) -> u64 {
        self.next
    }

    pub fn wanted(&self) -> u64 {
        self.wanted
    }

    /// Whether all wanted samples are there.
    pub fn is_full(&self) -> bool {
        self.counts.accepted >= self.wanted
    }

    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// The walks in the dataset so far.
    pub fn chosen(&self) -> &Chosen {
        &self.chosen
    }

    /// The counts, the chosen walks and the quotas; the tables are dropped.
    pub fn finish(self) -> (Counts, Chosen, Quotas) {
        (self.counts, self.chosen, self.quotas)
    }

    /// Reads a part's entries. Those of walks already read, or not yet due, are
    /// passed over. Ends before a walk that was spared and is wanted, because
    /// more samples are wanted now than when it was issued; [`Ledger::next`] is
    /// that walk. Fails where the files of a large campaign cannot be written.
    pub fn read(&mut self, entries: &[Entry]) -> io::Result<()> {
        for entry in entries {
            let surplus = self.closed || self.is_full();
            if entry.walk.0 == self.next || (surplus && entry.walk.0 > self.next) {
                if !surplus && entry.verdict == Verdict::Spared && self.wants(entry.walk) {
                    return Ok(());
                }
                self.next = entry.walk.0 + 1;
                self.counts.walks += 1;
                self.counts.spent += entry.usage.total();
                self.counts.asks += &entry.usage;
                let fate = match surplus {
                    true => Fate::Surplus,
                    false => self.decide(entry)?,
                };
                self.count(fate);
                if !entry.usage.is_empty() {
                    *self.counts.walked.entry(fate).or_default() += &entry.usage;
                }
            }
        }
        Ok(())
    }

    /// Whatever is read from now on is surplus.
    pub fn close(&mut self) {
        self.closed = true;
    }

    /// Goes on at `walk`, because what lies before it cannot be had.
    pub fn skip_to(&mut self, walk: u64) {
        self.counts.missing += walk.saturating_sub(self.next);
        self.next = self.next.max(walk);
    }

    fn count(&mut self, fate: Fate) {
        match fate {
            Fate::Accepted => self.counts.accepted += 1,
            Fate::Rejected => self.counts.rejected += 1,
            Fate::Surplus => self.counts.surplus += 1,
            Fate::OverQuota => self.counts.over_quota += 1,
            // Counted apart, by what they duplicate.
            Fate::Duplicate => {}
        }
    }

    fn decide(&mut self, entry: &Entry) -> io::Result<Fate> {
        // Others may have been spared: none of them has a say.
        if !self.wants(entry.walk) {
            return Ok(Fate::OverQuota);
        }
        // Both keys count whatever became of the walk: a worker may skip a
        // walk on account of a lower one before that one is finished.
        let path_is_new = self.is_new(entry.keys.path)?;
        if !path_is_new {
            self.counts.duplicates += 1;
            return Ok(Fate::Duplicate);
        }
        let opening_is_new = self.is_new(entry.keys.opening)?;
        Ok(match &entry.verdict {
            Verdict::Rejected { rejection, size_bytes } => {
                *self.counts.rejected_by_reason.entry(rejection.reason).or_default() += 1;
                if *size_bytes > 0 {
                    self.show(entry.walk.0, rejection.reason);
                }
                Fate::Rejected
            }
            Verdict::Skipped => {
                self.counts.duplicates += 1;
                Fate::Duplicate
            }
            // Unwanted, or it would not have been read.
            Verdict::Spared => Fate::OverQuota,
            Verdict::Accepted { .. } if !opening_is_new => {
                self.counts.duplicates += 1;
                Fate::Duplicate
            }
            Verdict::Accepted { traits: Some(traits), .. } if !self.quotas.takes(traits) => {
                Fate::OverQuota
            }
            Verdict::Accepted { sketch, pairs, traits, .. } => match self.kept.insert(sketch)? {
                false => {
                    self.counts.near_duplicates += 1;
                    Fate::Duplicate
                }
                true => {
                    self.counts.pairs += u64::from(*pairs);
                    traits.iter().for_each(|traits| self.quotas.count(traits));
                    self.chosen.insert(entry.walk.0);
                    Fate::Accepted
                }
            },
        })
    }

    fn show(&mut self, walk: u64, reason: Reason) {
        let shown = self.shown_by_reason.entry(reason).or_default();
        if *shown < self.shown_of_each {
            *shown += 1;
            self.shown.insert(walk);
        }
    }

    fn is_new(&mut self, key: Option<Key>) -> io::Result<bool> {
        key.map_or(Ok(true), |key| self.seen.insert(key.half()))
    }
}

#[cfg(test)]
mod tests {
    use magnet_proto::config::Campaign;
    use magnet_proto::outcome::Rejection;
    use magnet_proto::part::Keys;
    use magnet_proto::quotas::Traits;
    use magnet_proto::sketch::Sketch;

    use super::*;

    fn accepted(walk: u64, opening: &str) -> Entry {
        let verdict = Verdict::Accepted {
            sketch: Sketch::of([opening]),
            pairs: 2,
            size_bytes: 9,
            traits: None,
        };
        let opening = Some(Key::of_opening(opening));
        let keys = Keys { path: None, opening };
        Entry { walk: WalkIndex(walk), keys, usage: Usage::default(), verdict }
    }

    fn rejected(walk: u64, opening: &str) -> Entry {
        let rejection = Rejection::new(Reason::NoValue, "no city");
        let verdict = Verdict::Rejected { rejection, size_bytes: 9 };
        Entry { verdict, ..accepted(walk, opening) }
    }

    fn adds_up(counts: &Counts) -> bool {
        let Counts { accepted, rejected, duplicates, near_duplicates, over_quota, surplus, .. } =
            counts;
        counts.walks == accepted + rejected + duplicates + near_duplicates + over_quota + surplus
    }

    #[test]
    fn the_lowest_walk_of_a_key_wins_even_if_it_was_rejected() {
        let mut ledger = Ledger::new(10, 0.7, &std::env::temp_dir());
        ledger.read(&[rejected(0, "one"), accepted(1, "one"), accepted(2, "two")]).unwrap();
        let (counts, chosen, _) = ledger.finish();
        assert_eq!((counts.accepted, counts.rejected, counts.duplicates), (1, 1, 1));
        assert!(adds_up(&counts));
        assert!(chosen.contains(2) && !chosen.contains(1));
    }

    /// A ledger of a campaign in which half of the samples are of one turn.
    fn halves(wanted: u64) -> (Ledger, Draws) {
        let mut campaign = Campaign::default();
        campaign.mix.single_turn = 1.0;
        let (quotas, draws) = (Quotas::new(&campaign.mix, wanted).unwrap(), Draws::of(&campaign));
        let ledger = Ledger::new(wanted, 1.0, &std::env::temp_dir());
        (ledger.among(quotas, draws.clone()), draws)
    }

    /// Walks as they come out of their shards; those of `spared` not worked.
    fn worked(draws: &Draws, walks: u64, spared: impl Fn(u64) -> bool) -> Vec<Entry> {
        let entry = |walk| {
            let mut entry = accepted(walk, &format!("request {walk}"));
            let (kind, register) = draws.walk(WalkIndex(walk));
            let register = register.name().to_owned();
            let (challenges, domains) = (Vec::new(), Vec::new());
            let of = Traits {
                kind,
                register,
                challenges,
                turns: 1,
                calls: 1,
                domains,
                difficulty: None,
            };
            if let Verdict::Accepted { traits, .. } = &mut entry.verdict {
                *traits = Some(of);
            }
            if spared(walk) {
                entry = Entry { keys: Keys::default(), verdict: Verdict::Spared, ..entry };
            }
            entry
        };
        (0..walks).map(entry).collect()
    }

    #[test]
    fn a_full_class_changes_nothing_whether_its_walks_were_worked_or_spared() {
        let (mut all, draws) = halves(50);
        all.read(&worked(&draws, 120, |_| false)).unwrap();
        let (mut some, _) = halves(50);
        for entry in worked(&draws, 120, |_| false) {
            let spared = !some.wants(entry.walk);
            let entry = worked(&draws, 120, |_| spared).swap_remove(entry.walk.0 as usize);
            some.read(&[entry]).unwrap();
        }
        assert_eq!((all.chosen(), all.counts()), (some.chosen(), some.counts()));
        let made: Vec<u64> = all.quotas().iter().map(|kept| kept.made).collect();
        assert_eq!((made, all.counts().accepted), (vec![25, 25, 0], 50));
        assert!(adds_up(all.counts()), "{:?}", all.counts());
        assert!(all.counts().over_quota > 0);
    }

    #[test]
    fn a_spared_walk_that_is_wanted_now_is_not_read_over() {
        let (mut ledger, draws) = halves(40);
        ledger.read(&worked(&draws, 20, |walk| walk == 7)).unwrap();
        assert_eq!((ledger.next(), ledger.counts().walks), (7, 7));
        ledger.read(&worked(&draws, 20, |_| false)).unwrap();
        assert_eq!(ledger.next(), 20);
    }

    #[test]
    fn what_lies_beyond_the_last_wanted_sample_is_surplus() {
        let mut ledger = Ledger::new(2, 0.7, &std::env::temp_dir());
        let texts = ["a b c d", "e f g h", "i j k l", "m n o p"];
        let entries: Vec<Entry> = (0..).zip(texts).map(|(n, text)| accepted(n, text)).collect();
        ledger.read(&entries).unwrap();
        ledger.read(&[rejected(20, "far off")]).unwrap();
        let (counts, chosen, _) = ledger.finish();
        assert_eq!((counts.walks, counts.accepted, counts.surplus), (5, 2, 3));
        assert!(adds_up(&counts));
        assert!(chosen.contains(1) && !chosen.contains(2));
    }

    #[test]
    fn what_walks_cost_is_told_by_what_became_of_them() {
        let paid = |entry: Entry| {
            let mut usage = Usage::default();
            usage.add("act", Spending { requests: 1 + entry.walk.0, ..Spending::default() });
            Entry { usage, ..entry }
        };
        let mut ledger = Ledger::new(1, 0.7, &std::env::temp_dir());
        let twice = [rejected(0, "one"), accepted(1, "one"), accepted(2, "two"), accepted(3, "x")];
        ledger.read(&twice.map(paid)).unwrap();
        let (mut counts, ..) = ledger.finish();
        let cost = |fate| counts.walked[&fate].total().requests;
        let fates = [Fate::Rejected, Fate::Duplicate, Fate::Accepted, Fate::Surplus];
        assert_eq!(fates.map(cost), [1, 2, 3, 4]);
        assert_eq!(counts.spent.requests, 10);
        let mut judged = Usage::default();
        judged.add("judge_edges", Spending { requests: 7, ..Spending::default() });
        counts.add_judging(&judged);
        assert_eq!((counts.spent.requests, counts.asks.total().requests), (17, 17));
    }

    #[test]
    fn so_many_rejected_walks_of_a_reason_are_shown_and_no_surplus_ones() {
        let mut ledger = Ledger::new(1, 0.7, &std::env::temp_dir()).showing(2);
        let all = [rejected(0, "a"), rejected(1, "b"), rejected(2, "c"), accepted(3, "d")];
        ledger.read(&all).unwrap();
        ledger.read(&[rejected(4, "e")]).unwrap();
        assert_eq!(*ledger.shown(), BTreeSet::from([0, 1]));
    }

    #[test]
    fn entries_are_read_once_and_in_order() {
        let mut ledger = Ledger::new(10, 0.7, &std::env::temp_dir());
        ledger.read(&[accepted(1, "too early")]).unwrap();
        ledger.read(&[accepted(0, "zero"), accepted(1, "one")]).unwrap();
        ledger.read(&[accepted(1, "again"), accepted(2, "two")]).unwrap();
        assert_eq!((ledger.next(), ledger.counts().accepted), (3, 3));
    }

    #[test]
    fn walks_that_cannot_be_had_are_left_out() {
        let mut ledger = Ledger::new(10, 0.7, &std::env::temp_dir());
        ledger.skip_to(16);
        ledger.read(&[accepted(16, "sixteen")]).unwrap();
        assert_eq!((ledger.counts().missing, ledger.counts().walks), (16, 1));
    }
}
