//! The fleet in one process: the dispatcher and n workers over ports opened by
//! URL, then the dataset. The code path of `magnet run`.
//!
//! Run again with the same campaign and folder, it goes on where it was left:
//! what is finished is the list of parts. The files do not depend on the
//! number of workers, nor on how often it was interrupted.

mod origin;
mod vigil;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use magnet_proto::bundle::{self, Bundle};
use magnet_proto::config::{Campaign, Judge};
use magnet_proto::graph::Graph;
use magnet_proto::library::Library;
use magnet_proto::pack::Pack;
use magnet_proto::part;
use magnet_proto::parts::{self, Parts};
use magnet_proto::process::in_one_line;
use magnet_proto::queue::{self, Queue};
use magnet_proto::quotas::Quotas;
use magnet_proto::servers::Servers;
use magnet_proto::state::{Control, Ending, Spending, State};
use magnet_proto::{CampaignDigest, Digest, FunctionId};
use magnet_worker::drawn::Draws;
use magnet_worker::serve::{self, Company, Limits, Runners, Shutdown, Stop, WalkRunner, Worker};
use magnet_worker::teacher::chat::usage::used_up;
use magnet_worker::teacher::stack::Patience;
use prometheus::Registry;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::control::{self, Governed};
use crate::dispatch::{self, Dispatch, Dispatcher, Ended, Rhythm, Selection};
use crate::finalize::{self, Finalizer, LostPart, Manifest, Uncalled, Written};
use crate::holder::holder;
use crate::ledger::{Counts, Ledger};
use crate::metrics::Metrics;
use crate::outdir::{self, Identity, OutDir};
use crate::policies;
use crate::progress::Progress;
use crate::shard::Plan;
use crate::spending;
use crate::status::{Phase, Watch};
use crate::stores::{self, is_offline, stores};
use crate::surroundings::Surroundings;
use crate::trial::Trial;
use origin::{calls, origin};

/// A part store may take nothing for so long: whoever sees a run fail wants to
/// be told.
const PUT_PATIENCE: Duration = Duration::from_secs(30);
/// A fleet outlives the outages of its store.
const FLEET_PATIENCE: Duration = Duration::from_secs(3_600);
/// A dataset that could not be written for its parts' store is begun again
/// after this long.
const AWAY: Duration = Duration::from_secs(5);
/// A damaged part is found and made again this often before the run gives up.
const REPAIRS: usize = 8;
/// Shards that a worker of slow teachers holds at once at most.
const SHARDS_HELD: usize = 16;
/// Shards issued and not done at most, whatever the number of workers
/// elsewhere: enough for a large fleet, and little in one queue.
const FLEET_WINDOW: usize = 64;

/// A dispatcher that was told to stop and waits for a service is left after
/// this long.
const STOP: Duration = Duration::from_secs(5);

/// What to run.
pub struct Job<'a> {
    pub campaign: &'a Campaign,
    pub digest: CampaignDigest,
    pub library: Arc<Library>,
    pub graph: Arc<Graph>,
    pub pack: Arc<Pack>,
    pub servers: Arc<Servers>,
    /// The digest of the prompts, where the teacher has any.
    pub prompts: Option<Digest>,
    /// The text of `library.exclude_paths`.
    pub excluded_paths: &'a str,
    /// Where all that happens is shown.
    pub watch: &'a Watch,
    pub progress: watch::Sender<Progress>,
    /// Stop: finish or hand back what is held, keep what is finished.
    pub cancel: CancellationToken,
    pub labour: Labour,
}

/// Who works the walks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Labour {
    /// Workers of this process.
    Own,
    /// Worker processes anywhere, told through the state store when it is over.
    Fleet,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All samples wanted are there.
    Complete,
    /// The dataset is written, and smaller than wanted; why.
    Short(String),
    /// Told to stop; no dataset yet. The same command goes on.
    Interrupted,
}

#[derive(Clone, Debug)]
pub struct Summary {
    pub outcome: Outcome,
    pub samples_wanted: u64,
    pub counts: Counts,
    pub uncalled: Uncalled,
    /// `None` if interrupted.
    pub written: Option<Written>,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    OutDir(#[from] outdir::Error),
    #[error("opening the part store")]
    Parts(#[from] parts::Error),
    #[error("opening the queue")]
    Queue(#[from] queue::Error),
    #[error(transparent)]
    Stores(#[from] stores::Error),
    #[error("putting the bundle of library and graph")]
    Bundle(#[from] bundle::Error),
    #[error("preparing the teacher")]
    Runner(#[source] anyhow::Error),
    #[error("dispatching")]
    Dispatch(#[from] dispatch::Error),
    /// A worker gave up; what is finished is kept.
    #[error("the run cannot go on")]
    Worker(#[source] serve::Error),
    /// In the words of the teacher, or of the worker that will not work it.
    #[error("the campaign cannot go on: {0}")]
    Refused(String),
    #[error("a worker ended in a panic: {0}")]
    Panic(String),
    #[error(transparent)]
    Finalize(#[from] finalize::Error),
    #[error("registering counters")]
    Metrics(#[from] prometheus::Error),
}

/// Runs a campaign from its plan to its files.
pub async fn run<F>(job: Job<'_>, make_runner: F) -> Result<Summary, Error>
where
    F: FnOnce(Surroundings) -> anyhow::Result<Arc<dyn WalkRunner>>,
{
    let campaign = job.campaign;
    let identity = Identity::of(campaign, job.digest);
    let out = OutDir::open(&campaign.output.dir, &identity)?;
    let fleet = Fleet::open(&job, out)?;
    let (library, graph) = (Arc::clone(&job.library), Arc::clone(&job.graph));
    let bundle = Bundle::new(job.digest, campaign, library, graph, job.excluded_paths);
    let bundle = bundle.with_pack(Arc::clone(&job.pack)).with_servers(Arc::clone(&job.servers));
    let bundle = Arc::new(bundle);
    fleet.parts.reach().await?;
    bundle.publish(&fleet.parts).await?;
    let watching = CancellationToken::new();
    let _watched = watching.clone().drop_guard();
    if job.labour == Labour::Fleet {
        tokio::spawn(vigil::keep(Arc::clone(&bundle), fleet.parts.clone(), watching));
    }
    let holder = holder();
    policies::watch(&campaign.fleet, &job.cancel);
    job.watch.opened_parts(&fleet.parts, &job.library, &job.cancel);
    let stores = stores(campaign, &job.digest, &holder, &fleet.out).await?;
    let stores = job.watch.opened_stores(&stores);
    let control = control::begin(&stores.state, &job.cancel).await;
    job.watch.board.follow(control.clone());
    spending::remind(&stores.state, job.progress.subscribe(), &job.cancel);
    let runner = match job.labour {
        Labour::Fleet => None,
        Labour::Own => {
            let (state, cache) = (Arc::clone(&stores.state), stores.cache);
            let (patience, cancel) = (Patience::Bounded, job.cancel.clone());
            let around = Surroundings { bundle, state, cache, patience, cancel };
            let runner = make_runner(around).map_err(Error::Runner)?;
            Some(Arc::new(Governed::new(runner, &stores.state, control.clone())))
        }
    };
    let reins = Reins { state: Arc::clone(&stores.state), control, runner };
    let mut made = fleet.make(&job, &reins).await;
    if let Ok(Summary { outcome: Outcome::Short(why), .. }) = &mut made
        && let Ok(spent) = stores.state.spend(Spending::default()).await
        && let Some(reason) = used_up(&campaign.budget, &spent)
    {
        *why = over_budget(&reason);
    }
    let is_written = made.as_ref().is_ok_and(|summary| summary.written.is_some());
    job.watch.board.enter(if is_written { Phase::Finished } else { Phase::Stopped });
    if is_written {
        control::end(&stores.state).await;
    }
    made
}

impl Fleet {
    /// Works and finalizes, again for parts that prove damaged.
    async fn make(&self, job: &Job<'_>, reins: &Reins) -> Result<Summary, Error> {
        let (mut repairs, mut away_since) = (0, None);
        loop {
            let (outcome, selection) = match self.work(job, reins).await? {
                Round::Interrupted(counts) => return Ok(self.interrupted(counts)),
                Round::Ended(outcome, selection) => (outcome, selection),
            };
            let finalized = tokio::select! {
                finalized = self.finalize(job, &selection) => finalized,
                () = job.cancel.cancelled() => return Ok(self.interrupted(selection.counts)),
            };
            match finalized {
                Ok((written, uncalled)) => {
                    let (counts, samples_wanted) = (selection.counts, self.wanted);
                    let written = Some(written);
                    return Ok(Summary { outcome, samples_wanted, counts, uncalled, written });
                }
                Err(finalize::Error::Damaged(lost)) if repairs < REPAIRS => {
                    repairs += 1;
                    for LostPart { part, why } in lost {
                        warn!(part, "{why}; it is made again");
                        self.parts.delete(&part::object_name(&job.digest, &part)).await?;
                    }
                }
                Err(finalize::Error::Parts { part, source })
                    if self.is_patient(&mut away_since) =>
                {
                    warn!(part, "{}; trying again", in_one_line(&source));
                    tokio::time::sleep(AWAY).await;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Whether to wait longer for a part store that is away since the first
    /// call, or refuses what it has done before.
    fn is_patient(&self, away_since: &mut Option<Instant>) -> bool {
        away_since.get_or_insert_with(Instant::now).elapsed() < self.patience
    }
}

fn over_budget(reason: &str) -> String {
    format!(
        "the budget is used up: {reason}\nhint: raise it under [budget] and run the same command \
         again to go on"
    )
}

fn outcome_of(selection: &Selection, wanted: u64) -> Outcome {
    let counts = &selection.counts;
    match (counts.accepted >= wanted, counts.missing) {
        (true, 0) => Outcome::Complete,
        (_, 0) => Outcome::Short(format!(
            "{} of {wanted} samples after {} walks\nhint: raise campaign.max_walks, or see why \
             walks were rejected",
            counts.accepted,
            counts.decided(),
        )),
        (_, missing) => {
            let why = selection.why_dead.as_ref().map(|why| format!(", the last one so: {why}"));
            Outcome::Short(format!(
                "{missing} walks are left out, because their shards failed whenever they were \
                 tried{}\nhint: run the same command again to try them anew",
                why.unwrap_or_default()
            ))
        }
    }
}

/// How many workers a process has, and how much each takes on, of slow
/// teachers' shards at most so many.
pub(crate) fn crew(campaign: &Campaign, shards: usize) -> (usize, Limits) {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let workers = match campaign.run.workers {
        0 => cores,
        workers => workers,
    };
    // Walks that wait for nobody gain nothing by being many.
    let (in_flight, shards) = match is_offline(campaign) {
        true => (1, 1),
        false => (campaign.run.in_flight.get(), shards),
    };
    let (shard_time, put_patience) = (serve::SHARD_TIME, PUT_PATIENCE);
    (workers, Limits { in_flight, shards, shard_time, put_patience })
}

/// How the workers' part of a run ended.
enum Round {
    Interrupted(Counts),
    Ended(Outcome, Selection),
}

/// Why it ended.
enum Cause {
    Dispatched(Ended),
    /// All workers of this process have left.
    Deserted,
    /// By a process of the campaign, for that reason, or by the operator.
    Early(Option<Ending>),
}

/// What holds a run back or ends it, and its runner, if it works walks itself.
struct Reins {
    state: Arc<dyn State>,
    control: watch::Receiver<Control>,
    runner: Option<Arc<Governed>>,
}

/// The opened ports and what does not change from round to round.
struct Fleet {
    out: OutDir,
    parts: Parts,
    workers: usize,
    limits: Limits,
    wanted: u64,
    grace: Duration,
    /// With a part store that worked before.
    patience: Duration,
    worker_metrics: serve::Metrics,
    metrics: Metrics,
}

impl Fleet {
    fn open(job: &Job<'_>, out: OutDir) -> Result<Self, Error> {
        let campaign = job.campaign;
        let (workers, limits) = crew(campaign, SHARDS_HELD);
        let (registry, pulse) = (&job.watch.registry, job.watch.health.pulse());
        Ok(Self {
            parts: Parts::open(&campaign.fleet.parts, out.path())?,
            out,
            workers,
            limits,
            wanted: campaign.campaign.samples.get(),
            grace: campaign.fleet.grace,
            patience: match job.labour {
                Labour::Own => PUT_PATIENCE,
                Labour::Fleet => FLEET_PATIENCE,
            },
            worker_metrics: match job.labour {
                Labour::Own => serve::Metrics::new(registry, pulse)?,
                // Nobody works walks here: nothing of it is shown.
                Labour::Fleet => serve::Metrics::new(&Registry::new(), pulse)?,
            },
            metrics: Metrics::new(registry, pulse)?,
        })
    }

    /// Workers and dispatcher side by side, until there is enough.
    async fn work(&self, job: &Job<'_>, reins: &Reins) -> Result<Round, Error> {
        let shards = self.workers * self.limits.shards;
        let queue = queue::connect(&job.campaign.fleet, Some(job.digest), shards).await?;
        job.watch.opened_queue(&queue, &job.cancel);
        job.watch.board.enter(Phase::Working);
        job.watch.board.clear_shelf();
        let shutdown = Shutdown::default();
        let quotas = Quotas::new(&job.campaign.mix, self.wanted).map_err(Error::Refused)?;
        let mut dispatch = Dispatch::new(
            Dispatcher {
                campaign: job.digest,
                queue: Arc::clone(&queue),
                parts: self.parts.clone(),
                state: Arc::clone(&reins.state),
                plan: Plan::new(job.digest, job.campaign.fleet.shard_walks),
                walk_limit: job.campaign.campaign.walk_limit(),
                window: match job.labour {
                    Labour::Own => (shards * 2).max(4),
                    Labour::Fleet => FLEET_WINDOW,
                },
                has_a_past: job.campaign.fleet.queue.starts_with("amqp"),
                is_shared: job.labour == Labour::Fleet,
                issuer: holder(),
                rhythm: Rhythm::default(),
                progress: job.progress.clone(),
                board: job.watch.board.clone(),
                metrics: self.metrics.clone(),
            },
            Ledger::new(self.wanted, job.campaign.dedup.near_duplicate, self.out.path())
                .showing(job.campaign.run.keep_rejected)
                .among(quotas, Draws::of(job.campaign)),
        );
        let (mut control, never) = (reins.control.clone(), watch::Sender::default());
        let (mut workers, mut ended_here) = match &reins.runner {
            Some(runner) => {
                // What an earlier process issued is seen while it is in the queue.
                tokio::select! {
                    () = job.cancel.cancelled() => {}
                    () = dispatch.look_back() => {}
                }
                (self.spawn_workers(job, runner, &queue, &shutdown), runner.ended())
            }
            None => (JoinSet::new(), never.subscribe()),
        };
        let cause = tokio::select! {
            ended = dispatch.run(&job.cancel) => ended.map(Cause::Dispatched).map_err(Error::from),
            failure = first_failure(&mut workers), if reins.runner.is_some() => {
                failure.map_or(Ok(Cause::Deserted), Err)
            }
            why = control::ended(&*reins.state, &mut control, &mut ended_here) => {
                Ok(Cause::Early(why))
            }
            // It may be waiting for a service that is away.
            () = after(&job.cancel, STOP) => Ok(Cause::Dispatched(Ended::Stopped)),
        };
        match &cause {
            Ok(Cause::Dispatched(Ended::Stopped) | Cause::Early(None)) => {
                queue.close().await;
                self.drain(&shutdown, &mut workers).await;
            }
            // What is under way now is not needed, or cannot be used.
            _ => shutdown.abort.cancel(),
        }
        let stopped = first_failure(&mut workers).await;
        queue.close().await;
        let outcome = match cause? {
            Cause::Dispatched(Ended::Full | Ended::WalkLimit) => None,
            Cause::Early(Some(Ending::Budget(reason))) => {
                Some(Outcome::Short(over_budget(&reason)))
            }
            Cause::Early(Some(Ending::Refused(reason))) => return Err(Error::Refused(reason)),
            Cause::Early(None) => Some(Outcome::Short(
                "it was cancelled\nhint: run the same command again to go on".into(),
            )),
            Cause::Dispatched(Ended::Stopped) | Cause::Deserted => match stopped {
                Some(failure) => return Err(failure),
                None => return Ok(Round::Interrupted(dispatch.counts().clone())),
            },
        };
        let mut selection = dispatch.finish().await?;
        if job.campaign.graph.judge != Judge::None {
            let bundle = Bundle::open(&self.parts, &job.digest).await?;
            selection.counts.add_judging(&bundle.judged);
        }
        let outcome = outcome.unwrap_or_else(|| outcome_of(&selection, self.wanted));
        Ok(Round::Ended(outcome, selection))
    }

    fn spawn_workers(
        &self,
        job: &Job<'_>,
        runner: &Arc<Governed>,
        queue: &Arc<dyn Queue>,
        shutdown: &Shutdown,
    ) -> JoinSet<Result<(), serve::Error>> {
        let runners = Arc::new(OneCampaign { campaign: job.digest, runner: Arc::clone(runner) });
        self.worker_metrics.set_slots(self.workers * self.limits.in_flight);
        let (mut workers, company) = (JoinSet::new(), Company::default());
        for _ in 0..self.workers {
            let worker = Worker {
                queue: Arc::clone(queue),
                parts: self.parts.clone(),
                runners: Arc::clone(&runners) as Arc<dyn Runners>,
                limits: self.limits,
                metrics: self.worker_metrics.clone(),
                shutdown: shutdown.clone(),
                company: company.clone(),
            };
            workers.spawn(async move { serve::serve(&worker).await });
        }
        workers
    }

    /// Lets the workers finish what they hold, within the grace.
    async fn drain(&self, shutdown: &Shutdown, workers: &mut JoinSet<Result<(), serve::Error>>) {
        info!("stopping: shards under way are finished or handed back");
        shutdown.drain.cancel();
        let drained = async { while workers.join_next().await.is_some() {} };
        if tokio::time::timeout(self.grace, drained).await.is_err() {
            shutdown.abort.cancel();
        }
    }

    async fn finalize(
        &self,
        job: &Job<'_>,
        selection: &Selection,
    ) -> Result<(Written, Uncalled), finalize::Error> {
        job.watch.board.enter(Phase::Finalizing);
        let finalizer = Finalizer {
            campaign: job.digest,
            parts: &self.parts,
            library: Arc::clone(&job.library),
            output: &job.campaign.output,
            folder: self.out.path(),
            width: self.workers,
        };
        let written = finalize::write(&finalizer, selection).await?;
        let counts = selection.counts.clone();
        let calls = calls(job.campaign, &counts);
        let uncalled = uncalled(job, &written).await;
        let manifest = Manifest::new(
            origin(job),
            self.wanted,
            counts,
            &selection.quotas,
            calls,
            uncalled.clone(),
            written.clone(),
        );
        finalize::write_manifest(self.out.path(), &manifest).map_err(|source| {
            finalize::Error::Write { folder: self.out.path().to_owned(), source }
        })?;
        Ok((written, uncalled))
    }

    fn interrupted(&self, counts: Counts) -> Summary {
        let samples_wanted = self.wanted;
        let (outcome, uncalled) = (Outcome::Interrupted, Uncalled::default());
        Summary { outcome, samples_wanted, counts, uncalled, written: None }
    }
}

/// Functions without a conversation that the manifest names.
const NAMED: usize = 200;

/// What of the library the dataset does not call, and whether it could.
async fn uncalled(job: &Job<'_>, written: &Written) -> Uncalled {
    let ids = job.library.iter().map(|(id, _)| id);
    let missing: Vec<FunctionId> = ids.filter(|id| !written.called.contains(id)).collect();
    let functions = missing.len() as u64;
    let names = missing.iter().map(|id| job.library.get(*id).name.clone());
    let mut names: Vec<String> = names.collect();
    names.sort_unstable();
    names.truncate(NAMED);
    let uncallable = match Trial::new(job.campaign, &job.library, &job.pack) {
        Ok(trial) => trial.uncallable(missing.into_iter()).await,
        Err(error) => {
            warn!("{error:#}; functions that are never called are not tried");
            Vec::new()
        }
    };
    Uncalled { functions, names, uncallable }
}

async fn after(cancel: &CancellationToken, pause: Duration) {
    cancel.cancelled().await;
    tokio::time::sleep(pause).await;
}

/// Waits until all workers have ended, or one of them with an error.
async fn first_failure(workers: &mut JoinSet<Result<(), serve::Error>>) -> Option<Error> {
    while let Some(ended) = workers.join_next().await {
        match ended {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Some(Error::Worker(error)),
            Err(panic) => return Some(Error::Panic(panic.to_string())),
        }
    }
    None
}

/// A shard of a campaign that is not run here waits so long for one who does.
const ELSEWHERE: Duration = Duration::from_secs(30);

/// The only campaign of this process.
struct OneCampaign {
    campaign: CampaignDigest,
    runner: Arc<Governed>,
}

#[async_trait]
impl Runners for OneCampaign {
    async fn of(&self, campaign: &CampaignDigest) -> Result<Arc<dyn WalkRunner>, Stop> {
        if *campaign != self.campaign {
            let reason = format!("campaign {} is not run here", campaign.0.short());
            return Err(Stop::Transient { reason, retry_after: Some(ELSEWHERE) });
        }
        match self.runner.ended().borrow().is_some() {
            true => Err(Stop::Cancelled),
            false => Ok(Arc::clone(&self.runner) as Arc<dyn WalkRunner>),
        }
    }
}

#[cfg(test)]
mod tests;
