//! The only loop: take a shard, run its walks, put the part, report, settle.
//!
//! ```text
//! [queue] ─► shard ─► part there? ─► walks, many at once ─► part ─► report ─► settled
//!                        └──────────────── yes ───────────────────┘
//! ```
//!
//! The effect of a shard is its part, put whole and named by the shard's
//! range; so a shard that is delivered twice is worked once or makes the same
//! bytes. Many of these loops may run in one process. Not here: what a walk
//! does ([`WalkRunner`], implemented by the pipeline).

mod hands;
mod metrics;
mod shard;

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use magnet_proto::outcome::Rejection;
use magnet_proto::part::Keys;
use magnet_proto::parts::{self, Parts};
use magnet_proto::process::in_one_line;
use magnet_proto::queue::{self, Delivery, Queue, Settle};
use magnet_proto::remains::Remains;
use magnet_proto::sample::Sample;
use magnet_proto::state::{self, Ending, State};
use magnet_proto::usage::Usage;
use magnet_proto::{CampaignDigest, WalkIndex};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info, warn};

pub use hands::Company;
pub use metrics::Metrics;
use shard::{Attempt, Worked};

/// Runs one campaign's walks. Shared by all loops of a process.
#[async_trait]
pub trait WalkRunner: Send + Sync {
    /// Makes the walk's sample, or says why there is none. The same walk gives
    /// the same result, given the same teacher answers. Cancel-safe.
    async fn run(&self, walk: WalkIndex) -> Result<Walked, Stop>;

    /// The part of these walks is in place: what was kept to work them again
    /// may go.
    async fn in_place(&self, _walks: Range<u64>) {}

    /// A walk met what each walk of the campaign would meet: the campaign is to
    /// end, for all who work it. Whoever serves it goes on with others.
    ///
    /// # Errors
    /// If it cannot be told now; it is met, and told, again.
    async fn end(&self, _ending: Ending) -> Result<(), state::Error> {
        Ok(())
    }

    /// Where it is told which of the campaign's shards are worked, if anywhere.
    fn state(&self) -> Option<Arc<dyn State>> {
        None
    }
}

/// What became of a walk.
#[derive(Debug)]
pub struct Walked {
    /// As far as the walk came: a rejected one, too, has its keys.
    pub keys: Keys,
    /// What it cost in teacher calls.
    pub usage: Usage,
    pub end: End,
}

#[derive(Debug)]
pub enum End {
    Accepted(Box<Sample>),
    /// With what remains of it, where that is kept.
    Rejected(Rejection, Option<Box<Remains>>),
    /// Not worked, because a lower walk has claimed the same *path* key. No
    /// other key is known for sure before a walk is done.
    Skipped,
    /// Not worked, because the dataset has no room for it.
    Spared,
}

/// Why a walk could not be finished: not its fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stop {
    /// A service is away; the shard is handed back and delivered again later.
    #[error("{reason}")]
    Transient { reason: String, retry_after: Option<Duration> },
    /// No walk of the campaign can go on.
    #[error("{0}")]
    Ended(Ending),
    /// The run is stopping.
    #[error("cancelled")]
    Cancelled,
}

/// Finds the runner for a shard's campaign: a fleet worker may serve several.
#[async_trait]
pub trait Runners: Send + Sync {
    /// [`Stop::Transient`] hands the shard back, anything else drops it: its
    /// campaign is over, and who ended it has told so.
    async fn of(&self, campaign: &CampaignDigest) -> Result<Arc<dyn WalkRunner>, Stop>;
}

/// How much a loop takes on.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Walks at once.
    pub in_flight: usize,
    /// Shards held at once at most. A second one is taken only while the
    /// first leaves walks to spare.
    pub shards: usize,
    /// A shard that takes longer begins no more walks: the rest becomes a
    /// shard of its own. So a worker that dies takes little with it, and no
    /// broker loses patience with a message that is held.
    pub shard_time: Duration,
    /// How long a part store may take nothing before the loop gives up.
    /// Meanwhile finished walks wait for it, and shards are handed back.
    pub put_patience: Duration,
}

/// The usual [`Limits::shard_time`].
pub const SHARD_TIME: Duration = Duration::from_secs(4 * 60);

/// How a loop is told to stop.
#[derive(Clone, Debug, Default)]
pub struct Shutdown {
    /// Take nothing new, finish what is held.
    pub drain: CancellationToken,
    /// Keep what is finished, hand back the rest, return.
    pub abort: CancellationToken,
}

/// Why a loop ended other than by being told to.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("taking shards from the queue")]
    Queue(#[from] queue::Error),
    #[error("putting a part")]
    Parts(#[source] parts::Error),
}

/// One loop and what it works with.
pub struct Worker {
    pub queue: Arc<dyn Queue>,
    pub parts: Parts,
    pub runners: Arc<dyn Runners>,
    pub limits: Limits,
    pub metrics: Metrics,
    pub shutdown: Shutdown,
    /// All loops of a process are in one.
    pub company: Company,
}

/// A shard handed back because a service is away comes again after this long,
/// unless the service said when.
const PAUSE: Duration = Duration::from_secs(5);

/// Serves until told to stop or the queue is closed.
pub async fn serve(worker: &Worker) -> Result<(), Error> {
    tokio::select! {
        ended = take_and_settle(worker) => ended,
        never = hands::tell_of_those_that_wait(worker) => match never {},
    }
}

async fn take_and_settle(worker: &Worker) -> Result<(), Error> {
    let gate = shard::Gate::new(worker.limits.in_flight);
    let mut held = FuturesUnordered::new();
    let mut put_fails_since = None;
    let mut open = true;
    loop {
        let draining = worker.shutdown.drain.is_cancelled() || worker.shutdown.abort.is_cancelled();
        open &= !draining;
        if !open && held.is_empty() {
            return Ok(());
        }
        let has_company = worker.company.is_open();
        let room = has_company && held.len() < worker.limits.shards.max(1) && gate.has_room();
        tokio::select! {
            biased;
            Some(worked) = held.next() => {
                let (delivery, attempt): (Box<dyn Delivery>, Attempt) = worked;
                if let Err(end) = settle(worker, delivery, attempt, &mut put_fails_since).await {
                    // The others keep what they have finished.
                    worker.shutdown.abort.cancel();
                    while let Some((delivery, attempt)) = held.next().await {
                        settle(worker, delivery, attempt, &mut put_fails_since).await.ok();
                    }
                    return Err(end);
                }
            }
            () = worker.shutdown.abort.cancelled(), if open => {}
            () = worker.shutdown.drain.cancelled(), if open => {}
            () = worker.company.opened(), if open && !has_company => {}
            received = worker.queue.receive(), if open && room => match received? {
                None => open = false,
                Some(mut delivery) => {
                    let walks = gate.hold(delivery.shard());
                    held.push(async move {
                        let (start, _in_flight) =
                            (Instant::now(), worker.metrics.shard_received(&*delivery));
                        let attempt = shard::attempt(worker, walks, &mut *delivery).await;
                        worker.metrics.shard_settled(&attempt, start.elapsed());
                        (delivery, attempt)
                    });
                }
            },
        }
    }
}

/// Settles a shard by what came of it. An error ends the loop.
async fn settle(
    worker: &Worker,
    delivery: Box<dyn Delivery>,
    attempt: Attempt,
    put_fails_since: &mut Option<Instant>,
) -> Result<(), Error> {
    let shard = delivery.shard().clone();
    let name = shard.part_name();
    let mut in_place = None;
    let (outcome, end) = match attempt {
        Attempt::Done { report, worked } => {
            *put_fails_since = None;
            in_place = worked;
            if let Err(problem) = worker.queue.report(&report).await {
                // The coordinator finds the part by listing.
                debug!(shard = name, "the report was not taken: {problem}");
            }
            (Settle::Done, None)
        }
        Attempt::NotPut(source) => {
            let since = *put_fails_since.get_or_insert_with(Instant::now);
            warn!(shard = name, problem = in_one_line(&source), "the part could not be put");
            // A refusal of a store that has worked, too: policies and credentials
            // are changed under a fleet, and changed back.
            match since.elapsed() < worker.limits.put_patience {
                true => (Settle::Delay(PAUSE), None),
                false => (Settle::Return, Some(Error::Parts(source))),
            }
        }
        Attempt::Stopped(Stop::Transient { reason, retry_after }) => {
            warn!(shard = name, reason, "handed back until the service is there again");
            (Settle::Delay(retry_after.unwrap_or(PAUSE)), None)
        }
        Attempt::Ended(runner, ending) => match runner.end(ending).await {
            Ok(()) => (Settle::Return, None),
            Err(problem) => {
                warn!(shard = name, "the campaign's end cannot be told: {problem}");
                (Settle::Delay(PAUSE), None)
            }
        },
        Attempt::Stopped(_) => (Settle::Return, None),
        Attempt::Failed(reason) => {
            error!(shard = name, attempt = shard.attempt + 1, reason, "the shard failed");
            (Settle::Failed(reason), None)
        }
        Attempt::Unwanted => (Settle::Done, None),
        Attempt::Elsewhere => {
            debug!(shard = name, "it is worked elsewhere");
            (Settle::Delay(PAUSE), None)
        }
        Attempt::Lost => {
            info!(shard = name, "another worker has taken it over");
            (Settle::Done, None)
        }
        Attempt::Poison(reason) => {
            error!(shard = name, reason, "the shard is quarantined");
            (Settle::Quarantine(reason), None)
        }
    };
    delivery.settle(outcome).await?;
    // Not before: a shard that comes again may need what was kept for it.
    if let Some(Worked { runner, walks }) = in_place {
        runner.in_place(walks).await;
    }
    end.map_or(Ok(()), Err)
}

#[cfg(test)]
mod tests;
