//! The shards that are issued and not done.
//!
//! A worker may split a shard, or keep its beginning: what is done is told by
//! the parts, in ranges of walks that need not be those of the shards issued.
//! Of each it is known when it was seen last: when it was issued, in the queue,
//! or in somebody's hands.

use std::collections::BTreeMap;
use std::ops::Range;

use magnet_proto::WalkIndex;
use magnet_proto::shard::Shard;
use tokio::time::Instant;

/// Disjoint ranges of walks.
#[derive(Debug, Default)]
pub(super) struct UnderWay {
    /// By first walk.
    shards: BTreeMap<u64, Outstanding>,
}

#[derive(Clone, Debug)]
struct Outstanding {
    shard: Shard,
    seen: Instant,
}

impl Outstanding {
    fn walks(&self) -> Range<u64> {
        self.shard.first.0..self.shard.end().0
    }
}

impl UnderWay {
    pub(super) fn len(&self) -> usize {
        self.shards.len()
    }

    /// Adds a shard that is seen now, of which no walk is under way.
    pub(super) fn add(&mut self, shard: Shard) {
        self.put(Outstanding { shard, seen: Instant::now() });
    }

    fn put(&mut self, outstanding: Outstanding) {
        self.shards.insert(outstanding.shard.first.0, outstanding);
    }

    /// These walks, or some of them, are seen now, as that issue.
    pub(super) fn see(&mut self, walks: &Range<u64>, issue: u64) {
        for first in self.touching(walks) {
            let Some(outstanding) = self.shards.get_mut(&first) else { continue };
            outstanding.seen = Instant::now();
            if outstanding.walks() == *walks {
                outstanding.shard.issue = issue;
            }
        }
    }

    /// There is no telling where they are: all are taken to be somewhere.
    pub(super) fn see_all(&mut self) {
        let now = Instant::now();
        self.shards.values_mut().for_each(|outstanding| outstanding.seen = now);
    }

    pub(super) fn is_any_unseen_since(&self, since: Instant) -> bool {
        self.shards.values().any(|outstanding| outstanding.seen < since)
    }

    /// Takes off what was not seen since then; how many shards that is.
    pub(super) fn give_up_unseen_since(&mut self, since: Instant) -> usize {
        let before = self.shards.len();
        self.shards.retain(|_, outstanding| outstanding.seen >= since);
        before - self.shards.len()
    }

    /// Whether any of these walks are under way as that issue.
    pub(super) fn is_any_of(&self, walks: &Range<u64>, issue: u64) -> bool {
        let touching = self.touching(walks).into_iter();
        touching.filter_map(|first| self.shards.get(&first)).any(|o| o.shard.issue == issue)
    }

    /// Where the shard ends that holds this walk.
    pub(super) fn covering(&self, walk: u64) -> Option<u64> {
        let (_, before) = self.shards.range(..=walk).next_back()?;
        (before.walks().end > walk).then_some(before.walks().end)
    }

    /// The first walk of the next shard that starts after this walk.
    pub(super) fn first_after(&self, walk: u64) -> Option<u64> {
        self.shards.range(walk + 1..).next().map(|(&first, _)| first)
    }

    /// Takes these walks off; how many shards that ends. What is left of a
    /// shard stays under way as one of its own.
    pub(super) fn take_off(&mut self, walks: &Range<u64>) -> usize {
        let mut ended = 0;
        for first in self.touching(walks) {
            let Some(Outstanding { shard, seen }) = self.shards.remove(&first) else { continue };
            let before = first..walks.start;
            let after = walks.end..shard.end().0;
            ended += usize::from(before.is_empty() && after.is_empty());
            for rest in [before, after].into_iter().filter(|rest| !rest.is_empty()) {
                let len = (rest.end - rest.start) as u32;
                let shard = Shard { first: WalkIndex(rest.start), len, ..shard.clone() };
                self.put(Outstanding { shard, seen });
            }
        }
        ended
    }

    /// The first walks of the shards that have some of these.
    fn touching(&self, walks: &Range<u64>) -> Vec<u64> {
        let before_the_end = self.shards.range(..walks.end).rev();
        let touching = before_the_end.take_while(|(_, o)| walks.start < o.walks().end);
        touching.map(|(&first, _)| first).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use magnet_proto::{CampaignDigest, Digest};

    use super::*;

    fn shard(first: u64, end: u64) -> Shard {
        let campaign = CampaignDigest(Digest::of(b"campaign"));
        let len = (end - first) as u32;
        Shard { campaign, first: WalkIndex(first), len, attempt: 0, issue: 1, spared: Vec::new() }
    }

    fn under_way(ranges: &[(u64, u64)]) -> UnderWay {
        let mut under_way = UnderWay::default();
        ranges.iter().for_each(|&(first, end)| under_way.add(shard(first, end)));
        under_way
    }

    fn ranges(under_way: &UnderWay) -> Vec<(u64, u64)> {
        under_way.shards.values().map(|o| (o.walks().start, o.walks().end)).collect()
    }

    #[test]
    fn what_is_left_of_a_split_shard_is_under_way_until_it_is_done_too() {
        let mut under_way = under_way(&[(0, 100)]);
        assert_eq!(under_way.take_off(&(0..40)), 0);
        assert_eq!(ranges(&under_way), [(40, 100)]);
        assert_eq!(under_way.take_off(&(60..80)), 0);
        assert_eq!(ranges(&under_way), [(40, 60), (80, 100)]);
        assert_eq!(under_way.take_off(&(40..60)), 1);
        assert_eq!(under_way.take_off(&(0..100)), 1);
        assert_eq!(under_way.len(), 0);
    }

    #[test]
    fn a_part_may_end_several_shards_and_touch_others() {
        let mut under_way = under_way(&[(0, 16), (16, 32), (32, 48), (64, 80)]);
        assert_eq!(under_way.take_off(&(8..40)), 1);
        assert_eq!(ranges(&under_way), [(0, 8), (40, 48), (64, 80)]);
        assert!(!under_way.is_any_of(&(8..40), 1));
        assert!(!under_way.is_any_of(&(48..64), 1));
        assert!(under_way.is_any_of(&(47..49), 1));
        assert_eq!(under_way.covering(47), Some(48));
        assert_eq!((under_way.covering(48), under_way.first_after(48)), (None, Some(64)));
    }

    #[test]
    fn a_letter_of_another_issue_is_none_of_what_is_under_way() {
        let mut under_way = under_way(&[(0, 16)]);
        assert!(!under_way.is_any_of(&(0..16), 2));
        under_way.see(&(0..16), 2);
        assert!(under_way.is_any_of(&(0..16), 2));
    }

    #[test]
    fn what_nobody_has_seen_for_long_is_given_up() {
        let mut under_way = under_way(&[(0, 16), (16, 32), (32, 48)]);
        std::thread::sleep(Duration::from_millis(5));
        let since = Instant::now();
        // A piece of it is worked: so is the rest, as far as is known.
        under_way.see(&(20..32), 1);
        assert!(under_way.is_any_unseen_since(since));
        assert_eq!(under_way.give_up_unseen_since(since), 2);
        assert_eq!(ranges(&under_way), [(16, 32)]);
    }
}
