//! The shards in the hands of one process's loops.

use std::collections::HashMap;
use std::ops::Range;
use std::time::Duration;

use tokio::time::Instant;

use crate::shard::Shard;
use crate::state::hands::{
    Blame, DONE_IS_KNOWN, Deaths, Hand, Leaving, SILENCE, Taking, Whereabouts, field,
};

#[derive(Debug, Default)]
pub(super) struct Hands {
    /// By the shard's name.
    shards: HashMap<String, Record>,
    done: HashMap<String, Instant>,
    drawn: u64,
    /// Paid answers kept so far.
    kept: u64,
}

#[derive(Debug)]
struct Record {
    walks: Range<u64>,
    issue: u64,
    /// Nobody's once it is handed back.
    hand: Option<Hand>,
    blame: Blame,
    /// Until when the hand counts as alive, or the shard as on its way.
    until: Instant,
    dead: Vec<(Hand, Blame)>,
}

impl Record {
    /// Those who died of it, a hand that fell silent among them.
    fn buried(self) -> Vec<(Hand, Blame)> {
        let died = self.hand.filter(|_| self.blame != Blame::None);
        self.dead.into_iter().chain(died.map(|hand| (hand, self.blame))).collect()
    }
}

impl Hands {
    pub(super) fn keep_one(&mut self) {
        self.kept += 1;
    }

    pub(super) fn take(&mut self, shard: &Shard, is_alone: bool) -> Taking {
        let now = Instant::now();
        let name = field(shard);
        self.done.retain(|_, until| *until > now);
        if self.done.contains_key(&name) {
            return Taking::Done;
        }
        let walks = shard.first.0..shard.end().0;
        let overlaps =
            |record: &&Record| record.walks.start < walks.end && walks.start < record.walks.end;
        let is_worked = |record: &&Record| record.hand.is_some() && record.until > now;
        if let Some(busy) = self.shards.values().filter(overlaps).find(is_worked) {
            return Taking::Busy(busy.until - now);
        }
        let dead = self.shards.remove(&name).map(Record::buried).unwrap_or_default();
        let alone = dead.iter().filter(|(_, blame)| *blame == Blame::Sole).count() as u32;
        let deaths = Deaths { all: dead.len() as u32, alone };
        self.drawn += 1;
        let hand = Hand { name: self.drawn.to_string(), kept: self.kept };
        let blame = hand.blame(is_alone, self.kept);
        let until = now + SILENCE;
        let (held, issue) = (Some(hand.clone()), shard.issue);
        let record = Record { walks, issue, hand: held, blame, until, dead };
        self.shards.insert(name, record);
        Taking::Yours(hand, deaths)
    }

    pub(super) fn beat(&mut self, shard: &Shard, hand: &Hand, is_alone: bool) -> bool {
        let Some(record) = self.shards.get_mut(&field(shard)) else {
            return false;
        };
        record.dead.retain(|(dead, _)| dead != hand);
        match &record.hand {
            Some(other) if other != hand => false,
            _ => {
                record.hand = Some(hand.clone());
                record.blame = hand.blame(is_alone, self.kept);
                record.until = Instant::now() + SILENCE;
                true
            }
        }
    }

    pub(super) fn leave(&mut self, shard: &Shard, hand: &Hand, how: Leaving) {
        let name = field(shard);
        let now = Instant::now();
        if how == Leaving::Done {
            self.shards.remove(&name);
            self.done.insert(name, now + DONE_IS_KNOWN);
            return;
        }
        let Some(record) = self.shards.get_mut(&name) else { return };
        if record.hand.as_ref() != Some(hand) {
            return;
        }
        match how {
            Leaving::Back(within) => {
                (record.hand, record.until) = (None, now + within);
            }
            Leaving::Done | Leaving::GivenUp => drop(self.shards.remove(&name)),
        }
    }

    pub(super) fn expect(&mut self, shard: &Shard, within: Duration) {
        let (name, now) = (field(shard), Instant::now());
        let until = now + within;
        let is_told =
            |record: &Record| record.until > now && (record.hand.is_some() || record.until > until);
        if self.done.contains_key(&name) || self.shards.get(&name).is_some_and(is_told) {
            return;
        }
        let dead = self.shards.remove(&name).map(Record::buried).unwrap_or_default();
        let (walks, issue) = (shard.first.0..shard.end().0, shard.issue);
        let record = Record { walks, issue, hand: None, blame: Blame::Shared, until, dead };
        self.shards.insert(name, record);
    }

    pub(super) fn whereabouts(&self) -> Vec<Whereabouts> {
        let now = Instant::now();
        let known = self.shards.values().filter(|record| record.until > now);
        known
            .map(|record| Whereabouts {
                walks: record.walks.clone(),
                issue: record.issue,
                is_worked: record.hand.is_some(),
            })
            .collect()
    }
}
