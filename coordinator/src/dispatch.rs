//! Issues shards until the ledger has what is wanted.
//!
//! ```text
//! plan ─► shard ─►[queue]   …workers…   [parts] ─► index ─► ledger ─► enough?
//!    ▲                                                                   │
//!    └──────────────────────────────── no ◄──────────────────────────────┘
//! ```
//!
//! The list of parts is the truth: it is read at the start (so a run resumes)
//! and again and again; what tells of it sooner is a convenience. No more is
//! issued than the yield so far says is needed. Parts need not follow the plan:
//! any that cover the next walk will do.

mod catalog;
mod issue;
mod reconcile;
mod under_way;
mod window;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use magnet_proto::CampaignDigest;
use magnet_proto::part::{self, Damaged, Entry, Head, PROBE_BYTES};
use magnet_proto::parts::{self, Parts};
use magnet_proto::queue::{self, Queue};
use magnet_proto::quotas::Quotas;
use magnet_proto::shard::Report;
use magnet_proto::state::State;
use tokio::sync::watch;
use tokio::time::{Instant, Interval, MissedTickBehavior};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use crate::ledger::{Chosen, Counts, Ledger};
use crate::metrics::Metrics;
use crate::progress::Progress;
use crate::shard::Plan;
use crate::status::Board;
use catalog::{Catalog, Found};
use issue::Stamps;
use reconcile::Findings;
use under_way::UnderWay;
use window::Waiting;

/// How often the dead letters are counted, and the shards that are worked.
const TICK: Duration = Duration::from_millis(500);
/// A service may be away for so long: outages end, and a dispatch begun anew
/// would wait for the same.
const PATIENCE: Duration = Duration::from_secs(3_600);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// What to dispatch, and where to.
pub struct Dispatcher {
    pub campaign: CampaignDigest,
    pub queue: Arc<dyn Queue>,
    pub parts: Parts,
    /// Where it is known who works what.
    pub state: Arc<dyn State>,
    pub plan: Plan,
    /// Issue no walk from this one on.
    pub walk_limit: u64,
    /// Shards issued and not done at most.
    pub window: usize,
    /// Whether messages outlive this process: a restart finds what it issued.
    pub has_a_past: bool,
    /// Whether other campaigns may want the same workers.
    pub is_shared: bool,
    /// A name that no other process has or had.
    pub issuer: String,
    pub rhythm: Rhythm,
    pub progress: watch::Sender<Progress>,
    pub board: Board,
    pub metrics: Metrics,
}

/// When what was issued is compared with what is there.
#[derive(Clone, Copy, Debug)]
pub struct Rhythm {
    /// How often that is.
    pub look: Duration,
    /// What was seen nowhere for so long may be lost: well above the time from
    /// one hand to the queue and into the next.
    pub lost: Duration,
}

impl Default for Rhythm {
    fn default() -> Self {
        Self { look: Duration::from_secs(5), lost: Duration::from_secs(20) }
    }
}

/// Why dispatching ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// All wanted samples are there.
    Full,
    /// The walk limit was reached first.
    WalkLimit,
    /// It was told to stop.
    Stopped,
}

/// What the dataset consists of.
#[derive(Clone, Debug)]
pub struct Selection {
    pub counts: Counts,
    pub chosen: Chosen,
    /// The rejected walks to be shown beside the dataset.
    pub shown: BTreeSet<u64>,
    /// The parts to read, in walk order; together they hold each walk once.
    pub segments: Vec<Segment>,
    /// Why a shard was left out last, if any was.
    pub why_dead: Option<String>,
    pub quotas: Quotas,
}

/// The walks of a part that count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    pub part: String,
    pub walks: Range<u64>,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("publishing shards")]
    Queue(#[from] queue::Error),
    #[error("reading the parts")]
    Parts(#[from] parts::Error),
    #[error("keeping the index of a large campaign in the output folder")]
    Index(#[from] std::io::Error),
}

impl Error {
    fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Queue(queue::Error::Transient(_))
                // It has worked before: that is tried at the start.
                | Self::Parts(parts::Error::Transient(_) | parts::Error::Refused { .. })
        )
    }

    fn cause(&self) -> &dyn std::error::Error {
        match self {
            Self::Queue(cause) => cause,
            Self::Parts(cause) => cause,
            Self::Index(cause) => cause,
        }
    }
}

/// Why a part's index cannot be read.
enum Unread {
    Damaged(Damaged),
    Gone,
    Away(parts::Error),
}

/// A dispatch under way.
pub struct Dispatch {
    to: Dispatcher,
    ledger: Ledger,
    catalog: Catalog,
    segments: Vec<Segment>,
    under_way: UnderWay,
    /// Quarantined, by first walk: the first walk after it.
    dead: BTreeMap<u64, u64>,
    why_dead: Option<String>,
    /// Shards that are worked, where that is known.
    worked: Option<usize>,
    waiting: Waiting,
    stamps: Stamps,
    found: Findings,
    ticks: Interval,
}

impl Dispatch {
    pub fn new(to: Dispatcher, ledger: Ledger) -> Self {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let stamps = Stamps::new(&to.issuer);
        Self {
            to,
            ledger,
            catalog: Catalog::default(),
            segments: Vec::new(),
            under_way: UnderWay::default(),
            dead: BTreeMap::new(),
            why_dead: None,
            worked: None,
            waiting: Waiting::new(),
            stamps,
            found: Findings::default(),
            ticks,
        }
    }

    /// Issues shards and reads their parts until the ledger is full, the walk
    /// limit is reached, or `stop` says so. A service may be away for a while.
    pub async fn run(&mut self, stop: &CancellationToken) -> Result<Ended, Error> {
        let (mut away_since, mut pause) = (None, TICK);
        let _under_way = self.to.metrics.hold();
        loop {
            self.to.metrics.stepped();
            match self.step(stop).await {
                Ok(None) => (away_since, pause) = (None, TICK),
                Ok(Some(ended)) => return Ok(ended),
                Err(error) if error.is_transient() && is_patient(&mut away_since) => {
                    warn!("{error}: {}; trying again", error.cause());
                    tokio::select! {
                        () = stop.cancelled() => return Ok(Ended::Stopped),
                        () = tokio::time::sleep(pause) => pause = (pause * 2).min(LONGEST_PAUSE),
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Sees what was issued before. What cannot be seen now is looked for in
    /// [`Dispatch::run`].
    pub async fn look_back(&mut self) {
        if let Err(problem) = self.reconcile().await {
            debug!("looking for what was issued before: {problem}: {}", problem.cause());
        }
    }

    /// Does what can be done, then waits for news.
    async fn step(&mut self, stop: &CancellationToken) -> Result<Option<Ended>, Error> {
        self.reconcile().await?;
        self.read_parts().await?;
        if self.ledger.is_full() {
            return Ok(Some(Ended::Full));
        }
        if self.ledger.next() >= self.to.walk_limit {
            return Ok(Some(Ended::WalkLimit));
        }
        self.issue().await?;
        tokio::select! {
            biased;
            () = stop.cancelled() => return Ok(Some(Ended::Stopped)),
            report = self.to.queue.next_report() => {
                let Some(report) = report? else { return Ok(Some(Ended::Stopped)) };
                self.hear(&report);
                while let Some(Ok(Some(report))) = self.to.queue.next_report().now_or_never() {
                    self.hear(&report);
                }
            }
            _ = self.ticks.tick() => self.look_around().await?,
        }
        Ok(None)
    }

    /// Looks at what changes from moment to moment.
    async fn look_around(&mut self) -> Result<(), Error> {
        self.see_hands().await;
        if self.to.is_shared {
            self.waiting.see_workers(self.to.queue.consumers().await?);
        }
        self.count_the_dead().await
    }

    /// What became of the walks so far.
    pub fn counts(&self) -> &Counts {
        self.ledger.counts()
    }

    /// What the dataset consists of; call it once the workers are at rest.
    /// Parts behind a gap are taken, too, unless enough came before.
    pub async fn finish(mut self) -> Result<Selection, Error> {
        self.list().await?;
        self.read_parts().await?;
        while !self.ledger.is_full() && self.ledger.next() < self.to.walk_limit {
            let Some(next) = self.catalog.first_after(self.ledger.next()) else {
                break;
            };
            self.ledger.skip_to(next);
            self.read_parts().await?;
        }
        self.ledger.close();
        for found in self.catalog.ending_after(self.ledger.next()) {
            if let Ok(entries) = self.index(&found).await {
                self.ledger.read(&entries)?;
            }
        }
        self.publish_progress();
        let Self { ledger, mut segments, why_dead, .. } = self;
        let shown = ledger.shown().clone();
        let (counts, chosen, quotas) = ledger.finish();
        segments.retain(|segment| {
            let walks = &segment.walks;
            chosen.any(walks.clone()) || shown.range(walks.clone()).next().is_some()
        });
        Ok(Selection { counts, chosen, shown, segments, why_dead, quotas })
    }

    async fn list(&mut self) -> Result<(), Error> {
        for object in self.to.parts.list(&part::folder(&self.to.campaign)).await? {
            let size_bytes = Some(object.size_bytes);
            self.add(&object.name, size_bytes);
        }
        Ok(())
    }

    fn hear(&mut self, report: &Report) {
        if report.campaign == self.to.campaign {
            self.add(&report.part, None);
        }
    }

    fn add(&mut self, name: &str, size_bytes: Option<u64>) {
        let Some(walks) = part::range_of(name) else {
            debug!(name, "an object among the parts that is none");
            return;
        };
        let completed = self.under_way.take_off(&walks);
        self.to.metrics.shards_completed(completed);
        self.waiting.done(completed);
        self.catalog.add(Found { name: name.to_owned(), walks, size_bytes });
    }

    /// Reads every part that continues what the ledger has read.
    async fn read_parts(&mut self) -> Result<(), Error> {
        let mut any = false;
        while !self.ledger.is_full() && self.ledger.next() < self.to.walk_limit {
            let next = self.ledger.next();
            let Some(found) = self.catalog.covering(next) else {
                let Some(behind) = self.behind_the_dead(next) else {
                    break;
                };
                self.ledger.skip_to(behind);
                continue;
            };
            match self.index(&found).await {
                Ok(entries) => {
                    self.ledger.read(&entries)?;
                    let end = found.walks.end.min(self.ledger.next());
                    if end < found.walks.end && !self.ledger.is_full() {
                        self.take_up_the_spared(&found, end).await?;
                    }
                    if end > next {
                        let walks = next..end;
                        self.to.board.shelve(&found.name, walks.clone(), self.ledger.chosen());
                        self.to.metrics.stepped();
                        self.segments.push(Segment { part: found.name, walks });
                        any = true;
                    }
                }
                Err(Unread::Away(error)) => return Err(error.into()),
                Err(Unread::Gone) => self.catalog.remove(&found),
                Err(Unread::Damaged(problem)) => {
                    warn!(part = found.name, "{problem}; it is made again");
                    self.to.parts.delete(&self.object_name(&found)).await?;
                    self.catalog.remove(&found);
                }
            }
        }
        if any {
            self.publish_progress();
        }
        Ok(())
    }

    /// A part was made when fewer samples were wanted, and spared a walk that is
    /// wanted now: from there on it is made again.
    async fn take_up_the_spared(&mut self, found: &Found, walk: u64) -> Result<(), Error> {
        debug!(part = found.name, walk, "a walk that was spared is wanted now");
        self.catalog.remove(found);
        match walk > found.walks.start {
            true => {
                let walks = found.walks.start..walk;
                self.catalog.add(Found { walks, ..found.clone() });
            }
            // What is made again gets its name.
            false => self.to.parts.delete(&self.object_name(found)).await?,
        }
        Ok(())
    }

    /// Where a quarantined shard that holds this walk ends, or the next part
    /// after it begins.
    fn behind_the_dead(&self, walk: u64) -> Option<u64> {
        let end = self.end_of_the_dead(walk)?;
        Some(self.catalog.first_after(walk).unwrap_or(end).min(end))
    }

    /// Where a quarantined shard that holds this walk ends.
    fn end_of_the_dead(&self, walk: u64) -> Option<u64> {
        let (_, &end) = self.dead.range(..=walk).next_back()?;
        (end > walk).then_some(end)
    }

    fn object_name(&self, found: &Found) -> String {
        part::object_name(&self.to.campaign, &found.name)
    }

    /// The entries of a part, without its samples.
    async fn index(&self, found: &Found) -> Result<Vec<Entry>, Unread> {
        let name = self.object_name(found);
        let mut bytes = self.to.parts.get_range(&name, 0..PROBE_BYTES).await?;
        let head = Head::read(&bytes)?;
        if found.size_bytes.is_some_and(|size| size != head.size_bytes()) {
            return Err(Damaged::new("its size is not what its head says").into());
        }
        if head.index_end() > bytes.len() as u64 && bytes.len() as u64 == PROBE_BYTES {
            bytes = self.to.parts.get_range(&name, 0..head.index_end()).await?;
        }
        let index = head.read_index(&bytes)?;
        match index.covers(&self.to.campaign, &found.walks) {
            true => Ok(index.entries),
            false => Err(Damaged::new("it holds other walks than its name says").into()),
        }
    }

    fn publish_progress(&self) {
        let counts = self.ledger.counts().clone();
        let (wanted, outstanding) = (self.ledger.wanted(), self.under_way.len());
        self.to.board.count(&counts, outstanding);
        self.to.progress.send_replace(Progress { wanted, counts, outstanding });
    }
}

/// Whether to wait longer for a service that is away since the first call.
fn is_patient(away_since: &mut Option<Instant>) -> bool {
    away_since.get_or_insert_with(Instant::now).elapsed() < PATIENCE
}

impl From<Damaged> for Unread {
    fn from(problem: Damaged) -> Self {
        Self::Damaged(problem)
    }
}

impl From<parts::Error> for Unread {
    fn from(error: parts::Error) -> Self {
        match error {
            parts::Error::Missing(_) => Self::Gone,
            error => Self::Away(error),
        }
    }
}

#[cfg(test)]
mod tests;
