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
    /// Another endpoint stands by: its turn comes with an open circuit, or
    /// after a few failures.
    pub has_stand_in: bool,
}

/// Tries before a stand-in is asked. A rate limit is waited for: it is no sign
/// of ill health.
const TRIES_BEFORE_STAND_IN: u32 = 3;

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
            (Trouble::RateLimited, Some(told)) => Some(told + self.backoff(0)),
            // The limit paces whoever was refused, so a little jitter will do.
            (Trouble::RateLimited, None) => Some(self.backoff(tries.min(2))),
            _ if self.policy.has_stand_in && tries + 1 >= TRIES_BEFORE_STAND_IN => None,
            (_, Some(told)) => Some(told + self.backoff(0)),
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::teacher::chat::usage::Metrics;
    use crate::teacher::chat::{Answer, Purpose};

    /// Fails in one way and counts.
    struct Failing {
        cause: Trouble,
        asked: AtomicU32,
    }

    #[async_trait]
    impl Chat for Failing {
        async fn complete(&self, _: &Request) -> Result<Reply, Error> {
            self.asked.fetch_add(1, Ordering::Relaxed);
            let (cause, reason) = (self.cause, "away".to_owned());
            Err(Error::Transient { cause, reason, retry_after: None })
        }
    }

    /// How often, and how long, an endpoint is asked that always fails so.
    async fn asked(cause: Trouble, has_stand_in: bool) -> (u32, Duration) {
        let policy = Policy {
            deadline: Duration::from_millis(300),
            base: Duration::from_millis(2),
            cap: Duration::from_millis(20),
            has_stand_in,
        };
        let metrics = Metrics::register(&prometheus::Registry::new()).unwrap().of("big");
        let failing = Failing { cause, asked: AtomicU32::new(0) };
        let retry = Retry::new(failing, policy, 7, metrics);
        let request = Request {
            purpose: Purpose::Back,
            messages: Vec::new(),
            answer: Answer::Text,
            temperature: 0.0,
            max_output_tokens: 1,
            draw: 0,
        };
        let start = Instant::now();
        retry.complete(&request).await.unwrap_err();
        (retry.inner.asked.load(Ordering::Relaxed), start.elapsed())
    }

    #[tokio::test]
    async fn a_failing_endpoint_is_asked_until_the_deadline() {
        let (asked, took) = asked(Trouble::Server, false).await;
        assert!(asked > 6, "{asked}");
        assert!(took > Duration::from_millis(200) && took < Duration::from_secs(3), "{took:?}");
    }

    #[tokio::test]
    async fn a_stand_in_gets_its_turn_after_a_few_tries_but_not_for_a_rate_limit() {
        assert_eq!(asked(Trouble::Server, true).await.0, 3);
        assert_eq!(asked(Trouble::Open, true).await.0, 1);
        assert!(asked(Trouble::RateLimited, true).await.0 > 20);
    }
}
