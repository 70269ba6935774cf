//! A told limit: blocks leased from the state store, spent locally.

use std::sync::Arc;
use std::time::Duration;

use magnet_proto::state::{Lease, RateLimit, State};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::pace::Pace;

#[cfg(test)]
mod tests;

/// A little below the limit, so that the server's clock and ours may differ.
const USED_SHARE: f64 = 0.985;
/// The burst in seconds of the limit: far below what servers measure over.
const BURST_SECONDS: f64 = 0.5;
/// One lease covers this much time.
const BLOCK_SECONDS: f64 = 0.1;
/// Once the store is back, each process keeps to its share for so long: some
/// find it later than others.
const SETTLING: Duration = Duration::from_secs(6);

pub(super) struct Bucket {
    limit: RateLimit,
    state: Arc<dyn State>,
    block: u32,
    pace: Pace,
    /// One caller leases at a time, the others queue for what it gets; an
    /// async lock, since leasing waits.
    leased: Mutex<Leased>,
}

#[derive(Default)]
struct Leased {
    permits: u32,
    holders: u32,
    alone: Option<Alone>,
}

/// A process that keeps to its fair share.
struct Alone {
    share: Pace,
    /// The store is back, and this is when its word is enough.
    until: Option<Instant>,
}

impl Bucket {
    pub(super) fn new(told: RateLimit, state: Arc<dyn State>) -> Self {
        let per_minute = (told.per_minute as f64 * USED_SHARE).max(1.0);
        let share = |seconds: f64| ((per_minute / 60.0 * seconds) as u32).max(1);
        Self {
            limit: RateLimit { per_minute: per_minute as u64, ..told },
            state,
            block: share(BLOCK_SECONDS),
            pace: Pace::new(per_minute, share(BURST_SECONDS)),
            leased: Mutex::default(),
        }
    }

    /// Waits for that many permits.
    pub(super) async fn take(&self, permits: u32) {
        let permits = permits.min(self.limit.per_minute.min(u64::from(u32::MAX)) as u32).max(1);
        {
            let mut leased = self.leased.lock().await;
            while leased.permits < permits {
                let needed = permits - leased.permits;
                // What waits for the share was granted before its time: little
                // of it, or all of it would come at once when the waiting ends.
                let block = match &leased.alone {
                    Some(_) => self.block / leased.holders.max(1),
                    None => self.block,
                };
                self.lease(&mut leased, block.max(needed), needed).await;
            }
            leased.permits -= permits;
        }
        self.pace.take(permits).await;
    }

    async fn lease(&self, leased: &mut Leased, want: u32, needed: u32) {
        match self.state.lease(&self.limit, want).await {
            Ok(lease) => self.granted(leased, lease).await,
            Err(error) => {
                tracing::debug!(%error, limit = self.limit.name, "keeping to the local share");
                let alone = leased.alone.get_or_insert_with(|| self.alone(leased.holders));
                alone.until = None;
                alone.share.take(needed).await;
                leased.permits += needed;
            }
        }
    }

    async fn granted(&self, leased: &mut Leased, lease: Lease) {
        let Some(alone) = &mut leased.alone else {
            leased.holders = lease.holders.max(1);
            return Self::add(leased, lease).await;
        };
        let now = Instant::now();
        if *alone.until.get_or_insert(now + SETTLING) <= now {
            leased.alone = None;
        } else {
            // Until all are back, those that are would be granted too much.
            alone.share.take(lease.granted).await;
            leased.holders = leased.holders.max(lease.holders);
        }
        Self::add(leased, lease).await;
    }

    async fn add(leased: &mut Leased, lease: Lease) {
        leased.permits += lease.granted;
        if lease.granted == 0 {
            tokio::time::sleep(lease.retry_after.max(Duration::from_millis(2))).await;
        }
    }

    fn alone(&self, holders: u32) -> Alone {
        let share = self.limit.per_minute as f64 / f64::from(holders.max(1));
        let burst = (share / 60.0 * BURST_SECONDS) as u32;
        Alone { share: Pace::without_head_start(share, burst), until: None }
    }
}
