//! A worker process's campaigns: opened when a shard of theirs first comes.
//!
//! What a campaign is comes with its bundle from the part store; where the
//! services are, and what campaigns may use here, is this process's own
//! configuration. A campaign that cannot be worked here waits for a worker
//! that can, and is told why; one that ends leaves the process to the others.

mod allowed;

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use magnet_proto::bundle::Bundle;
use magnet_proto::config::{Campaign, Fleet};
use magnet_proto::parts::Parts;
use magnet_proto::process::{Health, in_one_line};
use magnet_proto::state::{self, Ending, State, Stores};
use magnet_proto::{CampaignDigest, WalkIndex};
use magnet_worker::serve::{Runners, Stop, WalkRunner, Walked};
use magnet_worker::teacher::stack::Patience;
use tokio::sync::Mutex;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use crate::control::{self, Governed};
use crate::prepare;
use crate::surroundings::Surroundings;
pub(crate) use allowed::Allowed;

/// Campaigns kept open at once; the one that was idle longest makes room.
const OPEN: usize = 16;
/// What cannot be worked here now is looked at again after this long: below
/// the time that a complaint is remembered.
const NOT_HERE: Duration = Duration::from_secs(20);

/// Finds a name's value in the environment.
pub(crate) type Variable = Box<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// All campaigns that this process has met.
pub(crate) struct Campaigns {
    pub(crate) fleet: Fleet,
    pub(crate) allowed: Allowed,
    pub(crate) parts: Parts,
    pub(crate) metrics: prepare::Metrics,
    pub(crate) state_metrics: state::Metrics,
    pub(crate) health: Health,
    pub(crate) variable: Variable,
    /// Tells this process from others.
    pub(crate) holder: String,
    pub(crate) stop: CancellationToken,
    pub(crate) open: Mutex<HashMap<CampaignDigest, Open>>,
}

pub(crate) struct Open {
    guest: Arc<Guest>,
    used: Instant,
}

impl Campaigns {
    async fn open(&self, digest: &CampaignDigest) -> Result<Guest, Stop> {
        let stores = state::connect(&self.fleet, digest, &self.holder).await;
        let stores = stores.map_err(|error| not_here(error.to_string()))?;
        if is_over(&*stores.state).await {
            return Err(Stop::Cancelled);
        }
        match self.set_up(digest, &stores).await {
            Ok(guest) => Ok(guest),
            Err(problem) => {
                let problem = problem.replace("\nhint: ", "; ");
                let trouble = format!("worker {}: {problem}", place_of(&self.holder));
                if let Err(problem) = stores.state.complain(&trouble).await {
                    debug!("the coordinator cannot be told: {problem}");
                }
                Err(not_here(problem))
            }
        }
    }

    /// Sets a campaign up, or says why it cannot be worked here.
    async fn set_up(&self, digest: &CampaignDigest, stores: &Stores) -> Result<Guest, String> {
        let bundle =
            Bundle::open(&self.parts, digest).await.map_err(|error| in_one_line(&error))?;
        let name = bundle.campaign.campaign.name.clone();
        let refuse = |why: &dyn std::fmt::Display| format!("campaign \"{name}\": {why}");
        self.allowed.check(&bundle.campaign, &bundle.servers).map_err(|why| refuse(&why))?;
        self.health.watch_stores(stores);
        let Stores { state, cache } = self.state_metrics.meter(stores);
        let settings = bundle.campaign.clone();
        let around = Surroundings {
            bundle: Arc::new(bundle),
            state: Arc::clone(&state),
            cache,
            patience: Patience::Endless,
            cancel: self.stop.clone(),
        };
        let pipeline = prepare::pipeline(&around, &self.metrics, &*self.variable)
            .map_err(|error| refuse(&format_args!("{error:#}")))?;
        let control = control::follow(&state, &self.stop).await;
        info!(campaign = name, "taking its shards from now on");
        Ok(Guest {
            runner: Governed::new(Arc::new(pipeline), &state, control),
            digest: *digest,
            settings,
            parts: self.parts.clone(),
            state,
            is_heard: self.fleet.state.starts_with("redis"),
            is_stale: AtomicBool::new(false),
        })
    }
}

/// Hands a shard back, for a worker that can work it or for later.
fn not_here(reason: String) -> Stop {
    Stop::Transient { reason, retry_after: Some(NOT_HERE) }
}

/// Asked afresh: a shard must not be dropped for a wish of yesterday.
async fn is_over(state: &dyn State) -> bool {
    state.control().await.is_ok_and(|control| !control.goes_on())
}

/// A process's name without what was drawn to tell it from its namesakes.
fn place_of(holder: &str) -> &str {
    const DRAWN: usize = "-00000000-0000-0000-0000-000000000000".len();
    holder.len().checked_sub(DRAWN).and_then(|end| holder.get(..end)).unwrap_or(holder)
}

#[async_trait]
impl Runners for Campaigns {
    async fn of(&self, campaign: &CampaignDigest) -> Result<Arc<dyn WalkRunner>, Stop> {
        let mut open = self.open.lock().await;
        if open.get(campaign).is_some_and(|known| known.guest.is_stale()) {
            open.remove(campaign);
        }
        if !open.contains_key(campaign) {
            let idle = open.iter().min_by_key(|(_, campaign)| campaign.used);
            if let Some(idle) = idle.map(|(digest, _)| *digest).filter(|_| open.len() >= OPEN) {
                open.remove(&idle);
            }
            let guest = Arc::new(self.open(campaign).await?);
            open.insert(*campaign, Open { guest, used: Instant::now() });
        }
        let Some(known) = open.get_mut(campaign) else {
            return Err(Stop::Cancelled);
        };
        known.used = Instant::now();
        let guest = Arc::clone(&known.guest);
        drop(open);
        match is_over(&*guest.state).await {
            true => {
                guest.outdate();
                Err(Stop::Cancelled)
            }
            false => Ok(guest),
        }
    }
}

/// A campaign as this process has opened it.
pub(crate) struct Guest {
    runner: Governed,
    digest: CampaignDigest,
    settings: Campaign,
    parts: Parts,
    state: Arc<dyn State>,
    /// Whether others read what this process tells the state.
    is_heard: bool,
    /// To be opened anew before its next shard: what ended it may be mended.
    is_stale: AtomicBool,
}

impl Guest {
    fn is_stale(&self) -> bool {
        self.is_stale.load(Ordering::Relaxed)
    }

    /// Whether it was not so already.
    fn outdate(&self) -> bool {
        !self.is_stale.swap(true, Ordering::Relaxed)
    }

    /// Whether the coordinator has other settings by now, such as a larger
    /// budget: a process that has the campaign open does not hear of them.
    async fn has_changed(&self) -> bool {
        let now = Bundle::open(&self.parts, &self.digest).await;
        now.is_ok_and(|now| now.campaign != self.settings)
    }
}

#[async_trait]
impl WalkRunner for Guest {
    async fn run(&self, walk: WalkIndex) -> Result<Walked, Stop> {
        self.runner.run(walk).await
    }

    async fn in_place(&self, walks: Range<u64>) {
        self.runner.in_place(walks).await;
    }

    fn state(&self) -> Option<Arc<dyn State>> {
        self.runner.state()
    }

    async fn end(&self, ending: Ending) -> Result<(), state::Error> {
        let campaign = &self.settings.campaign.name;
        if !self.is_heard {
            // It stays open: the spending that its budget goes by is here alone.
            return Err(state::Error::Away(format!(
                "campaign \"{campaign}\": {ending}; nobody hears of it, because fleet.state names \
                 no store that other processes reach"
            )));
        }
        let is_first = self.outdate();
        if self.has_changed().await {
            info!(campaign, "opening it anew, by its new settings: {ending}");
            return Ok(());
        }
        if is_first {
            warn!(campaign, "the campaign ends: {ending}");
        }
        self.runner.end(ending).await
    }
}
