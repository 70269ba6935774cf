//! A worker process's campaigns: opened when a shard of theirs first comes.
//!
//! What a campaign is comes with its bundle from the part store; where the
//! services are is this process's own configuration.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use magnet_proto::CampaignDigest;
use magnet_proto::bundle::{self, Bundle};
use magnet_proto::config::Fleet;
use magnet_proto::parts::{self, Parts};
use magnet_proto::process::Health;
use magnet_proto::state::{self, Control, State};
use magnet_worker::serve::{Runners, Stop, WalkRunner};
use magnet_worker::teacher::chat::usage;
use tokio::sync::Mutex;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::info;

use crate::control::{self, Governed};
use crate::embedded::Surroundings;
use crate::prepare;

/// Campaigns kept open at once; the one that was idle longest makes room.
const OPEN: usize = 16;
/// A bundle that is not there yet is looked for again after this long.
const NO_BUNDLE_YET: Duration = Duration::from_secs(30);

/// Finds a name's value in the environment.
pub(crate) type Variable = Box<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// All campaigns that this process has met.
pub(crate) struct Campaigns {
    pub(crate) fleet: Fleet,
    pub(crate) parts: Parts,
    pub(crate) metrics: usage::Metrics,
    pub(crate) state_metrics: state::Metrics,
    pub(crate) health: Health,
    pub(crate) variable: Variable,
    /// Tells this process from others.
    pub(crate) holder: String,
    pub(crate) stop: CancellationToken,
    pub(crate) open: Mutex<HashMap<CampaignDigest, Open>>,
}

pub(crate) struct Open {
    runner: Arc<dyn WalkRunner>,
    state: Arc<dyn State>,
    used: Instant,
}

impl Campaigns {
    async fn open(&self, digest: &CampaignDigest) -> Result<Open, Stop> {
        let bundle = Bundle::open(&self.parts, digest).await.map_err(stop_for_bundle)?;
        let name = bundle.campaign.campaign.name.clone();
        let stores = state::connect(&self.fleet, digest, &self.holder).await;
        let stores = stores.map_err(|error| match error {
            state::Error::Away(reason) => Stop::Transient { reason, retry_after: None },
            state::Error::Permanent(reason) => Stop::Permanent(reason),
        })?;
        self.health.watch_stores(&stores);
        let stores = self.state_metrics.meter(&stores);
        let around = Surroundings {
            bundle: Arc::new(bundle),
            state: Arc::clone(&stores.state),
            cache: stores.cache,
            cancel: self.stop.clone(),
        };
        let pipeline = prepare::pipeline(&around, &self.metrics, &*self.variable)
            .map_err(|error| Stop::Permanent(format!("campaign \"{name}\": {error:#}")))?;
        let control = control::follow(&stores.state, &self.stop).await;
        let runner = Governed::new(Arc::new(pipeline), &stores.state, control);
        info!(campaign = name, "taking its shards from now on");
        Ok(Open { runner: Arc::new(runner), state: stores.state, used: Instant::now() })
    }
}

fn stop_for_bundle(error: bundle::Error) -> Stop {
    match error {
        bundle::Error::Parts { source: parts::Error::Missing(_), name } => Stop::Transient {
            reason: format!("bundle \"{name}\" is not in the part store"),
            retry_after: Some(NO_BUNDLE_YET),
        },
        bundle::Error::Parts { source: parts::Error::Transient(cause), .. } => {
            Stop::Transient { reason: cause.to_string(), retry_after: None }
        }
        error => Stop::Permanent(error.to_string()),
    }
}

#[async_trait]
impl Runners for Campaigns {
    async fn of(&self, campaign: &CampaignDigest) -> Result<Arc<dyn WalkRunner>, Stop> {
        let mut open = self.open.lock().await;
        if !open.contains_key(campaign) {
            let idle = open.iter().min_by_key(|(_, campaign)| campaign.used);
            if let Some(idle) = idle.map(|(digest, _)| *digest).filter(|_| open.len() >= OPEN) {
                open.remove(&idle);
            }
            let opened = self.open(campaign).await?;
            open.insert(*campaign, opened);
        }
        let Some(known) = open.get_mut(campaign) else {
            return Err(Stop::Cancelled);
        };
        known.used = Instant::now();
        let (runner, state) = (Arc::clone(&known.runner), Arc::clone(&known.state));
        drop(open);
        // Asked afresh: a shard must not be dropped for a wish of yesterday.
        match state.control().await {
            Ok(Control::Cancel | Control::Done) => Err(Stop::Cancelled),
            _ => Ok(runner),
        }
    }
}
