//! One attempt at one shard: its walks, many at once, and its part.

use std::any::Any;
use std::collections::BTreeMap;
use std::ops::Range;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};
use magnet_proto::part::{self, Keys, Packed, Verdict, Writer};
use magnet_proto::process::in_one_line;
use magnet_proto::queue::Delivery;
use magnet_proto::shard::{Report, Shard};
use magnet_proto::state::{Ending, Leaving};
use magnet_proto::usage::Usage;
use magnet_proto::{WalkIndex, parts};
use tokio::sync::{AcquireError, Semaphore, SemaphorePermit};
use tokio::time::Instant;
use tracing::{Instrument, debug, info_span, warn};

use super::hands::{self, Taken};
use super::{End, PAUSE, Stop, WalkRunner, Walked, Worker};

/// Between tries to put a part.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// A finished part waits no longer for its store: with the time a shard takes
/// that is well below what brokers allow a message to be held.
const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);

/// From one hand through the queue into the next, should all go well.
const ON_ITS_WAY: Duration = Duration::from_secs(30);

/// What came of an attempt.
pub(super) enum Attempt {
    /// The part is in place; `worked` is it that made it now.
    Done {
        report: Report,
        worked: Option<Worked>,
    },
    NotPut(parts::Error),
    Stopped(Stop),
    /// No walk of its campaign can go on.
    Ended(Arc<dyn WalkRunner>, Ending),
    /// The shard's own fault.
    Failed(String),
    /// Its campaign is over, or it is done in pieces.
    Unwanted,
    /// It is in another hand; whoever has it may lose it, so it comes again.
    Elsewhere,
    /// Another hand has taken it over.
    Lost,
    /// It kills whoever works it.
    Poison(String),
}

/// Walks whose part is in place, and their runner.
pub(super) struct Worked {
    pub(super) runner: Arc<dyn WalkRunner>,
    pub(super) walks: Range<u64>,
}

/// Keeps the walks of all held shards within the loop's limit.
#[derive(Debug)]
pub(super) struct Gate {
    permits: Semaphore,
    in_flight: usize,
    /// Walks of held shards that are not finished.
    unfinished: AtomicUsize,
}

impl Gate {
    pub(super) fn new(in_flight: usize) -> Self {
        let in_flight = in_flight.clamp(1, Semaphore::MAX_PERMITS);
        let unfinished = AtomicUsize::new(0);
        Self { permits: Semaphore::new(in_flight), in_flight, unfinished }
    }

    /// Whether the held shards leave walks to spare.
    pub(super) fn has_room(&self) -> bool {
        self.unfinished.load(Ordering::Relaxed) < self.in_flight
    }

    /// Counts a shard's walks as unfinished from now on.
    pub(super) fn hold(&self, shard: &Shard) -> Unfinished<'_> {
        let walks = shard.len as usize;
        self.unfinished.fetch_add(walks, Ordering::Relaxed);
        Unfinished { gate: self, walks }
    }
}

/// The unfinished walks of one held shard, taken off the gate when it ends.
#[derive(Debug)]
pub(super) struct Unfinished<'a> {
    gate: &'a Gate,
    walks: usize,
}

impl Unfinished<'_> {
    fn finish_one(&mut self) {
        self.walks -= 1;
        self.gate.unfinished.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        self.gate.unfinished.fetch_sub(self.walks, Ordering::Relaxed);
    }
}

/// A finished walk, packed.
struct Finished {
    keys: Keys,
    usage: Usage,
    packed: Packed,
}

/// Why a walk has no result.
enum Unfit {
    Stop(Stop),
    Panic(String),
    /// The shard must be settled now.
    Late,
}

/// Works a shard whose part is not there yet, if it is in no other hand.
pub(super) async fn attempt(
    worker: &Worker,
    walks: Unfinished<'_>,
    delivery: &mut dyn Delivery,
) -> Attempt {
    let shard = &delivery.shard().clone();
    let span = info_span!("shard", part = shard.part_name(), attempt = shard.attempt);
    async {
        if let Some(settled) = in_place(worker, shard).await {
            return settled;
        }
        match worker.runners.of(&shard.campaign).await {
            Ok(runner) => in_hand(worker, walks, delivery, &runner).await,
            Err(stop @ Stop::Transient { .. }) => Attempt::Stopped(stop),
            Err(Stop::Cancelled | Stop::Ended(_)) => Attempt::Unwanted,
        }
    }
    .instrument(span)
    .await
}

/// Whether there is nothing to work: its part is there.
async fn in_place(worker: &Worker, shard: &Shard) -> Option<Attempt> {
    let name = part::object_name(&shard.campaign, &shard.part_name());
    match worker.parts.has(&name).await {
        Ok(true) => Some(Attempt::Done { report: report(shard, 0, 0), worked: None }),
        Ok(false) => None,
        Err(error) => Some(Attempt::NotPut(error)),
    }
}

/// Works the shard as the one who does, for as long as it takes.
async fn in_hand(
    worker: &Worker,
    walks: Unfinished<'_>,
    delivery: &mut dyn Delivery,
    runner: &Arc<dyn WalkRunner>,
) -> Attempt {
    let grip = match hands::take(worker, runner.state(), delivery).await {
        Taken::Ours(grip) => grip,
        Taken::Elsewhere => return Attempt::Elsewhere,
        // Under which names its parts lie the coordinator finds out.
        Taken::Done => return Attempt::Unwanted,
        Taken::Poison(reason) => return Attempt::Poison(reason),
        Taken::Stopped => return Attempt::Stopped(Stop::Cancelled),
    };
    let shard = delivery.shard().clone();
    let time = Time::of(worker, grip.is_known_to_all());
    let attempt = async {
        // Whoever had it in hand until now may have put its part, and its
        // answers are forgotten by then: they would be bought again.
        match in_place(worker, &shard).await {
            Some(settled) => settled,
            None => work(worker, walks, &shard, runner, &time).await,
        }
    };
    let attempt = tokio::select! {
        biased;
        () = grip.lost() => return Attempt::Lost,
        attempt = attempt => attempt,
        () = renew(delivery, &time) => Attempt::Lost,
    };
    let back = |pause: Duration| Leaving::Back(pause * 5 + ON_ITS_WAY);
    grip.leave(match &attempt {
        Attempt::Done { .. } => Leaving::Done,
        Attempt::Stopped(Stop::Transient { retry_after, .. }) => back(retry_after.unwrap_or(PAUSE)),
        Attempt::NotPut(_) => back(PAUSE),
        _ => back(Duration::ZERO),
    })
    .await;
    attempt
}

/// How long an attempt may take, by the broker's patience.
struct Time {
    /// No walk begins later.
    begins_until: Instant,
    /// What is not finished by then is handed back: nobody else knows that the
    /// shard is worked, and the broker is about to deliver it once more.
    ends: Option<Instant>,
    /// Held anew this often: whoever the copy comes to knows that it is worked.
    renewed: Option<Duration>,
}

impl Time {
    fn of(worker: &Worker, is_known_to_all: bool) -> Self {
        let (now, patience) = (Instant::now(), worker.queue.patience());
        let shard_time = worker.limits.shard_time;
        let begins = patience.map_or(shard_time, |patience| shard_time.min(patience / 4));
        let half = patience.map(|patience| patience / 2);
        let (ends, renewed) = match is_known_to_all {
            true => (None, half),
            false => (half.map(|half| now + half), None),
        };
        Self { begins_until: now + begins, ends, renewed }
    }
}

/// Holds the shard anew before the broker loses its patience; never returns.
async fn renew(delivery: &mut dyn Delivery, time: &Time) {
    while let Some(pause) = time.renewed {
        tokio::time::sleep(pause).await;
        if let Err(problem) = delivery.renew().await {
            // Whoever it comes to finds that it is worked.
            warn!(part = delivery.shard().part_name(), "the shard is not held anew: {problem}");
        }
    }
    std::future::pending().await
}

fn report(shard: &Shard, accepted: u32, rejected: u32) -> Report {
    Report { campaign: shard.campaign, part: shard.part_name(), accepted, rejected }
}

/// Runs the walks and puts the part.
async fn work(
    worker: &Worker,
    unfinished: Unfinished<'_>,
    shard: &Shard,
    runner: &Arc<dyn WalkRunner>,
    time: &Time,
) -> Attempt {
    let (finished, unfit) = run_walks(worker, unfinished, shard, runner, time).await;
    match unfit {
        None => keep(worker, shard, runner, finished).await,
        Some(Unfit::Late) if finished.contains_key(&shard.first) => {
            keep(worker, shard, runner, finished).await
        }
        Some(Unfit::Late) => {
            warn!("no walk is finished, and the broker's patience ends: handed back");
            Attempt::Stopped(Stop::Cancelled)
        }
        Some(Unfit::Panic(reason)) => Attempt::Failed(reason),
        Some(Unfit::Stop(stop)) => {
            // A shard that comes again soon is worked whole; else what is
            // finished from its start is kept as a part of a shorter range.
            if !matches!(stop, Stop::Transient { .. })
                && finished.contains_key(&shard.first)
                && let Err(problem) = put(worker, shard, finished).await
            {
                let problem = in_one_line(&problem);
                warn!(problem, "finished walks of a stopped shard are lost");
            }
            match stop {
                Stop::Ended(ending) => Attempt::Ended(Arc::clone(runner), ending),
                stop => Attempt::Stopped(stop),
            }
        }
    }
}

/// Puts the part. What is left of a long shard becomes a shard of its own
/// before this one is done.
async fn keep(
    worker: &Worker,
    shard: &Shard,
    runner: &Arc<dyn WalkRunner>,
    finished: BTreeMap<WalkIndex, Finished>,
) -> Attempt {
    let (report, walks) = match put(worker, shard, finished).await {
        Ok(done) => done,
        Err(problem) => return Attempt::NotPut(problem),
    };
    let len = (shard.end().0 - walks.end) as u32;
    if len > 0 {
        let rest = Shard { first: WalkIndex(walks.end), len, ..shard.clone() };
        debug!(rest = rest.part_name(), "the shard is long");
        if let Err(problem) = worker.queue.publish(&rest).await {
            let reason = problem.to_string();
            return Attempt::Stopped(Stop::Transient { reason, retry_after: None });
        }
    }
    let runner = Arc::clone(runner);
    Attempt::Done { report, worked: Some(Worked { runner, walks }) }
}

/// Runs the shard's walks in order, as many at once as the gate lets through,
/// until all are finished, one of them cannot be, or the shard is long enough.
async fn run_walks(
    worker: &Worker,
    mut unfinished: Unfinished<'_>,
    shard: &Shard,
    runner: &Arc<dyn WalkRunner>,
    time: &Time,
) -> (BTreeMap<WalkIndex, Finished>, Option<Unfit>) {
    let gate = unfinished.gate;
    let mut late = pin!(until(time.ends));
    let mut walks = shard.walks().peekable();
    let mut permit = pin!(gate.permits.acquire());
    let mut running = FuturesUnordered::new();
    let mut finished = BTreeMap::new();
    let mut unfit = None;
    loop {
        let is_long = Instant::now() >= time.begins_until;
        let begins = walks.peek().is_some() && unfit.is_none() && !is_long;
        if !begins && running.is_empty() {
            return (finished, unfit);
        }
        tokio::select! {
            biased;
            () = worker.shutdown.abort.cancelled() => {
                return (finished, Some(unfit.unwrap_or(Unfit::Stop(Stop::Cancelled))));
            }
            () = &mut late => return (finished, Some(unfit.unwrap_or(Unfit::Late))),
            Some((walk, ended)) = running.next() => match ended {
                Ok(done) => {
                    finished.insert(walk, done);
                    unfinished.finish_one();
                }
                Err(Unfit::Stop(
                    stop @ (Stop::Transient { .. } | Stop::Ended(Ending::Budget(_))),
                )) => {
                    // Those in flight are paid for: let them come home.
                    unfit.get_or_insert(Unfit::Stop(stop));
                }
                Err(reason) => return (finished, Some(reason)),
            },
            permitted = &mut permit, if begins => {
                permit.set(gate.permits.acquire());
                let is_spared = |walk: &WalkIndex| shard.spared.binary_search(&walk.0).is_ok();
                running.extend(walks.next().map(|walk| {
                    let runner = (!is_spared(&walk)).then_some(runner);
                    run_walk(worker, permitted, runner, walk)
                }));
            }
        }
        // Walks that never wait for anything must not keep the thread from
        // the other tasks on it.
        tokio::task::yield_now().await;
    }
}

async fn until(end: Option<Instant>) {
    match end {
        Some(end) => tokio::time::sleep_until(end).await,
        None => std::future::pending().await,
    }
}

/// Runs one walk, or spares it where there is no runner. A panic is the walk's,
/// not the worker's.
async fn run_walk(
    worker: &Worker,
    _permit: Result<SemaphorePermit<'_>, AcquireError>,
    runner: Option<&Arc<dyn WalkRunner>>,
    walk: WalkIndex,
) -> (WalkIndex, Result<Finished, Unfit>) {
    let _in_flight = worker.metrics.walk_begun();
    let start = Instant::now();
    let run = async {
        let walked = match runner {
            Some(runner) => runner.run(walk).await?,
            None => Walked { keys: Keys::default(), usage: Usage::default(), end: End::Spared },
        };
        worker.metrics.walk_ended(&walked.end, start.elapsed());
        Ok(pack(walked))
    };
    let result = match AssertUnwindSafe(run).catch_unwind().await {
        Ok(Ok(finished)) => Ok(finished),
        Ok(Err(stop)) => Err(Unfit::Stop(stop)),
        Err(panic) => Err(Unfit::Panic(format!("walk {walk} panicked: {}", message(&*panic)))),
    };
    (walk, result)
}

fn pack(walked: Walked) -> Finished {
    let packed = match walked.end {
        End::Accepted(sample) => Packed::accepted(&sample),
        End::Rejected(rejection, remains) => Packed::rejected(rejection, remains.as_deref()),
        End::Skipped => Packed::skipped(),
        End::Spared => Packed::spared(),
    };
    Finished { keys: walked.keys, usage: walked.usage, packed }
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

/// Puts a part of the walks that are finished without a gap from the shard's
/// first on; which walks these are.
async fn put(
    worker: &Worker,
    shard: &Shard,
    mut finished: BTreeMap<WalkIndex, Finished>,
) -> Result<(Report, Range<u64>), parts::Error> {
    if let Some(gap) = shard.walks().find(|walk| !finished.contains_key(walk)) {
        drop(finished.split_off(&gap));
    }
    let walks = shard.first.0..shard.first.0 + finished.len() as u64;
    let mut writer = Writer::new(shard.campaign, shard.first);
    let (mut accepted, mut rejected) = (0, 0);
    for done in finished.into_values() {
        match done.packed.verdict() {
            Verdict::Accepted { .. } => accepted += 1,
            Verdict::Rejected { .. } | Verdict::Skipped | Verdict::Spared => rejected += 1,
        }
        writer.push(done.keys, done.usage, done.packed);
    }
    let (part, bytes) = writer.finish();
    let name = part::object_name(&shard.campaign, &part);
    put_patiently(worker, &name, bytes).await?;
    Ok((Report { part, ..report(shard, accepted, rejected) }, walks))
}

/// Puts a part, waiting for a store that is away: what is finished is not
/// thrown away for that.
async fn put_patiently(worker: &Worker, name: &str, bytes: Bytes) -> Result<(), parts::Error> {
    let patience = worker.limits.put_patience.min(LONGEST_WAIT);
    let (deadline, mut pause) = (Instant::now() + patience, FIRST_PAUSE);
    let abort = &worker.shutdown.abort;
    loop {
        let put = worker.parts.put(name, bytes.clone()).await;
        worker.metrics.part_put(bytes.len(), put.is_ok());
        match put {
            Err(problem) if Instant::now() + pause < deadline && !abort.is_cancelled() => {
                let problem = in_one_line(&problem);
                warn!(problem, "the part could not be put; trying again in {pause:?}");
            }
            put => return put,
        }
        // Told to stop, it tries once more.
        tokio::select! {
            () = abort.cancelled() => {}
            () = tokio::time::sleep(pause) => {}
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}
