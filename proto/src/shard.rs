//! A shard: a range of walks to be worked as one message, and what came of it.

use serde::{Deserialize, Serialize};

use crate::{CampaignDigest, WalkIndex};

/// A range of walks of one campaign. The unit of work, of retry, and of parts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shard {
    pub campaign: CampaignDigest,
    pub first: WalkIndex,
    /// How many walks from `first` on; at least 1.
    pub len: u32,
    /// How often it was tried and failed by its own fault.
    pub attempt: u32,
    /// Tells this issue of the shard from every other: what became of another
    /// one says nothing of it. 0 in messages of programs that knew of none.
    #[serde(default)]
    pub issue: u64,
    /// Those of its walks, ascending, that the dataset has no room for,
    /// whatever came of them: they are not worked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spared: Vec<u64>,
}

impl Shard {
    /// The name of the shard's part: its range, zero-padded so that listing
    /// order is walk order.
    pub fn part_name(&self) -> String {
        format!("{:012}-{:06}", self.first.0, self.len)
    }

    pub fn walks(&self) -> impl Iterator<Item = WalkIndex> + use<> {
        (self.first.0..self.first.0 + u64::from(self.len)).map(WalkIndex)
    }

    /// The first walk after this shard.
    pub fn end(&self) -> WalkIndex {
        WalkIndex(self.first.0 + u64::from(self.len))
    }
}

/// The small outcome of a shard, told to the coordinator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    pub campaign: CampaignDigest,
    pub part: String,
    pub accepted: u32,
    pub rejected: u32,
}
