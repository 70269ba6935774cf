//! Accounting: requests, tokens and money by role and outcome, and the budget
//! as a hard stop.

use std::sync::Arc;

use async_trait::async_trait;
use magnet_proto::config::Budget;
use magnet_proto::state::{Spending, State};
use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, Opts, Registry, exponential_buckets};
use tokio::time::Instant;

use super::{Chat, Error, Reply, Request};

/// The teacher's metrics; one set a process.
#[derive(Clone, Debug)]
pub struct Metrics {
    requests: IntCounterVec,
    tokens: IntCounterVec,
    micro_usd: IntCounterVec,
    latency: HistogramVec,
}

impl Metrics {
    pub fn register(registry: &Registry) -> Result<Self, prometheus::Error> {
        let counter = |name: &str, help: &str, labels: &[&str]| {
            let counter = IntCounterVec::new(Opts::new(name, help), labels)?;
            registry.register(Box::new(counter.clone()))?;
            Ok::<_, prometheus::Error>(counter)
        };
        let requests = counter(
            "magnet_teacher_requests_total",
            "Requests sent to a teacher, by kind of ask and outcome.",
            &["endpoint", "purpose", "outcome"],
        )?;
        let tokens = counter(
            "magnet_teacher_tokens_total",
            "Tokens that answered requests took, by direction.",
            &["endpoint", "direction"],
        )?;
        let micro_usd = counter(
            "magnet_teacher_spend_microusd_total",
            "Money spent on answers, in millionths of a US dollar.",
            &["endpoint"],
        )?;
        let buckets = exponential_buckets(0.025, 2.0, 13)?;
        let options = HistogramOpts::new(
            "magnet_teacher_request_duration_seconds",
            "Time from asking to the whole answer, waiting for the limit included.",
        );
        let latency = HistogramVec::new(options.buckets(buckets), &["endpoint"])?;
        registry.register(Box::new(latency.clone()))?;
        Ok(Self { requests, tokens, micro_usd, latency })
    }
}

/// What an endpoint costs, in dollars a million tokens.
#[derive(Clone, Copy, Debug, Default)]
pub struct Prices {
    pub input: f64,
    pub output: f64,
}

pub struct Usage<C> {
    inner: C,
    endpoint: String,
    prices: Prices,
    budget: Budget,
    state: Arc<dyn State>,
    metrics: Metrics,
}

impl<C> Usage<C> {
    pub fn new(
        inner: C,
        endpoint: &str,
        prices: Prices,
        budget: Budget,
        state: Arc<dyn State>,
        metrics: Metrics,
    ) -> Self {
        Self { inner, endpoint: endpoint.to_owned(), prices, budget, state, metrics }
    }

    /// Refuses once a bound of the budget is reached. What is in flight then
    /// may still come in above it.
    async fn admit(&self) -> Result<(), Error> {
        let budget = &self.budget;
        if budget.max_usd == 0.0 && budget.max_requests == 0 && budget.max_tokens == 0 {
            return Ok(());
        }
        // A store that is away must not stop the campaign: its own counters
        // come back with it.
        let Ok(spent) = self.state.spend(Spending::default()).await else {
            return Ok(());
        };
        let usd = spent.micro_usd as f64 / 1e6;
        let tokens = spent.input_tokens + spent.output_tokens;
        let refuse = |text: String| Err(Error::Budget(text));
        if budget.max_usd > 0.0 && usd >= budget.max_usd {
            return refuse(format!("{usd:.2} of max_usd = {} are spent", budget.max_usd));
        }
        if budget.max_requests > 0 && spent.requests >= budget.max_requests {
            return refuse(format!("max_requests = {} are made", budget.max_requests));
        }
        if budget.max_tokens > 0 && tokens >= budget.max_tokens {
            return refuse(format!("{tokens} of max_tokens = {} are used", budget.max_tokens));
        }
        Ok(())
    }

    async fn record(&self, request: &Request, done: &Result<Reply, Error>, since: Instant) {
        let labels = [self.endpoint.as_str(), request.purpose.label(), outcome(done)];
        self.metrics.requests.with_label_values(&labels).inc();
        let latency = self.metrics.latency.with_label_values(&[&self.endpoint]);
        latency.observe(since.elapsed().as_secs_f64());
        let mut spent = Spending { requests: 1, ..Spending::default() };
        if let Ok(reply) = done {
            let tokens = reply.usage;
            let price =
                tokens.input as f64 * self.prices.input + tokens.output as f64 * self.prices.output;
            spent.input_tokens = tokens.input;
            spent.output_tokens = tokens.output;
            spent.micro_usd = price.round() as u64;
            let counted = |direction| {
                self.metrics.tokens.with_label_values(&[self.endpoint.as_str(), direction])
            };
            counted("input").inc_by(tokens.input);
            counted("output").inc_by(tokens.output);
            self.metrics.micro_usd.with_label_values(&[&self.endpoint]).inc_by(spent.micro_usd);
        }
        if let Err(error) = self.state.spend(spent).await {
            tracing::debug!(%error, "spending could not be shared");
        }
    }
}

fn outcome(done: &Result<Reply, Error>) -> &'static str {
    match done {
        Ok(_) => "ok",
        Err(Error::Transient { cause, .. }) => cause.label(),
        Err(Error::Unanswerable(_)) => "unanswerable",
        Err(Error::Permanent(_)) => "refused",
        Err(Error::Budget(_)) => "budget",
        Err(Error::Cancelled) => "cancelled",
    }
}

#[async_trait]
impl<C: Chat> Chat for Usage<C> {
    async fn complete(&self, request: &Request) -> Result<Reply, Error> {
        self.admit().await?;
        let since = Instant::now();
        let done = self.inner.complete(request).await;
        self.record(request, &done, since).await;
        done
    }
}
