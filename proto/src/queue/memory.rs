//! The queue inside one process: the backend of `magnet run`.
//!
//! Nothing survives the process, which loses nothing: progress is the list of
//! parts, and the coordinator issues again what has none.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::{DeadLetter, Delivery, Depth, Error, Keep, MAX_ATTEMPTS, Queue, Settle};
use crate::shard::{Report, Shard};

/// Cheap to clone; clones are one queue.
#[derive(Clone, Debug, Default)]
pub struct MemoryQueue {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    inside: Mutex<Inside>,
    shards: Notify,
    reports: Notify,
}

#[derive(Debug, Default)]
struct Inside {
    /// Each since when.
    ready: VecDeque<(Instant, Shard)>,
    delayed: Vec<(Instant, Shard)>,
    held: u64,
    dead: Vec<DeadLetter>,
    reports: VecDeque<Report>,
    closed: bool,
}

/// What a receiver finds.
enum Next {
    /// And how long it waited.
    Shard(Shard, Duration),
    /// Nothing before then, if nothing is published.
    Wait(Option<Instant>),
    Closed,
}

impl MemoryQueue {
    pub fn new() -> Self {
        Self::default()
    }
}

impl Shared {
    /// The data is whole between any two statements, so a panic elsewhere
    /// while it was locked does no harm.
    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self) -> Next {
        let mut inside = self.lock();
        if inside.closed {
            return Next::Closed;
        }
        inside.ripen(Instant::now());
        match inside.ready.pop_front() {
            Some((since, shard)) => {
                inside.held += 1;
                Next::Shard(shard, since.elapsed())
            }
            None => Next::Wait(inside.delayed.iter().map(|(due, _)| *due).min()),
        }
    }

    fn give_back(&self, shard: Shard, outcome: Settle) {
        let mut inside = self.lock();
        inside.held -= 1;
        inside.settle(shard, outcome);
        drop(inside);
        self.shards.notify_one();
    }
}

impl Inside {
    /// Makes ready what has been delayed long enough.
    fn ripen(&mut self, now: Instant) {
        let due = self.delayed.extract_if(.., |(due, _)| *due <= now);
        self.ready.extend(due);
    }

    fn settle(&mut self, mut shard: Shard, outcome: Settle) {
        match outcome {
            Settle::Done => {}
            Settle::Return => self.ready.push_front((Instant::now(), shard)),
            Settle::Delay(pause) => self.delayed.push((Instant::now() + pause, shard)),
            Settle::Failed(reason) => {
                shard.attempt += 1;
                match shard.attempt < MAX_ATTEMPTS {
                    true => self.ready.push_back((Instant::now(), shard)),
                    false => self.bury(shard, reason),
                }
            }
            Settle::Quarantine(reason) => self.bury(shard, reason),
        }
    }

    fn bury(&mut self, shard: Shard, reason: String) {
        self.dead.push(DeadLetter {
            campaign: Some(shard.campaign),
            attempts: shard.attempt,
            shard: Some(shard),
            reason,
        });
    }
}

#[async_trait]
impl Queue for MemoryQueue {
    async fn publish(&self, shard: &Shard) -> Result<(), Error> {
        self.shared.lock().ready.push_back((Instant::now(), shard.clone()));
        self.shared.shards.notify_one();
        Ok(())
    }

    async fn receive(&self) -> Result<Option<Box<dyn Delivery>>, Error> {
        loop {
            let published = self.shared.shards.notified();
            match self.shared.take() {
                Next::Shard(shard, waited) => {
                    // A wake-up may have been spent on this receiver while
                    // several shards were waiting.
                    self.shared.shards.notify_one();
                    let shared = Arc::clone(&self.shared);
                    return Ok(Some(Box::new(Held { shared, shard: Some(shard), waited })));
                }
                Next::Closed => return Ok(None),
                Next::Wait(None) => published.await,
                Next::Wait(Some(due)) => {
                    tokio::select! {
                        () = published => {}
                        () = tokio::time::sleep_until(due) => {}
                    }
                }
            }
        }
    }

    async fn report(&self, report: &Report) -> Result<(), Error> {
        self.shared.lock().reports.push_back(report.clone());
        self.shared.reports.notify_one();
        Ok(())
    }

    async fn next_report(&self) -> Result<Option<Report>, Error> {
        loop {
            let reported = self.shared.reports.notified();
            {
                let mut inside = self.shared.lock();
                if let Some(report) = inside.reports.pop_front() {
                    return Ok(Some(report));
                }
                if inside.closed {
                    return Ok(None);
                }
            }
            reported.await;
        }
    }

    async fn depth(&self) -> Result<Depth, Error> {
        let mut inside = self.shared.lock();
        inside.ripen(Instant::now());
        Ok(Depth {
            ready: inside.ready.len() as u64,
            held: inside.held,
            delayed: inside.delayed.len() as u64,
            dead: inside.dead.len() as u64,
        })
    }

    async fn sift(&self, keep: Keep<'_>) -> Result<usize, Error> {
        let mut inside = self.shared.lock();
        let before = inside.ready.len() + inside.delayed.len();
        inside.ready.retain(|(_, shard)| keep(shard));
        inside.delayed.retain(|(_, shard)| keep(shard));
        Ok(before - inside.ready.len() - inside.delayed.len())
    }

    async fn dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>, Error> {
        Ok(self.shared.lock().dead.iter().take(limit).cloned().collect())
    }

    async fn redrive(&self) -> Result<usize, Error> {
        let mut inside = self.shared.lock();
        let dead = std::mem::take(&mut inside.dead);
        let count = dead.len();
        let shards = dead.into_iter().filter_map(|letter| letter.shard);
        let now = Instant::now();
        inside.ready.extend(shards.map(|shard| (now, Shard { attempt: 0, ..shard })));
        drop(inside);
        self.shared.shards.notify_one();
        Ok(count)
    }

    async fn purge(&self) -> Result<usize, Error> {
        Ok(std::mem::take(&mut self.shared.lock().dead).len())
    }

    async fn close(&self) {
        self.shared.lock().closed = true;
        // Every present waiter, and the one that is about to wait.
        for waiters in [&self.shared.shards, &self.shared.reports] {
            waiters.notify_waiters();
            waiters.notify_one();
        }
    }
}

/// A held shard; its drop is a crash: back it goes, uncounted.
#[derive(Debug)]
struct Held {
    shared: Arc<Shared>,
    shard: Option<Shard>,
    waited: Duration,
}

#[async_trait]
impl Delivery for Held {
    fn shard(&self) -> &Shard {
        self.shard.as_ref().expect("only settling takes the shard, and it takes the delivery")
    }

    fn waited(&self) -> Option<Duration> {
        Some(self.waited)
    }

    async fn settle(mut self: Box<Self>, outcome: Settle) -> Result<(), Error> {
        if let Some(shard) = self.shard.take() {
            self.shared.give_back(shard, outcome);
        }
        Ok(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(shard) = self.shard.take() {
            self.shared.give_back(shard, Settle::Return);
        }
    }
}
