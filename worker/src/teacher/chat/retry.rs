//! The one retry loop of the program: full jitter, a total deadline, never
//! before the server's time.

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use magnet_proto::rng::{self, Rng};
use rand::RngExt;
use tokio::time::Instant;

use super::metrics::EndpointMetrics;
use super::{Chat, Error, Reply, Request, Trouble};

/// How long to go on, and how long to wait in between.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// From the first try; no try starts after it.
    pub deadline: Duration,
    /// The first backoff; it doubles with each try.
    pub base: Duration,
    pub cap: Duration,
    /// Another endpoint stands by: an open circuit is its turn.
    pub has_stand_in: bool,
}

pub struct Retry<C> {
    inner: C,
    policy: Policy,
    /// Jitter never reaches the dataset, so one shared stream will do.
    jitter: Mutex<Rng>,
    metrics: EndpointMetrics,
}

impl<C> Retry<C> {
    pub fn new(inner: C, policy: Policy, jitter_seed: u64, metrics: EndpointMetrics) -> Self {
        let jitter = rng::campaign_stream(jitter_seed, "retry jitter", &[]);
        Self { inner, policy, jitter: Mutex::new(jitter), metrics }
    }

    /// A uniform draw below the exponential bound ("full jitter").
    fn backoff(&self, tries: u32) -> Duration {
        let bound = self.policy.base.saturating_mul(2_u32.saturating_pow(tries.min(16)));
        let bound = bound.min(self.policy.cap);
        let mut jitter = self.jitter.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        bound.mul_f64(jitter.random_range(0.0..1.0))
    }

    /// How long to wait before the next try; none if another endpoint is to
    /// be asked.
    fn wait(&self, cause: Trouble, told: Option<Duration>, tries: u32) -> Option<Duration> {
        match (cause, told) {
            (Trouble::Open, _) if self.policy.has_stand_in => None,
            (_, Some(told)) => Some(told + self.backoff(0)),
            // The limit paces whoever was refused, so a little jitter will do.
            (Trouble::RateLimited, None) => Some(self.backoff(tries.min(2))),
            (_, None) => Some(self.backoff(tries)),
        }
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
            let Some(wait) = self.wait(*cause, *retry_after, tries) else {
                return Err(error);
            };
            tries += 1;
            if Instant::now() + wait >= end {
                return Err(error);
            }
            self.metrics.retried(*cause);
            tokio::time::sleep(wait).await;
        }
    }
}
