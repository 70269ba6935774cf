//! How many shards may wait in the queue for a worker.
//!
//! Enough for the next second, and at least two for each worker, so that none
//! rests; no more, since the shards of a campaign that begins later wait
//! behind them. So campaigns that share workers share them evenly.

use std::time::Duration;

use tokio::time::Instant;

/// Workers that find nothing in the queue wait for us: a few may wait for them.
const LEAST: usize = 4;
const PER_WORKER: u64 = 2;
const MOST: usize = 32;
/// What is done is counted over this long at least.
const OVER: Duration = Duration::from_millis(500);

#[derive(Debug)]
pub(super) struct Waiting {
    since: Instant,
    done: usize,
    per_second: f64,
    workers: u64,
}

impl Waiting {
    pub(super) fn new() -> Self {
        Self { since: Instant::now(), done: 0, per_second: 0.0, workers: 0 }
    }

    pub(super) fn done(&mut self, shards: usize) {
        self.done += shards;
    }

    pub(super) fn see_workers(&mut self, workers: u64) {
        self.workers = workers;
    }

    /// How many shards may wait from now on.
    pub(super) fn allowed(&mut self) -> usize {
        self.allowed_at(Instant::now())
    }

    fn allowed_at(&mut self, now: Instant) -> usize {
        let over = now.duration_since(self.since);
        if over >= OVER {
            let lately = self.done as f64 / over.as_secs_f64();
            // It rises at once and falls slowly: a pause is no slow fleet.
            self.per_second = lately.max(self.per_second / 2.0);
            (self.since, self.done) = (now, 0);
        }
        let workers = usize::try_from(self.workers * PER_WORKER).unwrap_or(MOST);
        (self.per_second.ceil() as usize).max(workers).clamp(LEAST, MOST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_workers_find_two_each_and_fast_ones_enough_for_a_second() {
        let mut waiting = Waiting::new();
        let start = waiting.since;
        assert_eq!(waiting.allowed_at(start), LEAST);
        waiting.see_workers(5);
        assert_eq!(waiting.allowed_at(start), 10);
        waiting.done(10);
        assert_eq!(waiting.allowed_at(start + OVER), 20);
        assert_eq!(waiting.allowed_at(start + OVER * 2), 10);
        waiting.done(1_000);
        assert_eq!(waiting.allowed_at(start + OVER * 3), MOST);
    }
}
