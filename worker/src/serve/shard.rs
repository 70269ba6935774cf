//! One attempt at one shard: its walks, many at once, and its part.

use std::any::Any;
use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};
use magnet_proto::part::{self, Keys, Packed, Verdict, Writer};
use magnet_proto::shard::{Report, Shard};
use magnet_proto::usage::Usage;
use magnet_proto::{WalkIndex, parts};
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tracing::{Instrument, info_span, warn};

use super::{End, Stop, WalkRunner, Walked, Worker};

/// What came of an attempt.
#[derive(Debug)]
pub(super) enum Attempt {
    /// The part is in place.
    Done(Report),
    NotPut(parts::Error),
    Stopped(Stop),
    /// The shard's own fault.
    Failed(String),
    /// There is no runner for it.
    Unknown(String),
    /// Its campaign is over.
    Unwanted,
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
}

/// Works a shard whose part is not there yet.
pub(super) async fn attempt(worker: &Worker, walks: Unfinished<'_>, shard: &Shard) -> Attempt {
    let span = info_span!("shard", part = shard.part_name(), attempt = shard.attempt);
    let name = part::object_name(&shard.campaign, &shard.part_name());
    async {
        match worker.parts.has(&name).await {
            Ok(true) => return Attempt::Done(report(shard, 0, 0)),
            Ok(false) => {}
            Err(error) => return Attempt::NotPut(error),
        }
        match worker.runners.of(&shard.campaign).await {
            Ok(runner) => work(worker, walks, shard, &runner).await,
            Err(stop @ Stop::Transient { .. }) => Attempt::Stopped(stop),
            Err(Stop::Cancelled) => Attempt::Unwanted,
            Err(stop) => Attempt::Unknown(stop.to_string()),
        }
    }
    .instrument(span)
    .await
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
) -> Attempt {
    let (finished, unfit) = run_walks(worker, unfinished, shard, runner).await;
    match unfit {
        None => {
            let put = put(worker, shard, finished).await;
            if matches!(put, Attempt::Done(_)) {
                runner.in_place(shard.first.0..shard.first.0 + u64::from(shard.len)).await;
            }
            put
        }
        Some(Unfit::Panic(reason)) => Attempt::Failed(reason),
        Some(Unfit::Stop(stop)) => {
            // A shard that comes again soon is worked whole; else what is
            // finished from its start is kept as a part of a shorter range.
            if !matches!(stop, Stop::Transient { .. }) && finished.contains_key(&shard.first) {
                keep_the_finished_start(worker, shard, finished).await;
            }
            Attempt::Stopped(stop)
        }
    }
}

/// Runs the shard's walks, as many at once as the gate lets through, until
/// all are finished or one of them cannot be.
async fn run_walks(
    worker: &Worker,
    mut unfinished: Unfinished<'_>,
    shard: &Shard,
    runner: &Arc<dyn WalkRunner>,
) -> (BTreeMap<WalkIndex, Finished>, Option<Unfit>) {
    let gate = unfinished.gate;
    let mut walks = shard.walks();
    let mut running = FuturesUnordered::new();
    let mut finished = BTreeMap::new();
    let mut unfit = None;
    loop {
        while unfit.is_none() && running.len() < gate.in_flight {
            let Some(walk) = walks.next() else { break };
            running.push(run_walk(worker, gate, runner, walk));
        }
        tokio::select! {
            biased;
            () = worker.shutdown.abort.cancelled() => {
                return (finished, Some(unfit.unwrap_or(Unfit::Stop(Stop::Cancelled))));
            }
            ended = running.next() => match ended {
                None => return (finished, unfit),
                Some((walk, Ok(done))) => {
                    finished.insert(walk, done);
                    unfinished.finish_one();
                }
                Some((_, Err(Unfit::Stop(stop @ (Stop::Transient { .. } | Stop::Budget(_)))))) => {
                    // Those in flight are paid for: let them come home.
                    unfit.get_or_insert(Unfit::Stop(stop));
                }
                Some((_, Err(reason))) => return (finished, Some(reason)),
            },
        }
        // Walks that never wait for anything must not keep the thread from
        // the other tasks on it.
        tokio::task::yield_now().await;
    }
}

/// Runs one walk. A panic is the walk's, not the worker's.
async fn run_walk(
    worker: &Worker,
    gate: &Gate,
    runner: &Arc<dyn WalkRunner>,
    walk: WalkIndex,
) -> (WalkIndex, Result<Finished, Unfit>) {
    let _permit = gate.permits.acquire().await;
    let _in_flight = worker.metrics.walk_begun();
    let start = Instant::now();
    let run = async {
        let walked = runner.run(walk).await?;
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
        End::Rejected(rejection) => Packed::rejected(rejection),
        End::Skipped => Packed::skipped(),
    };
    Finished { keys: walked.keys, usage: walked.usage, packed }
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

/// Puts a part of these walks, which follow each other from the shard's first.
async fn put(worker: &Worker, shard: &Shard, finished: BTreeMap<WalkIndex, Finished>) -> Attempt {
    let mut writer = Writer::new(shard.campaign, shard.first);
    let (mut accepted, mut rejected) = (0, 0);
    for done in finished.into_values() {
        match done.packed.verdict() {
            Verdict::Accepted { .. } => accepted += 1,
            Verdict::Rejected(_) | Verdict::Skipped => rejected += 1,
        }
        writer.push(done.keys, done.usage, done.packed);
    }
    let (part, bytes) = writer.finish();
    let name = part::object_name(&shard.campaign, &part);
    let size_bytes = bytes.len();
    let put = worker.parts.put(&name, bytes).await;
    worker.metrics.part_put(size_bytes, put.is_ok());
    match put {
        Ok(()) => Attempt::Done(Report { part, ..report(shard, accepted, rejected) }),
        Err(error) => Attempt::NotPut(error),
    }
}

/// Keeps the walks that are finished without a gap from the shard's first on.
async fn keep_the_finished_start(
    worker: &Worker,
    shard: &Shard,
    mut finished: BTreeMap<WalkIndex, Finished>,
) {
    if let Some(gap) = shard.walks().find(|walk| !finished.contains_key(walk)) {
        drop(finished.split_off(&gap));
    }
    if let Attempt::NotPut(problem) = put(worker, shard, finished).await {
        warn!(problem = super::chain(&problem), "finished walks of a stopped shard are lost");
    }
}
