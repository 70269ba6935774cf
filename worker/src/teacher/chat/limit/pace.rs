//! Pacing on tokio's clock, which tests can pause.

use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock, Reference};
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use tokio::time::Instant;

/// tokio's clock for governor.
#[derive(Clone, Debug)]
pub(super) struct TokioClock {
    origin: Instant,
}

/// Time since the clock was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment(Duration);

impl Reference for Moment {
    fn duration_since(&self, earlier: Self) -> Nanos {
        self.0.saturating_sub(earlier.0).into()
    }

    fn saturating_sub(&self, duration: Nanos) -> Self {
        Self(self.0.saturating_sub(duration.into()))
    }
}

impl std::ops::Add<Nanos> for Moment {
    type Output = Self;

    fn add(self, duration: Nanos) -> Self {
        Self(self.0 + Duration::from(duration))
    }
}

impl Clock for TokioClock {
    type Instant = Moment;

    fn now(&self) -> Moment {
        Moment(self.origin.elapsed())
    }
}

/// Lets permits through at an even rate with a small burst.
#[derive(Debug)]
pub(super) struct Pace {
    limiter: RateLimiter<NotKeyed, InMemoryState, TokioClock, NoOpMiddleware<Moment>>,
    clock: TokioClock,
    burst: u32,
}

impl Pace {
    /// `per_minute` permits, at most `burst` of them at once.
    pub(super) fn new(per_minute: f64, burst: u32) -> Self {
        let burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
        let period = Duration::from_secs_f64((60.0 / per_minute.max(1e-3)).min(3_600.0));
        let period = period.max(Duration::from_nanos(1));
        let quota = Quota::with_period(period).unwrap_or(Quota::per_second(NonZeroU32::MIN));
        let clock = TokioClock { origin: Instant::now() };
        let limiter = RateLimiter::direct_with_clock(quota.allow_burst(burst), clock.clone());
        Self { limiter, clock, burst: burst.get() }
    }

    /// The same, with nothing of the burst left at first.
    pub(super) fn without_head_start(per_minute: f64, burst: u32) -> Self {
        let pace = Self::new(per_minute, burst);
        if let Some(all) = NonZeroU32::new(pace.burst) {
            pace.limiter.check_n(all).ok();
        }
        pace
    }

    /// Waits for `permits`, in chunks where they are more than the burst.
    pub(super) async fn take(&self, permits: u32) {
        let mut left = permits;
        while let Some(chunk) = NonZeroU32::new(left.min(self.burst)) {
            match self.limiter.check_n(chunk) {
                Ok(Ok(())) => left -= chunk.get(),
                Ok(Err(not_until)) => {
                    let wait = not_until.wait_time_from(self.clock.now());
                    tokio::time::sleep(wait.max(Duration::from_millis(1))).await;
                }
                // Only a chunk larger than the burst fails for good.
                Err(_) => return,
            }
        }
    }
}
