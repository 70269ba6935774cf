//! The limit of an endpoint: requests and tokens a minute, requests in flight.
//!
//! Told limits hold across the fleet: permits are leased from the state store
//! in small blocks on its clock and spent locally, paced by governor; while
//! the store is away each process keeps to its fair share. A limit that is not
//! told is found from the server's refusals. When a server names a time,
//! nobody asks before it.

mod adaptive;
mod bucket;
mod forecast;
mod pace;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use magnet_proto::config::Endpoint;
use magnet_proto::state::{RateLimit, State};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::metrics::EndpointMetrics;
use super::{Chat, Error, Reply, Request, Trouble};
use adaptive::Adaptive;
use bucket::Bucket;
use forecast::Forecast;

pub struct Limit<C> {
    inner: C,
    gate: Gate,
    metrics: EndpointMetrics,
}

/// What a request must pass before it is sent.
struct Gate {
    in_flight: Semaphore,
    requests: Option<Bucket>,
    tokens: Option<(Bucket, Forecast)>,
    adaptive: Adaptive,
    hold: Mutex<Option<Instant>>,
    /// A longer hold is not waited for.
    patience: Duration,
    shared: RateLimit,
    state: Arc<dyn State>,
}

/// Without a time from the server a 429 closes the gate for this long.
const UNTOLD_HOLD: Duration = Duration::from_millis(500);

impl<C> Limit<C> {
    pub fn new(
        inner: C,
        name: &str,
        endpoint: &Endpoint,
        state: Arc<dyn State>,
        metrics: EndpointMetrics,
    ) -> Self {
        let bucket = |unit: &str, per_minute: u64| {
            let limit = RateLimit { name: format!("{name}/{unit}"), per_minute };
            (per_minute > 0).then(|| {
                metrics.limited(unit, per_minute);
                Bucket::new(limit, state.clone())
            })
        };
        let requests = bucket("requests", endpoint.requests_per_minute);
        let gate = Gate {
            in_flight: Semaphore::new(endpoint.max_in_flight.get()),
            adaptive: Adaptive::new(requests.is_none()),
            requests,
            tokens: bucket("tokens", endpoint.tokens_per_minute)
                .map(|bucket| (bucket, Forecast::default())),
            hold: Mutex::new(None),
            patience: endpoint.deadline,
            shared: RateLimit {
                name: format!("{name}/requests"),
                per_minute: endpoint.requests_per_minute,
            },
            state,
        };
        Self { inner, gate, metrics }
    }
}

impl Gate {
    async fn pass(&self, request: &Request) -> Result<(), Error> {
        if let Some((tokens, forecast)) = &self.tokens {
            tokens.take(forecast.of(request)).await;
        }
        if let Some(requests) = &self.requests {
            requests.take(1).await;
        }
        self.adaptive.pass().await;
        while let Some(until) = self.held() {
            let wait = until - Instant::now();
            if wait > self.patience {
                let (cause, retry_after) = (Trouble::RateLimited, Some(wait));
                let reason = format!("the teacher asks for a pause of {} s", wait.as_secs());
                return Err(Error::Transient { cause, reason, retry_after });
            }
            tokio::time::sleep_until(until).await;
            // Not all at once when the gate opens again.
            self.adaptive.pass().await;
        }
        Ok(())
    }

    fn held(&self) -> Option<Instant> {
        let mut hold = self.hold.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if hold.is_some_and(|until| until <= Instant::now()) {
            *hold = None;
        }
        *hold
    }

    /// Learns from an answer: a rate limit closes the gate, here and for every
    /// other process.
    async fn learn(&self, request: &Request, done: &Result<Reply, Error>) {
        match done {
            Ok(reply) => {
                self.adaptive.succeeded();
                if let Some((_, forecast)) = &self.tokens {
                    forecast.learn(request, reply.usage);
                }
            }
            Err(Error::Transient { cause: Trouble::RateLimited, retry_after, .. }) => {
                let pause = retry_after.unwrap_or(UNTOLD_HOLD);
                self.adaptive.refused(pause);
                let until = Instant::now() + pause;
                {
                    let mut hold =
                        self.hold.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                    *hold = Some(hold.map_or(until, |held| held.max(until)));
                }
                if let Err(error) = self.state.hold(&self.shared, pause).await {
                    tracing::debug!(%error, "a server's pause could not be shared");
                }
            }
            Err(_) => {}
        }
    }
}

#[async_trait]
impl<C: Chat> Chat for Limit<C> {
    async fn complete(&self, request: &Request) -> Result<Reply, Error> {
        let since = Instant::now();
        let Ok(_permit) = self.gate.in_flight.acquire().await else {
            return Err(Error::Cancelled);
        };
        self.gate.pass(request).await?;
        self.metrics.waited(since.elapsed());
        let done = self.inner.complete(request).await;
        self.gate.learn(request, &done).await;
        done
    }
}
