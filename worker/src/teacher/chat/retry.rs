//! The one retry loop of the program: full jitter, a total deadline, never
//! before the server's time.

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use magnet_proto::rng::{self, Rng};
use rand::RngExt;
use tokio::time::Instant;

use super::{Chat, Error, Reply, Request, Trouble};

/// How long to go on, and how long to wait in between.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// From the first try; no try starts after it.
    pub deadline: Duration,
    /// The first backoff; it doubles with each try.
    pub base: Duration,
    pub cap: Duration,
}

pub struct Retry<C> {
    inner: C,
    policy: Policy,
    /// Jitter never reaches the dataset, so one shared stream will do.
    jitter: Mutex<Rng>,
}

impl<C> Retry<C> {
    pub fn new(inner: C, policy: Policy, jitter_seed: u64) -> Self {
        let jitter = rng::campaign_stream(jitter_seed, "retry jitter", &[]);
        Self { inner, policy, jitter: Mutex::new(jitter) }
    }

    /// A uniform draw below the exponential bound ("full jitter").
    fn backoff(&self, tries: u32) -> Duration {
        let bound = self.policy.base.saturating_mul(2_u32.saturating_pow(tries.min(16)));
        let bound = bound.min(self.policy.cap);
        let mut jitter = self.jitter.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        bound.mul_f64(jitter.random_range(0.0..1.0))
    }
}

#[async_trait]
impl<C: Chat> Chat for Retry<C> {
    async fn complete(&self, request: &Request) -> Result<Reply, Error> {
        let end = Instant::now() + self.policy.deadline;
        let mut tries = 0;
        loop {
            let error = match self.inner.complete(request).await {
                Err(error @ Error::Transient { .. }) => error,
                done => return done,
            };
            let Error::Transient { cause, retry_after, .. } = &error else {
                return Err(error);
            };
            // A rate limit's waiting is the gate's; what is left here is jitter
            // against a stampede when it opens.
            let wait = match (cause, retry_after) {
                (Trouble::RateLimited, _) => self.backoff(tries.min(2)),
                (_, Some(wait)) => *wait + self.backoff(0),
                (_, None) => self.backoff(tries),
            };
            tries += 1;
            if Instant::now() + wait >= end {
                return Err(error);
            }
            tokio::time::sleep(wait).await;
        }
    }
}
