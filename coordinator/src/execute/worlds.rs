//! The world of a pack, where this program runs worlds.

use std::sync::Arc;

#[cfg(feature = "world")]
use anyhow::Context;
use anyhow::Result;
use magnet_proto::config::Campaign;
use magnet_proto::pack::Pack;
use magnet_worker::execute::Executor;
#[cfg(feature = "world")]
use magnet_world::{Modules, Worlds};

use super::refusal::refusal;
#[cfg(feature = "world")]
use crate::pack::{Problem, Problems};

/// The world of a pack, if it has one and this program runs worlds.
#[cfg(feature = "world")]
pub(super) struct Worldly(Option<Modules>);

#[cfg(feature = "world")]
impl Worldly {
    pub(super) fn new(pack: &Pack) -> Result<Self> {
        Ok(Self(modules(pack)?))
    }

    pub(super) fn have(&self, function: &str) -> bool {
        self.0.as_ref().is_some_and(|modules| modules.have(function))
    }

    pub(super) fn executor(&self, campaign: &Campaign) -> Result<Arc<dyn Executor>> {
        let modules = self.0.clone().context("the pack has no world")?;
        // Workers of one process share its cores.
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let threads = cores.checked_div(campaign.run.workers).unwrap_or(1).max(1);
        let worlds = Worlds::new(modules, threads).context("starting the threads of worlds")?;
        Ok(Arc::new(worlds))
    }
}

/// The modules of a pack's world, ready to run; none where it has no world.
///
/// # Errors
/// Everything that is wrong with them.
#[cfg(feature = "world")]
pub fn modules(pack: &Pack) -> Result<Option<Modules>, Problems> {
    if pack.world.is_empty() {
        return Ok(None);
    }
    Modules::load(&pack.world).map(Some).map_err(|problems| Problems {
        pack: "world".into(),
        problems: problems.into_iter().map(Problem::from).collect(),
    })
}

#[cfg(not(feature = "world"))]
pub(super) struct Worldly;

#[cfg(not(feature = "world"))]
impl Worldly {
    pub(super) fn new(_: &Pack) -> Result<Self> {
        Ok(Self)
    }

    pub(super) fn have(&self, _: &str) -> bool {
        false
    }

    pub(super) fn executor(&self, _: &Campaign) -> Result<Arc<dyn Executor>> {
        Err(refusal(
            "this program runs no worlds\nhint: build it with the feature \"world\"".into(),
        ))
    }
}

impl Worldly {
    pub(super) fn must_have(&self, function: &str) -> Result<()> {
        match self.have(function) {
            true => Ok(()),
            false => Err(refusal(format!(
                "no world of the pack has \"{function}\"\nhint: write it into the pack, or leave \
                 the kind of its executor at \"auto\""
            ))),
        }
    }
}
