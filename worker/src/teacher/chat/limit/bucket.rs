//! A told limit: blocks leased from the state store, spent locally.

use std::sync::Arc;
use std::time::Duration;

use magnet_proto::state::{RateLimit, State};
use tokio::sync::Mutex;

use super::pace::Pace;

/// A little below the limit, so that the server's clock and ours may differ.
const USED_SHARE: f64 = 0.985;
/// The burst in seconds of the limit: far below what servers measure over.
const BURST_SECONDS: f64 = 0.25;
/// One lease covers this much time.
const BLOCK_SECONDS: f64 = 0.1;

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
    /// The pace kept while the store is away, for so many holders.
    degraded: Option<(u32, Pace)>,
    holders: u32,
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
                let want = self.block.max(permits - leased.permits);
                self.lease(&mut leased, want).await;
            }
            leased.permits -= permits;
        }
        self.pace.take(permits).await;
    }

    async fn lease(&self, leased: &mut Leased, want: u32) {
        match self.state.lease(&self.limit, want).await {
            Ok(lease) => {
                leased.holders = lease.holders.max(1);
                leased.degraded = None;
                leased.permits += lease.granted;
                if lease.granted == 0 {
                    tokio::time::sleep(lease.retry_after.max(Duration::from_millis(2))).await;
                }
            }
            Err(error) => {
                tracing::debug!(%error, limit = self.limit.name, "keeping to the local share");
                let holders = leased.holders.max(1);
                if leased.degraded.as_ref().is_none_or(|(known, _)| *known != holders) {
                    let share = self.limit.per_minute as f64 / f64::from(holders);
                    leased.degraded = Some((holders, Pace::new(share, self.block)));
                }
                if let Some((_, pace)) = &leased.degraded {
                    pace.take(want).await;
                }
                leased.permits += want;
            }
        }
    }
}
