//! The shards that are issued and not done.
//!
//! A worker may split a shard, or keep its beginning: what is done is told by
//! the parts, in ranges of walks that need not be those of the shards issued.

use std::collections::BTreeMap;
use std::ops::Range;

use magnet_proto::WalkIndex;
use magnet_proto::shard::Shard;

/// Disjoint ranges of walks.
#[derive(Debug, Default)]
pub(super) struct UnderWay {
    /// By first walk.
    shards: BTreeMap<u64, Shard>,
}

impl UnderWay {
    pub(super) fn len(&self) -> usize {
        self.shards.len()
    }

    pub(super) fn add(&mut self, shard: Shard) {
        self.shards.insert(shard.first.0, shard);
    }

    pub(super) fn any_of(&self, walks: &Range<u64>) -> bool {
        self.touching(walks).next().is_some()
    }

    /// Takes these walks off; how many shards that ends. What is left of a
    /// shard stays under way as one of its own.
    pub(super) fn take_off(&mut self, walks: &Range<u64>) -> usize {
        let touched: Vec<u64> = self.touching(walks).map(|shard| shard.first.0).collect();
        let mut ended = 0;
        for first in touched {
            let Some(shard) = self.shards.remove(&first) else { continue };
            let before = first..walks.start;
            let after = walks.end..shard.end().0;
            ended += usize::from(before.is_empty() && after.is_empty());
            for rest in [before, after].into_iter().filter(|rest| !rest.is_empty()) {
                let len = (rest.end - rest.start) as u32;
                self.add(Shard { first: WalkIndex(rest.start), len, ..shard.clone() });
            }
        }
        ended
    }

    fn touching(&self, walks: &Range<u64>) -> impl Iterator<Item = &Shard> {
        let start = walks.start;
        let before_the_end = self.shards.range(..walks.end).rev();
        before_the_end.map(|(_, shard)| shard).take_while(move |shard| start < shard.end().0)
    }
}

#[cfg(test)]
mod tests {
    use magnet_proto::{CampaignDigest, Digest};

    use super::*;

    fn under_way(ranges: &[(u64, u64)]) -> UnderWay {
        let campaign = CampaignDigest(Digest::of(b"campaign"));
        let mut under_way = UnderWay::default();
        for &(first, end) in ranges {
            let len = (end - first) as u32;
            under_way.add(Shard { campaign, first: WalkIndex(first), len, attempt: 0 });
        }
        under_way
    }

    fn ranges(under_way: &UnderWay) -> Vec<(u64, u64)> {
        under_way.shards.values().map(|shard| (shard.first.0, shard.end().0)).collect()
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
        assert!(!under_way.any_of(&(8..40)));
        assert!(!under_way.any_of(&(48..64)));
        assert!(under_way.any_of(&(47..49)));
    }
}
