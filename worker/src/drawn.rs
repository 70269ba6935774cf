//! What a walk's index decides on by itself, before anything is made of it.

use magnet_proto::WalkIndex;
use magnet_proto::config::{Campaign, Mix, NodeOps};
use magnet_proto::path::Kind;

use crate::node_ops;
use crate::persona::{Register, Voices};

/// Draws the kind and the register of a campaign's walks.
#[derive(Clone, Debug)]
pub struct Draws {
    mix: Mix,
    ops: NodeOps,
    voices: Voices,
    seed: u64,
}

impl Draws {
    pub fn of(campaign: &Campaign) -> Self {
        Self {
            mix: campaign.mix.clone(),
            ops: campaign.node_ops.clone(),
            voices: Voices::new(&campaign.translate, &campaign.mix),
            seed: campaign.campaign.seed,
        }
    }

    pub fn voices(&self) -> &Voices {
        &self.voices
    }

    /// The kind and the register of a walk.
    pub fn walk(&self, index: WalkIndex) -> (Kind, Register) {
        let kind = node_ops::kind_of(&self.mix, &self.ops, self.seed, index);
        (kind, self.voices.register(self.seed, index))
    }
}
