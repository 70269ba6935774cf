//! The circuit of an endpoint: after a run of failures it opens and refuses at
//! once; after a pause it lets one request through to see.

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;

use super::{Chat, Error, Reply, Request, Trouble};

/// Failures in a row, no success between, before the circuit opens.
const FAILURES_TO_OPEN: u32 = 20;
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

pub struct Circuit<C> {
    inner: C,
    health: Mutex<Health>,
}

#[derive(Debug)]
struct Health {
    failures: u32,
    /// Closed while none.
    opened: Option<Opened>,
}

#[derive(Clone, Copy, Debug)]
struct Opened {
    until: Instant,
    pause: Duration,
    is_probing: bool,
}

impl<C> Circuit<C> {
    pub fn new(inner: C) -> Self {
        Self { inner, health: Mutex::new(Health { failures: 0, opened: None }) }
    }

    /// Whether requests are refused at present.
    pub fn is_open(&self) -> bool {
        self.lock().opened.is_some()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Lets a request through, or says how long the circuit stays open.
    fn admit(&self) -> Result<(), Duration> {
        let mut health = self.lock();
        let Some(opened) = &mut health.opened else {
            return Ok(());
        };
        let now = Instant::now();
        if now < opened.until {
            return Err(opened.until - now);
        }
        if opened.is_probing {
            return Err(FIRST_PAUSE);
        }
        opened.is_probing = true;
        // A probe that is dropped half-way must not block the next for ever.
        opened.until = now + opened.pause;
        Ok(())
    }

    fn succeeded(&self) {
        *self.lock() = Health { failures: 0, opened: None };
    }

    fn failed(&self) {
        let mut health = self.lock();
        health.failures += 1;
        let pause = match health.opened {
            Some(opened) => (opened.pause * 2).min(LONGEST_PAUSE),
            None if health.failures >= FAILURES_TO_OPEN => FIRST_PAUSE,
            None => return,
        };
        let until = Instant::now() + pause;
        health.opened = Some(Opened { until, pause, is_probing: false });
    }
}

#[async_trait]
impl<C: Chat> Chat for Circuit<C> {
    async fn complete(&self, request: &Request) -> Result<Reply, Error> {
        if let Err(wait) = self.admit() {
            let reason = "the circuit is open after repeated failures".to_owned();
            let retry_after = Some(wait);
            return Err(Error::Transient { cause: Trouble::Open, reason, retry_after });
        }
        let done = self.inner.complete(request).await;
        match &done {
            // A rate limit shows that the server is well.
            Err(Error::Transient { cause: Trouble::RateLimited, .. }) => {}
            Err(Error::Transient { .. }) => self.failed(),
            _ => self.succeeded(),
        }
        done
    }
}
