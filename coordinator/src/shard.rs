//! Cuts the endless sequence of walks into shards.
//!
//! Pure: a shard's end follows from its first walk alone, and lies on a grid,
//! so that shards issued anew after a restart are those that were issued
//! before. Small at first, so that a small campaign overshoots by little and
//! all workers have something to do; larger later, so that a large one does not
//! make a flood of parts. A worker splits a shard that takes it too long.

use std::ops::Range;

use magnet_proto::shard::Shard;
use magnet_proto::{CampaignDigest, WalkIndex};

/// Walks a shard, from the given walk on.
const SIZES: &[(u64, u32)] = &[(0, 16), (256, 32), (1_024, 64), (4_096, 128), (16_384, 256)];

/// The cutting of one campaign.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    campaign: CampaignDigest,
    /// Walks a shard; `None` = by [`SIZES`].
    fixed: Option<u32>,
}

impl Plan {
    /// `shard_walks` is `fleet.shard_walks`: 0 leaves the size to us.
    pub fn new(campaign: CampaignDigest, shard_walks: u32) -> Self {
        Self { campaign, fixed: (shard_walks > 0).then_some(shard_walks) }
    }

    /// The shard that starts at `first`, cut off before `end`. `None` if
    /// nothing is left before it.
    pub fn shard(&self, first: u64, end: u64) -> Option<Shard> {
        let left = end.checked_sub(first).filter(|&left| left > 0)?;
        let size = u64::from(self.size(first));
        self.piece(first..first + (size - first % size).min(left))
    }

    /// A shard of these walks, wherever they lie. `None` if there are none.
    pub fn piece(&self, walks: Range<u64>) -> Option<Shard> {
        let len = walks.end.checked_sub(walks.start).filter(|&len| len > 0)? as u32;
        let first = WalkIndex(walks.start);
        Some(Shard {
            campaign: self.campaign,
            first,
            len,
            attempt: 0,
            issue: 0,
            spared: Vec::new(),
        })
    }

    fn size(&self, first: u64) -> u32 {
        let by_place = SIZES.iter().take_while(|(from, _)| *from <= first).last();
        self.fixed.or(by_place.map(|(_, size)| *size)).unwrap_or(1)
    }
}

#[cfg(test)]
mod tests {
    use magnet_proto::Digest;

    use super::*;

    fn plan(shard_walks: u32) -> Plan {
        Plan::new(CampaignDigest(Digest::of(b"campaign")), shard_walks)
    }

    fn shards(plan: Plan, end: u64) -> Vec<Shard> {
        let first = |shard: &Shard| plan.shard(shard.end().0, end);
        std::iter::successors(plan.shard(0, end), first).collect()
    }

    #[test]
    fn shards_cover_every_walk_once() {
        for (shard_walks, end) in [(0, 100_003), (7, 1_000), (1, 5)] {
            let walks = shards(plan(shard_walks), end).into_iter().flat_map(|shard| shard.walks());
            assert!(walks.map(|walk| walk.0).eq(0..end));
        }
    }

    /// A part may end anywhere: when its worker was told to stop, for one.
    #[test]
    fn a_shard_that_begins_within_another_ends_where_that_one_ends() {
        for (shard_walks, first, end) in [(0, 7, 16), (0, 300, 320), (0, 4_099, 4_224), (7, 9, 14)]
        {
            let shard = plan(shard_walks).shard(first, u64::MAX).unwrap();
            assert_eq!(shard.end().0, end);
        }
    }

    #[test]
    fn a_small_campaign_has_small_shards_and_a_large_one_few() {
        assert!(shards(plan(0), 100).len() >= 7);
        assert!(shards(plan(0), 1_000_000).len() < 5_000);
    }
}
