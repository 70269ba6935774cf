//! The circuit of an endpoint: after a run of failures it opens and refuses at
//! once; after a pause it lets one request through to see.

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;

use super::metrics::EndpointMetrics;
use super::{Chat, Error, Reply, Request, Trouble};

/// Failures in a row, no success between, before the circuit opens.
const FAILURES_TO_OPEN: u32 = 20;
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

pub struct Circuit<C> {
    inner: C,
    health: Mutex<Health>,
    metrics: EndpointMetrics,
}

#[derive(Debug, Default)]
struct Health {
    failures: u32,
    /// Closed while none.
    opened: Option<Opened>,
}

#[derive(Clone, Copy, Debug)]
struct Opened {
    until: Instant,
    pause: Duration,
}

/// On what terms a request was let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pass {
    Usual,
    /// To see whether the endpoint is well again.
    Probe,
}

impl<C> Circuit<C> {
    pub fn new(inner: C, metrics: EndpointMetrics) -> Self {
        metrics.circuit(false);
        Self { inner, health: Mutex::default(), metrics }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Lets a request through, or says how long the circuit stays open.
    fn admit(&self) -> Result<Pass, Duration> {
        let mut health = self.lock();
        let Some(opened) = &mut health.opened else {
            return Ok(Pass::Usual);
        };
        let now = Instant::now();
        if now < opened.until {
            return Err(opened.until - now);
        }
        // One probe a pause: should this one be dropped half-way, another
        // goes after the next.
        opened.until = now + opened.pause;
        Ok(Pass::Probe)
    }

    fn succeeded(&self) {
        let was_open = std::mem::take(&mut *self.lock()).opened.is_some();
        if was_open {
            tracing::info!("the teacher answers again");
            self.metrics.circuit(false);
        }
    }

    fn failed(&self, pass: Pass, reason: &str) {
        let mut health = self.lock();
        health.failures += 1;
        let pause = match (health.opened, pass) {
            (Some(opened), Pass::Probe) => (opened.pause * 2).min(LONGEST_PAUSE),
            // It was on its way before the circuit opened: no news.
            (Some(_), Pass::Usual) => return,
            (None, _) if health.failures >= FAILURES_TO_OPEN => FIRST_PAUSE,
            (None, _) => return,
        };
        if health.opened.is_none() {
            tracing::warn!(
                reason,
                "the teacher fails again and again: it is left alone for a while"
            );
        }
        health.opened = Some(Opened { until: Instant::now() + pause, pause });
        self.metrics.circuit(true);
    }
}

#[async_trait]
impl<C: Chat> Chat for Circuit<C> {
    async fn complete(&self, request: &Request) -> Result<Reply, Error> {
        let pass = match self.admit() {
            Ok(pass) => pass,
            Err(wait) => {
                let reason = "the teacher fails again and again".to_owned();
                let retry_after = Some(wait);
                return Err(Error::Transient { cause: Trouble::Open, reason, retry_after });
            }
        };
        let done = self.inner.complete(request).await;
        match &done {
            // A rate limit shows that the server is well; the rest of these
            // never reached it.
            Err(Error::Transient { cause: Trouble::RateLimited | Trouble::Open, .. })
            | Err(Error::Budget(_) | Error::Cancelled) => {}
            Err(Error::Transient { reason, .. }) => self.failed(pass, reason),
            Ok(_)
            | Err(
                Error::TooLong(_)
                | Error::Unanswerable(_)
                | Error::Unusable(_)
                | Error::Permanent(_),
            ) => self.succeeded(),
        }
        done
    }
}
