//! Accounting: requests, tokens and money, and the budget as a hard stop.

use std::sync::Arc;

use async_trait::async_trait;
use magnet_proto::config::Budget;
use magnet_proto::state::{Spending, State};
use tokio::time::Instant;

use super::metrics::EndpointMetrics;
pub use super::metrics::Metrics;
use super::{Chat, Error, Reply, Request};

/// What an endpoint costs, in dollars a million tokens.
#[derive(Clone, Copy, Debug, Default)]
pub struct Prices {
    pub input: f64,
    pub output: f64,
}

pub struct Usage<C> {
    inner: C,
    prices: Prices,
    budget: Budget,
    state: Arc<dyn State>,
    metrics: EndpointMetrics,
}

impl<C> Usage<C> {
    pub fn new(
        inner: C,
        prices: Prices,
        budget: Budget,
        state: Arc<dyn State>,
        metrics: EndpointMetrics,
    ) -> Self {
        Self { inner, prices, budget, state, metrics }
    }

    /// Refuses once a bound of the budget is reached. What is in flight then
    /// may still come in above it.
    async fn admit(&self) -> Result<(), Error> {
        let budget = &self.budget;
        if budget.max_usd == 0.0 && budget.max_requests == 0 && budget.max_tokens == 0 {
            return Ok(());
        }
        // A store that is away tells an estimate that the budget holds by.
        let Ok(spent) = self.state.spend(Spending::default()).await else {
            return Ok(());
        };
        used_up(budget, &spent).map_or(Ok(()), |reason| Err(Error::Budget(reason)))
    }

    /// What an answer costs, in millionths of a dollar.
    fn price(&self, reply: &Reply) -> u64 {
        let (input, output) = (reply.usage.input as f64, reply.usage.output as f64);
        (input * self.prices.input + output * self.prices.output).round() as u64
    }

    async fn spend(&self, done: &Result<Reply, Error>) {
        let mut spent = Spending { requests: 1, ..Spending::default() };
        if let Ok(reply) = done {
            spent.input_tokens = reply.usage.input;
            spent.output_tokens = reply.usage.output;
            spent.micro_usd = reply.micro_usd;
        }
        if let Err(error) = self.state.spend(spent).await {
            tracing::debug!(%error, "spending could not be shared");
        }
    }
}

/// The bound of the budget that was reached, if one was.
pub fn used_up(budget: &Budget, spent: &Spending) -> Option<String> {
    let usd = spent.micro_usd as f64 / 1e6;
    let tokens = spent.input_tokens + spent.output_tokens;
    if budget.max_usd > 0.0 && usd >= budget.max_usd {
        return Some(format!("{usd:.2} of max_usd = {} are spent", budget.max_usd));
    }
    if budget.max_requests > 0 && spent.requests >= budget.max_requests {
        return Some(format!("max_requests = {} are made", budget.max_requests));
    }
    if budget.max_tokens > 0 && tokens >= budget.max_tokens {
        return Some(format!("{tokens} of max_tokens = {} are used", budget.max_tokens));
    }
    None
}

#[async_trait]
impl<C: Chat> Chat for Usage<C> {
    async fn complete(&self, request: &Request) -> Result<Reply, Error> {
        self.admit().await?;
        let since = Instant::now();
        let _in_flight = self.metrics.sent();
        let mut done = self.inner.complete(request).await;
        if let Ok(reply) = &mut done {
            reply.micro_usd = self.price(reply);
        }
        self.metrics.done(request.purpose, &done, since.elapsed());
        self.spend(&done).await;
        done
    }
}
